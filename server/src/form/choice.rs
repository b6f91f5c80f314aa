//! Answers that can be chosen.

use tmpl_template::{EnumOption, Parameter};

use crate::text::form as text;
use crate::text::plain::Plain;

/// Labels are shown as far as this, descriptions as far as that.
const LONGEST_LABEL: usize = 200;
const LONGEST_DESCRIPTION: usize = 500;

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Choice {
    /// What is sent.
    pub(crate) value: String,
    /// What people read.
    pub(crate) label: Plain,
    /// What choosing it means.
    pub(crate) description: Option<Plain>,
    /// Whether it is chosen.
    pub(crate) chosen: bool,
}

impl Choice {
    fn own(value: &str, label: &str, current: Option<&str>) -> Self {
        let chosen = current.unwrap_or_default() == value;
        Self { value: value.to_owned(), label: Plain::own(label), description: None, chosen }
    }

    fn of(option: &EnumOption, chosen: bool) -> Self {
        let said = |text: &Option<String>, most: usize| {
            text.as_ref().filter(|text| !text.is_empty()).map(|text| Plain::line(text, most))
        };
        let label = said(&option.label, LONGEST_LABEL).unwrap_or_else(|| named(option.value()));
        Self {
            value: option.value().to_owned(),
            label,
            description: said(&option.description, LONGEST_DESCRIPTION),
            chosen,
        }
    }

    /// A value that is none of the choices, and is kept as it was entered.
    fn strange(value: &str) -> Self {
        let label = Plain::own(format!("{} ({})", named(value), text::NO_CHOICE));
        Self { value: value.to_owned(), label, description: None, chosen: true }
    }
}

/// A value that has no label, as it is called.
pub(super) fn named(value: &str) -> Plain {
    if value.is_empty() { Plain::own(text::NO_VALUE) } else { Plain::line(value, LONGEST_LABEL) }
}

/// Yes or no; where a launch can leave it out, that too.
pub(super) fn yes_or_no(parameter: &Parameter, current: Option<&str>) -> Vec<Choice> {
    let mut choices = vec![Choice::own("true", text::YES, current), Choice::own("false", text::NO, current)];
    choices.extend(leave(parameter, current));
    with_strange(choices, current)
}

/// One of the parameter's options.
pub(super) fn one_of(parameter: &Parameter, current: Option<&str>) -> Vec<Choice> {
    let mut taken = false;
    let choice = |option: &EnumOption| {
        // Of options with the same value one is chosen.
        let chosen = !taken && current == Some(option.value());
        taken |= chosen;
        Choice::of(option, chosen)
    };
    let mut choices: Vec<Choice> = parameter.enum_options.iter().map(choice).collect();
    choices.extend(leave(parameter, current));
    with_strange(choices, current)
}

/// Some of the parameter's options: the current value has them with commas.
pub(super) fn some_of(parameter: &Parameter, current: Option<&str>) -> Vec<Choice> {
    let current: Vec<&str> = current.map(|current| current.split(',').collect()).unwrap_or_default();
    let options = &parameter.enum_options;
    let known = options.iter().map(|option| Choice::of(option, current.contains(&option.value())));
    let is_strange = |value: &&&str| !options.iter().any(|option| option.value() == **value);
    known.chain(current.iter().filter(is_strange).map(|value| Choice::strange(value))).collect()
}

/// The answer that leaves an optional parameter out. An author who has an empty value among the options has said it better.
fn leave(parameter: &Parameter, current: Option<&str>) -> Option<Choice> {
    let has_empty = parameter.enum_options.iter().any(|option| option.value().is_empty());
    (parameter.is_optional() && !has_empty).then(|| Choice::own("", text::LEAVE, current))
}

fn with_strange(mut choices: Vec<Choice>, current: Option<&str>) -> Vec<Choice> {
    let strange = current.filter(|current| !choices.iter().any(|choice| choice.value == *current));
    choices.extend(strange.map(Choice::strange));
    choices
}

#[cfg(test)]
mod tests {
    use tmpl_template::Metadata;

    use super::*;

    fn parameter(keys: &str) -> Parameter {
        let text = format!(
            r#"{{"name": "T", "parameters": [{{"name": "a", "label": "A", "helpText": "h", {keys}}}]}}"#
        );
        Metadata::parse(&text).unwrap().parameters.remove(0)
    }

    fn shown(choices: &[Choice]) -> Vec<(&str, &str, bool)> {
        choices.iter().map(|choice| (choice.value.as_str(), choice.label.as_str(), choice.chosen)).collect()
    }

    #[test]
    fn yes_and_no() {
        let needed = parameter("\"paramType\": \"BOOLEAN\"");
        assert_eq!(shown(&yes_or_no(&needed, None)), [("true", "Yes", false), ("false", "No", false)]);
        let optional = parameter("\"paramType\": \"BOOLEAN\", \"isOptional\": true");
        assert_eq!(
            shown(&yes_or_no(&optional, None)),
            [("true", "Yes", false), ("false", "No", false), ("", "Leave it to the template", true)]
        );
        assert_eq!(
            shown(&yes_or_no(&needed, Some("maybe")))[2],
            ("maybe", "maybe (not one of the choices)", true)
        );
    }

    #[test]
    fn options_of_an_author() {
        let keys = r#""paramType": "ENUM", "enumOptions": [{"value": "keep", "label": "As it is", "description": "d"}, {"value": "lower"}]"#;
        let needed = parameter(keys);
        let choices = one_of(&needed, Some("lower"));
        assert_eq!(shown(&choices), [("keep", "As it is", false), ("lower", "lower", true)]);
        assert_eq!(choices[0].description.as_ref().unwrap().as_str(), "d");
        assert!(shown(&one_of(&needed, Some("UPPER")))[2].2);
        assert_eq!(
            shown(&some_of(&needed, Some("lower,x"))),
            [
                ("keep", "As it is", false),
                ("lower", "lower", true),
                ("x", "x (not one of the choices)", true)
            ]
        );
        let empty = parameter(r#""paramType": "ENUM", "isOptional": true, "enumOptions": [{"value": ""}]"#);
        assert_eq!(shown(&one_of(&empty, None)), [("", "(nothing)", false)]);
        assert_eq!(shown(&one_of(&empty, Some(""))), [("", "(nothing)", true)]);
    }
}
