//! The state of a job: in words, with an icon and a colour.

use std::fmt;

use askama::filters::HtmlSafe;
use tmpl_template::JobState;

use crate::text::state as text;

/// A state, as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Badge {
    /// The state.
    pub(crate) state: JobState,
    /// Whether it is the first thing to be seen.
    pub(crate) large: bool,
}

impl Badge {
    /// In a list.
    pub(crate) fn small(state: JobState) -> Self {
        Self { state, large: false }
    }

    /// Whether it has not begun.
    pub(crate) fn waits(self) -> bool {
        matches!(self.state, JobState::Queued | JobState::Pending)
    }

    /// The state in a word or two.
    pub(crate) fn word(self) -> &'static str {
        text::word(self.state)
    }

    /// What it means.
    pub(crate) fn sentence(self) -> &'static str {
        text::sentence(self.state)
    }

    /// At the top of a page.
    pub(crate) fn large(state: JobState) -> Self {
        Self { state, large: true }
    }
}

impl fmt::Display for Badge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (class, large) = (self.state.word(), if self.large { " large" } else { "" });
        write!(
            f,
            "<span class=\"state {class}{large}\">{}{}</span>",
            Icon::of(self.state),
            text::word(self.state)
        )
    }
}

/// Its words are ours.
impl HtmlSafe for Badge {}

/// A small picture. What it says is said in words beside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Icon {
    Wait,
    Run,
    Done,
    Failed,
    Stopped,
    Stopping,
    Folder,
    File,
}

impl Icon {
    /// The picture of a state.
    pub(crate) fn of(state: JobState) -> Self {
        match state {
            JobState::Queued | JobState::Pending => Self::Wait,
            JobState::Running => Self::Run,
            JobState::Cancelling | JobState::Draining => Self::Stopping,
            JobState::Done | JobState::Drained => Self::Done,
            JobState::Failed => Self::Failed,
            JobState::Cancelled => Self::Stopped,
        }
    }
}

impl fmt::Display for Icon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = match self {
            Self::Wait => "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M12 7v5l3 2",
            Self::Run => "M21 12a9 9 0 1 1-6.2-8.6",
            Self::Done => "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M8 12.5l2.7 2.7L16 9.5",
            Self::Failed => "M8.2 3h7.6L21 8.2v7.6L15.8 21H8.2L3 15.8V8.2zM12 8v4.5M12 16v.1",
            Self::Stopped => "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M8 12h8",
            Self::Stopping => "M12 3a9 9 0 1 0 0 18a9 9 0 1 0 0-18M9.5 9v6M14.5 9v6",
            Self::Folder => "M3 6h6l2 2.5h10V19H3z",
            Self::File => "M6 3h8l4 4v14H6zM14 3v4h4",
        };
        write!(f, "<svg class=\"icon\" viewBox=\"0 0 24 24\" aria-hidden=\"true\"><path d=\"{path}\"/></svg>")
    }
}

impl HtmlSafe for Icon {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_is_said_in_words() {
        for state in JobState::ALL {
            let shown = Badge::small(state).to_string();
            assert!(shown.contains(&format!("class=\"state {}\"", state.word())), "{shown}");
            assert!(shown.contains(&format!("</svg>{}</span>", text::word(state))), "{shown}");
            assert!(!shown.contains("JOB_STATE"));
        }
    }
}
