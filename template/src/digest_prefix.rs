//! The first digits of a version's digest, as a person types them after `@`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Digest, NameError, NameKind, hex};

/// The beginning of a SHA-256 digest.
///
/// Invariants: 1 to 64 of `0-9 a-f`. It is read with or without `sha256:` before it and written without.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DigestPrefix(String);

impl DigestPrefix {
    const LONGEST: usize = 64;

    /// The digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the digest begins with these digits.
    pub fn matches(&self, digest: &Digest) -> bool {
        hex(digest).starts_with(&self.0)
    }
}

impl FromStr for DigestPrefix {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let kind = NameKind::DigestPrefix;
        let digits = text.strip_prefix("sha256:").unwrap_or(text);
        NameError::first_bad(kind, digits, |_, character| matches!(character, '0'..='9' | 'a'..='f'))?;
        if digits.len() > Self::LONGEST {
            return Err(NameError::Length { kind, name: digits.to_owned(), length: digits.len() });
        }
        Ok(Self(digits.to_owned()))
    }
}

impl fmt::Display for DigestPrefix {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for DigestPrefix {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<DigestPrefix> for String {
    fn from(prefix: DigestPrefix) -> Self {
        prefix.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::digest::sha256_of;

    #[test]
    fn a_prefix_matches_the_digests_that_begin_with_it() {
        let digest = sha256_of(b"");
        for (text, matches) in
            [("e", true), ("e3b0c4", true), ("sha256:e3b0", true), (hex(&digest), true), ("3b", false)]
        {
            assert_eq!(text.parse::<DigestPrefix>().unwrap().matches(&digest), matches, "{text}");
        }
    }

    #[test]
    fn what_is_not_hexadecimal_is_refused() {
        for text in ["", "sha256:", "E3", "xyz", "md5:ab", "ab ", &"a".repeat(65)] {
            assert!(text.parse::<DigestPrefix>().is_err(), "{text}");
        }
    }
}
