//! Why a job could not be brought to its engine, or not be watched there.

use jiff::SignedDuration;
use tmpl_beam::BeamError;
use tmpl_template::{Phase, RunnerKind};

use crate::ErrorKind;
use crate::flink::FlinkError;

/// What went wrong between the launcher and an engine.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExecutionError {
    /// The program ended and had submitted nothing.
    #[error("the program ended without submitting a pipeline to the runner it was given")]
    NothingSubmitted {
        /// What is known of why.
        hint: String,
    },
    /// The program submitted more than one pipeline.
    #[error("the program submitted a second pipeline, and a launch runs one: nothing was run")]
    SecondPipeline,
    /// What the program submitted could not be taken.
    #[error("the pipeline that the program submitted can't be taken: {reason}")]
    Unusable {
        /// Why.
        reason: String,
    },
    /// A phase took longer than it may.
    #[error("the phase `{phase}` took longer than its limit of {limit:#}")]
    Limit {
        /// The phase.
        phase: Phase,
        /// The limit.
        limit: SignedDuration,
    },
    /// The engine could not be spoken to, or refused.
    #[error("{engine} did not take the job")]
    Beam {
        /// Which.
        engine: RunnerKind,
        /// Why.
        #[source]
        source: BeamError,
    },
    /// Flink could not be spoken to, or refused.
    #[error("flink did not take the job")]
    Flink(#[source] Box<FlinkError>),
    /// The engine was asked to run a job, and does not say whether it does.
    #[error("nobody knows whether the engine has taken the job")]
    Unsure(#[source] Box<Self>),
    /// The secret that the engine is to be sent can't be read.
    #[error("the secret {reference} can't be read: {reason}")]
    Secret {
        /// Which.
        reference: String,
        /// Why.
        reason: String,
    },
    /// An engine that the launcher starts did not begin.
    #[error("{program} did not begin: {reason}")]
    NotBegun {
        /// The program.
        program: String,
        /// Why.
        reason: String,
    },
    /// A Prism would end if it asked this pool for a worker.
    #[error("the runner's worker pool can't be used")]
    NoPool(#[source] BeamError),
    /// An engine or a pool that the launcher started ended before the job did.
    #[error("{program}, which was started for this job alone, ended while the job was running")]
    OwnEnded {
        /// Which.
        program: String,
    },
    /// The profile says too little.
    #[error("the runner's profile has no `{key}`")]
    Incomplete {
        /// What is missing.
        key: &'static str,
    },
    /// The job to be replayed has no graph.
    #[error("job {id} has no graph that could be run again")]
    NoGraph {
        /// The job.
        id: String,
    },
    /// A worker ended before it had done anything, and the engine did not notice.
    #[error("the worker {worker} ended before its work was done, and {engine} went on waiting for it")]
    Worker {
        /// Its name.
        worker: String,
        /// The engine.
        engine: RunnerKind,
    },
    /// The engine was asked to end a job and did not.
    #[error("{engine} was asked to cancel the job {limit:?} ago and still says that it is {state}")]
    StillRunning {
        /// The engine.
        engine: RunnerKind,
        /// The state there.
        state: String,
        /// How long was waited.
        limit: std::time::Duration,
    },
    /// The engine has been silent for too long.
    #[error("{engine} has not answered for {silence:?}: {reason}")]
    Silent {
        /// The engine.
        engine: RunnerKind,
        /// For how long.
        silence: std::time::Duration,
        /// Its last answer.
        reason: String,
    },
}

impl ExecutionError {
    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Beam { source, .. } | Self::NoPool(source) if source.is_temporary() => ErrorKind::Temporary,
            Self::Flink(error) => error.kind(),
            Self::Secret { .. } => ErrorKind::Usage,
            Self::NothingSubmitted { .. }
            | Self::SecondPipeline
            | Self::Unusable { .. }
            | Self::Worker { .. }
            | Self::Limit { .. } => ErrorKind::Program,
            Self::StillRunning { .. } | Self::Silent { .. } | Self::Unsure(_) => ErrorKind::ContactLost,
            _ => ErrorKind::Environment,
        }
    }

    /// Whether another attempt may go better although nothing was merely away for a moment.
    pub(crate) fn is_worth_another(&self) -> bool {
        matches!(self, Self::Worker { .. } | Self::OwnEnded { .. })
    }

    /// Whether it was a worker that failed.
    pub(crate) fn is_workers(&self) -> bool {
        matches!(self, Self::Worker { .. })
    }

    /// Whether the engine answers, and does not know the job.
    pub(crate) fn is_forgotten(&self) -> bool {
        match self {
            Self::Beam { source: BeamError::Refused { .. }, .. } => self.kind() != ErrorKind::Temporary,
            Self::Beam { source: BeamError::OtherJob { .. }, .. } => true,
            Self::Flink(error) => error.is_gone(),
            _ => false,
        }
    }

    /// Whether the engine was told to run a job, and its answer did not come: it may run it.
    pub(crate) fn is_unanswered(&self) -> bool {
        match self {
            Self::Beam { source: source @ BeamError::Refused { call: "Run", .. }, .. } => {
                source.is_temporary()
            }
            Self::Flink(error) => matches!(**error, FlinkError::Unanswered(_)),
            _ => false,
        }
    }

    /// The remedy.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NothingSubmitted { hint } => hint.clone(),
            Self::SecondPipeline => {
                "make one pipeline of them, or a template of each; `with beam.Pipeline(…)` runs its pipeline when the block ends"
                    .to_owned()
            }
            Self::Limit { phase, .. } => format!("allow more with --limit {phase}=DURATION, or look for what took so long in the log"),
            Self::Beam { source, .. } if source.is_another_service() => {
                "what listens there is no Job service of Beam's: check the runner's endpoint with `tmpl runners check`".to_owned()
            }
            Self::Beam { source, .. } if source.is_temporary() => {
                "check that the engine runs and can be reached: `tmpl runners check` tries it".to_owned()
            }
            Self::Flink(error) => return error.hint(),
            Self::Secret { .. } => {
                "set the variable or make the file readable where the launcher runs".to_owned()
            }
            Self::Incomplete { key: "beam_jar" } => {
                "build Beam's runner for Flink as one jar (beam-runners-flink-VERSION) and name it in the runner's profile: \
                 beam_jar = { path = \"…\", sha256 = \"…\" }"
                    .to_owned()
            }
            Self::Incomplete { key } => format!("write `{key}` into the profile, or pass --{}", key.replace('_', "-")),
            Self::NoPool(_) => {
                "start it with `tmpl worker-pool`, or correct `workerPool` in the profile; without one the launcher starts its own. \
                 Nothing was submitted: a Prism that finds no pool ends, and all its jobs with it"
                    .to_owned()
            }
            Self::OwnEnded { .. } => {
                "its last lines are in the log; look whether the machine ran out of memory, or name an engine that runs elsewhere".to_owned()
            }
            Self::Worker { .. } => "its last lines are the cause; they are in the log too".to_owned(),
            Self::StillRunning { .. } => "the job may go on there: end it on the engine itself".to_owned(),
            Self::Unsure(_) => {
                "the job may run there: look for it on the engine by its name, and end it before you launch it again".to_owned()
            }
            Self::Silent { .. } => "the job may go on there: `tmpl jobs show` asks again".to_owned(),
            Self::NotBegun { program, .. } if program.ends_with("prism") => {
                "install Beam's Prism and name it with `program` in the runner's profile, or name an endpoint".to_owned()
            }
            Self::NotBegun { .. } | Self::Beam { .. } | Self::Unusable { .. } | Self::NoGraph { .. } => return None,
        })
    }
}
