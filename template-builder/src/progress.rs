//! What a build tells of itself while it runs. The library knows no bars: whoever calls it draws them.

use std::fmt;

use serde::Serialize;

/// A part of a build that takes time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Phase {
    /// Requirements become locked versions.
    Resolve,
    /// Locked versions and the project's own packages become files.
    Install,
    /// Python files become bytecode.
    Compile,
    /// Files become a layer.
    Layer,
    /// The set is checked, the main modules are imported.
    Check,
    /// Layers go to the bucket.
    Upload,
    /// A base is fetched, an image written.
    Image,
    /// An image goes to its registry.
    Push,
    /// Specs go to the bucket.
    Publish,
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolve",
            Self::Install => "install",
            Self::Compile => "compile",
            Self::Layer => "layer",
            Self::Check => "check",
            Self::Upload => "upload",
            Self::Image => "image",
            Self::Push => "push",
            Self::Publish => "publish",
        })
    }
}

/// Receives the events of a build. A phase may be started several times, each time with another title.
pub trait Progress: Send + Sync {
    /// Something began: `total` is in bytes, where the work is measured in bytes and known.
    fn started(&self, phase: Phase, title: &str, total: Option<u64>);
    /// So many more bytes of what was started are done.
    fn advanced(&self, phase: Phase, title: &str, bytes: u64);
    /// What was started is done.
    fn finished(&self, phase: Phase, title: &str);
}

/// Says nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn started(&self, _: Phase, _: &str, _: Option<u64>) {}
    fn advanced(&self, _: Phase, _: &str, _: u64) {}
    fn finished(&self, _: Phase, _: &str) {}
}
