//! What goes wrong between us and Flink, told by what the caller can do about it.

use std::time::Duration;

use super::beam_jar::JarError;
use super::job_id::FlinkJobId;
use crate::ErrorKind;

/// An error of Flink's REST API, or on the way to it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlinkError {
    /// The endpoint is none.
    #[error("`{endpoint}` is no address of Flink's REST API: {reason}")]
    Endpoint {
        /// As it was written.
        endpoint: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Nobody listens, or the way there is cut.
    #[error("Flink at {endpoint} can't be reached: {reason}")]
    Unreachable {
        /// Where.
        endpoint: String,
        /// The system's words.
        reason: String,
    },
    /// The connection broke while something was asked or sent.
    #[error("the connection to Flink at {endpoint} broke, which was to {action}: {reason}")]
    Lost {
        /// Where.
        endpoint: String,
        /// What it was asked.
        action: String,
        /// The system's words.
        reason: String,
    },
    /// There is a connection, and no answer.
    #[error("Flink at {endpoint} did not {action} within {} s", .waited.as_secs())]
    Silent {
        /// Where.
        endpoint: String,
        /// What it was asked.
        action: String,
        /// How long it had.
        waited: Duration,
    },
    /// Flink, or what stands before it, can't answer now.
    #[error("Flink at {endpoint} is not ready: {reason}")]
    NotReady {
        /// Where.
        endpoint: String,
        /// What it says.
        reason: String,
    },
    /// Something else answers.
    #[error("what answers at {endpoint} is not Flink: {found}")]
    NotFlink {
        /// Where.
        endpoint: String,
        /// What answered.
        found: String,
    },
    /// What stands before Flink wants to know who asks, or does not let them in.
    #[error("{endpoint} does not let us in: status {status}")]
    Denied {
        /// Where.
        endpoint: String,
        /// 401 or 403.
        status: u16,
    },
    /// Flink did what it was asked not.
    #[error("Flink could not {action}: {message}")]
    Refused {
        /// What it was asked.
        action: String,
        /// The HTTP status.
        status: u16,
        /// The line of its stack trace that matters.
        message: String,
    },
    /// Flink knows no such job: it never did, or it was started anew since.
    #[error("Flink knows no job {job}")]
    Gone {
        /// The job.
        job: FlinkJobId,
    },
    /// A job with this id was accepted before.
    #[error("Flink has accepted job {job} before")]
    Duplicate {
        /// The job.
        job: FlinkJobId,
    },
    /// Flink was told to run a job, and its answer did not come: it may run it.
    #[error("Flink did not say whether it takes the job")]
    Unanswered(#[source] Box<Self>),
    /// More bytes than are let in.
    #[error("{bytes} bytes are too many for what was to {action}")]
    TooLarge {
        /// What Flink was asked.
        action: String,
        /// How many bytes were sent.
        bytes: u64,
    },
    /// Jars can't be uploaded to this cluster.
    #[error("Flink at {endpoint} takes no jobs: its setting `web.submit.enable` is off")]
    NoSubmissions {
        /// Where.
        endpoint: String,
    },
    /// The graph can't be sent.
    #[error("the graph can't be made into an archive: {reason}")]
    Graph {
        /// Why not.
        reason: String,
    },
    /// The jar with Beam's runner can't be used.
    #[error(transparent)]
    Jar(#[from] JarError),
}

impl FlinkError {
    /// Whether the same may work in a moment: nothing is said of the job.
    pub fn is_temporary(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Lost { .. } | Self::Silent { .. } | Self::NotReady { .. } => {
                true
            }
            Self::Refused { status, .. } => *status >= 500,
            Self::Unanswered(error) => error.is_temporary(),
            _ => false,
        }
    }

    /// Whether Flink knows no such job.
    pub fn is_gone(&self) -> bool {
        matches!(self, Self::Gone { .. })
    }

    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Endpoint { .. } => ErrorKind::Usage,
            Self::Duplicate { .. } => ErrorKind::Refused,
            Self::Jar(error) => error.kind(),
            error if error.is_temporary() => ErrorKind::Temporary,
            _ => ErrorKind::Environment,
        }
    }

    /// The remedy, in words.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Endpoint { .. } => "write the URL of Flink's web page, such as http://flink.example:8081".to_owned(),
            Self::Unreachable { endpoint, .. } => {
                format!(
                    "see whether the JobManager runs and whether `endpoint` of the profile is right: `curl \
                     {endpoint}/v1/overview`"
                )
            }
            Self::Lost { .. } | Self::NotReady { .. } => {
                "the JobManager may be starting: try again in a moment, else look into its log".to_owned()
            }
            Self::Silent { .. } => {
                "the JobManager is busy or hangs: look into its log and at its memory (`jobmanager.memory.process.size`)".to_owned()
            }
            Self::NotFlink { .. } => {
                "`endpoint` of a profile for Flink is the URL of its REST API (port 8081 by default), not of a job server".to_owned()
            }
            Self::Denied { .. } => "give the profile a `token`, or ask whoever looks after the cluster for access".to_owned(),
            Self::TooLarge { bytes, .. } => format!(
                "let larger requests in: `rest.server.max-content-length: {}` in Flink's configuration, \
                 and the same in a proxy before it (nginx: `client_max_body_size`)",
                bytes.next_power_of_two()
            ),
            Self::NoSubmissions { .. } => {
                "set `web.submit.enable: true` in Flink's configuration, or choose another cluster".to_owned()
            },
            Self::Refused { message, .. } => remedy(message)?.to_owned(),
            Self::Jar(error) => return error.hint(),
            Self::Unanswered(error) => return error.hint(),
            Self::Gone { .. } => {
                "a JobManager without high availability forgets its jobs when it is started anew".to_owned()
            }
            Self::Duplicate { .. } | Self::Graph { .. } => return None,
        })
    }
}

