//! Which Python a folder's pipeline is for: what the folder says, else the interpreter that is there.

use std::path::Path;
use std::process::{Command, Stdio};

use fs_err as fs;

/// The version taken where nothing says another one and no interpreter is found.
const DEFAULT: u32 = 11;
const OLDEST: u32 = 9;

/// A minor version, `11` for 3.11, and where it was found.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct PythonFound {
    pub(super) minor: u32,
    pub(super) origin: String,
}

impl PythonFound {
    fn new(minor: u32, origin: impl Into<String>) -> Self {
        Self { minor, origin: origin.into() }
    }

    /// `3.11`
    pub(super) fn version(&self) -> String {
        format!("3.{}", self.minor)
    }
}

/// The interpreter: the one named, else `python3`.
pub(super) fn of_interpreter(python: Option<&Path>) -> PythonFound {
    let program = python.unwrap_or(Path::new("python3"));
    let asked = Command::new(program)
        .args(["-I", "-S", "-c", "import sys; print(sys.version_info[1])"])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output();
    let minor = asked.ok().and_then(|output| String::from_utf8(output.stdout).ok()?.trim().parse().ok());
    match minor.filter(|minor| *minor >= OLDEST) {
        Some(minor) => PythonFound::new(minor, format!("the version of {}", program.display())),
        None => PythonFound::new(DEFAULT, "the default"),
    }
}

/// What the folder says: `.python-version`, the image of its Dockerfile, `requires-python`; else the interpreter.
pub(super) fn of_folder(folder: &Path, image: Option<&str>, python: Option<&Path>) -> PythonFound {
    let read = |file: &str| fs::read_to_string(folder.join(file)).unwrap_or_default();
    if let Some(minor) = minor_in(&read(".python-version")) {
        return PythonFound::new(minor, ".python-version");
    }
    if let Some(minor) = image.and_then(of_image) {
        return PythonFound::new(minor, "the base image in Dockerfile");
    }
    let here = of_interpreter(python);
    for (file, key) in [
        ("pyproject.toml", "requires-python"),
        ("setup.py", "python_requires"),
        ("setup.cfg", "python_requires"),
    ] {
        let text = read(file);
        let Some(bounds) = text.lines().find_map(|line| line.trim().strip_prefix(key)) else { continue };
        let Some((lowest, highest)) = range(bounds) else { continue };
        if (lowest..=highest).contains(&here.minor) {
            return PythonFound::new(here.minor, format!("{}, which {key} in {file} allows", here.origin));
        }
        return PythonFound::new(lowest.max(OLDEST), format!("{key} in {file}"));
    }
    here
}

/// The first `3.N` in a text.
fn minor_in(text: &str) -> Option<u32> {
    minor_of_three(text).filter(|minor| *minor >= OLDEST)
}

fn minor_of_three(text: &str) -> Option<u32> {
    let (_, after) = text.split_once("3.")?;
    let digits: String = after.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

/// The version in an image's name: `python:3.11-slim`, `apache/beam_python3.12_sdk`, `python311-template-launcher-base`.
fn of_image(image: &str) -> Option<u32> {
    let after = image.split("python").skip(1).find(|after| after.starts_with(['3', ':']))?;
    if let Some(minor) = minor_in(after) {
        return Some(minor);
    }
    let digits: String = after.strip_prefix('3')?.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok().filter(|minor| *minor >= OLDEST)
}

/// The lowest and the highest minor version that bounds like `>=3.9,<3.13` allow.
fn range(bounds: &str) -> Option<(u32, u32)> {
    let (mut lowest, mut highest) = (0, u32::MAX);
    // ` = ">=3.9,<3.13"`: the sign of the assignment first, then what is in quotes.
    let bounds = bounds.trim_start().trim_start_matches([':', '=']);
    for bound in bounds.split(',') {
        let bound = bound.trim_matches([' ', '"', '\'']);
        let Some(minor) = minor_of_three(bound) else { continue };
        if bound.starts_with("<=") {
            highest = minor;
        } else if bound.starts_with('<') {
            highest = minor.saturating_sub(1);
        } else if bound.starts_with('>') {
            lowest = minor;
        } else if !bound.starts_with("!=") {
            (lowest, highest) = (minor, minor);
        }
    }
    (lowest > 0 || highest < u32::MAX).then_some((lowest, highest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_tell_their_python() {
        for (image, minor) in [
            ("python:3.11-slim", Some(11)),
            ("docker.io/library/python:3.12.1", Some(12)),
            ("apache/beam_python3.10_sdk:2.77.0", Some(10)),
            ("gcr.io/dataflow-templates-base/python311-template-launcher-base:latest", Some(11)),
            ("gcr.io/dataflow-templates-base/python3-template-launcher-base", None),
            ("debian:12", None),
        ] {
            assert_eq!(of_image(image), minor, "{image}");
        }
    }

    #[test]
    fn bounds_are_read() {
        for (bounds, expected) in [
            (" = \">=3.9,<3.13\"", Some((9, 12))),
            ("=\">=3.11\",", Some((11, u32::MAX))),
            (" = \"==3.10.*\"", Some((10, 10))),
            (" = \"~=3.12\"", Some((12, 12))),
            (" = \"<=3.12, >=3.10\"", Some((10, 12))),
            (" = \"\"", None),
        ] {
            assert_eq!(range(bounds), expected, "{bounds}");
        }
    }

    #[test]
    fn the_folder_comes_before_the_interpreter() {
        let folder = tempfile::tempdir().unwrap();
        let write = |file: &str, text: &str| fs::write(folder.path().join(file), text).unwrap();
        let none = Some(Path::new("/nowhere/python"));
        assert_eq!(of_folder(folder.path(), None, none), PythonFound::new(11, "the default"));
        write("pyproject.toml", "[project]\nrequires-python = \">=3.12\"\n");
        assert_eq!(
            of_folder(folder.path(), None, none),
            PythonFound::new(12, "requires-python in pyproject.toml")
        );
        assert_eq!(of_folder(folder.path(), Some("python:3.10"), none).minor, 10);
        write(".python-version", "3.13.1\n");
        assert_eq!(
            of_folder(folder.path(), Some("python:3.10"), none),
            PythonFound::new(13, ".python-version")
        );
    }
}
