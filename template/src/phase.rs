//! The phases of a job, each of which may have a limit.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::nearest::nearest;
use crate::shorten::shorten;

/// A phase of a job, in the order in which a job goes through them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Phase {
    /// Until the job begins.
    Queued,
    /// The program builds its graph.
    Graph,
    /// The graph goes to the engine, until that has accepted it.
    Submission,
    /// The engine gets its workers going, until the first of them works.
    Workers,
    /// The pipeline runs.
    Run,
}

/// A limit of a phase that can't be used.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PhaseError {
    /// No phase has that name.
    #[error("{:?} is no phase of a job: {}", shorten(name, 80), advice(name))]
    Unknown {
        /// What was written.
        name: String,
    },
    /// The limit leaves no time at all.
    #[error("the limit of the phase `{phase}` is {limit:#}: it must be longer than nothing")]
    NoTime {
        /// The phase.
        phase: Phase,
        /// What was given.
        limit: SignedDuration,
    },
}

/// How long phases may take; one without a limit takes what it takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<Phase, SignedDuration>", into = "BTreeMap<Phase, SignedDuration>")]
pub struct PhaseLimits(BTreeMap<Phase, SignedDuration>);

impl Phase {
    /// Every phase, in order.
    pub const ALL: [Self; 5] = [Self::Queued, Self::Graph, Self::Submission, Self::Workers, Self::Run];

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Graph => "graph",
            Self::Submission => "submission",
            Self::Workers => "workers",
            Self::Run => "run",
        }
    }
}

impl PhaseLimits {
    /// The limit of a phase, if it has one.
    pub fn of(&self, phase: Phase) -> Option<SignedDuration> {
        self.0.get(&phase).copied()
    }

    /// Every phase that has a limit, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Phase, SignedDuration)> + '_ {
        self.0.iter().map(|(phase, limit)| (*phase, *limit))
    }

    /// Limits a phase, whatever its limit was before.
    pub fn set(&mut self, phase: Phase, limit: SignedDuration) -> Result<(), PhaseError> {
        if limit <= SignedDuration::ZERO {
            return Err(PhaseError::NoTime { phase, limit });
        }
        self.0.insert(phase, limit);
        Ok(())
    }

    /// Whether no phase has a limit.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// These limits, and those of `below` where these say nothing.
    #[must_use]
    pub fn over(mut self, below: Self) -> Self {
        for (phase, limit) in below.0 {
            self.0.entry(phase).or_insert(limit);
        }
        self
    }
}

impl TryFrom<BTreeMap<Phase, SignedDuration>> for PhaseLimits {
    type Error = PhaseError;

    fn try_from(limits: BTreeMap<Phase, SignedDuration>) -> Result<Self, PhaseError> {
        let mut checked = Self::default();
        for (phase, limit) in limits {
            checked.set(phase, limit)?;
        }
        Ok(checked)
    }
}

impl From<PhaseLimits> for BTreeMap<Phase, SignedDuration> {
    fn from(limits: PhaseLimits) -> Self {
        limits.0
    }
}

impl fmt::Display for Phase {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl FromStr for Phase {
    type Err = PhaseError;

    fn from_str(name: &str) -> Result<Self, PhaseError> {
        let found = Self::ALL.into_iter().find(|phase| phase.as_str() == name);
        found.ok_or_else(|| PhaseError::Unknown { name: name.to_owned() })
    }
}

impl TryFrom<String> for Phase {
    type Error = PhaseError;

    fn try_from(name: String) -> Result<Self, PhaseError> {
        name.parse()
    }
}

impl From<Phase> for String {
    fn from(phase: Phase) -> Self {
        phase.as_str().to_owned()
    }
}

fn advice(name: &str) -> String {
    let known = Phase::ALL.map(Phase::as_str);
    match nearest(name, known.into_iter()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", known.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_read_and_written_by_the_names_of_phases() {
        let limits: PhaseLimits = serde_json::from_str(r#"{"queued": "5m", "run": "PT2H"}"#).unwrap();
        assert_eq!(limits.of(Phase::Queued), Some(SignedDuration::from_mins(5)));
        assert_eq!(limits.of(Phase::Graph), None);
        assert_eq!(serde_json::to_string(&limits).unwrap(), r#"{"queued":"PT5M","run":"PT2H"}"#);
    }

    #[test]
    fn other_limits_are_refused() {
        for (text, said) in [
            (r#"{"que": "5m"}"#, "\"que\" is no phase of a job: did you mean `queued`?"),
            (r#"{"x": "5m"}"#, "there are queued, graph, submission, workers, run"),
            (r#"{"run": "0s"}"#, "the limit of the phase `run` is 0s: it must be longer than nothing"),
            (r#"{"run": "soon"}"#, "duration"),
        ] {
            let error = serde_json::from_str::<PhaseLimits>(text).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
    }

    #[test]
    fn what_stands_above_counts_for_each_phase() {
        let limits = |text: &str| serde_json::from_str::<PhaseLimits>(text).unwrap();
        let both = limits(r#"{"run": "1h"}"#).over(limits(r#"{"run": "2h", "queued": "5m"}"#));
        assert_eq!(both, limits(r#"{"run": "1h", "queued": "5m"}"#));
    }
}
