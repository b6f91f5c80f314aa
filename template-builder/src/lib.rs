//! From a project's folder to published templates: dependencies locked, files installed and compiled, layers made, specs written.
//!
//! ```text
//! tmpl.toml ─▶ Project ─▶ Lock ─▶ Distributions ─┐
//!              packages, scripts ────────────────┴─▶ layers ─▶ check ─▶ bucket: blobs, then specs
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `manifest`, `reports`, `runners`, `project`, `python_target`, `source_tree` | the project: what `tmpl.toml` says, resolved to files that are there |
//! | `requirement_files`, `index_options`, `inputs`, `lock`, `pylock` | what the dependencies depend on, and what they are locked to |
//! | `uv`, `sdk_wheel`, `resolver`, `resolve`, `build_requirements`, `download`, `credentials`, `redact` | how they are resolved |
//! | `install`, `distribution`, `record`, `script`, `staged_file` | installed files, without a trace of the installer |
//! | `own_package`, `backend`, `own_layers` | the project's own code |
//! | `layer_plan`, `dependency_layers`, `made_layer`, `compile`, `helper` | files become layers |
//! | `program_source`, `program`, `made_platform`, `binary_platform` | programs of every language, and what was made of them for a platform |
//! | `image` | the same layers above a base, with a launcher: an image, its documents, and where it goes |
//! | `check`, `beam_extras`, `bucket_blobs`, `outgoing`, `reliance`, `publish` | what is seen to before and when it is published |
//! | `build`, `session`, `builder_cache`, `background`, `child` | the way through, and what its steps share |
//! | `init` | a new project, or a `tmpl.toml` for one that is there |
//!
//! Invariants: equal inputs give equal layers and specs, on every machine; a build with nothing to do starts no other program;
//! no credential is in a lock, a layer, a report or an error; what the bucket shows is complete at every moment.

mod atomic_file;
mod backend;
mod background;
mod beam_extras;
mod binary_platform;
mod bucket_blobs;
mod build;
mod build_requirements;
mod builder_cache;
mod cached_blobs;
mod check;
mod checksum;
mod child;
mod compile;
mod credentials;
mod dependency_layers;
mod distribution;
mod download;
mod draft;
mod error;
mod file_checksums;
mod helper;
mod image;
mod index_options;
mod init;
mod inputs;
mod install;
mod launcher_binary;
mod layer_plan;
mod licence;
mod lock;
mod locked;
mod made_layer;
mod made_platform;
mod manifest;
mod manifest_keys;
mod outgoing;
mod own_bytecode;
mod own_layers;
mod own_package;
mod program;
mod program_reader;
mod program_source;
mod progress;
mod project;
mod project_error;
mod project_template;
mod publish;
mod pylock;
mod python_session;
mod python_target;
mod record;
mod redact;
mod reliance;
mod report;
mod reports;
mod request;
mod requirement_files;
mod resolve;
mod resolver;
mod runners;
mod script;
mod sdk_wheel;
mod session;
mod source_tree;
mod spec_options;
mod staged_file;
mod uv;

pub use build::{build, specs};
pub use cached_blobs::{BLOBS_LIMIT, CachedBlobs, PrunedBlobs};
pub use draft::Overrides;
pub use error::{BuildError, BuildErrorKind};
pub use image::{BaseSource, BaseSourceError, ImageOutput, ImageOutputError, ImageRequest};
pub use init::{Finding, InitError, InitReport, initialise};
pub use launcher_binary::{LAUNCHER_VARIABLE, LauncherBinaries, LauncherBinaryError};
pub use lock::locked_packages;
pub use manifest::check_manifest;
pub use manifest_keys::manifest_schema;
pub use progress::{Phase, Progress, Silent};
pub use project_error::{Position, ProjectError};
pub use python_target::PLATFORMS;
pub use report::{BuildReport, Checked, ImageReport, LayerReport, LockState, Origin, TemplateReport};
pub use request::{BuildRequest, Check};
pub use spec_options::{OptionProblem, SpecOptions};
