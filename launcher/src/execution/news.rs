//! What is heard of a job on an engine.

use tmpl_bucket::LogLevel;
use tmpl_template::JobState;

/// A state as the engine says it, and what it means here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NativeState {
    /// In the engine's words.
    pub(crate) native: String,
    /// The state it stands for; nothing where that is not known.
    pub(crate) state: Option<JobState>,
}

/// A piece of news.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum News {
    /// The engine said what state the job has.
    State(NativeState),
    /// The engine said something.
    Message {
        /// How important it is.
        level: LogLevel,
        /// What.
        text: String,
    },
    /// The engine can't be asked now.
    Silent(String),
    /// The engine answers, and does not know the job.
    Forgotten,
}
