//! The name of a runner: what people write after `--runner`, and one segment of a path in the bucket.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::text_name::text_name;
use crate::{NameError, NameKind, RunnerKind};

/// A runner's name: `direct`, an engine's own name, or that of a profile.
///
/// Invariants: 1 to 63 of `a-z 0-9 . _ -`; the first is a letter or a digit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunnerName(String);

impl RunnerName {
    /// The engine that has this very name, if one has.
    pub fn engine(&self) -> Option<RunnerKind> {
        self.0.parse().ok()
    }

    /// Whether it is the runner that needs no engine. No profile has this name.
    pub fn is_direct(&self) -> bool {
        self.engine() == Some(RunnerKind::Direct)
    }
}

impl From<RunnerKind> for RunnerName {
    fn from(engine: RunnerKind) -> Self {
        Self(engine.to_string())
    }
}

impl FromStr for RunnerName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        NameError::check_segment(NameKind::Runner, name)?;
        Ok(Self(name.to_owned()))
    }
}

text_name!(RunnerName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_harmless_segment_of_a_path() {
        for name in ["a", "prod-flink", "nightly_spark.2", "0", &"a".repeat(63)] {
            assert_eq!(name.parse::<RunnerName>().unwrap().as_str(), name);
        }
        for (name, said) in [
            ("", "the runner name is empty; a runner name is "),
            ("Prod", "the runner name \"Prod\" has 'P' at position 1; "),
            ("../x", "the runner name \"../x\" has '.' at position 1; "),
            ("a/b", "the runner name \"a/b\" has '/' at position 2; "),
            (&"a".repeat(64), "is 64 characters long"),
        ] {
            let error = name.parse::<RunnerName>().unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn an_engines_name_is_its_own() {
        for (name, engine) in
            [("flink", Some(RunnerKind::Flink)), ("direct", Some(RunnerKind::Direct)), ("prod-flink", None)]
        {
            assert_eq!(name.parse::<RunnerName>().unwrap().engine(), engine);
        }
        assert!(RunnerName::from(RunnerKind::Direct).is_direct());
    }
}
