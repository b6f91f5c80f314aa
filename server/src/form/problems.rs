//! What is wrong with what was entered, by field.

use std::collections::HashMap;

use tmpl_template::{Parameter, Rule, Violation};

use super::control::Control;
use crate::text::form as text;
use crate::text::plain::Plain;

/// Labels in a message are shown as far as this, messages of authors as far as that.
const LONGEST_LABEL: usize = 100;
const LONGEST_MESSAGE: usize = 1000;

/// What is wrong, by the parameter's name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Problems {
    by_name: HashMap<String, Vec<Plain>>,
    /// What is wrong with no field of a parameter: the field's id, where there is one.
    pub(crate) general: Vec<FieldProblem>,
}

/// A line of the summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FieldProblem {
    /// The id of what can be mended.
    pub(crate) field: Option<String>,
    /// What is wrong.
    pub(crate) message: Plain,
}

impl Problems {
    /// What the validator says, in plain words.
    pub(crate) fn of<'a>(
        declared: &[Parameter],
        violations: impl IntoIterator<Item = &'a Violation>,
    ) -> Self {
        let mut problems = Self::default();
        for violation in violations {
            let parameter = declared.iter().find(|parameter| parameter.name == violation.parameter);
            let label = Plain::line(violation.label.as_ref().unwrap_or(&violation.parameter), LONGEST_LABEL);
            let chosen = parameter.is_some_and(|parameter| Control::of(parameter, None).is_choice());
            let filling = if chosen { text::Filling::Choosing } else { text::Filling::Typing };
            let author = violation.message.as_deref();
            let example = violation.example().filter(|_| !matches!(violation.rule, Rule::Enumeration { .. }));
            let message = text::problem(&violation.rule, label.as_str(), filling, example, author);
            problems.add(&violation.parameter, &message);
        }
        problems
    }

    /// Says that something is wrong with a parameter. What was said already is not said again.
    pub(crate) fn add(&mut self, parameter: &str, message: &str) {
        let message = Plain::lines(message, LONGEST_MESSAGE);
        let said = self.by_name.entry(parameter.to_owned()).or_default();
        if !said.contains(&message) {
            said.push(message);
        }
    }

    /// Takes in what else is wrong.
    pub(crate) fn extend(&mut self, other: Self) {
        for (name, said) in other.by_name {
            for message in said {
                self.add(&name, message.as_str());
            }
        }
        self.general.extend(other.general);
    }

    /// Says that something is wrong with another field, or with none.
    pub(crate) fn add_general(&mut self, field: Option<&str>, message: &str) {
        let message = Plain::lines(message, LONGEST_MESSAGE);
        self.general.push(FieldProblem { field: field.map(str::to_owned), message });
    }

    /// What is wrong with the field of that id.
    pub(crate) fn of_field<'a>(&'a self, field: &'a str) -> impl Iterator<Item = &'a Plain> {
        let is_of = move |problem: &&FieldProblem| problem.field.as_deref() == Some(field);
        self.general.iter().filter(is_of).map(|problem| &problem.message)
    }

    /// What is wrong with a parameter.
    pub(crate) fn of_parameter(&self, name: &str) -> &[Plain] {
        self.by_name.get(name).map_or(&[], Vec::as_slice)
    }

    /// What is wrong with parameters that have no field.
    pub(crate) fn beside(&self, has_field: impl Fn(&str) -> bool) -> impl Iterator<Item = &Plain> {
        let mut names: Vec<&String> = self.by_name.keys().filter(|name| !has_field(name)).collect();
        names.sort();
        names.into_iter().filter_map(|name| self.by_name.get(name)).flatten()
    }

    /// Whether nothing is wrong.
    pub(crate) fn is_empty(&self) -> bool {
        self.by_name.is_empty() && self.general.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use tmpl_template::{RawParameters, TemplateSpec, check};

    use super::*;

    #[test]
    fn every_rule_is_told_in_plain_words() {
        let text = r#"{"metadata": {"name": "T", "parameters": [
            {"name": "input", "label": "Input", "helpText": "h"},
            {"name": "ok", "label": "Go on", "helpText": "h", "paramType": "BOOLEAN"},
            {"name": "size", "label": "Size", "helpText": "h", "paramType": "NUMBER", "customMetadata": {"tmpl.min": "1", "tmpl.max": "9", "tmpl.unit": "MB"}},
            {"name": "n", "label": "N", "helpText": "h", "paramType": "NUMBER"},
            {"name": "month", "label": "Month", "helpText": "h", "regexes": ["^[0-9]{4}-[0-9]{2}$", "-"], "customMetadata": {"tmpl.message": "Give the month like 2026-11."}},
            {"name": "code", "label": "Code\u202e", "helpText": "h", "regexes": ["^k"], "customMetadata": {"tmpl.example": "k1"}},
            {"name": "case", "label": "Case", "helpText": "h", "paramType": "ENUM", "enumOptions": [{"value": "a"}]},
            {"name": "day", "label": "Day", "helpText": "h", "customMetadata": {"tmpl.type": "date"}},
            {"name": "topic", "label": "Topic", "helpText": "h", "paramType": "PUBSUB_TOPIC"},
            {"name": "key", "label": "Key", "helpText": "h", "customMetadata": {"tmpl.secret": "true", "tmpl.pass": "env"}},
            {"name": "path", "label": "File", "helpText": "h", "paramType": "GCS_READ_FILE"}
        ]}}"#;
        let spec = TemplateSpec::parse(text).unwrap();
        let declared = &spec.metadata.as_ref().unwrap().parameters;
        let mut raw = RawParameters::new();
        for (name, value) in [
            ("size", "10"),
            ("n", "many"),
            ("month", "November"),
            ("code", "x"),
            ("case", "b"),
            ("day", "soon"),
            ("topic", "t"),
            ("key", "hunter2"),
            ("path", "ftp://x"),
            ("inptu", "1"),
        ] {
            raw.insert(name, value).unwrap();
        }
        let problems = Problems::of(declared, &check(&spec, &raw.into()).unwrap_err());
        for (name, message) in [
            ("input", "Enter a value for “Input”."),
            ("ok", "Choose an answer for “Go on”."),
            ("size", "“Size” must be from 1 to 9 MB."),
            ("n", "“N” must be a number."),
            ("month", "Give the month like 2026-11."),
            ("code", "“Code\\u{202e}” does not look right. Write it like k1."),
            ("case", "Choose one of the answers for “Case”."),
            ("day", "“Day” must be a day, like 2026-11-21."),
            ("path", "“File” must be the place of a file or folder, like s3://bucket/folder/file."),
            ("inptu", "The template has no “inptu”. Did you mean “input”?"),
        ] {
            let said: Vec<&str> = problems.of_parameter(name).iter().map(Plain::as_str).collect();
            assert_eq!(said, [message], "{name}");
        }
        let secret = problems.of_parameter("key")[0].as_str();
        assert!(secret.contains("env:NAME") && !secret.contains("hunter2"), "{secret}");
        assert!(problems.of_parameter("topic")[0].as_str().starts_with("“Topic” must be "));
    }
}
