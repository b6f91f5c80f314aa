//! Python packages that a pipeline wants installed when its workers start. Nothing is: what the environment has already is enough,
//! and anything else is named.
//!
//! Beam's SDK for Python stages them under fixed names (`stager.py`): `requirements.txt`, the files that pip would take for it,
//! `extra_packages.txt` with a name in each line, the program's own `workflow.tar.gz`, and an SDK.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::{StagedFile, WorkerError};

const REQUIREMENTS: &str = "requirements.txt";
const REQUIREMENTS_ROLE: &str = "beam:artifact:role:pip_requirements_file:v1";
const EXTRA_PACKAGES: &str = "extra_packages.txt";
/// What a `setup.py` makes of a program, and the SDK that somebody brought along: no names that could be looked up.
const NAMELESS: [(&str, &str); 2] = [
    ("workflow.tar.gz", "the program's own package (--setup_file)"),
    ("dataflow_python_sdk.tar", "another SDK (--sdk_location)"),
];

/// The packages of an environment: from their names, as pip compares them, to their versions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Packages(BTreeMap<String, String>);

impl Packages {
    /// The folders of an environment that hold packages: `lib/python3.x/site-packages`, and Debian's name for it.
    pub fn folders(root: &Path) -> Vec<PathBuf> {
        let folders = |python: PathBuf| ["site-packages", "dist-packages"].map(|name| python.join(name));
        entries(&root.join("lib")).into_iter().flat_map(folders).filter(|folder| folder.is_dir()).collect()
    }

    /// The packages in these folders. A folder that can't be read has none.
    fn installed(folders: &[PathBuf]) -> Self {
        let mut found = BTreeMap::new();
        for path in folders.iter().flat_map(|folder| entries(folder)) {
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .and_then(|name| name.strip_suffix(".dist-info"));
            if let Some((name, version)) = name.and_then(|name| name.split_once('-')) {
                found.insert(normalized(name), version.to_owned());
            }
        }
        Self(found)
    }

    /// Whether every package that was staged is there. `folders` are those that Python finds packages in; they are looked at only if
    /// packages were staged.
    pub fn check(staged: &[StagedFile], folders: &dyn Fn() -> Vec<PathBuf>) -> Result<(), WorkerError> {
        let asked = asked_for(staged)?;
        if asked.is_empty() {
            return Ok(());
        }
        let installed = Self::installed(&folders());
        let packages: Vec<String> =
            asked.into_iter().filter(|asked| !installed.satisfies(asked)).map(|asked| asked.told).collect();
        if packages.is_empty() { Ok(()) } else { Err(WorkerError::Packages { packages }) }
    }

    fn satisfies(&self, asked: &Asked) -> bool {
        let Some(name) = &asked.name else { return false };
        match (self.0.get(name), &asked.version) {
            (Some(_), None) => true,
            (Some(found), Some(version)) => found == version,
            (None, _) => false,
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder).map(|found| found.flatten().map(|entry| entry.path()).collect()).unwrap_or_default()
}

/// A package that is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Asked {
    /// Its name as pip compares it. Nothing where it has none.
    name: Option<String>,
    /// The one version that will do, where only one does.
    version: Option<String>,
    /// As the pipeline has it.
    told: String,
}

/// What of the staged files pip would be given. Files that `requirements.txt` is served from are not wanted by themselves.
fn asked_for(staged: &[StagedFile]) -> Result<Vec<Asked>, WorkerError> {
    let mut asked = Vec::new();
    for file in staged {
        if file.name == REQUIREMENTS || file.role_urn == REQUIREMENTS_ROLE {
            asked.extend(text(&file.path)?.lines().filter_map(requirement));
        } else if file.name == EXTRA_PACKAGES {
            asked.extend(
                text(&file.path)?.lines().map(str::trim).filter(|line| !line.is_empty()).map(distribution),
            );
        } else if let Some((_, what)) = NAMELESS.iter().find(|(name, _)| *name == file.name) {
            asked.push(Asked { name: None, version: None, told: (*what).to_owned() });
        }
    }
    Ok(asked)
}

