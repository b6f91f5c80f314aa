//! The states of a job, Dataflow's, and which may follow which.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{NameError, NameKind};

/// What a job is doing or how it ended. Written as Dataflow writes it (`JOB_STATE_RUNNING`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum JobState {
    /// Accepted and written down; nothing runs yet.
    Queued,
    /// A launcher has it and prepares the run.
    Pending,
    /// The pipeline runs.
    Running,
    /// Somebody asked for its end; it still runs.
    Cancelling,
    /// It reads nothing new and finishes what it has.
    Draining,
    /// It ended well.
    Done,
    /// It ended badly.
    Failed,
    /// It ended because somebody wanted that.
    Cancelled,
    /// It finished what it had, because somebody wanted that.
    Drained,
}

impl JobState {
    /// Every state, in the order a job can pass through them.
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Pending,
        Self::Running,
        Self::Draining,
        Self::Cancelling,
        Self::Done,
        Self::Failed,
        Self::Cancelled,
        Self::Drained,
    ];

    /// Dataflow's name of the state.
    pub fn wire(self) -> &'static str {
        match self {
            Self::Queued => "JOB_STATE_QUEUED",
            Self::Pending => "JOB_STATE_PENDING",
            Self::Running => "JOB_STATE_RUNNING",
            Self::Cancelling => "JOB_STATE_CANCELLING",
            Self::Draining => "JOB_STATE_DRAINING",
            Self::Done => "JOB_STATE_DONE",
            Self::Failed => "JOB_STATE_FAILED",
            Self::Cancelled => "JOB_STATE_CANCELLED",
            Self::Drained => "JOB_STATE_DRAINED",
        }
    }

    /// The state as a person says it: `running`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Cancelling => "cancelling",
            Self::Draining => "draining",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Drained => "drained",
        }
    }

    /// Whether the job has ended; then its state never changes again.
    pub fn is_terminal(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled | Self::Drained)
    }

    /// Whether a job in this state may be said to be in `next`: only forward, and never out of an end.
    ///
    /// Steps may be left out (a short job goes from queued to done), and an asked-for end may be overtaken by
    /// another one (a job that fails while it is cancelled).
    pub fn may_become(self, next: Self) -> bool {
        self.rank() < next.rank()
    }

    fn rank(self) -> u8 {
        match self {
            Self::Queued => 0,
            Self::Pending => 1,
            Self::Running => 2,
            Self::Draining => 3,
            // A drain that takes too long can be cancelled, not the other way round.
            Self::Cancelling => 4,
            Self::Done | Self::Failed | Self::Cancelled | Self::Drained => 5,
        }
    }
}

impl fmt::Display for JobState {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.wire())
    }
}

impl FromStr for JobState {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let found = Self::ALL.into_iter().find(|state| state.wire() == text);
        found.ok_or_else(|| NameError::Shape { kind: NameKind::JobState, name: text.to_owned() })
    }
}

impl TryFrom<String> for JobState {
    type Error = NameError;

    fn try_from(text: String) -> Result<Self, NameError> {
        text.parse()
    }
}

impl From<JobState> for &'static str {
    fn from(state: JobState) -> Self {
        state.wire()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_written_and_read_as_dataflow_does() {
        for state in JobState::ALL {
            let json = serde_json::to_string(&state).unwrap();
            assert_eq!(json, format!("\"JOB_STATE_{}\"", state.word().to_uppercase()));
            assert_eq!(serde_json::from_str::<JobState>(&json).unwrap(), state);
        }
        for text in ["", "RUNNING", "running", "JOB_STATE_UNKNOWN"] {
            assert!(text.parse::<JobState>().is_err(), "{text}");
        }
    }

    #[test]
    fn an_end_is_an_end() {
        let ends: Vec<_> =
            JobState::ALL.into_iter().filter(|state| state.is_terminal()).map(JobState::word).collect();
        assert_eq!(ends, ["done", "failed", "cancelled", "drained"]);
        for state in JobState::ALL {
            for next in JobState::ALL {
                if state.is_terminal() {
                    assert!(!state.may_become(next), "{state} {next}");
                } else if next.is_terminal() {
                    assert!(state.may_become(next), "{state} {next}");
                }
            }
        }
    }

    #[test]
    fn states_only_go_forward() {
        use JobState::{Cancelling, Draining, Pending, Queued, Running};
        for (state, next, may) in [
            (Queued, Pending, true),
            (Queued, Running, true),
            (Pending, Queued, false),
            (Running, Running, false),
            (Running, Cancelling, true),
            (Draining, Cancelling, true),
            (Cancelling, Draining, false),
            (Cancelling, Running, false),
        ] {
            assert_eq!(state.may_become(next), may, "{state} {next}");
        }
    }
}
