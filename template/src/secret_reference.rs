//! Where a secret is to be found: never its value.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// `env:NAME`, or `file:/PATH`. It may be shown and written down; what it leads to may not.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SecretReference(String);

/// A text that leads to no secret. It is not repeated: it may be the secret itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a secret is given as a reference: write env:NAME, or file:/PATH with the whole path")]
pub struct NoReference;

/// References that a profile of a bucket may use: one, or those that begin alike (`file:/etc/tmpl/*`).
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct AllowedReference {
    begin: String,
    /// Whether more may follow.
    open: bool,
}

impl SecretReference {
    /// The reference as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl AllowedReference {
    /// Whether a reference is allowed.
    pub fn allows(&self, reference: &SecretReference) -> bool {
        let rest = reference.0.strip_prefix(&self.begin);
        match rest {
            Some("") => true,
            // What is below a folder does not climb out of it.
            Some(rest) => self.open && !rest.split('/').any(|segment| segment == ".."),
            None => false,
        }
    }
}

impl FromStr for SecretReference {
    type Err = NoReference;

    fn from_str(text: &str) -> Result<Self, NoReference> {
        let is_one = match text.split_once(':') {
            Some(("env", name)) => !name.is_empty() && !name.contains(['=', '\0']),
            Some(("file", path)) => path.starts_with('/') && !path.contains('\0'),
            _ => false,
        };
        if is_one { Ok(Self(text.to_owned())) } else { Err(NoReference) }
    }
}

impl TryFrom<String> for AllowedReference {
    type Error = NoReference;

    fn try_from(text: String) -> Result<Self, NoReference> {
        let (begin, open) = match text.strip_suffix('*') {
            Some(begin) => (begin.to_owned(), true),
            None => (text, false),
        };
        let whole = if open { format!("{begin}x") } else { begin.clone() };
        whole.parse::<SecretReference>().map(|_| Self { begin, open })
    }
}

impl fmt::Display for SecretReference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for SecretReference {
    type Error = NoReference;

    fn try_from(text: String) -> Result<Self, NoReference> {
        text.parse()
    }
}

impl From<SecretReference> for String {
    fn from(reference: SecretReference) -> Self {
        reference.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_read_and_secrets_are_not_repeated() {
        for text in ["env:TOKEN", "file:/run/token"] {
            assert_eq!(text.parse::<SecretReference>().unwrap().as_str(), text);
        }
        for text in ["", "env:", "file:", "file:token", "hunter2", "vault:x"] {
            let error = text.parse::<SecretReference>().unwrap_err().to_string();
            assert!(error.starts_with("a secret is given as a reference") && !error.contains("hunter2"));
        }
    }

    #[test]
    fn allowed_is_what_is_named_or_begins_alike_and_does_not_climb() {
        for (allowed, reference, is) in [
            ("env:TOKEN", "env:TOKEN", true),
            ("env:TOKEN", "env:TOKEN2", false),
            ("env:FLINK_*", "env:FLINK_TOKEN", true),
            ("env:FLINK_*", "env:AWS_KEY", false),
            ("env:*", "env:AWS_KEY", true),
            ("env:*", "file:/etc/passwd", false),
            ("file:/etc/tmpl/*", "file:/etc/tmpl/a/b", true),
            ("file:/etc/tmpl/*", "file:/etc/tmpl/../shadow", false),
            ("file:/etc/tmpl/*", "file:/etc/tmplx", false),
        ] {
            let allowed: AllowedReference = serde_json::from_value(allowed.into()).unwrap();
            assert_eq!(allowed.allows(&reference.parse().unwrap()), is, "{allowed:?} {reference}");
        }
        for text in ["*", "", "TOKEN", "file:*"] {
            assert!(serde_json::from_value::<AllowedReference>(text.into()).is_err(), "{text}");
        }
    }
}
