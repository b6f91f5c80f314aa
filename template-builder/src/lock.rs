//! `tmpl.lock`: the exact versions and hashes that a project's dependencies are, committed next to the project.
//!
//! It names no address and no machine: where a file comes from is decided by whoever builds, what it must be is decided here.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::path::Path;

use fs_err as fs;
use serde::{Deserialize, Serialize};
use tmpl_template::Digest;

use crate::BuildError;
use crate::atomic_file;
use crate::checksum::Checksum;
use crate::inputs::Inputs;
use crate::python_target::PythonTarget;

/// The file's name.
pub(crate) const FILE: &str = "tmpl.lock";
const FORMAT: u32 = 1;
const COMMENT: &str =
    "# Written by `tmpl build`: the exact versions this project is built with. Commit it; do not edit it.\n";

/// The name of the lock for a platform: `tmpl.lock` for the one that the project is for by itself, `tmpl.linux-arm64.lock` for
/// another. Other platforms have other wheels, and sometimes other versions.
pub(crate) fn file_for(platform: &str, own: &str) -> String {
    if platform == own { FILE.to_owned() } else { format!("tmpl.{}.lock", platform.replace('/', "-")) }
}

/// A project's locked dependencies. Lists are sorted by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Lock {
    format: u32,
    #[serde(default)]
    pub(crate) inputs: Inputs,
    #[serde(default, rename = "package")]
    pub(crate) packages: Vec<LockedPackage>,
    #[serde(default, rename = "local")]
    pub(crate) locals: Vec<LocalName>,
    #[serde(default, rename = "build")]
    pub(crate) builds: Vec<BuildPins>,
    /// What its images are built upon.
    #[serde(default)]
    pub(crate) base: Option<LockedBase>,
}

/// What images are built upon, exactly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockedBase {
    /// As the project names it.
    pub(crate) reference: String,
    /// The digest of its manifest or index.
    pub(crate) digest: Digest,
}

/// A distribution from an index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LockedPackage {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) source: LockedSource,
    /// The files it may be installed from: wheels that fit the target, or the one source distribution.
    pub(crate) hashes: Vec<Checksum>,
}

/// What a distribution is installed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum LockedSource {
    /// A wheel.
    Wheel,
    /// Source, built here with the pinned build requirements.
    Sdist,
}

/// What one of the project's own packages is called.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LocalName {
    pub(crate) path: String,
    pub(crate) name: String,
}

/// The exact requirements of a package's build.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct BuildPins {
    /// The package that is built with them.
    #[serde(rename = "for")]
    pub(crate) package: String,
    pub(crate) requirements: Vec<Pin>,
}

/// One exact version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Pin {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) hashes: Vec<Checksum>,
}

/// A line of a requirement file that only that version and those files satisfy.
pub(crate) fn requirement_line(name: &str, version: &str, hashes: &[Checksum]) -> String {
    let mut line = format!("{name}=={version}");
    for hash in hashes {
        let _ = write!(line, " --hash={hash}");
    }
    line.push('\n');
    line
}

/// The versions that a lock pins, by the names of their packages; nothing for a text that is no lock of this version.
pub fn locked_packages(bytes: &[u8]) -> Option<BTreeMap<String, String>> {
    let lock: Lock = toml::from_str(str::from_utf8(bytes).ok()?).ok()?;
    Some(lock.packages.into_iter().map(|package| (package.name, package.version)).collect())
}

impl Lock {
    pub(crate) fn new(
        inputs: Inputs,
        mut packages: Vec<LockedPackage>,
        mut locals: Vec<LocalName>,
        mut builds: Vec<BuildPins>,
    ) -> Self {
        for package in &mut packages {
            package.hashes.sort();
        }
        packages.sort();
        locals.sort();
        for build in &mut builds {
            build.requirements.sort();
        }
        builds.sort();
        Self { format: FORMAT, inputs, packages, locals, builds, base: None }
    }

    /// Reads the lock of a project, if it has one.
    pub(crate) fn read(file: &Path) -> Result<Option<Self>, BuildError> {
        let text = match fs::read_to_string(file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let failed = |message: String| BuildError::Lock { file: file.display().to_string(), message };
        let lock: Self =
            toml::from_str(&text).map_err(|error| failed(error.to_string().trim_end().to_owned()))?;
        if lock.format != FORMAT {
            return Err(failed(format!(
                "it has format {}, and this version of tmpl knows {FORMAT}",
                lock.format
            )));
        }
        Ok(Some(lock))
    }

    /// Writes the lock next to the project, whole or not at all.
    pub(crate) fn write(&self, file: &Path) -> io::Result<()> {
        atomic_file::write(file, self.render(self.base.as_ref()).as_bytes())
    }

    /// The file's text as far as it is about layers, as bytes that are kept in the bucket under [`digest`](Self::digest).
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.render(None).into_bytes()
    }

    /// The digest of those bytes.
    pub(crate) fn digest(&self) -> Digest {
        let checksum = Checksum::of(&self.bytes());
        tmpl_template::sha256_digest_from_hex(checksum.hex()).unwrap_or_else(|error| unreachable!("{error}"))
    }

    /// The package of that name.
    pub(crate) fn package(&self, name: &str) -> Option<&LockedPackage> {
        self.packages.iter().find(|package| package.name == name)
    }

