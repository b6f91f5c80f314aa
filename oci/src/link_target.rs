//! Targets of symbolic links: none may lead out of the layer, not even through other links.
//!
//! `..` is allowed only at the beginning. There it climbs from the link's own place, which is made of real directories, so
//! counting is exact. After a name it would climb from wherever that name, perhaps itself a link, leads.

use std::fmt;

use crate::layer_path::{LayerPath, MAX_LENGTH};

/// The target of a symbolic link, checked for the place of that link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LinkTarget(String);

/// Why a link may not have that target. Displayed as a predicate: `leads out of the layer`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TargetProblem {
    /// No text at all.
    #[error("is empty")]
    Empty,
    /// It begins with `/`.
    #[error("is absolute")]
    Absolute,
    /// More `..` than there are directories above the link.
    #[error("leads out of the layer")]
    Leaves,
    /// A `..` behind a name.
    #[error("has a `..` after a name")]
    ParentAfterName,
    /// The character that ends strings in C.
    #[error("holds a NUL character")]
    Nul,
    /// Longer than the system takes.
    #[error("is longer than {MAX_LENGTH} bytes")]
    TooLong,
    /// Bytes of another encoding.
    #[error("is not UTF-8")]
    NotUtf8,
}

impl LinkTarget {
    /// The target `text` of a link at `link`.
    pub(crate) fn new(link: &LayerPath, text: &str) -> Result<Self, TargetProblem> {
        if text.is_empty() {
            return Err(TargetProblem::Empty);
        }
        if text.len() > MAX_LENGTH {
            return Err(TargetProblem::TooLong);
        }
        if text.starts_with('/') {
            return Err(TargetProblem::Absolute);
        }
        if text.contains('\0') {
            return Err(TargetProblem::Nul);
        }
        let mut named = false;
        let mut climbed = 0;
        for part in text.split('/') {
            match part {
                "" | "." => {}
                ".." if named => return Err(TargetProblem::ParentAfterName),
                ".." => climbed += 1,
                _ => named = true,
            }
        }
        if climbed > link.depth() { Err(TargetProblem::Leaves) } else { Ok(Self(text.to_owned())) }
    }

    /// A target in the image that the link's layer is for.
    pub(crate) fn absolute(text: &str) -> Result<Self, TargetProblem> {
        match text {
            "" => Err(TargetProblem::Empty),
            _ if text.len() > MAX_LENGTH => Err(TargetProblem::TooLong),
            _ if text.contains('\0') => Err(TargetProblem::Nul),
            _ => Ok(Self(text.to_owned())),
        }
    }

    /// The target of an archive's entry at `link`.
    pub(crate) fn from_entry(link: &LayerPath, bytes: &[u8]) -> Result<Self, TargetProblem> {
        Self::new(link, str::from_utf8(bytes).map_err(|_| TargetProblem::NotUtf8)?)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for LinkTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_stay_inside() {
        for (link, target, problem) in [
            ("a", "b", None),
            ("a", "b/c", None),
            ("a", ".", None),
            ("a", "./b//c/", None),
            ("a/b", "..", None),
            ("a/b/c", "../../d", None),
            ("a/b/c", ".././../d", None),
            ("a/b", "..c/d", None),
            ("a", "", Some(TargetProblem::Empty)),
            ("a", "/b", Some(TargetProblem::Absolute)),
            ("a", "..", Some(TargetProblem::Leaves)),
            ("a/b", "../..", Some(TargetProblem::Leaves)),
            ("a/b/c", "../../../d", Some(TargetProblem::Leaves)),
            ("a/b/c", "d/..", Some(TargetProblem::ParentAfterName)),
            ("a/b/c", "../d/../e", Some(TargetProblem::ParentAfterName)),
            ("a", "b\0", Some(TargetProblem::Nul)),
        ] {
            let made = LinkTarget::new(&link.parse().unwrap(), target);
            assert_eq!(made.err(), problem, "{link} -> {target}");
        }
        let long = "a/".repeat(MAX_LENGTH);
        assert_eq!(LinkTarget::new(&"a".parse().unwrap(), &long), Err(TargetProblem::TooLong));
        assert_eq!(LinkTarget::from_entry(&"a".parse().unwrap(), b"\xff"), Err(TargetProblem::NotUtf8));
    }
}
