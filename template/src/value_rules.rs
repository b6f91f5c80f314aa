//! The rules for the value of one declared parameter.

use std::collections::HashSet;

use crate::bounds::Magnitude;
use crate::number::is_number;
use crate::option_name::is_option_name;
use crate::storage_path::{as_google_spells_it, is_for_google_storage, is_storage_path};
use crate::type_rules::type_rule;
use crate::{EnumOption, Parameter, ParameterType, Pass, Pattern, Rule, RunnerKind, ValueFormat};

/// Bytes of a value that is passed as a file: a launch is a record, not a place for data.
const LONGEST_FILE: usize = 16 << 20;

/// Every rule that the value breaks: what it is, then each regex.
pub(crate) fn broken_rules(parameter: &Parameter, value: &str, runner: RunnerKind) -> Vec<Rule> {
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
    if let Some(length) = broken_length(&parameter.name, value, &parameter.pass()) {
        broken.push(length);
        return broken;
    }
    broken.extend(broken_kind(parameter, value));
    let refusing = parameter.regexes.iter().filter(|pattern| !accepts(pattern, parameter, value, runner));
    for pattern in refusing {
        let rule = Rule::Regex { regex: pattern.text().to_owned(), whole: pattern.is_whole() };
        // Google's templates repeat the type as a regex: said once is enough.
        if broken.iter().all(|said| said.wire() != rule.wire()) {
            broken.push(rule);
        }
    }
    broken
}

/// Whether name and value are too long for the way they are passed.
pub(crate) fn broken_length(name: &str, value: &str, pass: &Pass) -> Option<Rule> {
    let around = match pass {
        Pass::Argument => "--=\0".len() + name.len(),
        Pass::Environment { name: variable } => "=\0".len() + variable.len(),
        Pass::File if value.len() > LONGEST_FILE => {
            return Some(Rule::Length { bytes: value.len(), limit: LONGEST_FILE });
        }
        Pass::Switch | Pass::File => return None,
    };
    let bytes = around + value.len();
    (bytes > Rule::LONGEST_ARGUMENT).then_some(Rule::Length { bytes, limit: Rule::LONGEST_ARGUMENT })
}

/// Whether a regex accepts a value. Of a path of storage that is not Google's it is asked about the same path there: the rest of
/// the regex, an ending say, goes on to count.
fn accepts(pattern: &Pattern, parameter: &Parameter, value: &str, runner: RunnerKind) -> bool {
    let elsewhere = || {
        runner != RunnerKind::Dataflow
            && parameter.parameter_type().is_storage_path()
            && is_for_google_storage(pattern.text())
            && is_storage_path(value)
            && pattern.accepts(&as_google_spells_it(value))
    };
    pattern.accepts(value) || elsewhere()
}

/// The rule of the parameter's type, if the value breaks it.
fn broken_kind(parameter: &Parameter, value: &str) -> Option<Rule> {
    let kind = parameter.parameter_type();
    if parameter.pass() == Pass::Switch || *kind == ParameterType::Boolean {
        return (!matches!(value, "true" | "false")).then_some(Rule::Boolean);
    }
    if *kind == ParameterType::Number && !is_number(value) {
        return Some(Rule::Number);
    }
    // An optional parameter can be given as nothing; what has no value has no form.
    let is_nothing = value.is_empty() && parameter.is_optional();
    if let Some(format) = parameter.format().filter(|_| !is_nothing) {
        let rule = broken_format(parameter, format, value);
        return rule.or_else(|| broken_range(parameter, value));
    }
    if is_nothing && *kind != ParameterType::Enum {
        return None;
    }
    if *kind == ParameterType::Enum && !parameter.enum_options.is_empty() {
        let known = parameter.enum_options.iter().any(|option| option.value() == value);
        return (!known).then(|| enumeration(parameter));
    }
    if let Some(rule) = broken_range(parameter, value) {
        return Some(rule);
    }
    // An author who gives a regex has said what a value must be.
    if !parameter.regexes.is_empty() {
        return None;
    }
    if kind.is_storage_path() {
        return (!is_storage_path(value)).then_some(Rule::StoragePath);
    }
    let rule = type_rule(kind).filter(|rule| !rule.accepts(value))?;
    Some(Rule::Type {
        expected: rule.says.to_owned(),
        example: rule.example.to_owned(),
        regex: rule.google.to_owned(),
    })
}

fn broken_format(parameter: &Parameter, format: ValueFormat, value: &str) -> Option<Rule> {
    if format == ValueFormat::MultipleChoice {
        let known: HashSet<&str> = parameter.enum_options.iter().map(EnumOption::value).collect();
        return (!value.split(',').all(|chosen| known.contains(chosen))).then(|| enumeration(parameter));
    }
    (!format.accepts(value)).then_some(Rule::Format { format })
}

fn broken_range(parameter: &Parameter, value: &str) -> Option<Rule> {
    let is_number = *parameter.parameter_type() == ParameterType::Number;
    let magnitude = Magnitude::of(value, parameter.format(), is_number)?;
    (!parameter.bounds().contain(magnitude)).then(|| Rule::Range {
        min: parameter.min().map(str::to_owned),
        max: parameter.max().map(str::to_owned),
        unit: parameter.unit().map(str::to_owned),
    })
}

fn enumeration(parameter: &Parameter) -> Rule {
    Rule::Enumeration {
        options: parameter.enum_options.iter().map(|option| option.value().to_owned()).collect(),
    }
}

/// `env:NAME` or `file:PATH`.
fn is_secret_reference(value: &str) -> bool {
    let target = value.strip_prefix("env:").or_else(|| value.strip_prefix("file:"));
    target.is_some_and(|target| !target.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

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
        assert_eq!(broken_length("ab", &"x".repeat(LONGEST_FILE), &Pass::File), None);
        assert!(broken_length("ab", &"x".repeat(LONGEST_FILE + 1), &Pass::File).is_some());
    }
}
