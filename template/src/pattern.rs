//! A regular expression of a parameter: compiled when the metadata is read, so that a launch never meets a bad one.

use std::fmt;

use regex::{Regex, RegexBuilder};
use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::shorten::shorten;

/// A compiled regular expression beside the text it was written as.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    regex: Regex,
    whole: bool,
}

impl Pattern {
    /// Bytes a compiled expression may take, so that nobody's metadata eats the memory of whoever reads it.
    const SIZE_LIMIT: usize = 1 << 20;

    /// A pattern that accepts a value in which it occurs anywhere, which is what Google's egrep wording says.
    pub fn search(text: &str) -> Result<Self, PatternError> {
        Ok(Self { text: text.to_owned(), regex: compile(text, text)?, whole: false })
    }

    /// A pattern that accepts only a value that it matches from end to end (`tmpl.match` = `full`).
    pub fn whole(text: &str) -> Result<Self, PatternError> {
        // Alone first: `a)|(b` is wrong by itself and would be right inside the group.
        compile(text, text)?;
        let regex = compile(text, &format!(r"\A(?:{text})\z"))?;
        Ok(Self { text: text.to_owned(), regex, whole: true })
    }

    /// The expression as its author wrote it.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether the whole value must match.
    pub fn is_whole(&self) -> bool {
        self.whole
    }

    /// Whether the value satisfies the pattern.
    pub fn accepts(&self, value: &str) -> bool {
        self.regex.is_match(value)
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text && self.whole == other.whole
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.text)
    }
}

/// A regular expression that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PatternError {
    /// It is not a regular expression, or uses what linear-time engines do not have.
    #[error("the regex `{}` is not valid: {reason}", shorten(text, 200))]
    Syntax {
        /// The expression.
        text: String,
        /// What is wrong with it.
        reason: String,
    },
    /// It is one, but too large.
    #[error("the regex `{}` takes more than {limit} bytes when compiled", shorten(text, 200))]
    TooLarge {
        /// The expression.
        text: String,
        /// The bytes it may take.
        limit: usize,
    },
}

impl PatternError {
    /// What to write instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::TooLarge { .. } => Some("use smaller repetition counts".to_owned()),
            Self::Syntax { reason, .. } if reason.contains("look-around") || reason.contains("backreference") => Some(
                "Google's engine has neither look-around nor backreferences; several regexes that must all match often do"
                    .to_owned(),
            ),
            Self::Syntax { .. } => None,
        }
    }
}

fn compile(text: &str, expression: &str) -> Result<Regex, PatternError> {
    RegexBuilder::new(expression).size_limit(Pattern::SIZE_LIMIT).build().map_err(|error| match error {
        regex::Error::CompiledTooBig(limit) => PatternError::TooLarge { text: text.to_owned(), limit },
        // The report draws the expression over several lines; its last line is the reason.
        other => {
            let report = other.to_string();
            let last = report.lines().last().unwrap_or_default().trim();
            let reason = last.strip_prefix("error: ").unwrap_or(last).to_owned();
            PatternError::Syntax { text: text.to_owned(), reason }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_search_finds_and_a_whole_match_spans() {
        for (text, value, searched, whole) in [
            ("[0-9]+", "a1", true, false),
            ("[0-9]+", "11", true, true),
            ("a|ab", "ab", true, true),
            ("^gs://", "gs://b", true, false),
            ("", "", true, true),
            ("^$", "", true, true),
            ("^a$", "a\n", false, false),
            ("^[^\\n\\r]+$", "a\nb", false, false),
            (r"^gs:\/\/[^\n\r]+$", "gs://b/n", true, true),
            ("[[:space:]]", "a b", true, false),
        ] {
            assert_eq!(Pattern::search(text).unwrap().accepts(value), searched, "{text} in {value:?}");
            assert_eq!(Pattern::whole(text).unwrap().accepts(value), whole, "{text} over {value:?}");
        }
    }

    #[test]
    fn bad_expressions_say_why() {
        for (text, message, hint) in [
            ("(", "the regex `(` is not valid: unclosed group", false),
            ("a)|(b", "the regex `a)|(b` is not valid: unopened group", false),
            (
                "(?=a)",
                "the regex `(?=a)` is not valid: look-around, including look-ahead and look-behind, is not supported",
                true,
            ),
            (r"(a)\1", r"the regex `(a)\1` is not valid: backreferences are not supported", true),
            (
                "((a{1,100}){1,100}){1,100}",
                "the regex `((a{1,100}){1,100}){1,100}` takes more than 1048576 bytes when compiled",
                true,
            ),
        ] {
            for error in [Pattern::search(text).unwrap_err(), Pattern::whole(text).unwrap_err()] {
                assert_eq!(error.to_string(), message);
                assert_eq!(error.hint().is_some(), hint, "{text}");
            }
        }
    }
}
