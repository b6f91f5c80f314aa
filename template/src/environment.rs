//! The environment of a launch: workers, network, labels, experiments.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::format_error::{FormatError, Problem};
use crate::keys::ENVIRONMENT;
use crate::object::{Fields, Object, Spelling};
use crate::reader::{Dialect, Reader};

/// Google's `FlexTemplateRuntimeEnvironment`: what a spec defaults to (`defaultEnvironment`), or what a launch asks for.
///
/// ```
/// use tmpl_template::Environment;
///
/// let defaults = Environment::parse(r#"{"maxWorkers": 3, "additional_experiments": ["a"]}"#)?;
/// assert_eq!(defaults.texts("additionalExperiments"), ["a"]);
/// let mut asked = Environment::default();
/// asked.set("maxWorkers", 5)?;
/// assert_eq!(asked.get("maxWorkers").and_then(|workers| workers.as_i64()), Some(5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Environment {
    /// By Google's names, each value of its field's kind.
    fields: BTreeMap<&'static str, Value>,
    /// Keys that are not Google's.
    other: Map<String, Value>,
    spelling: Spelling,
}

impl Environment {
    /// Reads the text of a JSON object.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let mut reader = Reader::new(Dialect::Service);
        let environment = Self::read(FormatError::read_json(text)?, &mut reader);
        FormatError::first(reader.into_problems(), text)?;
        Ok(environment)
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty() && self.other.is_empty()
    }

    /// The value of a field, by Google's name of it.
    pub fn get(&self, field: &str) -> Option<&Value> {
        self.fields.get(field)
    }

    /// The items of a field that is a list of texts.
    pub fn texts(&self, field: &str) -> Vec<&str> {
        let items = self.get(field).and_then(Value::as_array);
        items.map(|items| items.iter().filter_map(Value::as_str).collect()).unwrap_or_default()
    }

    /// The fields that are set, by Google's names in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, &Value)> {
        self.fields.iter().map(|(field, value)| (*field, value))
    }

    /// Sets a field. The value must be of the field's kind.
    pub fn set(&mut self, field: &str, value: impl Into<Value>) -> Result<(), FormatError> {
        let text = serde_json::json!({ field: value.into() }).to_string();
        let set = Self::parse(&text)?;
        if let Some((name, _)) = set.other.iter().next() {
            let known = ENVIRONMENT.keys.iter().map(|key| key.name);
            let problem = Problem::new(format!("the environment has no field `{name}`"));
            let problem = match crate::nearest(name, known) {
                Some(near) => problem.hinted(format!("did you mean `{near}`?")),
                None => problem,
            };
            FormatError::first(vec![problem], &text)?;
        }
        self.fields.extend(set.fields);
        Ok(())
    }

    /// Unsets a field.
    pub fn remove(&mut self, field: &str) {
        self.fields.remove(field);
        self.spelling.remove(field);
    }

    pub(crate) fn read(value: Value, reader: &mut Reader) -> Self {
        let mut keys = Object::open(value, &ENVIRONMENT, reader);
        let fields = keys.values();
        let (other, spelling) = keys.close();
        Self { fields, other, spelling }
    }
}

impl Serialize for Environment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::new(&self.spelling).all(self.iter()).write(&self.other, serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Environment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let value = Value::deserialize(deserializer)?;
        let text = value.to_string();
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_read_in_both_spellings_and_by_number() {
        let text = r#"{"num_workers": 2, "maxWorkers": "3", "additionalExperiments": ["a"], "ip_configuration": 2,
            "flexrsGoal": "FLEXRS_COST_OPTIMIZED", "additional_user_labels": {"a": "b"}, "mine": [1], "zone": null}"#;
        let environment = Environment::parse(text).unwrap();
        assert_eq!(environment.get("numWorkers"), Some(&2.into()));
        assert_eq!(environment.get("ipConfiguration"), Some(&"WORKER_IP_PRIVATE".into()));
        let written = serde_json::to_value(&environment).unwrap();
        let expected = serde_json::json!({"num_workers": 2, "maxWorkers": 3, "additionalExperiments": ["a"],
            "ip_configuration": "WORKER_IP_PRIVATE", "flexrsGoal": "FLEXRS_COST_OPTIMIZED",
            "additional_user_labels": {"a": "b"}, "mine": [1]});
        assert_eq!(written, expected);
        assert_eq!(Environment::parse(&written.to_string()).unwrap(), environment);
    }

    #[test]
    fn what_is_of_another_kind_is_refused() {
        for (text, expected) in [
            (
                "{\"maxWorkers\": 1.5}",
                "line 1, column 16: maxWorkers: expected a whole number, found a number",
            ),
            (
                "{\"max_workers\": []}",
                "line 1, column 17: max_workers: expected a whole number, found a list",
            ),
            (
                "{\"additionalExperiments\": [1]}",
                "line 1, column 28: additionalExperiments[0]: expected a text, found a number",
            ),
            (
                "{\"ipConfiguration\": \"PRIVATE\"}",
                "line 1, column 21: ipConfiguration: \"PRIVATE\" is none of its names",
            ),
            ("{\"flexrsGoal\": 9}", "line 1, column 16: flexrsGoal: there is no name for the number 9"),
            ("[]", "line 1, column 1: expected an object, found a list"),
        ] {
            assert_eq!(Environment::parse(text).unwrap_err().to_string(), expected);
        }
        let mut environment = Environment::default();
        let error = environment.set("maxWorker", 1).unwrap_err();
        assert_eq!(error.message(), "the environment has no field `maxWorker`");
        assert_eq!(error.hint().as_deref(), Some("did you mean `maxWorkers`?"));
    }
}