    /// What a package is built with: nothing for one that is not built.
    pub(crate) fn pins(&self, name: &str) -> &[Pin] {
        self.builds.iter().find(|build| build.package == name).map_or(&[], |build| &build.requirements)
    }

    /// What the package in that folder of the project is called.
    pub(crate) fn local_name(&self, path: &str) -> Option<&str> {
        self.locals.iter().find(|local| local.path == path).map(|local| local.name.as_str())
    }

    /// What the files of the dependencies depend on: the packages and how they are built, not why they were chosen.
    pub(crate) fn dependency_checksum(&self, target: &PythonTarget) -> Checksum {
        let builds: Vec<_> =
            self.builds.iter().filter(|build| self.package(&build.package).is_some()).collect();
        Checksum::of_json(&(target, &self.packages, builds))
    }

    /// The file's text. One hash a line: a reviewer sees what changed.
    fn render(&self, base: Option<&LockedBase>) -> String {
        let mut text = format!("{COMMENT}format = {}\n\n[inputs]\n", self.format);
        let mut line = |arguments: std::fmt::Arguments<'_>| {
            let _ = text.write_fmt(arguments);
        };
        for (name, checksum) in &self.inputs.0 {
            line(format_args!("{} = \"{checksum}\"\n", quoted(name)));
        }
        if let Some(base) = base {
            line(format_args!(
                "\n[base]\nreference = {}\ndigest = \"{}\"\n",
                quoted(&base.reference),
                base.digest
            ));
        }
        for package in &self.packages {
            let source = match package.source {
                LockedSource::Wheel => "wheel",
                LockedSource::Sdist => "sdist",
            };
            line(format_args!("\n[[package]]\nname = {}\n", quoted(&package.name)));
            line(format_args!("version = {}\nsource = \"{source}\"\nhashes = [\n", quoted(&package.version)));
            package.hashes.iter().for_each(|hash| line(format_args!("    \"{hash}\",\n")));
            line(format_args!("]\n"));
        }
        for local in &self.locals {
            line(format_args!(
                "\n[[local]]\npath = {}\nname = {}\n",
                quoted(&local.path),
                quoted(&local.name)
            ));
        }
        for build in &self.builds {
            line(format_args!("\n[[build]]\nfor = {}\nrequirements = [\n", quoted(&build.package)));
            for pin in &build.requirements {
                line(format_args!(
                    "    {{ name = {}, version = {}, hashes = [",
                    quoted(&pin.name),
                    quoted(&pin.version)
                ));
                let hashes: Vec<String> = pin.hashes.iter().map(|hash| format!("\"{hash}\"")).collect();
                line(format_args!("{}] }},\n", hashes.join(", ")));
            }
            line(format_args!("]\n"));
        }
        text
    }
}

/// A basic TOML string; also a key.
fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lock() -> Lock {
        let inputs = Inputs([("requirements \"x\".txt".to_owned(), Checksum::of(b"a"))].into());
        let package = |name: &str, source| LockedPackage {
            name: name.to_owned(),
            version: "1.0".to_owned(),
            source,
            hashes: vec![Checksum::of(b"z"), Checksum::of(b"a")],
        };
        let pin =
            Pin { name: "setuptools".to_owned(), version: "80".to_owned(), hashes: vec![Checksum::of(b"s")] };
        Lock::new(
            inputs,
            vec![package("six", LockedSource::Wheel), package("docopt", LockedSource::Sdist)],
            vec![LocalName { path: ".".to_owned(), name: "mine".to_owned() }],
            vec![BuildPins { package: "docopt".to_owned(), requirements: vec![pin] }],
        )
    }

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        assert_eq!(Lock::read(&file).unwrap(), None);
        let digest = tmpl_template::sha256_of(b"base");
        let mut lock = lock();
        lock.base = Some(LockedBase { reference: "python:3.11".to_owned(), digest });
        lock.write(&file).unwrap();
        assert_eq!(Lock::read(&file).unwrap(), Some(lock));
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.starts_with("# Written by `tmpl build`"));
        assert!(text.find("docopt").unwrap() < text.find("six").unwrap(), "{text}");
    }

    #[test]
    fn damage_and_other_formats_are_named() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(FILE);
        for (text, message) in [
            ("format = 2\n", "it has format 2"),
            ("format = 1\nurl = \"x\"\n", "unknown field `url`"),
            ("<<<<<<< HEAD\n", "TOML parse error at line 1"),
            ("format = 1\n[inputs]\na = \"md5:x\"\n", "`md5:x` is not `sha256:`"),
        ] {
            fs::write(&file, text).unwrap();
            let error = Lock::read(&file).unwrap_err().to_string();
            assert!(error.contains("tmpl.lock can't be read") && error.contains(message), "{error}");
        }
    }

    #[test]
    fn requirements_of_the_projects_own_packages_are_no_dependency() {
        let target = PythonTarget::for_tests();
        let mut other = lock();
        other.inputs = Inputs::default();
        other.builds.push(BuildPins { package: "mine".to_owned(), requirements: Vec::new() });
        assert_eq!(other.dependency_checksum(&target), lock().dependency_checksum(&target));
        other.builds[0].requirements[0].version = "81".to_owned();
        assert_ne!(other.dependency_checksum(&target), lock().dependency_checksum(&target));
    }
}
