//! Lists and dictionaries in the values of flags, read exactly as gcloud reads them: `--parameters a=1,b=2`,
//! `--additional-experiments=^:^a,b:c`.

use std::collections::{HashMap, HashSet};

use thiserror::Error;

use crate::shorten::shorten;

/// Why a text is no list or dictionary to gcloud.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FlagValueError {
    /// The text begins with `^^`.
    #[error("the delimiter between `^` and `^` is empty")]
    EmptyDelimiter,
    /// An item of a dictionary has no `=`.
    #[error("the item {:?} has no `=`", shorten(item, 200))]
    NoEquals {
        /// The item.
        item: String,
    },
    /// An item of a dictionary has nothing before its `=`, or is nothing.
    #[error("the item {:?} has no key", shorten(item, 200))]
    NoKey {
        /// The item.
        item: String,
    },
    /// A key occurs in two of several dictionaries, or an item twice in a list.
    #[error("{:?} is given twice", shorten(item, 200))]
    Twice {
        /// The key or item.
        item: String,
    },
}

impl FlagValueError {
    /// How to write it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::EmptyDelimiter => "write the delimiter between the two, like `^~^a=1,2~b=3`".to_owned(),
            Self::NoEquals { .. } | Self::NoKey { .. } => {
                "write `key=value,key=value`; where a value has commas, say another delimiter first: `^~^a=1,2~b=3`".to_owned()
            }
            Self::Twice { .. } => "give it once".to_owned(),
        })
    }
}

/// The keys and values of a dictionary flag that is given once or several times: `key=value,key=value`, in order.
///
/// Items are separated by commas, or by what stands between two `^` at the beginning; one separator at the end adds
/// nothing; the first `=` of an item ends its key; nothing is trimmed. Of a key that one text has twice the last value
/// counts, at the first place; two texts must not have the same key.
///
/// ```
/// use tmpl_template::parse_dictionary;
///
/// let entries = parse_dictionary(&["^~^query=a,b~limit=3", "case=keep"])?;
/// assert_eq!(entries[0], ("query".to_owned(), "a,b".to_owned()));
/// assert_eq!(entries.len(), 3);
/// # Ok::<(), tmpl_template::FlagValueError>(())
/// ```
pub fn parse_dictionary(texts: &[impl AsRef<str>]) -> Result<Vec<(String, String)>, FlagValueError> {
    let mut entries: Vec<(String, String)> = Vec::new();
    // By key, the text it came from and its place among the entries.
    let mut places: HashMap<String, (usize, usize)> = HashMap::new();
    for (number, text) in texts.iter().enumerate() {
        for item in items(text.as_ref())? {
            let (key, value) = match item.split_once('=') {
                Some(("", _)) => return Err(FlagValueError::NoKey { item }),
                Some((key, value)) => (key.to_owned(), value.to_owned()),
                None if item.is_empty() => return Err(FlagValueError::NoKey { item }),
                None => return Err(FlagValueError::NoEquals { item }),
            };
            match places.get(&key) {
                Some((text, place)) if *text == number => entries[*place].1 = value,
                Some(_) => return Err(FlagValueError::Twice { item: key }),
                None => {
                    places.insert(key.clone(), (number, entries.len()));
                    entries.push((key, value));
                }
            }
        }
    }
    Ok(entries)
}

/// The items of a list flag that is given once or several times: `item,item`, in order, none of them twice.
///
/// ```
/// use tmpl_template::parse_list;
///
/// assert_eq!(parse_list(&["a,b", "^:^c,d"])?, ["a", "b", "c,d"]);
/// # Ok::<(), tmpl_template::FlagValueError>(())
/// ```
pub fn parse_list(texts: &[impl AsRef<str>]) -> Result<Vec<String>, FlagValueError> {
    let mut list = Vec::new();
    let mut seen = HashSet::new();
    for text in texts {
        for item in items(text.as_ref())? {
            if !seen.insert(item.clone()) {
                return Err(FlagValueError::Twice { item });
            }
            list.push(item);
        }
    }
    Ok(list)
}

/// The items of one text, each ended by the delimiter; at the end of the text it may be left out.
///
/// The text is completed first and then cut: a delimiter such as `::` can overlap itself at the end, where cutting
/// from the left and stripping from the right would differ.
fn items(text: &str) -> Result<Vec<String>, FlagValueError> {
    let (delimiter, items) = match text.strip_prefix('^').and_then(|rest| rest.split_once('^')) {
        Some(("", _)) => return Err(FlagValueError::EmptyDelimiter),
        Some((delimiter, items)) => (delimiter, items),
        None => (",", text),
    };
    if items.is_empty() {
        return Ok(Vec::new());
    }
    let ended = if items.ends_with(delimiter) { items.to_owned() } else { format!("{items}{delimiter}") };
    let mut items: Vec<String> = ended.split(delimiter).map(str::to_owned).collect();
    items.pop();
    Ok(items)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_say_what_to_write() {
        for (text, message, hint) in [
            ("a=1,2", "the item \"2\" has no `=`", "say another delimiter first"),
            ("=1", "the item \"=1\" has no key", "say another delimiter first"),
            ("a=1,,b=2", "the item \"\" has no key", "say another delimiter first"),
            ("^^a=1", "the delimiter between `^` and `^` is empty", "write the delimiter between the two"),
        ] {
            let error = parse_dictionary(&[text]).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert!(error.hint().unwrap().contains(hint));
        }
        assert_eq!(parse_dictionary(&["a=1", "a=1"]).unwrap_err().to_string(), "\"a\" is given twice");
        assert_eq!(parse_list(&["a,a"]).unwrap_err().to_string(), "\"a\" is given twice");
    }
}
