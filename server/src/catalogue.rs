//! All templates and saved launches, in memory.

/// What there is to be launched.
#[derive(Debug, Default)]
pub(crate) struct Catalogue {}
