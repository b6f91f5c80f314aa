//! What the three processes of a launch say to each other: JSON lines over a socket each side was born with.
//!
//! ```text
//! tmpl run ──FromClient──▶ launcher ──ToGuard──▶ guard ──▶ the program
//!          ◀─FromLauncher─          ◀─FromGuard─
//! ```
//!
//! A side that is gone closes its socket: that is how a killed `tmpl run` or launcher is noticed at once.

use serde::{Deserialize, Serialize};
use tmpl_bucket::{ExitStatus, FinalRecord, LogLine};
use tmpl_template::JobState;

use crate::Invocation;

/// What `tmpl run` asks of its launcher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FromClient {
    /// End the job: the client received this signal.
    Cancel(i32),
    /// The client leaves on purpose; the job goes on.
    Detach,
}

/// What the launcher tells `tmpl run`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum FromLauncher {
    /// The job's state changed.
    State(JobState),
    /// Something worth telling happened.
    Message(String),
    /// The program wrote a line.
    Line(LogLine),
    /// The job ended.
    Ended(FinalRecord),
}

/// What the launcher asks of the guard.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum ToGuard {
    /// Start the program. The first message, said once.
    Start {
        /// What is started.
        invocation: Box<Invocation>,
        /// How long it has to end by itself when the launcher is gone.
        orphaned_grace_ms: u64,
    },
    /// End the program: ask it, and kill it after so many milliseconds.
    Stop {
        /// How long it has to end by itself.
        grace_ms: u64,
    },
}

/// What the guard tells the launcher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum FromGuard {
    /// The program runs under this process id, which is its process group's too.
    Started(i32),
    /// The program could not be started.
    NotStarted(String),
    /// The program and everything it started is gone.
    Ended(ExitStatus),
}
