//! The files of a folder that a build may look at: everything but what tools leave behind.
//!
//! A build backend decides itself what goes into a wheel. This list only has to hold all of it, and to be the same on every
//! machine that has the same sources.

use std::collections::BTreeMap;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use fs_err as fs;
use serde::{Deserialize, Serialize};
use walkdir::{DirEntry, WalkDir};

use crate::checksum::Checksum;
use crate::file_checksums::FileChecksums;
use crate::project_error::ProjectError;

/// A file's content, as far as a build can see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SourceFile {
    pub(crate) checksum: Checksum,
    pub(crate) executable: bool,
}

/// Paths relative to the folder, `/`-separated.
pub(crate) type SourceTree = BTreeMap<String, SourceFile>;

/// Whether a path ends in `.py`, `.whl`, …: exactly so, as Python and its tools see it.
pub(crate) fn has_extension(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|found| found == extension)
}

/// The files of a folder, sorted. Links are followed while they stay in the project; others are an error.
pub(crate) fn files(folder: &Path, project: &Path) -> Result<Vec<String>, ProjectError> {
    files_and_links(folder, project, &mut |odd, path| {
        let path = folder.join(path).display().to_string();
        Err(match odd {
            Odd::LeadsOut => ProjectError::LinkOutside { path },
            Odd::NotUtf8 => ProjectError::NotUtf8 { path },
        })
    })
}

/// What keeps a file of a folder from being one of a template.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Odd {
    /// It is a link that leads out of the project.
    LeadsOut,
    /// No layer can have its name.
    NotUtf8,
}

/// The files of a folder, sorted. `odd` is told of those that can't be in a template; they are left out unless it objects.
pub(crate) fn files_and_links(
    folder: &Path,
    project: &Path,
    odd: &mut dyn FnMut(Odd, &str) -> Result<(), ProjectError>,
) -> Result<Vec<String>, ProjectError> {
    let mut files = Vec::new();
    let mut walk = WalkDir::new(folder).follow_links(true).min_depth(1).sort_by_file_name().into_iter();
    while let Some(entry) = walk.next() {
        let entry = match entry {
            Ok(entry) => entry,
            // A link to nothing, as editors make for their locks, is no file.
            Err(error) if is_dangling(&error) => continue,
            Err(error) => {
                let file = error.path().unwrap_or(folder).display().to_string();
                return Err(ProjectError::Unreadable { file, source: error.into() });
            }
        };
        let inside = entry.path().strip_prefix(folder).unwrap_or(entry.path());
        let relative = inside.to_str();
        let is_inside = || fs::canonicalize(entry.path()).is_ok_and(|real| real.starts_with(project));
        let wanted = is_source(&entry, folder);
        let leads_out = wanted && entry.path_is_symlink() && !is_inside();
        if leads_out {
            odd(Odd::LeadsOut, &inside.to_string_lossy())?;
        } else if wanted && relative.is_none() {
            odd(Odd::NotUtf8, &inside.to_string_lossy())?;
        }
        if entry.file_type().is_dir() {
            if !wanted || leads_out {
                walk.skip_current_dir();
            }
        } else if let (true, false, true, Some(relative)) =
            (wanted, leads_out, entry.file_type().is_file(), relative)
        {
            files.push(relative.to_owned());
        }
    }
    Ok(files)
}

/// The files of a folder with their content's checksums.
pub(crate) fn read(
    folder: &Path,
    project: &Path,
    checksums: &FileChecksums,
) -> Result<SourceTree, ProjectError> {
    let mut tree = SourceTree::new();
    for file in files(folder, project)? {
        let path = folder.join(&file);
        let read = read_file(&path, checksums)
            .map_err(|source| ProjectError::Unreadable { file: path.display().to_string(), source });
        tree.insert(file, read?.0);
    }
    Ok(tree)
}

/// One file's content, and its size.
pub(crate) fn read_file(path: &Path, checksums: &FileChecksums) -> io::Result<(SourceFile, u64)> {
    let (checksum, meta) = checksums.of(path)?;
    let executable = meta.permissions().mode() & 0o100 != 0;
    Ok((SourceFile { checksum, executable }, meta.len()))
}

