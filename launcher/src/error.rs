//! What keeps a job from starting, told by what the caller can do about it.

use std::path::PathBuf;

use tmpl_bucket::{BucketError, BucketErrorKind};
use tmpl_oci::UnpackError;
use tmpl_template::{CardError, JobId, Violations};

#[cfg(feature = "docker")]
use crate::place::docker::DockerError;
use crate::requested_runner::RunnerError;

/// An error on the way from a launch to a running program.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// The bucket could not give or take something.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// The template's spec can't be read.
    #[error("template `{name}` can't be read")]
    Spec {
        /// The template.
        name: String,
        /// Why.
        #[source]
        source: tmpl_template::FormatError,
    },
    /// The spec of an image can't be read.
    #[error("the template of this image can't be read")]
    SpecFile {
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The template was not made by `tmpl build`, so there is nothing here to run.
    #[error("template `{name}` has only a container image, which place `process` does not run")]
    ImageOnly {
        /// The template.
        name: String,
    },
    /// The template was built for other machines.
    #[error("template `{name}` was built for {}, not for this machine ({here})", built.join(", "))]
    Platform {
        /// The template.
        name: String,
        /// What it was built for.
        built: Vec<String>,
        /// This machine.
        here: String,
    },
    /// The machine's C library is older than the template's binaries need.
    #[error("template `{name}` needs {needed}, and this machine has {here}")]
    Libc {
        /// The template.
        name: String,
        /// The C library the template was built for.
        needed: String,
        /// The machine's.
        here: String,
    },
    /// One or more parameters are wrong.
    #[error(transparent)]
    Parameters(#[from] Violations),
    /// A card can't be saved.
    #[error(transparent)]
    Card(#[from] CardError),
    /// There is no such runner, or it can't be used.
    #[error(transparent)]
    Runner(#[from] RunnerError),
    /// Another job that has not ended has the name.
    #[error("the job name `{name}` is in use: job {holder} has not ended")]
    NameInUse {
        /// The name.
        name: String,
        /// The job that has it.
        holder: JobId,
    },
    /// The launch key was used for another launch.
    #[error("the launch key `{key}` was used for another launch, job {id}: {}", differences.join("; "))]
    KeyInUse {
        /// The key.
        key: String,
        /// The job that the other launch became.
        id: JobId,
        /// What differs.
        differences: Vec<String>,
    },
    /// An output lies there already.
    #[error("parameter `{parameter}`: {path} exists already")]
    OutputExists {
        /// The parameter.
        parameter: String,
        /// What was found.
        path: String,
    },
    /// No interpreter of the version that the template was built for.
    #[error("no Python {version} ({abi}) was found{}", looked(.rejected))]
    NoInterpreter {
        /// The version wanted.
        version: String,
        /// The ABI wanted.
        abi: String,
        /// What was looked at and why it was not taken.
        rejected: Vec<String>,
    },
    /// A Python program that does not say which Python it was built for.
    #[error("template `{name}` does not say which Python it was built for")]
    NoVersion {
        /// The template.
        name: String,
    },
    /// No Java virtual machine.
    #[error("no Java was found; looked at JAVA_HOME and PATH")]
    NoJava,
    /// A secret's reference leads nowhere.
    #[error("the secret `{reference}` can't be read: {reason}")]
    Secret {
        /// The reference.
        reference: String,
        /// Why; never the value.
        reason: String,
    },
    /// A spec that lies elsewhere needs a layer that neither its bucket nor this one has.
    #[error("the layer {layer} of the template is not in {bucket}")]
    LayerElsewhere {
        /// The layer's title and digest.
        layer: String,
        /// The bucket that the launch would be written to.
        bucket: String,
    },
    /// A layer in the bucket is not what the template was built with.
    #[error("a layer of the template can't be unpacked")]
    Layer {
        /// Why.
        #[source]
        source: UnpackError,
    },
    /// Two layers hold the same file.
    #[error("layers {first} and {second} both hold {path}")]
    Overlap {
        /// The layer joined first.
        first: String,
        /// The layer joined later.
        second: String,
        /// The path both hold.
        path: String,
    },
    /// The cache on this machine can't be used.
    #[error("can't {action} {}", path.display())]
    Cache {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// A process could not be started.
    #[error("can't start {program}")]
    Start {
        /// The program.
        program: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The image does not say what to start, or says it wrong.
    #[error("the image's program can't be started")]
    ImageProgram {
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
        /// The remedy.
        hint: Option<String>,
    },
    /// A variable that the launcher is started with is missing or wrong.
    #[error("{name}: {reason}")]
    Variable {
        /// The variable.
        name: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The system gives this process no event loop.
    #[error("no event loop could be started")]
    EventLoop {
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// This program can't start itself again.
    #[error("this program's own file can't be found")]
    OwnFile {
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// No container could be made for the job.
    #[cfg(feature = "docker")]
    #[error(transparent)]
    Docker(#[from] DockerError),
    /// The template has no program that an engine's worker could be.
    #[error("the template has no worker: {what}")]
    NoWorker {
        /// Why not.
        what: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },
    /// This launcher was built without engines.
    #[error("this launcher knows no {engine}")]
    NoEngines {
        /// The engine.
        engine: tmpl_template::RunnerKind,
    },
    /// The job's engine did not take it, or lost it.
    #[cfg(feature = "engines")]
    #[error(transparent)]
    Execution(#[from] crate::execution::ExecutionError),
    /// The guard above the program ended before the program did.
    #[error("the guard process ended unexpectedly")]
    GuardLost,
}

/// What the caller can do about a [`LaunchError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The request is wrong; nothing was started.
    Usage,
    /// A reason outside the program, and repeating won't help.
    Environment,
    /// Another job stands in the way.
    Refused,
    /// Temporary: nothing runs, safe to repeat.
    Temporary,
    /// The program is at fault.
    Program,
    /// Nobody knows what became of the job.
    ContactLost,
}

impl ErrorKind {
    /// The exit code of a process that ends with such an error.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Environment => 3,
            Self::Refused => 6,
            Self::Temporary => 75,
            Self::Program => 1,
            Self::ContactLost => 7,
        }
    }
}

#[cfg(feature = "docker")]
impl From<crate::engine::EngineError> for LaunchError {
    fn from(error: crate::engine::EngineError) -> Self {
        DockerError::from(error).into()
    }
}

impl LaunchError {
    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Bucket(error) | Self::Runner(RunnerError::Bucket(error)) => match error.kind() {
                BucketErrorKind::Usage => ErrorKind::Usage,
                BucketErrorKind::Damaged | BucketErrorKind::Environment => ErrorKind::Environment,
                BucketErrorKind::Temporary => ErrorKind::Temporary,
            },
            Self::Parameters(_)
            | Self::Card(_)
            | Self::Runner(_)
            | Self::OutputExists { .. }
            | Self::Secret { .. }
            | Self::Variable { .. } => ErrorKind::Usage,
            Self::NameInUse { .. } | Self::KeyInUse { .. } => ErrorKind::Refused,
            #[cfg(feature = "docker")]
            Self::Docker(error) => error.kind(),
            #[cfg(feature = "engines")]
            Self::Execution(error) => error.kind(),
            Self::Cache { .. } | Self::EventLoop { .. } | Self::GuardLost => ErrorKind::Temporary,
            Self::Layer { source, .. } if !source.is_corrupt() => ErrorKind::Temporary,
            _ => ErrorKind::Environment,
        }
    }

    /// Whether it was a worker that failed: then its last lines say why.
    pub(crate) fn is_workers(&self) -> bool {
        match self {
            #[cfg(feature = "engines")]
            Self::Execution(error) => error.is_workers(),
            _ => false,
        }
    }

    /// Whether another attempt of the job may go better.
    pub(crate) fn is_worth_another(&self) -> bool {
        #[cfg(feature = "engines")]
        if let Self::Execution(error) = self {
            return error.is_worth_another() || error.kind() == ErrorKind::Temporary;
        }
        self.kind() == ErrorKind::Temporary
    }

    /// The remedy, in words.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Bucket(error) => return error.hint(),
            Self::Runner(error) => return error.hint(),
            Self::Card(error) => return error.hint(),
            Self::Parameters(_) | Self::GuardLost | Self::EventLoop { .. } => return None,
            Self::Variable { .. } => {
                "a launcher is started with TMPL_BUCKET and TMPL_JOB: the bucket, and the id of a job in it"
                    .to_owned()
            }
            Self::SpecFile { .. } => {
                "TMPL_TEMPLATE names the file; without it, it is /template/template.json".to_owned()
            }
            Self::OwnFile { .. } => "mount /proc where this program runs".to_owned(),
            Self::Spec { source, .. } => return source.hint(),
            #[cfg(feature = "docker")]
            Self::Docker(error) => return error.hint(),
            #[cfg(feature = "engines")]
            Self::Execution(error) => return error.hint(),
            Self::ImageProgram { hint, .. } => return hint.clone(),
            Self::NoEngines { .. } => "launch the job with place process".to_owned(),
            Self::NoWorker { remedy, .. } => (*remedy).to_owned(),
            Self::ImageOnly { .. } => "launch it with --place docker".to_owned(),
            Self::Platform { .. } => "build it for this machine with `tmpl build PROJECT`".to_owned(),
            Self::Libc { needed, .. } => {
                format!(
                    "launch it on a machine with {needed} or newer, or build it with an older `libc` in tmpl.toml"
                )
            }
            Self::NameInUse { holder, .. } => format!(
                "wait for it (`tmpl wait {holder}`), end it (`tmpl jobs cancel {holder}`), choose another --job-name, or say what \
                 is to happen with --if-running"
            ),
            Self::KeyInUse { .. } => {
                "take a new key for a new launch, or ask for the same launch again".to_owned()
            }
            Self::OutputExists { .. } => {
                "choose another output, or pass --overwrite to write there all the same".to_owned()
            }
            Self::NoInterpreter { version, .. } => format!(
                "install it, for instance with `uv python install {version}`, or name one with --python PATH"
            ),
            Self::NoVersion { .. } => "build the template again".to_owned(),
            Self::NoJava => "install a Java runtime, or set JAVA_HOME".to_owned(),
            Self::Secret { .. } => {
                "set the variable or make the file readable where the launcher runs".to_owned()
            }
            Self::LayerElsewhere { .. } => {
                "name the bucket it was built in with --bucket, or bring it here with `tmpl template copy`"
                    .to_owned()
            }
            Self::Layer { source, .. } if source.is_corrupt() => {
                "the bucket's copy is damaged and was not run; `tmpl build` stores it anew".to_owned()
            }
            Self::Layer { .. } | Self::Cache { .. } => {
                "check the space and the permissions of the cache folder (TMPL_CACHE_DIR chooses another)"
                    .to_owned()
            }
            Self::Overlap { .. } => "build the template again with this version of tmpl".to_owned(),
            Self::Start { .. } => "check that the program is there and may be executed".to_owned(),
        })
    }
}

fn looked(rejected: &[String]) -> String {
    if rejected.is_empty() { String::new() } else { format!("; looked at {}", rejected.join(", ")) }
}
