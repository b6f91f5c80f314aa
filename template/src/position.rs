//! From a key path to the line and column of its value, so that an error of meaning can say its place as exactly as
//! an error of syntax.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::key_path::{KeyPath, Step};

/// A place in a text; both count from 1, the column in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) line: usize,
    pub(crate) column: usize,
}

impl Position {
    /// The place of the value at the end of the path, or of the innermost value on the way that exists.
    pub(crate) fn of(path: &KeyPath, text: &str) -> Self {
        let mut value = text;
        for step in path.steps() {
            match child(value, step) {
                Some(inner) => value = inner,
                None => break,
            }
        }
        // Every inner value is a slice of the text, so its address says its offset.
        let offset = value.as_ptr().addr() - text.as_ptr().addr();
        let blank = value.len() - value.trim_start().len();
        Self::at_offset(text, offset + blank)
    }

    /// The place of a byte.
    pub(crate) fn at_offset(text: &str, offset: usize) -> Self {
        let before = &text[..text.floor_char_boundary(offset)];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

/// The text of a value one step inside another; of keys given twice the last, which is the one that counts.
fn child<'a>(value: &'a str, step: &Step) -> Option<&'a str> {
    match step {
        Step::Key(key) => {
            let mut keys: BTreeMap<String, &'a RawValue> = serde_json::from_str(value).ok()?;
            keys.remove(key).map(RawValue::get)
        }
        Step::Index(index) => {
            let items: Vec<&'a RawValue> = serde_json::from_str(value).ok()?;
            items.get(*index).map(|item| item.get())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_where_they_stand() {
        let text = "{\n  \"a\": [1, \"ä\", {\"b\\u0063\": true}],\r\n  \"x\": 1,\n  \"x\": 2\n}";
        let key = |key: &str| Step::Key(key.to_owned());
        for (steps, line, column) in [
            (vec![], 1, 1),
            (vec![key("a")], 2, 8),
            (vec![key("a"), Step::Index(1)], 2, 12),
            (vec![key("a"), Step::Index(2), key("bc")], 2, 29),
            (vec![key("a"), Step::Index(2), key("missing")], 2, 17),
            (vec![key("x")], 4, 8),
        ] {
            let path = steps.into_iter().rev().fold(KeyPath::default(), KeyPath::under);
            assert_eq!(Position::of(&path, text), Position { line, column }, "{path}");
        }
        assert_eq!(Position::of(&KeyPath::default(), "\n []"), Position { line: 2, column: 2 });
    }
}
