//! What requirement files hold, as far as tmpl has to know it: which files they include, and which indexes they name. What
//! the requirements mean is uv's business.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;

use crate::index_options::IndexOptions;
use crate::project::normal;
use crate::project_error::ProjectError;
use crate::redact::redact;

/// The requirement files of a project and all that they include.
#[derive(Debug, Default)]
pub(crate) struct RequirementFiles {
    /// Path relative to the project → its text, without credentials and with plain line ends.
    pub(crate) texts: BTreeMap<String, String>,
    /// The indexes they name.
    pub(crate) indexes: IndexOptions,
    /// Whether any line asks for a package.
    pub(crate) any: bool,
}

impl RequirementFiles {
    /// Reads the files and what they include.
    pub(crate) fn read(root: &Path, files: &[String]) -> Result<Self, ProjectError> {
        let mut read = Self::default();
        let mut waiting: Vec<(String, bool)> = files.iter().rev().map(|file| (file.clone(), true)).collect();
        while let Some((file, is_requirement)) = waiting.pop() {
            if read.texts.contains_key(&file) {
                continue;
            }
            let path = root.join(&file);
            let text = fs::read_to_string(&path)
                .map_err(|source| ProjectError::Unreadable { file: path.display().to_string(), source })?;
            let text = text.replace("\r\n", "\n");
            read.texts.insert(file.clone(), redact(&text));
            for (line, text) in logical_lines(&text) {
                match Line::of(&text) {
                    Line::Include { path, requirement } => {
                        let included = include(root, &file, line, &path)?;
                        waiting.push((included, requirement && is_requirement));
                    }
                    Line::Option { name, value } => {
                        let folder =
                            root.join(&file).parent().map_or_else(|| root.to_owned(), Path::to_owned);
                        read.indexes.add(&name, &value, &folder);
                    }
                    Line::Requirement => read.any |= is_requirement,
                    Line::Nothing => {}
                }
            }
        }
        Ok(read)
    }
}

fn include(root: &Path, file: &str, line: usize, path: &str) -> Result<String, ProjectError> {
    let refused = |reason| ProjectError::Include {
        file: root.join(file).display().to_string(),
        line,
        path: redact(path),
        reason,
    };
    if path.contains("://") {
        return Err(refused("is not a file of the project"));
    }
    if path.starts_with('/') {
        return Err(refused("lies outside of the project's folder"));
    }
    // `..` may lead from one folder of the project to another.
    let mut target = PathBuf::from(file);
    target.pop();
    for part in path.split('/') {
        match part {
            ".." if !target.pop() => return Err(refused("lies outside of the project's folder")),
            ".." => {}
            part => target.push(part),
        }
    }
    let relative =
        target.to_str().and_then(normal).ok_or_else(|| refused("lies outside of the project's folder"))?;
    match fs::canonicalize(root.join(&relative)) {
        Ok(real) if real.starts_with(root) => Ok(relative),
        Ok(_) => Err(refused("lies outside of the project's folder")),
        Err(_) => Err(refused("is not there")),
    }
}

enum Line {
    Nothing,
    Requirement,
    Include { path: String, requirement: bool },
    Option { name: String, value: String },
}

impl Line {
    fn of(text: &str) -> Self {
        if text.is_empty() {
            return Self::Nothing;
        }
        if !text.starts_with('-') {
            return Self::Requirement;
        }
        // `-r file`, `-rfile`, `--requirement=file`, `--index-url URL`
        let (name, value) = match text.strip_prefix("--") {
            Some(_) => text.split_once(|c: char| c == '=' || c.is_whitespace()).unwrap_or((text, "")),
            None => text.split_at(2.min(text.len())),
        };
        let value = value.trim().trim_matches(['"', '\'']).to_owned();
        match name {
            "-r" | "--requirement" => Self::Include { path: value, requirement: true },
            "-c" | "--constraint" => Self::Include { path: value, requirement: false },
            "-e" | "--editable" => Self::Requirement,
            _ => Self::Option { name: name.to_owned(), value },
        }
    }
}

/// Lines with their numbers, comments taken off and continued lines joined, as pip reads them.
fn logical_lines(text: &str) -> Vec<(usize, String)> {
    let mut lines = Vec::new();
    let mut joined = String::new();
    for (number, line) in text.lines().enumerate() {
        let line = if line.trim_start().starts_with('#') { "" } else { line };
        if let Some(continued) = line.strip_suffix('\\') {
            joined.push_str(continued);
            continue;
        }
        joined.push_str(line);
        let end = joined.find(" #").or_else(|| joined.find("\t#")).unwrap_or(joined.len());
        lines.push((number + 1, joined[..end].trim().to_owned()));
        joined.clear();
    }
    lines.push((text.lines().count(), joined.trim().to_owned()));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn project(files: &[(&str, &str)]) -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let root = fs::canonicalize(folder.path()).unwrap();
        (folder, root)
    }

    #[test]
    fn included_files_are_read_once_and_indexes_are_collected() {
        let (_folder, root) = project(&[
            (
                "requirements.txt",
                "# all\r\n-r requirements/base.txt  # base\n--index-url \\\n  https://u:secret@host/simple\n",
            ),
            (
                "requirements/base.txt",
                "six==1.16.0\n-c ../constraints.txt\n-r ../requirements.txt\n--extra-index-url=https://b/simple",
            ),
            ("constraints.txt", "idna<3\n"),
        ]);
        let read = RequirementFiles::read(&root, &["requirements.txt".to_owned()]).unwrap();
        let files: Vec<&str> = read.texts.keys().map(String::as_str).collect();
        assert_eq!(files, ["constraints.txt", "requirements.txt", "requirements/base.txt"]);
        assert!(read.any);
        assert!(!read.texts["requirements.txt"].contains("secret"), "{:?}", read.texts);
        assert!(!read.texts["requirements.txt"].contains('\r'));
        assert_eq!(read.indexes.urls(), ["https://u:secret@host/simple", "https://b/simple"]);
    }

    #[test]
    fn constraints_ask_for_nothing() {
        let (_folder, root) = project(&[("r.txt", "-c c.txt\n"), ("c.txt", "idna<3\n")]);
        assert!(!RequirementFiles::read(&root, &["r.txt".to_owned()]).unwrap().any);
    }

    #[test]
    fn what_lies_outside_or_nowhere_is_refused_with_its_line() {
        for (line, reason) in [
            ("-r ../other.txt", "lies outside of the project's folder"),
            ("-r /etc/passwd", "lies outside of the project's folder"),
            ("-r gone.txt", "is not there"),
            ("-c https://u:pw@host/c.txt", "https://****@host/c.txt, which is not a file of the project"),
        ] {
            let (_folder, root) = project(&[("r.txt", &format!("six\n{line}\n"))]);
            let error = RequirementFiles::read(&root, &["r.txt".to_owned()]).unwrap_err().to_string();
            assert!(error.contains("r.txt:2: ") && error.ends_with(reason), "{line}: {error}");
        }
    }
}
