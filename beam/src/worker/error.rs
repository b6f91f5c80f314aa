//! What keeps a worker from starting.

use std::path::PathBuf;
use std::time::Duration;

/// An error on the way to a worker's harness.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WorkerError {
    /// The command line is wrong.
    #[error("{reason}")]
    Arguments {
        /// What is wrong with it.
        reason: String,
    },
    /// Something that a worker must be told is missing.
    #[error("the runner names no {what} for worker `{worker}`")]
    Missing {
        /// The worker.
        worker: String,
        /// What is missing.
        what: &'static str,
    },
    /// A worker's name or an endpoint that can't be used.
    #[error("`{text}` is no {what}")]
    Malformed {
        /// What it was to be.
        what: &'static str,
        /// As it was given.
        text: String,
    },
    /// Nothing answers at an endpoint.
    #[error("the runner's {what} at {endpoint} did not answer within {patience:?}")]
    Unreachable {
        /// Which endpoint.
        what: &'static str,
        /// Where.
        endpoint: String,
        /// How long was tried.
        patience: Duration,
        /// The last failure.
        #[source]
        source: tonic::transport::Error,
    },
    /// The runner refused.
    #[error("the runner at {endpoint} refused {call}: {message}")]
    Refused {
        /// Where.
        endpoint: String,
        /// What was asked.
        call: &'static str,
        /// In the runner's words.
        message: String,
    },
    /// An artifact that would lie outside its folder, or that nobody knows how to name.
    #[error("the artifact `{name}` can't be staged: {reason}")]
    ArtifactName {
        /// Its name.
        name: String,
        /// Why.
        reason: &'static str,
    },
    /// An artifact is not what it was when it was staged.
    #[error("the artifact `{name}` is damaged: its SHA-256 is {found}, and the pipeline's says {expected}")]
    Damaged {
        /// Its name.
        name: String,
        /// As the pipeline has it.
        expected: String,
        /// As it came.
        found: String,
    },
    /// A file could not be written.
    #[error("can't write {}", path.display())]
    File {
        /// Where.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The pipeline wants packages installed that are not there.
    #[error("the pipeline wants packages installed that its workers do not have: {}", packages.join(", "))]
    Packages {
        /// Their names, as the pipeline has them.
        packages: Vec<String>,
    },
    /// Whoever says which harness a worker has can't say so.
    #[error("{reason}")]
    Source {
        /// Why, with its causes.
        reason: String,
    },
}

impl WorkerError {
    /// The remedy, in words.
    pub fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::Arguments { .. } => {
                "a worker is started with --id and --provision_endpoint, a pool with --worker-pool"
            }
            Self::Unreachable { .. } => {
                "the address must mean the runner's machine where the worker runs: keep both on one network, as a worker pool \
                 beside each of the runner's processes does"
            }
            Self::Packages { .. } => {
                "put them into the template's requirements and build it again: workers install nothing"
            }
            Self::Damaged { .. } => "launch the job again",
            Self::File { .. } => "check the space and the permissions of the folder",
            _ => return None,
        })
    }

    /// The error with its causes and the remedy, in one line.
    pub fn told(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(next) = cause {
            text.push_str(": ");
            text.push_str(&next.to_string());
            cause = next.source();
        }
        if let Some(hint) = self.hint() {
            text.push_str(" (");
            text.push_str(hint);
            text.push(')');
        }
        text
    }
}
