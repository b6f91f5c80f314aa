//! One of the values that an ENUM parameter can have.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::format_error::Problem;
use crate::object::Object;

/// A value to choose.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct EnumOption {
    /// What the program gets.
    pub value: String,
    /// What a form shows; the value itself without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// What choosing it means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Keys that are not Google's.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl EnumOption {
    pub(crate) fn read(value: Value) -> Result<Self, Problem> {
        if let Value::String(text) = &value {
            let remedy = format!("write {{\"value\": {value}}}");
            return Err(Problem::kind("an object", &Value::String(text.clone())).hinted(remedy));
        }
        let mut keys = Object::new(value)?;
        let Some(value) = keys.text("value")? else {
            return Err(Problem::new("the key `value` is missing"));
        };
        Ok(Self {
            value,
            label: keys.text("label")?,
            description: keys.text("description")?,
            other: keys.rest(),
        })
    }
}
