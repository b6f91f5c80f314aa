//! Why a runner's profile can't be used, and what to do about it.

use thiserror::Error;

use crate::{RunnerKind, RunnerName};

/// Why a runner's profile can't be used. It names the key; [`hint`](Self::hint) is the remedy.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProfileError {
    /// The name is taken.
    #[error("`direct` can't be the name of a profile: it is the runner that needs no engine")]
    Direct,
    /// An engine's name with another engine.
    #[error("the runner `{name}` has the name of an engine, and its `engine` is `{engine}`")]
    OtherEngine {
        /// The profile.
        name: RunnerName,
        /// The engine that it names.
        engine: RunnerKind,
    },
    /// Nothing says which engine it is.
    #[error("the runner `{name}` does not say which `engine` it is")]
    NoEngine {
        /// The profile.
        name: RunnerName,
    },
    /// An engine that needs no profile, or that there is no way to yet.
    #[error("the runner `{name}`: {}", engine_refusal(*engine))]
    Engine {
        /// The profile.
        name: RunnerName,
        /// Its engine.
        engine: RunnerKind,
    },
    /// A key that is needed is missing.
    #[error("the runner `{name}` ({engine}) has no `{key}`")]
    Missing {
        /// The profile.
        name: RunnerName,
        /// Its engine.
        engine: RunnerKind,
        /// The key.
        key: &'static str,
    },
    /// A value that is not what it must be.
    #[error("the `{key}` of the runner `{name}` ({engine}) is {value:?}, which is not {wanted}")]
    Value {
        /// The profile.
        name: RunnerName,
        /// Its engine.
        engine: RunnerKind,
        /// The key.
        key: &'static str,
        /// What was written.
        value: String,
        /// What it must be.
        wanted: &'static str,
    },
    /// A key that means nothing to the engine.
    #[error("the runner `{name}` has a `{key}`, which means nothing to the engine {engine}")]
    Meaningless {
        /// The profile.
        name: RunnerName,
        /// Its engine.
        engine: RunnerKind,
        /// The key.
        key: &'static str,
    },
    /// A pool of the launcher's own is out of the engine's reach.
    #[error(
        "the runner `{name}` has no `workerPool`, and the workers of {endpoint} can't reach one that is started here"
    )]
    NoPool {
        /// The profile.
        name: RunnerName,
        /// Where the engine listens.
        endpoint: String,
    },
    /// An option that no profile may set.
    #[error("the runner `{name}` has an option {option:?}: {reason}")]
    Option {
        /// The profile.
        name: RunnerName,
        /// The option.
        option: String,
        /// Why not.
        reason: &'static str,
    },
}

/// What an endpoint of Flink is.
pub(crate) const URL: &str = "an http:// or https:// URL without a user in it";
/// What other endpoints are.
pub(crate) const HOST_AND_PORT: &str = "a host and a port";

impl ProfileError {
    /// The remedy.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Direct => "choose another name".to_owned(),
            Self::OtherEngine { engine, .. } => {
                format!("choose another name for it, such as `my-{engine}`")
            }
            Self::NoEngine { .. } => "write `engine`: one of prism, flink, spark and portable".to_owned(),
            Self::Engine { engine: RunnerKind::Direct, .. } => "launch with --runner direct".to_owned(),
            Self::Engine { .. } => "choose one of prism, flink, spark and portable".to_owned(),
            Self::Missing { key: "endpoint", engine: RunnerKind::Flink, .. } => {
                "write the URL of Flink's REST API, such as http://127.0.0.1:8081; a launch takes --endpoint too".to_owned()
            }
            Self::Missing { .. } => {
                "write the address of the job server, such as 127.0.0.1:8099; a launch takes --endpoint too".to_owned()
            }
            Self::Value { wanted: URL, .. } => "write it as http://127.0.0.1:8081; a token has its own key, `token`".to_owned(),
            Self::Value { wanted: HOST_AND_PORT, .. } => "write it as 127.0.0.1:8099".to_owned(),
            Self::Value { .. } => return None,
            Self::Meaningless { .. } | Self::Option { .. } => "leave it out".to_owned(),
            Self::NoPool { .. } => {
                "start a worker pool beside the engine's workers (`tmpl worker-pool`), and name it with `workerPool` as they reach it, \
                 such as 127.0.0.1:50000; a launch takes --worker-pool too"
                    .to_owned()
            }
        })
    }
}

fn engine_refusal(engine: RunnerKind) -> String {
    match engine {
        RunnerKind::Direct => {
            "the engine `direct` is the program's own process, and needs no profile".to_owned()
        }
        engine => format!("the engine `{engine}` is not supported by this version"),
    }
}
