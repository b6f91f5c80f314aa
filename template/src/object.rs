//! Reading a JSON object key by key, as tolerantly as gcloud does and no more, and keeping what nobody asked for.
//!
//! Derived deserialisation would stop at the first difference in spelling and could say neither the key's path nor
//! its place; here every key is taken out by name, and what is left over is kept.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::format_error::Problem;

/// A JSON object whose keys are being taken out.
pub(crate) struct Object(Map<String, Value>);

impl Object {
    pub(crate) fn new(value: Value) -> Result<Self, Problem> {
        match value {
            Value::Object(keys) => Ok(Self(keys)),
            other => Err(Problem::kind("an object", &other)),
        }
    }

    /// The keys that were not taken.
    pub(crate) fn rest(self) -> Map<String, Value> {
        self.0
    }

    /// Takes a key out and reads its value; `null` is the same as absent.
    pub(crate) fn take<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(Value) -> Result<T, Problem>,
    ) -> Result<Option<T>, Problem> {
        match self.0.remove(key) {
            None | Some(Value::Null) => Ok(None),
            Some(value) => read(value).map(Some).map_err(|problem| problem.under_key(key)),
        }
    }

    pub(crate) fn text(&mut self, key: &str) -> Result<Option<String>, Problem> {
        self.take(key, text)
    }

    /// A text that must be there and say something.
    pub(crate) fn required_text(&mut self, key: &str) -> Result<String, Problem> {
        match self.text(key)? {
            Some(text) if !text.is_empty() => Ok(text),
            Some(_) => Err(Problem::new("the text is empty").under_key(key)),
            None => Err(Problem::new(format!("the key `{key}` is missing"))),
        }
    }

    pub(crate) fn flag(&mut self, key: &str) -> Result<Option<bool>, Problem> {
        self.take(key, |value| match value {
            Value::Bool(flag) => Ok(flag),
            Value::String(text) if text == "true" || text == "false" => {
                Err(Problem::kind("true or false", &Value::String(text)).hinted("leave the quotes out"))
            }
            other => Err(Problem::kind("true or false", &other)),
        })
    }

    /// A list; no key is the same as an empty one.
    pub(crate) fn list<T>(
        &mut self,
        key: &str,
        read: impl Fn(Value) -> Result<T, Problem>,
    ) -> Result<Vec<T>, Problem> {
        let items = self.take(key, |value| match value {
            Value::Array(items) => items
                .into_iter()
                .enumerate()
                .map(|(index, item)| read(item).map_err(|problem| problem.under_index(index)))
                .collect(),
            other => Err(Problem::kind("a list", &other)),
        });
        Ok(items?.unwrap_or_default())
    }

    /// A list of texts; gcloud takes one text for a list of one.
    pub(crate) fn texts<T>(
        &mut self,
        key: &str,
        read: impl Fn(String) -> Result<T, Problem>,
    ) -> Result<Vec<T>, Problem> {
        if let Some(Value::String(_)) = self.0.get(key) {
            return Ok(self.take(key, |value| read(text(value)?))?.into_iter().collect());
        }
        self.list(key, |item| read(text(item)?))
    }

    /// An object of texts.
    pub(crate) fn text_map(&mut self, key: &str) -> Result<BTreeMap<String, String>, Problem> {
        let entries = self.take(key, |value| {
            let entries = Self::new(value)?.rest().into_iter();
            entries
                .map(|(key, value)| match text(value) {
                    Ok(text) => Ok((key, text)),
                    Err(problem) => Err(problem.under_key(&key)),
                })
                .collect()
        });
        Ok(entries?.unwrap_or_default())
    }
}

/// A value that must be a text.
pub(crate) fn text(value: Value) -> Result<String, Problem> {
    match value {
        Value::String(text) => Ok(text),
        Value::Bool(_) | Value::Number(_) => {
            Err(Problem::kind("a text", &value).hinted(format!("put it in quotes: \"{value}\"")))
        }
        other => Err(Problem::kind("a text", &other)),
    }
}
