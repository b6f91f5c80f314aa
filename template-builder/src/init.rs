//! `tmpl init`: a new project that builds and runs at once, or a `tmpl.toml` for a folder that holds a pipeline already.
//!
//! Nothing that exists is ever overwritten. What was found, and where, is told in the report and in comments of the file.

mod dockerfile;
mod existing;
mod imports;
mod manifest_text;
mod metadata_draft;
mod new_project;
mod python_found;

use std::io::{self, Write};
use std::path::Path;

use fs_err as fs;
use serde::Serialize;
use tmpl_template::TemplateName;

use crate::manifest;

/// What `init` did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct InitReport {
    /// Whether the folder held a pipeline already.
    pub existing: bool,
    /// The name of the template that the project will publish.
    pub template: TemplateName,
    /// The files that were written, relative to the folder.
    pub created: Vec<String>,
    /// What was found in the folder, and where.
    pub found: Vec<Finding>,
    /// What a person should look at.
    pub warnings: Vec<String>,
}

/// A value of the new `tmpl.toml` and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The key.
    pub key: &'static str,
    /// Its value, as TOML.
    pub value: String,
    /// Where it was found, in words.
    pub origin: String,
}

/// Why `init` did nothing.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InitError {
    /// The folder is a project already.
    #[error("{file} is there already")]
    Exists {
        /// The file.
        file: String,
    },
    /// What should be a folder is none.
    #[error("{folder} is not a folder")]
    NoFolder {
        /// The path.
        folder: String,
    },
    /// There is Python code, but no program.
    #[error("no main program was found in {folder}")]
    NoMain {
        /// The folder.
        folder: String,
    },
    /// A file could not be read or written.
    #[error("the project's files can't be used")]
    File(#[from] io::Error),
}

impl InitError {
    /// The remedy, in words.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Exists { file } => format!("`tmpl build` builds it; to begin anew, move {file} away first"),
            Self::NoFolder { .. } => "name a folder; one that does not exist is made".to_owned(),
            Self::NoMain { .. } => {
                "add `if __name__ == \"__main__\":` to the program's main file, or a __main__.py to its package".to_owned()
            }
            Self::File(_) => return None,
        })
    }
}

/// Makes a folder a project. `python` is the interpreter whose version is taken where the folder names none.
pub fn initialise(folder: &Path, python: Option<&Path>) -> Result<InitReport, InitError> {
    if folder.exists() && !folder.is_dir() {
        return Err(InitError::NoFolder { folder: folder.display().to_string() });
    }
    let file = folder.join(manifest::FILE);
    if file.symlink_metadata().is_ok() {
        return Err(InitError::Exists { file: file.display().to_string() });
    }
    fs::create_dir_all(folder)?;
    let name = template_name(folder);
    if existing::holds_code(folder)? {
        existing::initialise(folder, &name, python)
    } else {
        new_project::initialise(folder, &name, python)
    }
}

/// The folder's name as a template's name.
fn template_name(folder: &Path) -> TemplateName {
    let folder = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let text = folder.components().next_back().map(|part| part.as_os_str().to_string_lossy().to_lowercase());
    let letters = text.unwrap_or_default();
    let plain: String =
        letters.chars().map(|c| if c.is_ascii_lowercase() || c.is_ascii_digit() { c } else { '-' }).collect();
    let parts: Vec<&str> = plain.split('-').filter(|part| !part.is_empty()).collect();
    let name: String = parts.join("-").chars().take(63).collect();
    let default = || "pipeline".parse().unwrap_or_else(|_| unreachable!("it is a name"));
    name.trim_end_matches('-').parse().unwrap_or_else(|_| default())
}

/// Writes a new file; a file that is there already stays as it is.
fn create(folder: &Path, file: &str, text: &str, created: &mut Vec<String>) -> io::Result<bool> {
    let path = folder.join(file);
    match fs::OpenOptions::new().write(true).create_new(true).open(path) {
        Ok(mut opened) => {
            opened.write_all(text.as_bytes())?;
            created.push(file.to_owned());
            Ok(true)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_name() {
        for (folder, name) in [
            ("/a/wordcount", "wordcount"),
            ("/a/My Pipeline (old)/", "my-pipeline-old"),
            ("/a/größe", "gr-e"),
            ("/a/日本", "pipeline"),
            ("/", "pipeline"),
            ("/a/x.json", "x-json"),
        ] {
            assert_eq!(template_name(Path::new(folder)).as_str(), name, "{folder}");
        }
        assert!(template_name(Path::new(&format!("/{}", "a-".repeat(60)))).as_str().len() <= 63);
    }

    #[test]
    fn a_project_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("tmpl.toml"), "mine").unwrap();
        let error = initialise(folder.path(), None).unwrap_err();
        assert!(error.to_string().ends_with("tmpl.toml is there already"));
        assert!(error.hint().is_some());
        assert_eq!(fs::read_to_string(folder.path().join("tmpl.toml")).unwrap(), "mine");
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(initialise(&file, None).unwrap_err().to_string().ends_with("file is not a folder"));
    }
}
