//! What uv answers when it resolves for one target: `pylock.toml`, as far as a lock needs it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::BuildError;
use crate::checksum::Checksum;
use crate::lock::{LocalName, LockedPackage, LockedSource};

#[derive(Deserialize)]
struct File {
    #[serde(default)]
    packages: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: Option<String>,
    #[serde(default)]
    wheels: Vec<Artifact>,
    sdist: Option<Artifact>,
    directory: Option<Directory>,
    archive: Option<Artifact>,
    vcs: Option<toml::Table>,
}

#[derive(Deserialize)]
struct Artifact {
    url: Option<String>,
    path: Option<PathBuf>,
    #[serde(default)]
    hashes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct Directory {
    path: PathBuf,
}

/// A resolution for one target.
#[derive(Debug, Default)]
pub(crate) struct Resolution {
    pub(crate) packages: Vec<LockedPackage>,
    pub(crate) locals: Vec<LocalName>,
    /// Where the source distributions among `packages` can be had: name → address.
    pub(crate) sdists: BTreeMap<String, String>,
}

impl Resolution {
    /// Reads uv's answer. `folder` is where it was written; `local` tells what of the project lies at an absolute path.
    pub(crate) fn read(
        text: &str,
        folder: &Path,
        local: &dyn Fn(&Path) -> Option<String>,
    ) -> Result<Self, BuildError> {
        let file: File = toml::from_str(text).map_err(|error| BuildError::Uv {
            action: "resolving the requirements".to_owned(),
            message: format!("its answer can't be read: {}", error.message()),
        })?;
        let mut resolution = Self::default();
        for package in file.packages {
            resolution.add(package, folder, local)?;
        }
        Ok(resolution)
    }

    fn add(
        &mut self,
        package: Package,
        folder: &Path,
        local: &dyn Fn(&Path) -> Option<String>,
    ) -> Result<(), BuildError> {
        let refuse = |kind| BuildError::Requirement { name: package.name.clone(), kind };
        let path = package.directory.as_ref().map(|directory| &directory.path);
        let path = path.or_else(|| package.archive.as_ref().and_then(|archive| archive.path.as_ref()));
        if let Some(path) = path {
            let path = local(&folder.join(path)).ok_or_else(|| refuse("a path"))?;
            self.locals.push(LocalName { path, name: package.name });
            return Ok(());
        }
        if package.vcs.is_some() {
            return Err(refuse("an address of a version control system"));
        }
        if package.archive.is_some() {
            return Err(refuse("the address of a file"));
        }
        let Some(version) = package.version else { return Err(refuse("without a version")) };
        let mut wheels = Vec::new();
        for wheel in &package.wheels {
            wheels.push(checksum(wheel).ok_or_else(|| refuse("without a sha256 hash"))?);
        }
        let name = package.name.clone();
        if !wheels.is_empty() {
            self.packages.push(LockedPackage { name, version, source: LockedSource::Wheel, hashes: wheels });
            return Ok(());
        }
        let Some(sdist) = &package.sdist else {
            return Err(refuse("without any file for the target platform"));
        };
        let hashes = vec![checksum(sdist).ok_or_else(|| refuse("without a sha256 hash"))?];
        let address = sdist.url.clone().or_else(|| {
            let path = folder.join(sdist.path.as_ref()?);
            url::Url::from_file_path(path).ok().map(String::from)
        });
        self.sdists.insert(name.clone(), address.ok_or_else(|| refuse("without an address"))?);
        self.packages.push(LockedPackage { name, version, source: LockedSource::Sdist, hashes });
        Ok(())
    }
}

fn checksum(artifact: &Artifact) -> Option<Checksum> {
    Checksum::from_hex(artifact.hashes.get("sha256")?)
}

/// A `pylock.toml` that makes uv keep these versions where it can: versions move only when they must. Empty for none.
pub(crate) fn preferences<'a>(versions: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut versions = versions.peekable();
    if versions.peek().is_none() {
        return String::new();
    }
    let mut text = "lock-version = \"1.0\"\ncreated-by = \"tmpl\"\n".to_owned();
    for (name, version) in versions {
        // Names and versions come from a lock that was read: they hold no quotes that matter to anybody but its author.
        let _ = write!(text, "\n[[packages]]\nname = {name:?}\nversion = {version:?}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const HASH: &str = "3ff8b3b5492a0aa66960f4419365a86b84e013070d4313e4d4a6894f5d64d6bc";

    fn read(package: &str) -> Result<Resolution, BuildError> {
        let text =
            format!("lock-version = \"1.0\"\n[[packages]]\nname = \"a\"\n{package}").replace("HASH", HASH);
        let local = |path: &Path| (path == Path::new("/copy/kit")).then(|| "kit".to_owned());
        Resolution::read(&text, Path::new("/copy"), &local)
    }

    #[test]
    fn a_wheel_is_taken_before_source() {
        let sdist =
            "version = \"1\"\nsdist = { url = \"https://h/a.tar.gz\", hashes = { sha256 = \"HASH\" } }\n";
        let wheel = "wheels = [{ url = \"https://h/a.whl\", hashes = { sha256 = \"HASH\" } }]\n";
        let both = read(&format!("{sdist}{wheel}")).unwrap();
        assert_eq!(both.packages[0].source, LockedSource::Wheel);
        assert!(both.sdists.is_empty());
        let source = read(sdist).unwrap();
        assert_eq!(source.packages[0].source, LockedSource::Sdist);
        assert_eq!(source.sdists["a"], "https://h/a.tar.gz");
        assert_eq!(read("directory = { path = \"kit\" }").unwrap().locals[0].path, "kit");
        let file = read("version = \"1\"\nsdist = { path = \"a b.tar.gz\", hashes = { sha256 = \"HASH\" } }")
            .unwrap();
        assert_eq!(file.sdists["a"], "file:///copy/a%20b.tar.gz");
    }

    #[test]
    fn what_cannot_be_locked_is_named() {
        for (package, message) in [
            ("directory = { path = \"/elsewhere\" }", "it is a path"),
            (
                "vcs = { type = \"git\", url = \"https://h/x\" }",
                "it is an address of a version control system",
            ),
            (
                "archive = { url = \"https://h/a.whl\", hashes = { sha256 = \"HASH\" } }",
                "it is the address of a file",
            ),
            (
                "version = \"1\"\nwheels = [{ url = \"https://h/a.whl\", hashes = {} }]",
                "it is without a sha256 hash",
            ),
        ] {
            let error = read(package).unwrap_err();
            assert_eq!(error.to_string(), format!("requirement `a` can't be locked: {message}"), "{package}");
            assert!(error.hint().is_some());
        }
    }

    #[test]
    fn preferences_are_read_as_a_lock() {
        assert!(preferences([].into_iter()).is_empty());
        let text = preferences([("six", "1.16.0")].into_iter());
        let file: File = toml::from_str(&text).unwrap();
        assert_eq!(file.packages[0].version.as_deref(), Some("1.16.0"));
    }
}
