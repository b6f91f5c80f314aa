//! What a build did.

use std::collections::BTreeMap;

use serde::Serialize;
use tmpl_template::{Digest, TemplateName};

use crate::Phase;

/// What a build did.
#[derive(Clone, Debug, Serialize)]
pub struct BuildReport {
    /// What became of the lock; nothing where there is no program.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lock: Option<LockState>,
    /// The layers that the templates share, in their order.
    pub layers: Vec<LayerReport>,
    /// The images, where any were asked for, in the project's order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub images: Vec<ImageReport>,
    /// The templates, in the project's order.
    pub templates: Vec<TemplateReport>,
    /// What was checked of the programs before they were published; nothing where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked: Option<Checked>,
    /// Milliseconds spent in each phase that was needed.
    pub timings: BTreeMap<Phase, u64>,
    /// What was noticed and did not keep the build from succeeding.
    pub warnings: Vec<String>,
}

/// What became of the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LockState {
    /// It was up to date.
    Reused,
    /// There was none.
    Created,
    /// Its inputs had changed.
    Updated,
}

/// One layer.
#[derive(Clone, Debug, Serialize)]
pub struct LayerReport {
    /// What is in it.
    pub title: String,
    /// Of the compressed bytes.
    pub digest: Digest,
    /// Compressed bytes.
    pub size: u64,
    /// Bytes of the archive, where it was made here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub uncompressed_size: Option<u64>,
    /// Where it comes from.
    pub origin: Origin,
    /// Bytes written to the bucket for it.
    pub written_bytes: u64,
}

/// Where a layer comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Origin {
    /// This machine made it before.
    Cached,
    /// Another machine made it, and its template in the bucket says what is in it.
    Bucket,
    /// This build made it.
    Made,
}

/// What was checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Checked {
    /// Nothing: nothing had changed.
    Unchanged,
    /// The code was compiled and its imports were resolved.
    Static,
    /// The main modules were imported.
    Full,
}

/// One image.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ImageReport {
    /// The template that it is of.
    pub template: TemplateName,
    /// The digest of its manifest, or of the index of several platforms.
    pub digest: Digest,
    /// Where it was written: a reference by digest, a file, a folder, an engine.
    pub places: Vec<String>,
    /// Bytes of all its layers and documents.
    pub size: u64,
    /// Whether the registry had it before, under this tag.
    pub unchanged: bool,
    /// Bytes sent to the registry.
    pub bytes_sent: u64,
}

/// One published template.
#[derive(Clone, Debug, Serialize)]
pub struct TemplateReport {
    /// Its name.
    pub name: TemplateName,
    /// Where its current spec lies.
    pub path: String,
    /// The version.
    pub digest: Digest,
    /// The number of its entry in the publish log.
    pub entry: u64,
    /// Whether this version was not current before.
    pub changed: bool,
    /// The image that its spec names, where this build made it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image: Option<String>,
}
