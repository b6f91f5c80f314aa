//! What is wrong with a project's folder or its `tmpl.toml`: every error names the place and the key.

use std::fmt;

use tmpl_template::FormatError;

/// A place in a file, counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The column, in characters.
    pub column: usize,
}

impl Position {
    /// The place of a byte offset in a text.
    pub(crate) fn of(text: &str, offset: usize) -> Self {
        let before = text.get(..offset.min(text.len())).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        Self { line: before.matches('\n').count() + 1, column: before[line_start..].chars().count() + 1 }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// An error of the project's folder or of a file that describes it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProjectError {
    /// The folder is not there.
    #[error("there is no project at {folder}: no such folder")]
    NoFolder {
        /// The folder asked for.
        folder: String,
    },
    /// The folder has no `tmpl.toml`.
    #[error("there is no project at {folder}: it has no tmpl.toml")]
    NoManifest {
        /// The folder asked for.
        folder: String,
    },
    /// A file could not be read.
    #[error("{file} can't be read")]
    Unreadable {
        /// The file.
        file: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// `tmpl.toml` is no TOML, has a value of the wrong type, or lacks a key.
    #[error("{file}:{position}: {message}")]
    Manifest {
        /// The file.
        file: String,
        /// Where in it.
        position: Position,
        /// What is wrong.
        message: String,
        /// What to write.
        remedy: Option<String>,
    },
    /// A flag that says something instead of `tmpl.toml` says nothing good.
    #[error("{flag}: {message}")]
    Flag {
        /// The flag.
        flag: String,
        /// What is wrong.
        message: String,
        /// What to write.
        remedy: String,
    },
    /// A key that means nothing.
    #[error("{file}:{position}: there is no key `{key}` in {table}")]
    UnknownKey {
        /// The file.
        file: String,
        /// Where in it.
        position: Position,
        /// The key.
        key: String,
        /// The table it stands in.
        table: &'static str,
        /// The known key that looks most like it, else all of them.
        known: Vec<&'static str>,
    },
    /// Two templates of one name.
    #[error("{file}: the name `{name}` is given twice, at {first} and at {second}")]
    NameTwice {
        /// The file.
        file: String,
        /// The name.
        name: String,
        /// The first place.
        first: Position,
        /// The second place.
        second: Position,
    },
    /// A path that names nothing.
    #[error("{file}:{position}: `{key}` names {path}, which is not there")]
    MissingFile {
        /// The file.
        file: String,
        /// Where in it.
        position: Position,
        /// The key.
        key: &'static str,
        /// The path as written.
        path: String,
    },
    /// A path that leads out of the project's folder.
    #[error("{file}:{position}: `{key}` names {path}, which lies outside of the project's folder")]
    OutsideProject {
        /// The file.
        file: String,
        /// Where in it.
        position: Position,
        /// The key.
        key: &'static str,
        /// The path as written.
        path: String,
    },
    /// A parameter description that can't be read.
    #[error("{file}: {problem}")]
    Metadata {
        /// The file.
        file: String,
        /// What is wrong, with line and column.
        problem: FormatError,
    },
    /// `--only` names a template that the project does not have.
    #[error("the project has no template `{name}`")]
    NoSuchTemplate {
        /// The name asked for.
        name: String,
        /// The names there are.
        known: Vec<String>,
        /// The one most like it.
        near: Option<String>,
    },
    /// A requirement file includes a file from outside, or one that is not there.
    #[error("{file}:{line}: it includes {path}, which {reason}")]
    Include {
        /// The including file.
        file: String,
        /// Its line.
        line: usize,
        /// The path as written.
        path: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A file whose name no layer can have.
    #[error("the name of the file {} is not UTF-8", path.escape_debug())]
    NotUtf8 {
        /// The file, with a sign for each byte that is no character.
        path: String,
    },
    /// A link in a package's folder that leads out of the project.
    #[error("{path} is a link that leads out of the project's folder")]
    LinkOutside {
        /// The link.
        path: String,
    },
}

impl ProjectError {
    /// The remedy, in words.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoFolder { .. } => "name the folder that holds tmpl.toml".to_owned(),
            Self::NoManifest { folder } => format!("`tmpl init {folder}` writes one from what is there"),
            Self::Manifest { remedy, .. } => return remedy.clone(),
            Self::Flag { remedy, .. } => remedy.clone(),
            Self::UnknownKey { known, .. } if known.len() == 1 => format!("did you mean `{}`?", known[0]),
            Self::UnknownKey { known, .. } => format!("the keys there are `{}`", known.join("`, `")),
            Self::NameTwice { .. } => "give each template of the bucket a name of its own".to_owned(),
            Self::MissingFile { .. } => "paths are relative to the folder of tmpl.toml".to_owned(),
            Self::NotUtf8 { .. } => "rename the file".to_owned(),
            Self::OutsideProject { .. } | Self::Include { .. } | Self::LinkOutside { .. } => {
                "a template is built from the project's folder alone: move or copy it there".to_owned()
            }
            Self::Metadata { problem, file } if problem.more() > 0 => {
                let count = problem.more();
                let more = format!("{count} more of its mistakes: `tmpl template lint {file}`");
                problem.hint().map_or(more.clone(), |hint| format!("{hint}; {more}"))
            }
            Self::Metadata { problem, .. } => return problem.hint(),
            Self::NoSuchTemplate { near: Some(near), .. } => format!("did you mean `{near}`?"),
            Self::NoSuchTemplate { known, .. } => {
                format!("the project's templates are `{}`", known.join("`, `"))
            }
            Self::Unreadable { .. } => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_from_one_in_characters() {
        let text = "a = 1\nö = \"ü\" x\n";
        for (offset, place) in [(0, "1:1"), (4, "1:5"), (6, "2:1"), (8, "2:2"), (999, "3:1")] {
            assert_eq!(Position::of(text, offset).to_string(), place, "{offset}");
        }
    }
}
