//! What there is to be done, and the role that it takes.

use serde::Deserialize;

/// What a person may do. Each role may do what those before it may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Look at templates and jobs.
    View,
    /// Launch jobs, and end them.
    Run,
    /// Save launches as cards.
    Author,
    /// Everything, and see how the server is doing.
    Admin,
}

/// Something that a person wants to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Action {
    /// See a template, its jobs and what they did.
    View,
    /// Launch a job.
    Launch,
    /// Cancel or drain a job.
    Stop,
    /// Save, change or delete a card.
    EditCard,
    /// See how the server is doing, and who did what.
    Operate,
}

impl Action {
    /// The role that it takes.
    pub(crate) fn takes(self) -> Role {
        match self {
            Self::View => Role::View,
            Self::Launch | Self::Stop => Role::Run,
            Self::EditCard => Role::Author,
            Self::Operate => Role::Admin,
        }
    }

    /// Whether something is another one afterwards.
    pub(crate) fn changes_something(self) -> bool {
        matches!(self, Self::Launch | Self::Stop | Self::EditCard)
    }
}
