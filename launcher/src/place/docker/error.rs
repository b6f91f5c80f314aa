//! What keeps a job from getting its container.

use std::path::PathBuf;

use tmpl_oci::image::ImageError;
use tmpl_oci::registry::RegistryError;
use tmpl_template::RunnerKind;

use crate::ErrorKind;
use crate::engine::EngineError;

/// An error on the way from a launch to a container.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DockerError {
    /// The container engine, or the way to it, failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The engine runs on another machine, which has neither the bucket nor what is mounted.
    #[error("the container engine at {engine} is on another machine, and the bucket is a folder of this one")]
    EngineElsewhere {
        /// The engine.
        engine: String,
    },
    /// The runner speaks to an engine, which a container of a job does not yet.
    #[error("place `docker` launches on `direct` alone, and the runner `{runner}` is of the engine {engine}")]
    Runner {
        /// The runner.
        runner: String,
        /// Its engine.
        engine: RunnerKind,
    },
    /// The template has no image to make a container from.
    #[error("template `{name}` has no container image, which place `docker` needs")]
    NoImage {
        /// The template.
        name: String,
    },
    /// What the spec names is no image.
    #[error("`{image}` names no container image: {reason}")]
    ImageName {
        /// As the spec has it.
        image: String,
        /// What is wrong with it.
        reason: String,
    },
    /// The image in the bucket makes no sense.
    #[error("the template's image in the bucket can't be used")]
    Image {
        /// Why.
        #[source]
        source: ImageError,
    },
    /// The engine has no such image after it said that it took it.
    #[error("the container engine took the image {image}, and does not have it")]
    NoSuchImage {
        /// The image.
        image: String,
    },
    /// The credentials for the image's registry can't be read.
    #[error("the credentials for the image's registry can't be read")]
    Credentials {
        /// Why.
        #[source]
        source: Box<RegistryError>,
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
}

impl DockerError {
    /// What the caller can do about it.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Engine(error) => error.kind(),
            Self::Pull { source, .. } => source.kind(),
            Self::Runner { .. } | Self::MountMissing { .. } | Self::NotMounted { .. } => ErrorKind::Usage,
            _ => ErrorKind::Environment,
        }
    }

    /// The remedy, in words.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Engine(error) => return error.hint(),
            Self::Image { source } => return source.hint(),
            Self::Credentials { source } => return source.hint(),
            Self::EngineElsewhere { .. } => {
                "name an engine of this machine with DOCKER_HOST=unix:///path/to/docker.sock".to_owned()
            }
            Self::Runner { .. } => "launch it with --place process, or with --runner direct".to_owned(),
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
        })
    }
}
