//! Why a metadata file or a template's spec cannot be read: the place, the key, what is wrong, what to do.

use std::fmt;

use serde_json::Value;
use serde_json::error::Category;
use thiserror::Error;

use crate::key_path::{KeyPath, Step};
use crate::position::Position;
use crate::spans::Spans;

/// An error in the text of a metadata file or a spec.
///
/// Displayed as `line 12, column 5: parameters[3].regexes[0]: …`; the file's name is the caller's to add.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub struct FormatError {
    line: usize,
    column: usize,
    path: Option<String>,
    message: String,
    hint: Option<String>,
    more: usize,
}

impl FormatError {
    /// The longest text that is read, in bytes: hundreds of times what a template needs.
    pub const LONGEST_TEXT: usize = 16 << 20;

    /// The line of the error, counted from 1.
    pub fn line(&self) -> usize {
        self.line
    }

    /// The column of the error in characters, counted from 1.
    pub fn column(&self) -> usize {
        self.column
    }

    /// The key that is wrong, like `parameters[3].regexes[0]`; none for an error of syntax.
    pub fn path(&self) -> Option<&str> {
        self.path.as_deref()
    }

    /// What is wrong, without the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        self.hint.clone()
    }

    /// How many more mistakes the same text has; a linter lists them.
    pub fn more(&self) -> usize {
        self.more
    }

    /// The text read as JSON. Of a key given twice the last counts, as for gcloud.
    pub(crate) fn read_json(text: &str) -> Result<Value, Self> {
        if text.len() > Self::LONGEST_TEXT {
            let problem = Problem::new(format!(
                "the text has {} bytes, and at most {} are read",
                text.len(),
                Self::LONGEST_TEXT
            ))
            .hinted("look whether it is the file that is meant");
            return Err(Self::at(Position { line: 1, column: 1 }, problem));
        }
        serde_json::from_str(text).map_err(|error| Self::syntax(&error, text))
    }

    /// Nothing if nothing is wrong, else the first mistake at its place.
    pub(crate) fn first(problems: Vec<Problem>, text: &str) -> Result<(), Self> {
        let more = problems.len().saturating_sub(1);
        match problems.into_iter().next() {
            None => Ok(()),
            Some(first) => Err(Self { more, ..Self::located(first, &Spans::new(text)) }),
        }
    }

    /// An error of meaning at its place in the text.
    pub(crate) fn located(problem: Problem, spans: &Spans<'_>) -> Self {
        Self::at(spans.position(spans.value(&problem.path).start), problem)
    }

    fn at(position: Position, problem: Problem) -> Self {
        let path = Some(problem.path.to_string()).filter(|path| !path.is_empty());
        let Problem { message, hint, .. } = problem;
        Self { line: position.line, column: position.column, path, message, hint, more: 0 }
    }

    fn syntax(error: &serde_json::Error, text: &str) -> Self {
        let line_start: usize =
            text.split_inclusive('\n').take(error.line().saturating_sub(1)).map(str::len).sum();
        // The parser counts bytes and stands on the last byte it read.
        let offset = text.floor_char_boundary(line_start + error.column().saturating_sub(1));
        let Position { line, column } = Position::at_offset(text, offset);
        let full = error.to_string();
        let place = format!(" at line {} column {}", error.line(), error.column());
        let said = full.strip_suffix(&place).unwrap_or(&full);
        let (message, hint) = if text.trim().is_empty() {
            ("the text is empty".to_owned(), Some("write at least `{}`"))
        } else if text.starts_with('\u{feff}') {
            ("the text begins with a byte order mark".to_owned(), Some("save the file as UTF-8 without one"))
        } else if said.starts_with("recursion limit exceeded") {
            (
                "values lie more than 127 deep inside each other".to_owned(),
                Some("no key of Google's needs more than 5"),
            )
        } else if error.classify() == Category::Eof {
            (
                "the text ends in the middle of a value".to_owned(),
                Some("look for a bracket or quote that is not closed"),
            )
        } else if said == "trailing comma" {
            ("a comma stands before a closing bracket".to_owned(), Some("leave the comma out"))
        } else if text[offset..].starts_with('/') || text[offset..].starts_with('#') {
            ("JSON has no comments".to_owned(), Some("remove the comment"))
        } else {
            (format!("not valid JSON: {said}"), None)
        };
        Self { line, column, path: None, message, hint: hint.map(str::to_owned), more: 0 }
    }
}

impl fmt::Display for FormatError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "line {}, column {}: ", self.line, self.column)?;
        if let Some(path) = &self.path {
            write!(formatter, "{path}: ")?;
        }
        formatter.write_str(&self.message)
    }
}

/// An error of meaning before its place in the text is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    path: KeyPath,
    message: String,
    hint: Option<String>,
}

impl Problem {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self { path: KeyPath::default(), message: message.into(), hint: None }
    }

    /// A value of another kind than the key takes.
    pub(crate) fn kind(expected: &str, found: &Value) -> Self {
        let found_kind = match found {
            Value::Null => "null",
            Value::Bool(_) => "true or false",
            Value::Number(_) => "a number",
            Value::String(_) => "a text",
            Value::Array(_) => "a list",
            Value::Object(_) => "an object",
        };
        Self::new(format!("expected {expected}, found {found_kind}"))
    }

    pub(crate) fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn under_key(mut self, key: &str) -> Self {
        self.path = std::iter::once(Step::Key(key.to_owned().into()))
            .chain(self.path.steps().iter().cloned())
            .collect();
        self
    }

    /// The same problem, of a value that lies inside another.
    pub(crate) fn inside(mut self, outer: &KeyPath) -> Self {
        self.path = outer.steps().iter().chain(self.path.steps()).cloned().collect();
        self
    }

    pub(crate) fn path(&self) -> &KeyPath {
        &self.path
    }

    /// Path, message and hint.
    pub(crate) fn into_parts(self) -> (KeyPath, String, Option<String>) {
        (self.path, self.message, self.hint)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn errors_of_syntax_say_place_and_remedy() {
        for (text, expected, hint) in [
            ("", "line 1, column 1: the text is empty", true),
            ("{\n  \"a\": 1,\n}", "line 3, column 1: a comma stands before a closing bracket", true),
            ("{\n  \"ä\": x}", "line 2, column 8: not valid JSON: expected value", false),
            ("// licence\n{}", "line 1, column 1: JSON has no comments", true),
            ("\u{feff}{}", "line 1, column 1: the text begins with a byte order mark", true),
            ("{\"a\": [1", "line 1, column 8: the text ends in the middle of a value", true),
            ("{} {}", "line 1, column 4: not valid JSON: trailing characters", false),
        ] {
            let error = FormatError::read_json(text).unwrap_err();
            assert_eq!(error.to_string(), expected);
            assert_eq!(error.hint().is_some(), hint, "{text}");
            assert_eq!(error.path(), None);
        }
    }

    #[test]
    fn a_key_given_twice_counts_once_and_the_last_wins() {
        assert_eq!(FormatError::read_json("{\"a\": 1, \"a\": 2}").unwrap(), serde_json::json!({"a": 2}));
    }
}
