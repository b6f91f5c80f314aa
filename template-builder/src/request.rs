//! What somebody wants built.

use std::path::PathBuf;

use tmpl_bucket::{Bucket, BuildFacts};
use tmpl_launcher::cache::Cache;
use tmpl_oci::Compression;
use tmpl_template::TemplateName;

use crate::{ImageRequest, Overrides};

/// How thoroughly a build is checked before it is published.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Check {
    /// Fully where the dependencies changed, else statically.
    #[default]
    Auto,
    /// The set's consistency, every main module imported in the built tree, every blob of the bucket read.
    Full,
    /// The project's code byte-compiled and its imports resolved, without running any of it.
    Static,
}

/// A build.
#[derive(Clone, Debug)]
pub struct BuildRequest {
    /// The project's folder.
    pub project: PathBuf,
    /// Where the templates are published.
    pub bucket: Bucket,
    /// Whether the lock must be there and up to date.
    pub locked: bool,
    /// How thoroughly it is checked.
    pub check: Check,
    /// The templates to build; empty for all of the project.
    pub only: Vec<TemplateName>,
    /// What is said instead of `tmpl.toml`.
    pub overrides: Overrides,
    /// The platforms to build for; empty for those of the project.
    pub platforms: Vec<String>,
    /// How layers are compressed; nothing for the project's way.
    pub compression: Option<Compression>,
    /// The images to make, if any.
    pub image: Option<ImageRequest>,
    /// Whether a version is refused that launches of the current one would not fit.
    pub check_compatible: bool,
    /// The interpreter to build with, where one is named.
    pub python: Option<PathBuf>,
    /// uv, where one is named.
    pub uv: Option<PathBuf>,
    /// What this machine keeps.
    pub cache: Cache,
    /// Who builds from what: goes to the publish log.
    pub facts: BuildFacts,
}
