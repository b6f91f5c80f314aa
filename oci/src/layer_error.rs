//! What keeps a layer from being written.

use std::io;
use std::path::PathBuf;

use crate::layer_path::PathProblem;
use crate::link_target::TargetProblem;

/// An error on the way from files to a layer. `Display` names the thing; [`LayerError::hint`] says the remedy.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LayerError {
    /// The text can't be a path inside a layer.
    #[error("path `{}` {problem}", path.escape_debug())]
    Path {
        /// What was given.
        path: String,
        /// What is wrong with it.
        problem: PathProblem,
    },
    /// The target of a symbolic link is refused.
    #[error("symbolic link `{}` -> `{}`: its target {problem}", path.escape_debug(), target.escape_debug())]
    Target {
        /// The link.
        path: String,
        /// What was given as its target.
        target: String,
        /// What is wrong with it.
        problem: TargetProblem,
    },
    /// Something else has that path already.
    #[error("`{}` is in the layer already", path.escape_debug())]
    Twice {
        /// The path.
        path: String,
    },
    /// What should hold the file is not a directory.
    #[error("`{}` can't be in the layer: `{}` is not a directory there", path.escape_debug(), parent.escape_debug())]
    NotADirectory {
        /// The path that was to be added.
        path: String,
        /// The part of it that is a file or a symbolic link.
        parent: String,
    },
    /// A hard link, or permissions, for something that is not a file of the layer.
    #[error("`{}` can't be a name of `{}`: there is no such file in the layer", path.escape_debug(), target.escape_debug())]
    NoFile {
        /// The path that was to be added.
        path: String,
        /// What was to be there.
        target: String,
    },
    /// A source is a directory, a device or the like.
    #[error("{} is not a regular file", source_path.display())]
    NotAFile {
        /// The file to put into the layer.
        source_path: PathBuf,
    },
    /// A source got another size while it was read.
    #[error("{} changed while it was read", source_path.display())]
    Changed {
        /// The file to put into the layer.
        source_path: PathBuf,
    },
    /// A source can't be read; the cause names it.
    #[error("can't put `{}` into the layer", path.escape_debug())]
    Source {
        /// The path inside the layer.
        path: String,
        /// The system's error.
        #[source]
        source: io::Error,
    },
    /// The layer can't be written to where it should go.
    #[error("can't write the layer")]
    Output {
        /// The system's error.
        #[source]
        source: io::Error,
    },
}

impl LayerError {
    /// The remedy, in words.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Path { .. } => "give a relative path, such as `app/main.py`",
            Self::Target { .. } => "link to a place inside the layer, with `..` only at the beginning",
            Self::Twice { .. } => "leave one of the two out",
            Self::NotADirectory { .. } => "rename the file, or leave out what lies in its way",
            Self::NoFile { .. } => "add the file first",
            Self::NotAFile { .. } => "only files, folders and symbolic links can be in a layer",
            Self::Changed { .. } => "wait until nothing writes to it, then try again",
            Self::Source { .. } => "check that the file is there and may be read",
            Self::Output { source } if source.kind() == io::ErrorKind::StorageFull => "free some space",
            Self::Output { .. } => return None,
        };
        Some(hint.to_owned())
    }
}
