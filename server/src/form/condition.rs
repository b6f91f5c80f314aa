//! When a field is asked for.

use tmpl_template::{Parameter, ParameterType, Pass};

use super::choice::named;
use crate::text::form as text;
use crate::text::plain::Plain;

/// Labels are shown as far as this; more values than these are not named.
const LONGEST_LABEL: usize = 100;
const MOST_VALUES: usize = 10;

/// What must be so that a field is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Condition {
    /// The parent's field.
    pub(crate) parent: String,
    /// In words.
    pub(crate) words: Plain,
    /// The values of the parent that ask for it, as a script reads them: JSON. An empty list is every value but the empty one.
    pub(crate) values: String,
}

impl Condition {
    /// The condition of a parameter with this parent, whose field has that id.
    pub(super) fn of(child: &Parameter, parent: &Parameter, parent_id: String) -> Self {
        let triggers = &child.parent_trigger_values;
        let mut values: Vec<String> =
            triggers.iter().take(MOST_VALUES).map(|value| called(parent, value).to_string()).collect();
        if triggers.len() > MOST_VALUES {
            values.push("…".to_owned());
        }
        let label = Plain::line(&parent.label, LONGEST_LABEL);
        Self {
            parent: parent_id,
            words: Plain::own(text::only_if(label.as_str(), &values)),
            values: serde_json::to_string(triggers).unwrap_or_default(),
        }
    }
}

/// A value as the parent's field calls it.
fn called(parent: &Parameter, value: &str) -> Plain {
    let is_switch = parent.pass() == Pass::Switch || *parent.parameter_type() == ParameterType::Boolean;
    match value {
        "true" if is_switch => Plain::own(text::YES),
        "false" if is_switch => Plain::own(text::NO),
        value => {
            let option = parent.enum_options.iter().find(|option| option.value() == value);
            match option.and_then(|option| option.label.as_deref()).filter(|label| !label.is_empty()) {
                Some(label) => Plain::line(label, LONGEST_LABEL),
                None => named(value),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tmpl_template::Metadata;

    use super::*;

    #[test]
    fn conditions_speak_the_parents_language() {
        let text = r#"{"name": "T", "parameters": [
            {"name": "p", "label": "Filter\u202e", "helpText": "h", "paramType": "BOOLEAN"},
            {"name": "e", "label": "Source", "helpText": "h", "paramType": "ENUM",
             "enumOptions": [{"value": "f", "label": "A file"}, {"value": "t"}]},
            {"name": "a", "label": "A", "helpText": "h", "parentName": "p", "parentTriggerValues": ["true"]},
            {"name": "b", "label": "B", "helpText": "h", "parentName": "e", "parentTriggerValues": ["f", "t", ""]},
            {"name": "c", "label": "C", "helpText": "h", "parentName": "e"}
        ]}"#;
        let declared = Metadata::parse(text).unwrap().parameters;
        let condition = |child: usize, parent: usize| {
            Condition::of(&declared[child], &declared[parent], "p-9".to_owned())
        };
        for (child, parent, words) in [
            (2, 0, "Only if “Filter\\u{202e}” is “Yes”."),
            (3, 1, "Only if “Source” is “A file”, “t” or “(nothing)”."),
            (4, 1, "Only if “Source” is filled in."),
        ] {
            assert_eq!(condition(child, parent).words.as_str(), words);
        }
        assert_eq!(condition(3, 1).values, "[\"f\",\"t\",\"\"]");
    }
}