/// Copies files into another folder.
pub(crate) fn copy(from: &Path, to: &Path, files: impl Iterator<Item = impl AsRef<str>>) -> io::Result<()> {
    for file in files {
        let target = to.join(file.as_ref());
        if let Some(parent) = target.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::copy(from.join(file.as_ref()), target)?;
    }
    Ok(())
}

fn is_source(entry: &DirEntry, folder: &Path) -> bool {
    let name = entry.file_name().to_string_lossy();
    if !entry.file_type().is_dir() {
        let is_residue = |ending: &str| name.len() > ending.len() && name.ends_with(ending);
        return ![".pyc", ".swp", "~"].into_iter().any(is_residue)
            && name != ".DS_Store"
            && name != "tmpl.lock";
    }
    let at_top = entry.path().parent() == Some(folder);
    let is_residue = name.starts_with('.')
        || name == "__pycache__"
        || name == "node_modules"
        || name.ends_with(".egg-info")
        // What setuptools and `build` write; deeper in a package these names are as good as any.
        || (at_top && (name == "build" || name == "dist"));
    // A virtual environment, a cache, a bucket.
    let is_foreign = || {
        entry.path().join("pyvenv.cfg").exists()
            || entry.path().join("CACHEDIR.TAG").exists()
            || entry.path().join("staging/blobs").is_dir()
    };
    !is_residue && !is_foreign()
}

fn is_dangling(error: &walkdir::Error) -> bool {
    error.io_error().is_some_and(|error| error.kind() == io::ErrorKind::NotFound)
        && error.path().is_some_and(Path::is_symlink)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn tree(paths: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for path in paths {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "x").unwrap();
        }
        folder
    }

    #[test]
    fn residue_of_tools_is_left_out() {
        let folder = tree(&[
            "pyproject.toml",
            "src/pkg/__init__.py",
            "src/pkg/build/steps.py",
            "src/pkg/.hidden",
            "src/pkg/__pycache__/x.cpython-311.pyc",
            "src/pkg.egg-info/PKG-INFO",
            "build/lib/pkg/old.py",
            "dist/pkg.whl",
            ".git/HEAD",
            ".venv/pyvenv.cfg",
            "env/pyvenv.cfg",
            "env/lib/x.py",
            "bucket/staging/blobs/sha256/ab",
            "tmpl.lock",
        ]);
        symlink("nowhere", folder.path().join(".#lock")).unwrap();
        let found = files(folder.path(), folder.path()).unwrap();
        assert_eq!(
            found,
            ["pyproject.toml", "src/pkg/.hidden", "src/pkg/__init__.py", "src/pkg/build/steps.py"]
        );
    }

    #[test]
    fn links_may_lead_anywhere_in_the_project_and_nowhere_else() {
        let project = tree(&["shared/data.txt", "pkg/pyproject.toml"]);
        let root = fs::canonicalize(project.path()).unwrap();
        symlink("../shared", root.join("pkg/data")).unwrap();
        assert_eq!(files(&root.join("pkg"), &root).unwrap(), ["data/data.txt", "pyproject.toml"]);
        symlink("/etc/passwd", root.join("pkg/passwd")).unwrap();
        let error = files(&root.join("pkg"), &root).unwrap_err();
        assert!(
            error.to_string().ends_with("pkg/passwd is a link that leads out of the project's folder"),
            "{error}"
        );
    }

    #[test]
    fn a_name_that_no_layer_can_have_is_refused_and_not_left_out() {
        let project = tree(&["pkg/pyproject.toml"]);
        let root = fs::canonicalize(project.path()).unwrap();
        let name = <std::ffi::OsStr as std::os::unix::ffi::OsStrExt>::from_bytes(b"na\xffme.py");
        fs::write(root.join("pkg").join(name), "").unwrap();
        let error = files(&root.join("pkg"), &root).unwrap_err();
        assert!(error.to_string().ends_with("pkg/na\u{fffd}me.py is not UTF-8"), "{error}");
        assert_eq!(error.hint().as_deref(), Some("rename the file"));
        // Who only looks at some files is told of it and may go on.
        let mut told = Vec::new();
        let found = files_and_links(&root, &root, &mut |odd, path| {
            told.push((odd, path.to_owned()));
            Ok(())
        });
        assert_eq!(found.unwrap(), ["pkg/pyproject.toml"]);
        assert_eq!(told, [(Odd::NotUtf8, "pkg/na\u{fffd}me.py".to_owned())]);
    }
}
