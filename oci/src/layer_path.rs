//! Paths inside a layer: relative, with `/`, leading nowhere but down into it.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

/// The longest path, in bytes: what Linux takes.
pub(crate) const MAX_LENGTH: usize = 4095;

/// A path inside a layer. Not empty, not absolute, no empty, `.` or `..` parts, no NUL, at most [`MAX_LENGTH`] bytes.
///
/// Paths are ordered by their bytes, which puts a directory before what is in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LayerPath(String);

/// Why a text is not a path inside a layer. Displayed as a predicate: `is absolute`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PathProblem {
    /// No text at all.
    #[error("is empty")]
    Empty,
    /// It begins with `/`.
    #[error("is absolute")]
    Absolute,
    /// `//`, or a `/` at the end.
    #[error("has an empty part")]
    EmptyPart,
    /// A part is `.`.
    #[error("has a `.` part")]
    DotPart,
    /// A part is `..`.
    #[error("has a `..` part")]
    ParentPart,
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

impl LayerPath {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The directories above, the outermost first.
    pub(crate) fn parents(&self) -> impl DoubleEndedIterator<Item = Self> {
        self.0.match_indices('/').map(|(end, _)| Self(self.0[..end].to_owned()))
    }

    /// The directory that holds this; none at the top.
    pub(crate) fn parent(&self) -> Option<&str> {
        self.0.rsplit_once('/').map(|(parent, _)| parent)
    }

    /// How many directories are above, without the layer's own.
    pub(crate) fn depth(&self) -> usize {
        self.0.matches('/').count()
    }

    /// The path of an archive's entry; a directory's may end with one `/`.
    pub(crate) fn from_entry(bytes: &[u8], is_directory: bool) -> Result<Self, PathProblem> {
        let text = str::from_utf8(bytes).map_err(|_| PathProblem::NotUtf8)?;
        // Of `/` alone nothing would be left, and it would be called empty.
        let directory = text.strip_suffix('/').filter(|rest| is_directory && !rest.is_empty());
        directory.unwrap_or(text).parse()
    }
}

impl FromStr for LayerPath {
    type Err = PathProblem;

    fn from_str(text: &str) -> Result<Self, PathProblem> {
        if text.is_empty() {
            return Err(PathProblem::Empty);
        }
        if text.len() > MAX_LENGTH {
            return Err(PathProblem::TooLong);
        }
        if text.starts_with('/') {
            return Err(PathProblem::Absolute);
        }
        if text.contains('\0') {
            return Err(PathProblem::Nul);
        }
        for part in text.split('/') {
            match part {
                "" => return Err(PathProblem::EmptyPart),
                "." => return Err(PathProblem::DotPart),
                ".." => return Err(PathProblem::ParentPart),
                _ => {}
            }
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for LayerPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl Borrow<str> for LayerPath {
    fn borrow(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_that_lead_down_are_taken_as_they_are() {
        let longest = "a".repeat(MAX_LENGTH);
        for text in
            ["a", "a/b/c", "a\\b", "..a", "a..", "...", ".hidden/x", "grüße/日本 語", "-", "a\nb", &longest]
        {
            assert_eq!(text.parse::<LayerPath>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_texts_are_refused() {
        let long = "a".repeat(MAX_LENGTH + 1);
        for (text, problem) in [
            ("", PathProblem::Empty),
            ("/", PathProblem::Absolute),
            ("/etc/passwd", PathProblem::Absolute),
            ("a//b", PathProblem::EmptyPart),
            ("a/", PathProblem::EmptyPart),
            (".", PathProblem::DotPart),
            ("./a", PathProblem::DotPart),
            ("a/.", PathProblem::DotPart),
            ("..", PathProblem::ParentPart),
            ("a/../b", PathProblem::ParentPart),
            ("a/..", PathProblem::ParentPart),
            ("a\0b", PathProblem::Nul),
            (&long, PathProblem::TooLong),
        ] {
            assert_eq!(text.parse::<LayerPath>(), Err(problem), "{text}");
        }
    }

    #[test]
    fn entries_of_directories_may_end_with_a_slash() {
        for (bytes, is_directory, expected) in [
            (&b"a/b/"[..], true, Ok("a/b")),
            (b"a/b", true, Ok("a/b")),
            (b"a/b/", false, Err(PathProblem::EmptyPart)),
            (b"a//", true, Err(PathProblem::EmptyPart)),
            (b"/", true, Err(PathProblem::Absolute)),
            (b"./", true, Err(PathProblem::DotPart)),
            (b"a\xff", false, Err(PathProblem::NotUtf8)),
        ] {
            let path = LayerPath::from_entry(bytes, is_directory);
            assert_eq!(path.as_ref().map(LayerPath::as_str), expected.as_ref().copied(), "{bytes:?}");
        }
    }

    #[test]
    fn parents_come_outermost_first() {
        let path: LayerPath = "a/bc/d".parse().unwrap();
        assert_eq!(path.parents().map(|parent| parent.0).collect::<Vec<_>>(), ["a", "a/bc"]);
        assert_eq!((path.parent(), path.depth()), (Some("a/bc"), 2));
        let top: LayerPath = "a".parse().unwrap();
        assert_eq!((top.parents().count(), top.parent(), top.depth()), (0, None, 0));
    }
}
