//! What keeps a container's launcher from starting what it was started for.

use std::path::PathBuf;

use tmpl_beam::worker::WorkerError;

use crate::worker::PoolError;
use crate::{ErrorKind, LaunchError};

/// An error of the launcher as a container's entry point.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ContainerError {
    #[error(transparent)]
    Launch(#[from] LaunchError),
    /// The command line is wrong; told as the reader of arguments tells it.
    #[error("{}", told.trim_end().trim_start_matches("error: "))]
    Arguments { told: String },
    #[error("--template-container-args is not the description of a launch")]
    LaunchArguments {
        #[source]
        source: serde_json::Error,
    },
    #[error("this image names no program")]
    NoProgram,
    #[error("this image names two programs: {} and {} are set", names.0, names.1)]
    TwoPrograms { names: (&'static str, &'static str) },
    #[error("{present} is set, and {missing} is not")]
    HalfAProgram { present: &'static str, missing: &'static str },
    #[error("{variable}: there is no file {}", path.display())]
    Missing { variable: &'static str, path: PathBuf },
    #[error("{variable}: the command spec {} can't be read", path.display())]
    CommandSpec {
        variable: &'static str,
        path: PathBuf,
        // Boxed: it is far larger than the others.
        #[source]
        source: Box<tmpl_template::FormatError>,
    },
    #[error("{variable}: the command spec can't be read")]
    CommandSpecFile {
        variable: &'static str,
        #[source]
        source: std::io::Error,
    },
    #[error("{variable}: the command spec {} names a program in another language", path.display())]
    OtherLanguage { variable: &'static str, path: PathBuf },
    #[error("there is no {} on PATH", names.join(" and no "))]
    NoInterpreter { names: Vec<&'static str> },
    #[error("the template of this image is for {}, not for this machine ({here})", built.join(", "))]
    Platform { built: Vec<String>, here: String },
    #[error("the parameters that are passed as files can't be written to {}", folder.display())]
    Files {
        folder: PathBuf,
        #[source]
        source: std::io::Error,
    },
    #[error("the credentials that were handed over for the bucket can't be read")]
    Credentials {
        #[source]
        source: std::io::Error,
    },
    /// The worker can't be told, or given, what it needs.
    #[error(transparent)]
    Worker(#[from] WorkerError),
    #[error(transparent)]
    Pool(#[from] PoolError),
    #[error("this was started with the arguments of a Beam worker, and the image has no {path}")]
    NoWorker { path: &'static str },
    #[error("the worker {path} can't be started")]
    BeamsWorker {
        path: &'static str,
        #[source]
        source: std::io::Error,
    },
}

impl ContainerError {
    /// A command line that can be read and means nothing.
    pub(crate) fn wrong(told: String) -> Self {
        Self::Arguments { told }
    }

    pub(crate) fn kind(&self) -> ErrorKind {
        match self {
            Self::Launch(error) => error.kind(),
            Self::Arguments { .. }
            | Self::LaunchArguments { .. }
            | Self::Worker(WorkerError::Arguments { .. }) => ErrorKind::Usage,
            _ => ErrorKind::Environment,
        }
    }

    pub(crate) fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Launch(error) => return error.hint(),
            Self::Arguments { .. } => {
                "`--param name=value` gives one parameter, `--help` shows everything".to_owned()
            }
            Self::LaunchArguments { .. } => {
                "it is one JSON object such as {\"jobName\": \"a-job\", \"parameters\": {\"input\": \"/data\"}}".to_owned()
            }
            Self::NoProgram => {
                "build the image with `tmpl build`, or set FLEX_TEMPLATE_PYTHON_PY_FILE, FLEX_TEMPLATE_JAVA_MAIN_CLASS \
                 with FLEX_TEMPLATE_JAVA_CLASSPATH, or FLEX_TEMPLATE_GO_BINARY in it"
                    .to_owned()
            }
            Self::TwoPrograms { .. } => "leave one of them out of the image".to_owned(),
            Self::HalfAProgram { missing, .. } => format!("set {missing} in the image as well"),
            Self::Missing { .. } => {
                "check the path; a relative one starts from the image's WORKDIR".to_owned()
            }
            Self::CommandSpec { source, .. } => return source.hint(),
            Self::CommandSpecFile { variable, .. } => format!("{variable} names a JSON file in the image"),
            Self::OtherLanguage { .. } => "`pyFile` is for Python, `mainClass` for Java".to_owned(),
            Self::NoInterpreter { names } => {
                format!("build the image on a base that has {}", names.first().unwrap_or(&"it"))
            }
            Self::Platform { .. } => "start the image of this platform, or build one for it".to_owned(),
            Self::Files { .. } => {
                "mount a writable folder at /tmp, or name one with TMPDIR".to_owned()
            }
            Self::Credentials { .. } => "launch the job again".to_owned(),
            Self::NoWorker { .. } => {
                "build the image on a Beam SDK image, or copy /opt/apache/beam into it, to use it for workers".to_owned()
            }
            Self::Worker(error) => return error.hint().map(str::to_owned),
            Self::Pool(error) => return error.hint().map(str::to_owned),
            Self::BeamsWorker { .. } => "check that the file may be executed on this machine".to_owned(),
        })
    }
}
