//! What a request needs the right to do.

use crate::ImageReference;

/// The right to read or to change a repository, as token servers spell it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    repository: String,
    push: bool,
}

impl Scope {
    /// To read a repository.
    pub(super) fn pull(reference: &ImageReference) -> Self {
        Self { repository: reference.repository().to_owned(), push: false }
    }

    /// To read and change a repository.
    pub(super) fn push(reference: &ImageReference) -> Self {
        Self { repository: reference.repository().to_owned(), push: true }
    }

    /// To read a repository, by its name.
    pub(super) fn pull_from(repository: &str) -> Self {
        Self { repository: repository.to_owned(), push: false }
    }

    /// Whether this one is enough where the other is needed.
    pub(super) fn covers(&self, other: &Self) -> bool {
        self.repository == other.repository && (self.push || !other.push)
    }

    pub(super) fn text(&self) -> String {
        format!("repository:{}:{}", self.repository, if self.push { "pull,push" } else { "pull" })
    }
}
