//! What goes wrong between us and a container engine.

use crate::ErrorKind;

/// An error of a container engine, or on the way to it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EngineError {
    /// What was named is no address of an engine.
    #[error("{} is no address of a container engine: {reason}", shown(.address))]
    Address {
        /// As it was written.
        address: String,
        /// Why not.
        reason: String,
    },
    /// No engine answers anywhere.
    #[error("no container engine was found; looked at {}", looked.join(", "))]
    NotFound {
        /// Where, and what was found there.
        looked: Vec<String>,
    },
    /// The client for an engine could not be made.
    #[error("no connection to the container engine at {engine} can be made")]
    Client {
        /// The engine.
        engine: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The engine did what it was asked not.
    #[error("the container engine could not {action}: {message}")]
    Refused {
        /// What it was asked.
        action: String,
        /// The HTTP status, 0 where the answer had begun well.
        status: u16,
        /// The engine's own words.
        message: String,
    },
    /// The connection broke.
    #[error("the connection to the container engine at {engine} was lost, which was to {action}")]
    Lost {
        /// The engine.
        engine: String,
        /// What it was asked.
        action: String,
        /// Why.
        #[source]
        source: reqwest::Error,
    },
    /// The archive with an image could not be written for the engine.
    #[error("the image can't be read from the bucket")]
    Archive {
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The engine says something that is none of its API.
    #[error(
        "the container engine at {engine}, which was to {action}, gave an answer that makes no sense: {reason}"
    )]
    Answer {
        /// The engine.
        engine: String,
        /// What it was asked.
        action: String,
        /// What is wrong with it.
        reason: String,
    },
}

impl EngineError {
    /// Whether the connection broke: the engine may be there again in a moment.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Lost { .. })
    }

    /// Whether what was asked for is not there.
    pub(crate) fn is_missing(&self) -> bool {
        matches!(self, Self::Refused { status: 404, .. })
    }

    /// Whether what was asked for is there, or so, already.
    pub(crate) fn is_conflict(&self) -> bool {
        matches!(self, Self::Refused { status: 409, .. })
    }

    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Address { .. } => ErrorKind::Usage,
            Self::Lost { .. } => ErrorKind::Temporary,
            _ => ErrorKind::Environment,
        }
    }

    /// The remedy, in words.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Address { .. } => "write unix:///path/to/docker.sock, or tcp://host:port".to_owned(),
            Self::NotFound { .. } => {
                "start Docker, or podman's socket (`systemctl --user start podman.socket`), or name the engine's \
                 socket with DOCKER_HOST"
                    .to_owned()
            }
            Self::Lost { .. } => "see whether the engine runs (`docker version`), then try again".to_owned(),
            Self::Archive { .. } => {
                "build the template again: that stores what is damaged or missing anew".to_owned()
            }
            Self::Client { .. } | Self::Refused { .. } | Self::Answer { .. } => return None,
        })
    }
}

/// An address without what may be a password.
fn shown(address: &str) -> String {
    match (address.split_once("://"), address.rsplit_once('@')) {
        (Some((scheme, _)), Some((_, host))) => format!("`{scheme}://{host}`"),
        _ => format!("`{address}`"),
    }
}
