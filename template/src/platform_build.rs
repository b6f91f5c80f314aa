//! What a template was built for, and the layers that were built: one for each platform.

use serde::{Deserialize, Serialize};

use crate::Digest;

/// The build for one platform. Checked against the machine before a launch is accepted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PlatformBuild {
    /// The interpreter that the layers were made for; none for a program that needs none of an exact version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interpreter: Option<Interpreter>,
    /// The oldest C library that the layers work with, like `glibc 2.28`; none for a program of which it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub libc: Option<String>,
    /// What is unpacked one over another, lowest first.
    pub layers: Vec<LayerReference>,
    /// Digest of the manifest of the image that has these layers above a base. The manifest and the configuration it names lie in
    /// `staging/blobs/` like the layers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub image: Option<Digest>,
}

/// An interpreter, as far as compiled modules and byte code depend on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Interpreter {
    /// `cpython`.
    pub implementation: String,
    /// Major and minor version, like `3.11`.
    pub version: String,
    /// The tag of the binary interface, like `cp311`.
    pub abi: String,
}

/// A layer by its content; the bytes lie in `staging/blobs/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct LayerReference {
    /// What is in it, for people.
    pub title: String,
    /// Digest of the bytes as they are stored.
    pub digest: Digest,
    /// Digest of the tar without compression.
    pub diff_id: Digest,
    /// Length in bytes as stored.
    pub size: u64,
    /// OCI's name of the kind of tar and compression.
    pub media_type: String,
    /// The key of what went in: another build machine that comes to the same key can take these bytes.
    pub key: String,
}

/// Whether what was built for one C library (`glibc 2.28`) runs on another one: on the same, and on newer ones of its kind.
///
/// ```
/// use tmpl_template::runs_on_libc;
///
/// assert!(runs_on_libc("glibc 2.28", "glibc 2.36"));
/// assert!(!runs_on_libc("glibc 2.28", "glibc 2.17"));
/// assert!(!runs_on_libc("glibc 2.28", "musl"));
/// ```
pub fn runs_on_libc(needed: &str, here: &str) -> bool {
    fn parts(text: &str) -> Option<(&str, u32, u32)> {
        let (kind, version) = text.split_once(' ')?;
        let (major, minor) = version.split_once('.')?;
        Some((kind, major.parse().ok()?, minor.parse().ok()?))
    }
    match (parts(needed), parts(here)) {
        (Some((kind, major, minor)), Some((here, here_major, here_minor))) => {
            kind == here && (major, minor) <= (here_major, here_minor)
        }
        _ => needed == here,
    }
}
