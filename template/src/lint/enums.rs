//! Rules for the values that can be chosen.

use std::collections::HashSet;

use crate::lint::context::{Context, Declared};
use crate::lint::findings::{Draft, Findings};
use crate::lint::{Code, SHOWN};
use crate::shorten::shorten;
use crate::{EnumOption, ParameterType, ValueFormat};

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    for declared in &context.parameters {
        let parameter = declared.parameter;
        let is_enum = *parameter.parameter_type() == ParameterType::Enum;
        let is_choice = is_enum || parameter.format() == Some(ValueFormat::MultipleChoice);
        if is_enum && parameter.enum_options.is_empty() {
            let message =
                "there is nothing to choose from: a form shows an empty list, and every value is accepted";
            let draft = Draft::at(Code::EnumWithoutOptions, &declared.key("paramType"), message);
            findings.add(draft.hint("list the values in `enumOptions`"));
        }
        if parameter.enum_options.is_empty() {
            continue;
        }
        if !is_choice {
            let message = format!(
                "only an ENUM has values to choose, and this is {}: any value is accepted",
                parameter.parameter_type()
            );
            let draft = Draft::at(Code::EnumOptionsUnused, &declared.key("enumOptions"), message);
            findings.add(draft.hint("write `\"paramType\": \"ENUM\"`"));
        }
        check_options(declared, findings);
    }
}

fn check_options(declared: &Declared<'_>, findings: &mut Findings) {
    let mut seen = HashSet::new();
    for (index, option) in declared.parameter.enum_options.iter().enumerate() {
        let Some((code, message, hint)) = fault(declared, option, &mut seen) else { continue };
        let list = declared.key("enumOptions");
        // One object is read as a list of one; what is no object is an error already.
        let place = list.item(index).unwrap_or(list);
        if place.is_object() {
            findings.add(Draft::at(code, &place.get("value").unwrap_or(place), message).hint(hint));
        }
    }
}

fn fault<'a>(
    declared: &Declared<'_>,
    option: &'a EnumOption,
    seen: &mut HashSet<&'a str>,
) -> Option<(Code, String, &'static str)> {
    let Some(value) = option.value.as_deref() else {
        let message = "the option has no `value`: choosing it gives the program an empty text".to_owned();
        return Some((Code::EmptyText, message, "give it a `value`"));
    };
    let shown = shorten(value, SHOWN);
    if !seen.insert(value) {
        let message = format!("{shown:?} can be chosen already");
        return Some((Code::EnumOptionTwice, message, "remove one of them"));
    }
    let refusing = declared.parameter.regexes.iter().find(|pattern| !pattern.accepts(value))?;
    let regex = shorten(refusing.text(), SHOWN);
    let message = format!(
        "{shown:?} can be chosen, and a launch with it is refused: it does not match the regex `{regex}`"
    );
    let hint = "change the value, or leave the regex out: an ENUM takes nothing but its options";
    Some((Code::EnumOptionFails, message, hint))
}
