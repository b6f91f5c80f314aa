//! The rules for the value of one declared parameter.

use crate::violation::is_option_name;
use crate::{Parameter, ParameterType, Pass, Rule};

/// Linux's `MAX_ARG_STRLEN`: bytes of one argument or environment variable with its final NUL.
const LONGEST_ARGUMENT: usize = 131_072;

/// Every rule that the value breaks: what it is, then each regex.
pub(crate) fn broken_rules(parameter: &Parameter, value: &str) -> Vec<Rule> {
    let mut broken = Vec::new();
    if !is_option_name(&parameter.name) {
        broken.push(Rule::NameShape);
    }
    if value.contains('\0') {
        broken.push(Rule::NoNul);
    }
    if parameter.secret() {
        // What the reference leads to is not known here, so no rule for the value itself can be checked.
        if !is_secret_reference(value) {
            broken.push(Rule::SecretReference);
        }
        return broken;
    }
    broken.extend(broken_kind(parameter, value));
    for pattern in parameter.regexes.iter().filter(|pattern| !pattern.accepts(value)) {
        let rule = Rule::Regex { regex: pattern.text().to_owned(), whole: pattern.is_whole() };
        // Google's templates repeat the type as a regex: said once is enough.
        if broken.iter().all(|said| said.wire() != rule.wire()) {
            broken.push(rule);
        }
    }
    broken.extend(broken_length(&parameter.name, value, &parameter.pass()));
    broken
}

/// Whether name and value are too long for the way they are passed.
pub(crate) fn broken_length(name: &str, value: &str, pass: &Pass) -> Option<Rule> {
    let around = match pass {
        Pass::Argument => "--=\0".len() + name.len(),
        Pass::Environment { name: variable } => "=\0".len() + variable.len(),
        Pass::Switch | Pass::File => return None,
    };
    let bytes = around + value.len();
    (bytes > LONGEST_ARGUMENT).then_some(Rule::Length { bytes, limit: LONGEST_ARGUMENT })
}

/// The rule of the parameter's type, if the value breaks it.
fn broken_kind(parameter: &Parameter, value: &str) -> Option<Rule> {
    let kind = parameter.parameter_type();
    if parameter.pass() == Pass::Switch || *kind == ParameterType::Boolean {
        return (!matches!(value, "true" | "false")).then_some(Rule::Boolean);
    }
    match kind {
        ParameterType::Number => (!is_number(value)).then_some(Rule::Number),
        ParameterType::Enum if !parameter.enum_options.is_empty() => {
            let options = &parameter.enum_options;
            let known = options.iter().any(|option| option.value == value);
            let values = || options.iter().map(|option| option.value.clone()).collect();
            (!known).then(|| Rule::Enumeration { options: values() })
        }
        _ => None,
    }
}

/// `env:NAME` or `file:PATH`.
fn is_secret_reference(value: &str) -> bool {
    let target = value.strip_prefix("env:").or_else(|| value.strip_prefix("file:"));
    target.is_some_and(|target| !target.is_empty())
}

/// Whether a text is a number to Google's templates: `-?[0-9]+`, or a decimal with a fraction or an exponent whose
/// whole part has no superfluous zeros.
fn is_number(text: &str) -> bool {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    if digits(unsigned) {
        return true;
    }
    let (decimal, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((decimal, exponent)) => (decimal, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = match decimal.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (decimal, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|exponent| digits(exponent.strip_prefix(['-', '+']).unwrap_or(exponent)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        for text in [
            "0",
            "7",
            "-7",
            "007",
            "1.5",
            "-0.25",
            "1e5",
            "1E+5",
            "2.5e-10",
            "123456789012345678901234567890",
        ] {
            assert!(is_number(text), "{text}");
        }
        for text in [
            "", "-", "+1", "1.", ".5", "01.5", "1e", "1e+", "e5", "0x1", "1_000", "1,5", " 1", "NaN", "--1",
            "١",
        ] {
            assert!(!is_number(text), "{text}");
        }
    }

    #[test]
    fn secret_references() {
        for (value, expected) in [
            ("env:TOKEN", true),
            ("file:/run/token", true),
            ("env:", false),
            ("file:", false),
            ("hunter2", false),
            ("", false),
        ] {
            assert_eq!(is_secret_reference(value), expected, "{value}");
        }
    }

    #[test]
    fn the_limit_of_linux_is_met_to_the_byte() {
        let variable = Pass::Environment { name: "VAR".to_owned() };
        for (pass, longest) in [(Pass::Argument, 131_072 - 6), (variable, 131_072 - 5)] {
            assert_eq!(broken_length("ab", &"x".repeat(longest), &pass), None);
            let rule = broken_length("ab", &"x".repeat(longest + 1), &pass);
            assert_eq!(rule, Some(Rule::Length { bytes: 131_073, limit: 131_072 }));
        }
        assert_eq!(broken_length("ab", &"x".repeat(1_000_000), &Pass::File), None);
    }
}
