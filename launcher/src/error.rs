//! What keeps a job from starting, told by what the caller can do about it.

use std::path::PathBuf;

use tmpl_bucket::{BucketError, BucketErrorKind};
use tmpl_oci::UnpackError;
use tmpl_template::Violations;

use crate::engine::EngineError;

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
    /// The container engine, or the way to it, failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The engine runs on another machine, which has neither the bucket nor what is mounted.
    #[error("the container engine at {engine} is on another machine, and the bucket is a folder of this one")]
    EngineElsewhere {
        /// The engine.
        engine: String,
    },
    /// The template has no image to make a container from.
    #[error("template `{name}` has no container image, which place `docker` needs")]
    NoImage {
        /// The template.
        name: String,
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
    /// What the spec names is no image.
    #[error("`{image}` names no container image: {reason}")]
    ImageName {
        /// As the spec has it.
        image: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The engine has no such image after it said that it pulled it.
    #[error("the container engine pulled the image {image}, and does not have it")]
    NoSuchImage {
        /// The image.
        image: String,
    },
    /// The image could not be pulled.
    #[error("the container engine does not have the image {image}, and could not pull it")]
    Pull {
        /// The image.
        image: String,
        /// Why.
        #[source]
        source: EngineError,
    },
    /// The image is for other machines.
    #[error("the image {image} is for {built}, not for {wanted}")]
    ImagePlatform {
        /// The image.
        image: String,
        /// What it was built for.
        built: String,
        /// What the engine was to run.
        wanted: String,
    },
    /// The image does not start our launcher, and ours is not here to be put into it.
    #[error("the image has no launcher of tmpl, and there is none at {}", path.display())]
    NoLauncher {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// What is to be mounted is not there.
    #[error("mount {mount}: {} does not exist", source_path.display())]
    MountMissing {
        /// The mount.
        mount: String,
        /// What it mounts.
        source_path: PathBuf,
    },
    /// A parameter names a file of this machine that the container does not see.
    #[error("parameter `{parameter}`: the container does not see {}", path.display())]
    NotMounted {
        /// The parameter.
        parameter: String,
        /// The file.
        path: PathBuf,
        /// Where the container sees it, if it does under another path.
        inside: Option<PathBuf>,
        /// What could be mounted.
        folder: PathBuf,
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
    /// Temporary: nothing runs, safe to repeat.
    Temporary,
}

impl ErrorKind {
    /// The exit code of a process that ends with such an error.
    pub fn exit_code(self) -> u8 {
        match self {
            Self::Usage => 2,
            Self::Environment => 3,
            Self::Temporary => 75,
        }
    }
}

impl LaunchError {
    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Bucket(error) => match error.kind() {
                BucketErrorKind::Usage => ErrorKind::Usage,
                BucketErrorKind::Damaged => ErrorKind::Environment,
                BucketErrorKind::Temporary => ErrorKind::Temporary,
            },
            Self::Parameters(_)
            | Self::OutputExists { .. }
            | Self::Secret { .. }
            | Self::MountMissing { .. }
            | Self::NotMounted { .. }
            | Self::Variable { .. } => ErrorKind::Usage,
            Self::Engine(error) => error.kind(),
            Self::Pull { source, .. } => source.kind(),
            Self::Cache { .. } | Self::EventLoop { .. } | Self::GuardLost => ErrorKind::Temporary,
            Self::Layer { source, .. } if !source.is_corrupt() => ErrorKind::Temporary,
            _ => ErrorKind::Environment,
        }
    }

    /// The remedy, in words.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Bucket(error) => return error.hint(),
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
            Self::Engine(error) => return error.hint(),
            Self::ImageProgram { hint, .. } => return hint.clone(),
            Self::EngineElsewhere { .. } => {
                "name an engine of this machine with DOCKER_HOST=unix:///path/to/docker.sock".to_owned()
            }
            Self::NoImage { .. } => {
                "build it with an image (`tmpl build PROJECT --push REF`), or launch it with --place process"
                    .to_owned()
            }
            Self::ImageName { .. } => "build the template again with the name of an image".to_owned(),
            Self::NoSuchImage { .. } | Self::Pull { .. } => {
                "check the image's name, that its registry can be reached, and that you are logged in to it \
                 (`docker login`)"
                    .to_owned()
            }
            Self::ImagePlatform { wanted, .. } => format!(
                "build the template for {wanted}, or name the image's platform with `platform` in the table \
                 `docker` of the configuration, where the engine can run it"
            ),
            Self::NoLauncher { .. } => {
                "put the program `launcher` beside `tmpl`, or name it with TMPL_LAUNCHER".to_owned()
            }
            Self::MountMissing { .. } => "make it, or mount something else".to_owned(),
            Self::NotMounted { inside: Some(inside), .. } => format!("there it is {}", inside.display()),
            Self::NotMounted { folder, .. } => format!(
                "mount it: `--mount {0}`, or `mounts = [\"{0}\"]` in the table `docker` of the configuration",
                folder.display()
            ),
            Self::ImageOnly { .. } => "launch it with --place docker".to_owned(),
            Self::Platform { .. } => "build it for this machine with `tmpl build PROJECT`".to_owned(),
            Self::Libc { needed, .. } => {
                format!(
                    "launch it on a machine with {needed} or newer, or build it with an older `libc` in tmpl.toml"
                )
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

/// What failed, then its causes. Some libraries repeat their cause in their own message: that is said once.
pub fn causes(error: &dyn std::error::Error) -> Vec<String> {
    let mut chain = vec![error.to_string()];
    let mut source = error.source();
    while let Some(cause) = source {
        let text = cause.to_string();
        if chain.last().is_none_or(|last| !last.ends_with(&text)) {
            chain.push(text);
        }
        source = cause.source();
    }
    chain
}

fn looked(rejected: &[String]) -> String {
    if rejected.is_empty() { String::new() } else { format!("; looked at {}", rejected.join(", ")) }
}
