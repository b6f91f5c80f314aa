//! The name of a template: the `<name>` of `templates/<name>.json`, so it must be one harmless path segment on
//! every store and in every URL.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text_name::text_name;
use crate::{NameError, NameKind};

/// A template's name.
///
/// Invariants: 1 to 63 of `a-z 0-9 . _ -`; the first is a letter or a digit; it does not end in `.json`, which
/// would read as a file of another template's.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TemplateName(String);

impl FromStr for TemplateName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        let kind = NameKind::Template;
        NameError::check_segment(kind, name)?;
        if name.strip_suffix(".json").is_some() {
            return Err(NameError::Shape { kind, name: name.to_owned() });
        }
        Ok(Self(name.to_owned()))
    }
}

text_name!(TemplateName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_are_accepted() {
        for name in ["a", "0", "wordcount", "word-count_2.1", "a..b", "json", "x.jsonl", &"a".repeat(63)] {
            assert_eq!(name.parse::<TemplateName>().unwrap().as_str(), name);
        }
    }

    #[test]
    fn names_that_are_refused_with_the_place_and_a_name_nearby() {
        let rule = NameKind::Template.rule();
        for (name, message, hint) in [
            ("", "the template name is empty", None),
            ("../x", "the template name \"../x\" has '.' at position 1", Some("`x` is a template name")),
            ("a b", "the template name \"a b\" has ' ' at position 2", Some("`a-b` is a template name")),
            ("a/b", "the template name \"a/b\" has '/' at position 2", Some("`a-b` is a template name")),
            ("a\n", "the template name \"a\\n\" has '\\n' at position 2", Some("`a` is a template name")),
            ("Word", "the template name \"Word\" has 'W' at position 1", Some("`word` is a template name")),
            (
                "größe",
                "the template name \"größe\" has 'ö' at position 3",
                Some("`gr--e` is a template name"),
            ),
            ("-x", "the template name \"-x\" has '-' at position 1", Some("`x` is a template name")),
            ("日本", "the template name \"日本\" has '日' at position 1", None),
            ("x.json", "\"x.json\" is not a template name", Some("`x` is a template name")),
        ] {
            let error = name.parse::<TemplateName>().unwrap_err();
            assert_eq!(error.to_string(), format!("{message}; a template name is {rule}"));
            assert_eq!(error.hint().as_deref(), hint, "{name}");
        }
        let error = "a".repeat(64).parse::<TemplateName>().unwrap_err();
        assert!(matches!(error, NameError::Length { length: 64, .. }), "{error}");
    }

    #[test]
    fn json_goes_through_the_rule() {
        assert!(serde_json::from_str::<TemplateName>("\"../x\"").is_err());
        let name: TemplateName = serde_json::from_str("\"x\"").unwrap();
        assert_eq!(serde_json::to_string(&name).unwrap(), "\"x\"");
    }
}
