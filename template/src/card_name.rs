//! The name of a card: what people write after `--card`, and one segment of a path in the bucket and of an address.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text_name::text_name;
use crate::{NameError, NameKind};

/// A card's name.
///
/// Invariants: 1 to 63 of `a-z 0-9 . _ -`; the first is a letter or a digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CardName(String);

impl FromStr for CardName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        NameError::check_segment(NameKind::Card, name)?;
        Ok(Self(name.to_owned()))
    }
}

text_name!(CardName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_harmless_segment_of_a_path() {
        for name in ["a", "donor-report", "0_b.2", &"a".repeat(63)] {
            assert_eq!(name.parse::<CardName>().unwrap().as_str(), name);
        }
        for (name, said) in [
            ("", "the card name is empty; a card name is "),
            ("Donors", "the card name \"Donors\" has 'D' at position 1; "),
            ("..", "the card name \"..\" has '.' at position 1; "),
            ("a/b", "the card name \"a/b\" has '/' at position 2; "),
            (&"a".repeat(64), "is 64 characters long"),
        ] {
            let error = name.parse::<CardName>().unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        assert!(serde_json::from_str::<CardName>("\"../x\"").is_err());
    }
}
