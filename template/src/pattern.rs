//! A regular expression of a parameter: checked when the metadata is read, so that a launch never meets a bad one, and
//! compiled when a value first meets it.

use std::fmt;
use std::sync::{Arc, OnceLock};

use regex_automata::meta::{self, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::hir::{Class, Hir, HirKind, Look};
use serde::{Serialize, Serializer};
use thiserror::Error;

use crate::pattern_shape::Shape;
use crate::shorten::shorten;

/// A regular expression beside the text it was written as. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Pattern(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    text: String,
    whole: bool,
    states: usize,
    shape: Shape,
    hir: Hir,
    /// Compiled when a value first meets it: most readers of metadata never match anything.
    regex: OnceLock<Option<Regex>>,
}

impl Pattern {
    /// States that an expression's automaton may have, so that nobody's metadata eats the memory of whoever reads it.
    const MOST_STATES: usize = 50_000;
    /// Bytes of an expression: parsing takes thousands of bytes of memory for some of them.
    const LONGEST_TEXT: usize = 10_000;

    /// A pattern that accepts a value in which it occurs anywhere, which is what Google's egrep wording says.
    pub fn search(text: &str) -> Result<Self, PatternError> {
        Self::new(text, false)
    }

    /// A pattern that accepts only a value that it matches from end to end (`tmpl.match` = `full`).
    pub fn whole(text: &str) -> Result<Self, PatternError> {
        Self::new(text, true)
    }

    fn new(text: &str, whole: bool) -> Result<Self, PatternError> {
        if text.len() > Self::LONGEST_TEXT {
            return Err(PatternError::TooLong { text: text.to_owned(), limit: Self::LONGEST_TEXT });
        }
        let hir = regex_syntax::parse(text).map_err(|error| {
            // The report draws the expression over several lines; its last line is the reason.
            let report = error.to_string();
            let last = report.lines().last().unwrap_or_default().trim();
            let reason = last.strip_prefix("error: ").unwrap_or(last).to_owned();
            PatternError::Syntax { text: text.to_owned(), reason }
        })?;
        let states = states(&hir);
        if states > Self::MOST_STATES {
            return Err(PatternError::TooLarge { text: text.to_owned(), states, limit: Self::MOST_STATES });
        }
        let shape = Shape::of(&hir);
        Ok(Self(Arc::new(Inner { text: text.to_owned(), whole, states, shape, hir, regex: OnceLock::new() })))
    }

    /// The expression as its author wrote it.
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// Whether the whole value must match.
    pub fn is_whole(&self) -> bool {
        self.0.whole
    }

    /// How many states its automaton has at most.
    pub(crate) fn states(&self) -> usize {
        self.0.states
    }

    /// What of a value it leaves unsaid.
    pub(crate) fn shape(&self) -> Shape {
        self.0.shape
    }

    /// Whether the value satisfies the pattern.
    pub fn accepts(&self, value: &str) -> bool {
        // An expression within the limit of states compiles; if one did not, no value could be said to match it.
        self.0.regex.get_or_init(|| self.compile()).as_ref().is_some_and(|regex| regex.is_match(value))
    }

    /// The engines of the crate `regex` that are quick to make: a launch matches an expression once, against a few dozen bytes,
    /// and a linter hundreds of them. Those that pay over megabytes cost ten times what matching does.
    fn compile(&self) -> Option<Regex> {
        const MEMORY: usize = 256 << 20;
        let config = meta::Config::new()
            .hybrid(false)
            .dfa(false)
            .onepass(false)
            .auto_prefilter(false)
            .which_captures(WhichCaptures::None)
            .nfa_size_limit(Some(MEMORY));
        let hir = self.0.hir.clone();
        let hir = if self.0.whole {
            Hir::concat(vec![Hir::look(Look::Start), hir, Hir::look(Look::End)])
        } else {
            hir
        };
        meta::Builder::new().configure(config).build_from_hir(&hir).ok()
    }
}

/// An upper bound of the states of an expression's automaton.
fn states(hir: &Hir) -> usize {
    // A range of characters takes at most this many states in UTF-8.
    const STATES_OF_RANGE: usize = 12;
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Unicode(class)) => class.ranges().len().saturating_mul(STATES_OF_RANGE).max(1),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len().max(1),
        HirKind::Capture(capture) => states(&capture.sub).saturating_add(2),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(1, |sum, part| sum.saturating_add(states(part)).saturating_add(1))
        }
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min.saturating_add(1)).max(1);
            let times = usize::try_from(times).unwrap_or(usize::MAX);
            states(&repetition.sub).saturating_add(1).saturating_mul(times)
        }
    }
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text() && self.is_whole() == other.is_whole()
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.text())
    }
}

impl Serialize for Pattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.text())
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
    /// It is longer than any that somebody reads.
    #[error("the regex `{}` has {} bytes, and at most {limit} are read", shorten(text, 200), text.len())]
    TooLong {
        /// The expression.
        text: String,
        /// The bytes it may have.
        limit: usize,
    },
    /// It is one, but too large.
    #[error("the regex `{}` has {states} states, and at most {limit} are compiled", shorten(text, 200))]
    TooLarge {
        /// The expression.
        text: String,
        /// The states of its automaton, at most.
        states: usize,
        /// The states it may have.
        limit: usize,
    },
    /// All expressions of a file together are too large.
    #[error("the regexes of this file have more than {limit} states together")]
    TooManyStates {
        /// The states they may have.
        limit: usize,
    },
}

impl PatternError {
    /// What to write instead.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::TooLong { .. } => Some("several regexes that must all match often do; a choice is an ENUM".to_owned()),
            Self::TooLarge { .. } | Self::TooManyStates { .. } => Some("use smaller repetition counts".to_owned()),
            Self::Syntax { reason, .. } if reason.contains("look-around") || reason.contains("backreference") => Some(
                "Google's engine has neither look-around nor backreferences; several regexes that must all match often do"
                    .to_owned(),
            ),
            Self::Syntax { .. } => None,
        }
    }
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
            let full = Pattern::search(text).unwrap().compile().unwrap();
            assert_eq!(full.is_match(value), searched, "{text} in {value:?}, by the full engine");
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
                "the regex `((a{1,100}){1,100}){1,100}` has 2030300 states, and at most 50000 are compiled",
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
