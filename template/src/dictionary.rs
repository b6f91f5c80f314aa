//! The text of `--parameters`, read exactly as gcloud reads its dictionary flags.

use std::collections::HashSet;

use thiserror::Error;

use crate::shorten::shorten;

/// Why a text is not a dictionary to gcloud.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DictionaryError {
    /// The text begins with `^^`.
    #[error("the delimiter between `^` and `^` is empty")]
    EmptyDelimiter,
    /// An item has no `=`.
    #[error("the item {:?} has no `=`", shorten(item, 200))]
    NoEquals {
        /// The item.
        item: String,
    },
    /// An item has nothing before its `=`, or is nothing.
    #[error("the item {:?} has no key", shorten(item, 200))]
    NoKey {
        /// The item.
        item: String,
    },
    /// A key occurs twice.
    #[error("the key {:?} is given twice", shorten(key, 200))]
    DuplicateKey {
        /// The key.
        key: String,
    },
}

impl DictionaryError {
    /// How to write it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::EmptyDelimiter => "write the delimiter between the two, like `^~^a=1,2~b=3`".to_owned(),
            Self::NoEquals { .. } | Self::NoKey { .. } => {
                "write `key=value,key=value`; a value with commas goes whole into `--param key=value`"
                    .to_owned()
            }
            Self::DuplicateKey { .. } => "give every key once".to_owned(),
        })
    }
}

/// The keys and values of a text `key=value,key=value`, in order.
///
/// Items are separated by commas, or by what stands between two `^` at the beginning; one separator at the end adds
/// nothing; the first `=` of an item ends its key; nothing is trimmed.
pub fn parse_dictionary(text: &str) -> Result<Vec<(String, String)>, DictionaryError> {
    let (delimiter, items) = match text.strip_prefix('^').and_then(|rest| rest.split_once('^')) {
        Some(("", _)) => return Err(DictionaryError::EmptyDelimiter),
        Some((delimiter, items)) => (delimiter, items),
        None => (",", text),
    };
    let mut entries = Vec::new();
    let mut keys = HashSet::new();
    for item in split(items, delimiter) {
        let (key, value) = match item.split_once('=') {
            Some(("", _)) => return Err(DictionaryError::NoKey { item }),
            Some((key, value)) => (key.to_owned(), value.to_owned()),
            None if item.is_empty() => return Err(DictionaryError::NoKey { item }),
            None => return Err(DictionaryError::NoEquals { item }),
        };
        if !keys.insert(key.clone()) {
            return Err(DictionaryError::DuplicateKey { key });
        }
        entries.push((key, value));
    }
    Ok(entries)
}

/// The items, each ended by the delimiter; at the end of the text it may be left out.
///
/// The text is completed first and then cut: a delimiter such as `::` can overlap itself at the end, where cutting
/// from the left and stripping from the right would differ.
fn split(items: &str, delimiter: &str) -> Vec<String> {
    if items.is_empty() {
        return Vec::new();
    }
    let ended = if items.ends_with(delimiter) { items.to_owned() } else { format!("{items}{delimiter}") };
    let mut items: Vec<String> = ended.split(delimiter).map(str::to_owned).collect();
    items.pop();
    items
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One row for each rule of gcloud's.
    #[test]
    fn dictionaries() {
        let cases: &[(&str, &[(&str, &str)])] = &[
            ("", &[]),
            ("a=1", &[("a", "1")]),
            ("a=1,b=2", &[("a", "1"), ("b", "2")]),
            ("b=2,a=1", &[("b", "2"), ("a", "1")]),
            ("a=1,", &[("a", "1")]),
            ("a=", &[("a", "")]),
            ("a=,b=", &[("a", ""), ("b", "")]),
            ("a=b=c", &[("a", "b=c")]),
            ("a==", &[("a", "=")]),
            ("a=line\nline,b=2", &[("a", "line\nline"), ("b", "2")]),
            ("a\nb=1", &[("a\nb", "1")]),
            (" a = 1 , b=2", &[(" a ", " 1 "), (" b", "2")]),
            ("a=\"1,b=2\"", &[("a", "\"1"), ("b", "2\"")]),
            ("a=--x", &[("a", "--x")]),
            ("^~^a=1,2~b=3", &[("a", "1,2"), ("b", "3")]),
            ("^~^a=1~", &[("a", "1")]),
            ("^~^", &[]),
            ("^::^a=1:2::b=3", &[("a", "1:2"), ("b", "3")]),
            ("^::^a=1:::", &[("a", "1")]),
            ("^ä^a=1äb=2", &[("a", "1"), ("b", "2")]),
            ("^,^a=1,b=2", &[("a", "1"), ("b", "2")]),
            ("^~^a=^~b=2", &[("a", "^"), ("b", "2")]),
            ("^a=1", &[("^a", "1")]),
            ("a=^~^,b=2", &[("a", "^~^"), ("b", "2")]),
        ];
        for (text, expected) in cases {
            let entries = parse_dictionary(text).unwrap();
            let entries: Vec<_> = entries.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
            assert_eq!(entries, *expected, "{text:?}");
        }
    }

    #[test]
    fn texts_that_are_no_dictionary() {
        for (text, message) in [
            ("a", "the item \"a\" has no `=`"),
            ("a=1,2", "the item \"2\" has no `=`"),
            ("a=1, ", "the item \" \" has no `=`"),
            ("=1", "the item \"=1\" has no key"),
            (",", "the item \"\" has no key"),
            ("a=1,,b=2", "the item \"\" has no key"),
            ("a=1,,", "the item \"\" has no key"),
            (",a=1", "the item \"\" has no key"),
            ("^^a=1", "the delimiter between `^` and `^` is empty"),
            ("a=1,b=2,a=3", "the key \"a\" is given twice"),
            ("a=1,a=1", "the key \"a\" is given twice"),
        ] {
            let error = parse_dictionary(text).unwrap_err();
            assert_eq!(error.to_string(), message, "{text:?}");
            let hint = error.hint().unwrap();
            let about_commas =
                matches!(error, DictionaryError::NoEquals { .. } | DictionaryError::NoKey { .. });
            assert_eq!(hint.contains("--param key=value"), about_commas, "{text:?}");
        }
    }
}
