//! The package for authors of pipelines, `tmpl-sdk`: its sources are part of this program, which offers them to uv as a wheel. So a
//! project that requires it needs no index that has it, and no network.
//!
//! `sdk-image/python/build_wheel.py` makes a wheel of the same content for anybody else.

use std::io::{Cursor, Write};
use std::path::PathBuf;

use fs_err as fs;
use serde::Deserialize;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, System, ZipWriter};

use crate::builder_cache::BuilderCache;
use crate::checksum::Checksum;
use crate::{BuildError, atomic_file};

macro_rules! source {
    ($name:literal) => {
        ($name, include_str!(concat!("../../sdk-image/python/src/", $name)))
    };
}

/// The modules, sorted by name.
const SOURCES: [(&str, &str); 6] = [
    source!("tmpl_sdk/__init__.py"),
    source!("tmpl_sdk/beam.py"),
    source!("tmpl_sdk/py.typed"),
    source!("tmpl_sdk/results.py"),
    source!("tmpl_sdk/rows.py"),
    source!("tmpl_sdk/testing.py"),
];
const PYPROJECT: &str = include_str!("../../sdk-image/python/pyproject.toml");
const README: &str = include_str!("../../sdk-image/python/README.md");
const WHEEL: &str = "Wheel-Version: 1.0\nGenerator: tmpl-sdk\nRoot-Is-Purelib: true\nTag: py3-none-any\n";

#[derive(Deserialize)]
struct Pyproject {
    project: Project,
}

/// `[project]`, as far as it is in the wheel.
#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Project {
    name: String,
    version: String,
    description: String,
    license: String,
    requires_python: String,
}

/// The folder in which uv finds the wheel.
pub(crate) fn folder(cache: &BuilderCache) -> Result<PathBuf, BuildError> {
    let (name, bytes) = wheel()?;
    // By content: another version of this program may have another wheel of that name.
    let folder = cache.sdk(&Checksum::of(&bytes));
    let place = folder.join(name);
    if fs::read(&place).ok().as_deref() != Some(&bytes[..]) {
        atomic_file::write(&place, &bytes)?;
    }
    Ok(folder)
}

/// The wheel: its name, and its bytes, which depend on the sources alone.
fn wheel() -> Result<(String, Vec<u8>), BuildError> {
    let failed = |message: String| BuildError::Distribution { distribution: "tmpl-sdk".to_owned(), message };
    let Pyproject { project } = toml::from_str(PYPROJECT).map_err(|error| failed(error.to_string()))?;
    let stem = format!("{}-{}", project.name.replace('-', "_"), project.version);
    let information = |name: &str| format!("{stem}.dist-info/{name}");
    let mut files: Vec<(String, String)> =
        SOURCES.into_iter().map(|(name, text)| (name.to_owned(), lines(text))).collect();
    files.push((information("METADATA"), project.metadata()));
    files.push((information("WHEEL"), WHEEL.to_owned()));
    files.sort();
    let row = |(name, text): &(String, String)| {
        format!("{name},{},{}\n", Checksum::of(text.as_bytes()).record(), text.len())
    };
    // The list of files names itself, without its own digest, and comes last, as the format recommends.
    let record = files.iter().map(row).collect::<String>() + &information("RECORD") + ",,\n";
    files.push((information("RECORD"), record));

    // Nothing is compressed, since compressors differ; and the time is the earliest that there is.
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Stored)
        .last_modified_time(DateTime::default())
        .unix_permissions(0o644)
        .system(System::Unix);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(name, options).map_err(|error| failed(error.to_string()))?;
        archive.write_all(text.as_bytes())?;
    }
    let bytes = archive.finish().map_err(|error| failed(error.to_string()))?.into_inner();
    Ok((format!("{stem}-py3-none-any.whl"), bytes))
}

impl Project {
    fn metadata(&self) -> String {
        let fields = [
            ("Metadata-Version", "2.1"),
            ("Name", &self.name),
            ("Version", &self.version),
            ("Summary", &self.description),
            ("License", &self.license),
            ("Requires-Python", &self.requires_python),
            ("Description-Content-Type", "text/markdown"),
        ];
        let head = fields.map(|(name, value)| format!("{name}: {value}")).join("\n");
        format!("{head}\n\n{}", lines(README))
    }
}

/// A text as it is on every system: a checkout on Windows may have other ends of lines.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n")
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    /// Of the wheel. Locks name it: who changes the package gives it a new version in its `pyproject.toml`, and writes that and the
    /// new digest here.
    const KNOWN: (&str, &str) = (
        "tmpl_sdk-0.1.0-py3-none-any.whl",
        "9ee11b1fafda1d95ef9c1e4fbe2cb16ef06a9e364c79d69602e9d4b4cc8d2b52",
    );

    #[test]
    fn the_wheel_of_a_version_stays_as_it_is() {
        let (name, bytes) = wheel().unwrap();
        assert_eq!((name.as_str(), Checksum::of(&bytes).hex()), KNOWN);
    }

    /// Prints what two archives hold, where it differs.
    const COMPARE: &str = "
import sys, zipfile
def content(path):
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return [(entry.filename, entry.date_time, entry.compress_type, entry.create_system, entry.external_attr,
                 archive.read(entry)) for entry in archive.infolist()]
ours, theirs = map(content, sys.argv[1:])
assert len(ours) > 8, ours
print([pair for pair in zip(ours, theirs) if pair[0] != pair[1]], len(ours) - len(theirs))
";

    #[test]
    fn it_holds_what_the_script_puts_into_a_wheel() {
        let folder = tempfile::tempdir().unwrap();
        let ours = super::folder(&BuilderCache::new(folder.path())).unwrap();
        assert_eq!(super::folder(&BuilderCache::new(folder.path())).unwrap(), ours);
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../sdk-image/python/build_wheel.py");
        let run = |arguments: &[&str]| {
            let done = Command::new("python3").args(arguments).output().unwrap();
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
            String::from_utf8(done.stdout).unwrap().trim_end().to_owned()
        };
        let theirs = run(&[script, folder.path().to_str().unwrap()]);
        let ours = ours.join(KNOWN.0);
        assert_eq!(run(&["-c", COMPARE, ours.to_str().unwrap(), &theirs]), "[] 0");
    }
}
