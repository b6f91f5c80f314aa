//! What keeps a project from becoming a template, told by what the caller can do about it.

use std::io;

use tmpl_bucket::{BucketError, BucketErrorKind};
use tmpl_launcher::LaunchError;
use tmpl_oci::LayerError;
use tmpl_oci::image::ImageError;
use tmpl_oci::registry::{RegistryError, RegistryErrorKind};
use tmpl_template::FormatError;

use crate::ProjectError;
use crate::launcher_binary::LauncherBinaryError;
use crate::uv::UvFailure;

/// An error of a build. `Display` names the thing; [`BuildError::hint`] says the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// The project's folder or its `tmpl.toml` is wrong.
    #[error(transparent)]
    Project(#[from] ProjectError),
    /// A version that would refuse launches which the current one accepts, where that was not to happen.
    #[error("template `{template}` would refuse launches that worked: {}", changes.join("; "))]
    Incompatible {
        /// The template.
        template: String,
        /// What would refuse them.
        changes: Vec<String>,
    },
    /// uv was not found.
    #[error("uv was not found: {looked}")]
    NoUv {
        /// Where it was looked for.
        looked: String,
    },
    /// A program that the build needs could not be started.
    #[error("can't start {program}")]
    Start {
        /// The program.
        program: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// `tmpl.lock` is there but can't be read.
    #[error("{file} can't be read: {message}")]
    Lock {
        /// The file.
        file: String,
        /// What the reader says.
        message: String,
    },
    /// `--locked`, and the lock would change.
    #[error("{file} would have to be written, and --locked forbids that: {change}")]
    Locked {
        /// The file.
        file: String,
        /// What differs.
        change: String,
    },
    /// No set of versions satisfies the requirements.
    #[error("the requirements can't be satisfied: {explanation}")]
    Unresolvable {
        /// What conflicts with what, in uv's words.
        explanation: String,
    },
    /// A kind of requirement that can't be locked.
    #[error("requirement `{name}` can't be locked: it is {kind}")]
    Requirement {
        /// The package's name.
        name: String,
        /// What it is: a version-control address, a direct address, a path.
        kind: &'static str,
    },
    /// Something could not be fetched.
    #[error("{action} failed: {message}")]
    Network {
        /// What was done.
        action: String,
        /// What the other side, or uv, says.
        message: String,
        /// Whether the other side refused the credentials, which repeating does not change.
        refused: bool,
    },
    /// A source distribution is not what its index promised.
    #[error("the source distribution of {package} does not match the hash that its index gives")]
    Tampered {
        /// Name and version.
        package: String,
    },
    /// A package's own build failed.
    #[error("{package} can't be built: {message}")]
    Backend {
        /// The package, or its folder.
        package: String,
        /// The end of what its build backend said.
        message: String,
    },
    /// uv failed for another reason.
    #[error("{action} failed: {message}")]
    Uv {
        /// What was done.
        action: String,
        /// uv's message.
        message: String,
    },
    /// An installed distribution is not as wheels are.
    #[error("{distribution} is damaged: {message}")]
    Distribution {
        /// Name and version.
        distribution: String,
        /// What is wrong.
        message: String,
    },
    /// Two distributions hold the same path and can't both be in one environment.
    #[error("{first} and {second} both hold {path}")]
    FileConflict {
        /// The path.
        path: String,
        /// One distribution.
        first: String,
        /// The other.
        second: String,
    },
    /// Files of the project that are not valid Python.
    #[error("{}", list(.problems))]
    Syntax {
        /// `file:line:column: message`, each with its line of source.
        problems: Vec<String>,
    },
    /// Imports that nothing provides.
    #[error("{}", list(.problems))]
    Imports {
        /// `file:line: no module named …`.
        problems: Vec<String>,
        /// The top-level names that were not found.
        modules: Vec<String>,
    },
    /// A main module that does not import.
    #[error("the main module of template `{template}` can't be imported: {exception}")]
    Main {
        /// The template.
        template: String,
        /// Type and message of the exception, and where it was raised.
        exception: String,
        /// The module that was not found, if that was it.
        missing: Option<String>,
    },
    /// The installed set contradicts itself.
    #[error("the requirements contradict each other: {}", list(.conflicts))]
    Contradiction {
        /// One sentence each.
        conflicts: Vec<String>,
    },
    /// A helper script ended in a way it should not.
    #[error("{script} failed with the project's interpreter: {message}")]
    Helper {
        /// The script.
        script: &'static str,
        /// The last lines it printed.
        message: String,
    },
    /// A file of a program that is not there.
    #[error("template `{template}`: {path} is not there")]
    NoProgram {
        /// The template.
        template: String,
        /// The file, relative to the project.
        path: String,
    },
    /// A binary for another machine.
    #[error("{file} is a program for {found}, and the template is for {platform}")]
    BinaryPlatform {
        /// The file.
        file: String,
        /// The machine that it is for.
        found: String,
        /// The platform of the build.
        platform: String,
    },
    /// A pipeline in YAML without the SDK that runs it.
    #[error("template `{template}` is a pipeline in YAML, and the project does not require apache-beam")]
    NoBeam {
        /// The template.
        template: String,
    },
    /// Packages that would have to be built on a machine of another platform.
    #[error("there is no wheel for {platform} of {}", packages.join(", "))]
    NoWheel {
        /// Names and versions.
        packages: Vec<String>,
        /// The platform.
        platform: String,
    },
    /// A package of the project that holds compiled code, in a build for another platform.
    #[error(
        "{package} holds compiled code ({path}), which was built for this machine and not for {platform}"
    )]
    CompiledHere {
        /// The package.
        package: String,
        /// One of its files.
        path: String,
        /// The platform.
        platform: String,
    },
    /// The interpreter, the cache or an environment failed.
    #[error(transparent)]
    Launcher(#[from] LaunchError),
    /// The bucket failed.
    #[error(transparent)]
    Bucket(#[from] BucketError),
    /// A blob vanished from the bucket while the build relied on it.
    #[error("{title} ({digest}) vanished from {bucket} during the build")]
    Lost {
        /// What it is.
        title: String,
        /// Its digest.
        digest: String,
        /// The bucket.
        bucket: String,
    },
    /// A layer could not be made.
    #[error("layer `{title}` can't be made")]
    Layer {
        /// The layer.
        title: String,
        /// Why.
        #[source]
        source: LayerError,
    },
    /// A layer could not be described in a template's spec.
    #[error("the spec of template `{template}` can't be written")]
    Spec {
        /// The template.
        template: String,
        /// Why.
        #[source]
        source: FormatError,
    },
    /// The project names no base for its images.
    #[error("what images are built upon is not said")]
    NoBase,
    /// A base can't be used.
    #[error("the base can't be used: {message}")]
    Base {
        /// Why.
        message: String,
    },
    /// The base has no Python of the version that the template needs.
    #[error("the base {base} has no Python {version}{}", others(.found))]
    BaseWithoutPython {
        /// The base.
        base: String,
        /// The version.
        version: String,
        /// Interpreters that it has, as paths.
        found: Vec<String>,
    },
    /// A layer of the base can't be read.
    #[error("the layer {digest} of the base can't be read")]
    BaseLayer {
        /// The layer.
        digest: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// An image of templates that have images already.
    #[error("there is nothing to make an image of: no template is a program of the project")]
    NothingForAnImage,
    /// One tag or file for the images of several templates.
    #[error("several images can't all go to {place}")]
    OnePlaceForManyImages {
        /// The tag or file.
        place: String,
    },
    /// An image can't be pushed under that name.
    #[error("an image can't be pushed as `{text}`: {reason}")]
    PushReference {
        /// What was given.
        text: String,
        /// Why.
        reason: String,
    },
    /// There is no launcher for a platform.
    #[error(transparent)]
    LauncherBinary(#[from] LauncherBinaryError),
    /// An image can't be read or written.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// A registry refused or failed.
    #[error(transparent)]
    Registry(#[from] RegistryError),
    /// An engine did not take an image.
    #[error("{program} did not take the image: {message}")]
    Load {
        /// The program that was to load it.
        program: &'static str,
        /// What it said.
        message: String,
    },
    /// A file of the build could not be read or written.
    #[error("the build's files can't be used")]
    File(#[from] io::Error),
}

/// What the caller can do about a [`BuildError`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BuildErrorKind {
    /// The project file, an argument, the lock or a missing tool: nothing was started or written.
    Usage,
    /// The project's code or requirements are wrong.
    Program,
    /// A reason outside the project, and repeating won't help.
    Environment,
    /// Temporary: safe to repeat.
    Temporary,
}

impl BuildError {
    /// What the caller can do about it.
    pub fn kind(&self) -> BuildErrorKind {
        match self {
            Self::Project(_)
            | Self::NoUv { .. }
            | Self::Lock { .. }
            | Self::Locked { .. }
            | Self::NoBase
            | Self::NothingForAnImage
            | Self::OnePlaceForManyImages { .. }
            | Self::PushReference { .. }
            | Self::LauncherBinary(_)
            | Self::NoProgram { .. } => BuildErrorKind::Usage,
            Self::Registry(error) => match error.kind() {
                RegistryErrorKind::Usage => BuildErrorKind::Usage,
                RegistryErrorKind::Environment => BuildErrorKind::Environment,
                RegistryErrorKind::Temporary => BuildErrorKind::Temporary,
            },
            Self::Image(error) if error.is_temporary() => BuildErrorKind::Temporary,
            Self::Unresolvable { .. }
            | Self::Requirement { .. }
            | Self::Backend { .. }
            | Self::Distribution { .. }
            | Self::FileConflict { .. }
            | Self::NoBeam { .. }
            | Self::NoWheel { .. }
            | Self::CompiledHere { .. }
            | Self::BinaryPlatform { .. }
            | Self::Incompatible { .. }
            | Self::Syntax { .. }
            | Self::Imports { .. }
            | Self::Main { .. }
            | Self::Contradiction { .. } => BuildErrorKind::Program,
            Self::Network { refused: false, .. } | Self::BaseLayer { .. } => BuildErrorKind::Temporary,
            Self::Launcher(error) => match error.kind() {
                tmpl_launcher::ErrorKind::Usage => BuildErrorKind::Usage,
                tmpl_launcher::ErrorKind::Temporary => BuildErrorKind::Temporary,
                _ => BuildErrorKind::Environment,
            },
            Self::Bucket(error) => match error.kind() {
                BucketErrorKind::Usage => BuildErrorKind::Usage,
                BucketErrorKind::Damaged | BucketErrorKind::Environment => BuildErrorKind::Environment,
                BucketErrorKind::Temporary => BuildErrorKind::Temporary,
            },
            Self::File(error) if error.kind() == io::ErrorKind::StorageFull => BuildErrorKind::Temporary,
            _ => BuildErrorKind::Environment,
        }
    }

    /// The remedy, in words.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Project(error) => return error.hint(),
            Self::Incompatible { .. } => {
                "keep what launches give valid, publish under a new name, or build without --check-compatible"
                    .to_owned()
            }
            Self::NoUv { .. } => {
                "install uv (`pipx install uv`, or `pip install uv`), or name it with --uv PATH or TMPL_UV"
                    .to_owned()
            }
            Self::Lock { .. } => {
                "restore it from version control, or delete it and build again to lock anew".to_owned()
            }
            Self::Locked { .. } => "build once without --locked, and commit tmpl.lock".to_owned(),
            Self::Unresolvable { .. } => "loosen one of the requirements named above".to_owned(),
            Self::Requirement { .. } => {
                "give a version from an index, or list the folder or wheel under `packages` in tmpl.toml"
                    .to_owned()
            }
            Self::Network { refused: true, .. } => {
                "check the credentials of the index (its URL, UV_INDEX_*_USERNAME and _PASSWORD, or ~/.netrc)"
                    .to_owned()
            }
            Self::Network { .. } => "check the network and the index, then run the command again".to_owned(),
            Self::Tampered { .. } => "ask whoever runs the index; nothing of it was run".to_owned(),
            Self::Backend { .. } => {
                "the same error comes from `uv build` in that folder; its [build-system] is in pyproject.toml"
                    .to_owned()
            }
            Self::FileConflict { first, second, .. } => format!("leave out one of {first} and {second}"),
            Self::Imports { modules, .. } if !modules.is_empty() => missing_module(&modules.join("`, `")),
            Self::Main { missing: Some(module), .. } => missing_module(top_level(module)),
            Self::Main { .. } => {
                "importing the module must work without any arguments and without the network".to_owned()
            }
            Self::Contradiction { .. } => "require versions that fit together, and build again".to_owned(),
            Self::NoProgram { .. } => {
                "make it before `tmpl build`, for instance with the project's own build".to_owned()
            }
            Self::BinaryPlatform { .. } => {
                "build it for the platform; `{arch}` in its path stands for amd64 or arm64".to_owned()
            }
            Self::NoBeam { .. } => "add `apache-beam[yaml]` to the project's requirements".to_owned(),
            Self::NoWheel { platform, .. } => {
                format!("require versions that have wheels, or build on a machine of {platform}")
            }
            Self::CompiledHere { platform, .. } => {
                format!("build on a machine of {platform}, or name a wheel for it under `packages`")
            }
            Self::NoBase => {
                "name a base: --base IMAGE, or `base = \"…\"` under [image] in tmpl.toml".to_owned()
            }
            Self::Base { .. } => "name another base, or another platform".to_owned(),
            Self::BaseWithoutPython { version, .. } => {
                format!(
                    "name a base with Python {version}, or say where it is: `python = \"…\"` under [image]"
                )
            }
            Self::BaseLayer { .. } => {
                "check that the base can be read, then run the command again".to_owned()
            }
            Self::NothingForAnImage => "leave --push and --output out".to_owned(),
            Self::OnePlaceForManyImages { .. } => {
                "write `{name}` where the template's name belongs, or choose one with --only".to_owned()
            }
            Self::PushReference { .. } => "write REGISTRY/REPOSITORY:TAG".to_owned(),
            Self::LauncherBinary(error) => error.hint(),
            Self::Image(error) => return error.hint(),
            Self::Registry(error) => return error.hint(),
            Self::Load { program, .. } => format!("check that {program} works here, with `{program} info`"),
            Self::Launcher(error) => return error.hint(),
            Self::Bucket(error) => return error.hint(),
            Self::Lost { .. } => {
                "look for what else deletes there, like a lifecycle rule of the store; then build again"
                    .to_owned()
            }
            Self::Layer { source, .. } => return source.hint(),
            Self::Spec { source, .. } => return source.hint(),
            Self::File(error) if error.kind() == io::ErrorKind::StorageFull => {
                "free some space, then run the command again".to_owned()
            }
            Self::Start { .. }
            | Self::Uv { .. }
            | Self::Distribution { .. }
            | Self::Syntax { .. }
            | Self::Imports { .. }
            | Self::Helper { .. }
            | Self::File(_) => return None,
        })
    }

    /// An error of uv, sorted by what it says.
    pub(crate) fn of_uv(action: impl Into<String>, failure: UvFailure) -> Self {
        let action = action.into();
        match failure {
            UvFailure::NotStarted(error) => error,
            UvFailure::Refused(message) => Self::Network { action, message, refused: true },
            UvFailure::Network(message) => Self::Network { action, message, refused: false },
            UvFailure::Unresolvable(explanation) => Self::Unresolvable { explanation },
            UvFailure::Build { package, message } => Self::Backend { package, message },
            UvFailure::Other(message) => Self::Uv { action, message },
        }
    }
}

fn missing_module(modules: &str) -> String {
    format!(
        "add the distribution that provides `{modules}` to the requirements, or the folder or file that holds it to \
         `packages` or `files` in tmpl.toml"
    )
}

fn top_level(module: &str) -> &str {
    module.split('.').next().unwrap_or(module)
}

fn list(items: &[String]) -> String {
    items.join("\n")
}

/// What a base has instead.
fn others(found: &[String]) -> String {
    if found.is_empty() { String::new() } else { format!(", only {}", found.join(", ")) }
}
