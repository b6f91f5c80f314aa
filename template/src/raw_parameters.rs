//! The parameters of a launch as they were asked for: unchecked, in order, each name once.

use std::collections::HashMap;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use thiserror::Error;

use crate::shorten::shorten;

/// Names and values in the order of the request. In JSON an object in that order.
///
/// Its `Debug` shows names only: nobody has checked yet that no secret is among the values.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct RawParameters {
    entries: Vec<(String, String)>,
    indexes: HashMap<String, usize>,
}

/// A parameter was given twice.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the parameter `{}` is given twice", shorten(name, 80).escape_debug())]
pub struct DuplicateParameter {
    /// The parameter's name.
    pub name: String,
}

impl DuplicateParameter {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some("give every parameter once, in one of `--parameters`, `--param` and `--params-file`".to_owned())
    }
}

impl RawParameters {
    /// No parameters.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter after the others.
    pub fn insert(
        &mut self,
        name: impl Into<String>,
        value: impl Into<String>,
    ) -> Result<(), DuplicateParameter> {
        let name = name.into();
        if self.indexes.contains_key(&name) {
            return Err(DuplicateParameter { name });
        }
        self.indexes.insert(name.clone(), self.entries.len());
        self.entries.push((name, value.into()));
        Ok(())
    }

    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.indexes.get(name).map(|&index| self.entries[index].1.as_str())
    }

    /// Names and values in the order of the request.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.entries.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl fmt::Debug for RawParameters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.iter().map(|(name, _)| name)).finish()
    }
}

impl Serialize for RawParameters {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for RawParameters {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(EntriesVisitor)
    }
}

struct EntriesVisitor;

impl<'de> Visitor<'de> for EntriesVisitor {
    type Value = RawParameters;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object of parameter names and texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<RawParameters, A::Error> {
        let mut parameters = RawParameters::new();
        while let Some((name, value)) = entries.next_entry::<String, String>()? {
            parameters.insert(name, value).map_err(serde::de::Error::custom)?;
        }
        Ok(parameters)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_is_kept_and_a_name_counts_once() {
        let mut raw = RawParameters::new();
        raw.insert("z", "1").unwrap();
        raw.insert("a", "").unwrap();
        let error = raw.insert("z", "2").unwrap_err();
        assert_eq!(error.to_string(), "the parameter `z` is given twice");
        assert_eq!(raw.iter().collect::<Vec<_>>(), [("z", "1"), ("a", "")]);
        assert_eq!((raw.get("z"), raw.get("a"), raw.get("b"), raw.len()), (Some("1"), Some(""), None, 2));
        assert_eq!(format!("{raw:?}"), "{\"z\", \"a\"}");
    }

    #[test]
    fn json_keeps_order_and_refuses_duplicates() {
        let text = "{\"z\":\"1\",\"a\":\"\"}";
        let raw: RawParameters = serde_json::from_str(text).unwrap();
        assert_eq!(serde_json::to_string(&raw).unwrap(), text);
        for text in ["{\"a\":\"1\",\"a\":\"1\"}", "{\"a\":1}", "[]"] {
            assert!(serde_json::from_str::<RawParameters>(text).is_err(), "{text}");
        }
    }
}