/// What to do about words of Flink's that people meet often: of refusals, and of jobs that failed.
pub fn remedy(message: &str) -> Option<&'static str> {
    const REMEDIES: [(&str, &str); 8] = [
        (
            "attempted to exit JVM",
            "the program calls System.exit: let it return or throw instead; Flink's \
             `cluster.intercept-user-system-exit` kept the JobManager alive",
        ),
        (
            "Insufficient number of network buffers",
            "give the TaskManagers more of it: `taskmanager.memory.network.min` and `.max`, 192m for a small graph",
        ),
        (
            "NoResourceAvailableException",
            "there are too few free slots: lower the parallelism, wait for other jobs, or start TaskManagers",
        ),
        (
            "Could not acquire the minimum required resources",
            "there are too few free slots: lower the parallelism or start TaskManagers",
        ),
        (
            "[targetDirectory] must be provided",
            "say where savepoints go: `savepointDirectory` in the runner's profile",
        ),
        (
            "is not a streaming job",
            "a batch job can't be drained, for it ends by itself: let it end, or cancel it",
        ),
        (
            "ClassNotFoundException: tmpl.flink",
            "the jar on the cluster is not the one that was uploaded: delete it there, and launch again",
        ),
        (
            "docker",
            "workers are to be started with Docker, which the TaskManager has not: give the profile a `workerPool`",
        ),
    ];
    REMEDIES.iter().find(|(words, _)| message.contains(words)).map(|(_, remedy)| *remedy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_pass_is_temporary() {
        let endpoint = || "http://h:1".to_owned();
        let refused =
            |status| FlinkError::Refused { action: "x".to_owned(), status, message: "y".to_owned() };
        for (error, temporary, code) in [
            (FlinkError::Unreachable { endpoint: endpoint(), reason: String::new() }, true, 75),
            (
                FlinkError::Silent { endpoint: endpoint(), action: String::new(), waited: Duration::ZERO },
                true,
                75,
            ),
            (refused(500), true, 75),
            (refused(400), false, 3),
            (FlinkError::NotFlink { endpoint: endpoint(), found: String::new() }, false, 3),
            (FlinkError::Endpoint { endpoint: endpoint(), reason: String::new() }, false, 2),
        ] {
            assert_eq!((error.is_temporary(), error.kind().exit_code()), (temporary, code), "{error}");
        }
    }

    #[test]
    fn the_hint_for_a_large_request_names_a_size_that_suffices() {
        let error = FlinkError::TooLarge { action: "take a jar".to_owned(), bytes: 157_000_000 };
        assert!(error.hint().unwrap().contains("max-content-length: 268435456"), "{:?}", error.hint());
    }
}
