//! What goes wrong between a launcher and a service of Beam's.

use std::time::Duration;

use tonic::{Code, Status};

use crate::wire::WireError;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BeamError {
    /// Text that is no endpoint.
    #[error("`{endpoint}` is no endpoint of Beam's Job API: it is written HOST:PORT")]
    NoEndpoint {
        /// As it was given.
        endpoint: String,
    },
    /// Nothing answers there.
    #[error("nothing answers at {endpoint}")]
    Unreachable {
        /// Where.
        endpoint: String,
        /// Why.
        #[source]
        source: tonic::transport::Error,
    },
    /// Something listens, but did not answer in time.
    #[error("{endpoint} did not answer {call} within {limit:?}")]
    Silent {
        /// Where.
        endpoint: String,
        /// What was asked.
        call: &'static str,
        /// How long was waited.
        limit: Duration,
    },
    /// The service refused.
    #[error("{endpoint} refused {call}: {message}")]
    Refused {
        /// Where.
        endpoint: String,
        /// What was asked.
        call: &'static str,
        /// gRPC's word for it.
        code: Code,
        /// In the service's words.
        message: String,
    },
    /// The service has given the job's id to another one, since it was started anew.
    #[error("job {id} at {endpoint} is another one, called {name}")]
    OtherJob {
        /// Where.
        endpoint: String,
        /// The id.
        id: String,
        /// What the other is called.
        name: String,
    },
    /// A pipeline that can't be read.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// A file of artifacts could not be read or written.
    #[error("an artifact of the pipeline can't be kept")]
    File(#[from] std::io::Error),
}

impl BeamError {
    /// A service's answer to `call` that is none.
    pub(crate) fn refused(endpoint: &str, call: &'static str, status: &Status) -> Self {
        let message = status.message().to_owned();
        Self::Refused { endpoint: endpoint.to_owned(), call, code: status.code(), message }
    }

    /// Whether the same call may succeed later.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Silent { .. } => true,
            Self::Refused { code, .. } => matches!(
                code,
                Code::Unavailable
                    | Code::DeadlineExceeded
                    | Code::ResourceExhausted
                    | Code::Aborted
                    | Code::Cancelled
            ),
            Self::NoEndpoint { .. } | Self::OtherJob { .. } | Self::Wire(_) | Self::File(_) => false,
        }
    }

    /// Whether something else than Beam's Job API answers there.
    pub fn is_another_service(&self) -> bool {
        match self {
            Self::Refused { code, message, .. } => {
                *code == Code::Unimplemented
                    || (*code == Code::Internal && message.contains("h2 protocol"))
                    || (*code == Code::Unknown && message.contains("h2 protocol"))
            }
            _ => false,
        }
    }
}
