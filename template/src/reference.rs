//! How a person names a template to launch: `NAME`, or `NAME@DIGEST` for one published version of it.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{DigestPrefix, NameError, TemplateName};

/// A template, or one version of it. Read and written as `NAME`, `NAME@<hex>` (also read: `NAME@sha256:<hex>`).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TemplateReference {
    /// The template.
    pub name: TemplateName,
    /// The version; without one, the current version is meant.
    pub version: Option<DigestPrefix>,
}

impl FromStr for TemplateReference {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        match text.split_once('@') {
            None => Ok(Self { name: text.parse()?, version: None }),
            Some((name, version)) => Ok(Self { name: name.parse()?, version: Some(version.parse()?) }),
        }
    }
}

impl fmt::Display for TemplateReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.version {
            None => write!(formatter, "{}", self.name),
            Some(version) => write!(formatter, "{}@{version}", self.name),
        }
    }
}

impl From<TemplateName> for TemplateReference {
    fn from(name: TemplateName) -> Self {
        Self { name, version: None }
    }
}

impl TryFrom<String> for TemplateReference {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<TemplateReference> for String {
    fn from(reference: TemplateReference) -> Self {
        reference.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_and_written() {
        for (text, written) in [
            ("wordcount", "wordcount"),
            ("wordcount@0a1b", "wordcount@0a1b"),
            ("wordcount@sha256:0a1b", "wordcount@0a1b"),
        ] {
            assert_eq!(text.parse::<TemplateReference>().unwrap().to_string(), written);
        }
    }

    #[test]
    fn both_halves_keep_their_rule() {
        for text in ["", "@", "@0a", "x@", "x@latest", "x@0a@0b", "../x@0a", "x@sha512:0a"] {
            assert!(text.parse::<TemplateReference>().is_err(), "{text}");
        }
    }
}
