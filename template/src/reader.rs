//! What reading a file needs besides the file: where it stands, what was found wrong so far, whose rules count.

use std::collections::HashMap;

use serde_json::Value;

use crate::format_error::Problem;
use crate::key_path::{KeyPath, Step};
use crate::{Pattern, PatternError};

/// Whose reading of a file is meant. The two differ, and a file is for one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// gcloud's, of the metadata file that an author writes: `name`, `label` and `helpText` must be there, in this spelling.
    Author,
    /// The service's, of the spec that a launch reads: both spellings of every key, and little that must be there.
    Service,
}

/// Reading goes on after a mistake, so that all of them are found at once.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) dialect: Dialect,
    path: KeyPath,
    problems: Vec<Problem>,
    /// Each expression once: templates repeat a few of them hundreds of times.
    patterns: [HashMap<String, Result<Pattern, PatternError>>; 2],
    regex_states: usize,
}

impl Reader {
    /// What all expressions of a file may take together, in states of an automaton.
    const REGEX_STATES: usize = 2_000_000;

    /// Mistakes that are told: who has made more will mend these first.
    const MOST_PROBLEMS: usize = 1_000;

    pub(crate) fn new(dialect: Dialect) -> Self {
        Self {
            dialect,
            path: KeyPath::default(),
            problems: Vec::new(),
            patterns: Default::default(),
            regex_states: 0,
        }
    }

    /// Something is wrong with the value that is being read.
    pub(crate) fn report(&mut self, problem: Problem) {
        if self.problems.len() < Self::MOST_PROBLEMS {
            self.problems.push(problem.inside(&self.path));
        }
    }

    /// Something is wrong with a key of the value that is being read.
    pub(crate) fn report_at(&mut self, key: &str, problem: Problem) {
        self.inside(Step::Key(key.to_owned().into()), |reader| reader.report(problem));
    }

    /// Reads something one step further in.
    pub(crate) fn inside<T>(&mut self, step: Step, read: impl FnOnce(&mut Self) -> T) -> T {
        self.path.push(step);
        let found = read(self);
        self.path.pop();
        found
    }

    /// Everything that was wrong, in the order in which it was read.
    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    /// Compiles an expression, or takes the one that the file had before.
    pub(crate) fn pattern(&mut self, text: &str, whole: bool) -> Result<Pattern, PatternError> {
        let patterns = &mut self.patterns[usize::from(whole)];
        if let Some(known) = patterns.get(text) {
            return known.clone();
        }
        let pattern = if whole { Pattern::whole(text) } else { Pattern::search(text) };
        let pattern = pattern.and_then(|pattern| {
            self.regex_states = self.regex_states.saturating_add(pattern.states());
            if self.regex_states > Self::REGEX_STATES {
                return Err(PatternError::TooManyStates { limit: Self::REGEX_STATES });
            }
            Ok(pattern)
        });
        patterns.insert(text.to_owned(), pattern.clone());
        pattern
    }

    /// A value that must be a text.
    pub(crate) fn text(&mut self, value: Value) -> Option<String> {
        let problem = match value {
            Value::String(text) => return Some(text),
            Value::Bool(_) | Value::Number(_) => {
                Problem::kind("a text", &value).hinted(format!("put it in quotes: \"{value}\""))
            }
            other => Problem::kind("a text", &other),
        };
        self.report(problem);
        None
    }
}
