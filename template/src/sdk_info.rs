//! In which language, and with which SDK, a template's pipeline is written.

use serde::Serialize;
use serde_json::{Map, Value};

use crate::format_error::Problem;
use crate::object::Object;

/// Google's `SDKInfo`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SdkInfo {
    /// `PYTHON`, `JAVA`, `GO` or `YAML`.
    pub language: String,
    /// The SDK's version; nobody writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Keys that are not Google's.
    #[serde(flatten)]
    pub other: Map<String, Value>,
}

impl SdkInfo {
    /// The language alone, which is what gcloud writes.
    pub fn new(language: &str) -> Self {
        Self { language: language.to_owned(), version: None, other: Map::new() }
    }

    pub(crate) fn read(value: Value) -> Result<Self, Problem> {
        let mut keys = Object::new(value)?;
        Ok(Self {
            language: keys
                .required_text("language")
                .map_err(|problem| problem.hinted("write `PYTHON`, `JAVA`, `GO` or `YAML`"))?,
            version: keys.text("version")?,
            other: keys.rest(),
        })
    }
}
