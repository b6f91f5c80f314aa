//! What must never be printed.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::header::HeaderValue;

/// What stands for a secret's value in a message.
const REDACTED: &str = "[secret]";
/// A shorter value would blot out half of a message, and can be guessed anyway.
const SHORTEST: usize = 4;

/// A password or a token. Its `Debug` shows nothing of it, and it has no `Display`.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Keeps a value out of every message.
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// `Basic …`, for a header; `None` if the value has bytes that a header has no place for.
    pub(super) fn basic(user: &str, password: &Self) -> Self {
        Self(format!("Basic {}", STANDARD.encode(format!("{user}:{}", password.0))))
    }

    /// `Bearer …`, for a header.
    pub(super) fn bearer(&self) -> Self {
        Self(format!("Bearer {}", self.0))
    }

    /// The value as a header; `None` if it has characters that headers have no place for.
    pub(super) fn header(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&self.0).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// A text without this secret; of a header, without what follows its scheme.
    pub(super) fn redact(&self, text: &str) -> String {
        let value = self.0.rsplit(' ').next().unwrap_or(&self.0);
        if value.len() < SHORTEST { text.to_owned() } else { text.replace(value, REDACTED) }
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(REDACTED)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed() {
        let secret = Secret::new("hunter22");
        assert_eq!(format!("{secret:?}"), "[secret]");
        let header = Secret::basic("bob", &secret);
        assert_eq!(header.header().unwrap().to_str().unwrap(), "Basic Ym9iOmh1bnRlcjIy");
        assert_eq!(format!("{:?}", header.header().unwrap()), "Sensitive");
        assert_eq!(header.redact("you sent Ym9iOmh1bnRlcjIy"), "you sent [secret]");
        assert_eq!(Secret::new("ab").redact("about"), "about");
        assert!(Secret::new("a\nb").header().is_none());
    }
}