fn text(path: &Path) -> Result<String, WorkerError> {
    let bytes = fs::read(path).map_err(|source| WorkerError::File { path: path.to_owned(), source })?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// A line of `requirements.txt`. Options and comments want nothing. A version counts where it is the only one that will do; ranges are
/// left to whoever made the environment.
fn requirement(line: &str) -> Option<Asked> {
    let line = line.split(" #").next().unwrap_or_default().trim();
    if line.is_empty() || line.starts_with(['#', '-', '\\']) {
        return None;
    }
    let told = line.split(';').next().unwrap_or_default().trim().trim_end_matches('\\').trim();
    let told = told.split(" --").next().unwrap_or_default().trim().to_owned();
    let end =
        told.find(|letter: char| !(letter.is_alphanumeric() || "._-".contains(letter))).unwrap_or(told.len());
    let rest = told[end..].trim();
    let rest =
        rest.strip_prefix('[').map_or(rest, |extras| extras.split_once(']').map_or("", |(_, rest)| rest));
    let version = rest.trim().strip_prefix("==").map(str::trim);
    let version = version.filter(|version| !version.contains([',', '*', ' '])).map(str::to_owned);
    Some(Asked { name: Some(normalized(&told[..end])), version, told })
}

/// The package in a file that pip takes: `NAME-VERSION-….whl`, `NAME-VERSION.tar.gz`.
fn distribution(file: &str) -> Asked {
    let wheel = file.strip_suffix(".whl").and_then(|stem| {
        let mut parts = stem.split('-');
        Some((parts.next()?, parts.next()?))
    });
    let source = || [".tar.gz", ".zip"].iter().find_map(|ending| file.strip_suffix(ending))?.rsplit_once('-');
    let found = wheel.or_else(source);
    Asked {
        name: found.map(|(name, _)| normalized(name)),
        version: found.map(|(_, version)| version.to_owned()),
        told: file.to_owned(),
    }
}

/// A name as pip compares names: small letters, one `-` for every run of `-`, `_` and `.`.
fn normalized(name: &str) -> String {
    let parts = name.split(['-', '_', '.']).filter(|part| !part.is_empty());
    parts.map(str::to_lowercase).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requirements_are_read_as_pip_reads_them() {
        for (line, name, version) in [
            ("numpy==2.1.0", "numpy", Some("2.1.0")),
            ("Apache_Beam[gcp]==2.77.0 \\", "apache-beam", Some("2.77.0")),
            ("requests>=2,<3  # why", "requests", None),
            ("zope.interface == 5.0 ; python_version < '4'", "zope-interface", Some("5.0")),
            ("six", "six", None),
            ("x==1.*", "x", None),
        ] {
            let found = requirement(line).unwrap();
            assert_eq!((found.name.as_deref(), found.version.as_deref()), (Some(name), version), "{line}");
        }
        for line in ["", "# numpy", "--hash=sha256:ab", "    --hash=sha256:ab", "-r other.txt"] {
            assert_eq!(requirement(line), None, "{line}");
        }
    }

    #[test]
    fn what_is_there_is_enough_and_what_is_not_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let environment = folder.path().join("environment");
        for name in ["numpy-2.1.0.dist-info", "Textkit-1.0.dist-info", "textkit"] {
            fs::create_dir_all(environment.join("lib/python3.11/site-packages").join(name)).unwrap();
        }
        let file = |name: &str, text: &str| {
            let path = tempfile::tempdir_in(&folder).unwrap().keep().join(name);
            fs::write(&path, text).unwrap();
            StagedFile { name: name.to_owned(), path, role_urn: String::new() }
        };
        for (staged, missing) in [
            (
                vec![
                    file("pickled_main_session", ""),
                    file("submission_environment_dependencies.txt", "x==1"),
                ],
                None,
            ),
            (vec![file("requirements.txt", "numpy==2.1.0\ntextkit\n"), file("numpy-2.1.0.tar.gz", "")], None),
            (vec![file("requirements.txt", "numpy==2.2.0\nflask==1\n")], Some("numpy==2.2.0, flask==1")),
            (vec![file("extra_packages.txt", "textkit-1.0-py3-none-any.whl\n")], None),
            (vec![file("extra_packages.txt", "my-own-0.1.tar.gz\n")], Some("my-own-0.1.tar.gz")),
            (vec![file("workflow.tar.gz", "")], Some("the program's own package (--setup_file)")),
        ] {
            let told = Packages::check(&staged, &|| Packages::folders(&environment))
                .err()
                .map(|error| error.to_string());
            let expected = missing.map(|missing| {
                format!("the pipeline wants packages installed that its workers do not have: {missing}")
            });
            assert_eq!(told, expected);
        }
    }
}
