//! The small Python programs that a build needs, kept in this binary and run by the project's own interpreter.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::process::Command;

use crate::checksum::Checksum;
use crate::{BuildError, atomic_file, child};

/// How many lines of a failed program are worth showing.
const ERROR_LINES: usize = 8;

/// A program of ours.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Helper {
    name: &'static str,
    text: &'static str,
}

macro_rules! helper {
    ($name:literal) => {
        Helper { name: $name, text: include_str!(concat!("python/", $name)) }
    };
}

/// Byte-compiles files so that equal sources give equal bytes.
pub(crate) const COMPILE_TREE: Helper = helper!("compile_tree.py");
/// Finds imports that nothing provides, without running anything.
pub(crate) const RESOLVE_IMPORTS: Helper = helper!("resolve_imports.py");
/// Imports a template's main module.
pub(crate) const CHECK_MAIN: Helper = helper!("check_main.py");
/// Asks a build backend what else it needs.
pub(crate) const BACKEND_REQUIREMENTS: Helper = helper!("backend_requirements.py");
/// Unpacks a source distribution.
pub(crate) const UNPACK_SOURCE: Helper = helper!("unpack_source.py");
/// Drafts a parameter description from a program's options.
pub(crate) const ARGPARSE_OPTIONS: Helper = helper!("argparse_options.py");

impl Helper {
    /// The checksum of the program: another version of it may answer otherwise.
    pub(crate) fn checksum(self) -> Checksum {
        Checksum::of(self.text.as_bytes())
    }

    /// The call of the program, isolated from the user's settings and from all packages. `folder` is where it may lie.
    pub(crate) fn command(self, python: &Path, folder: &Path) -> Result<Command, BuildError> {
        self.with(python, folder, &["-I", "-S", "-B"])
    }

    /// The call of the program with the packages of the interpreter's environment.
    pub(crate) fn command_with_packages(self, python: &Path, folder: &Path) -> Result<Command, BuildError> {
        self.with(python, folder, &["-I", "-B"])
    }

    fn with(self, python: &Path, folder: &Path, options: &[&str]) -> Result<Command, BuildError> {
        let mut command = Command::new(python);
        command.args(options).arg(self.place(folder)?);
        // -I ignores PYTHON* variables, but a program that starts its interpreter again relies on this one.
        command.env("PYTHONHASHSEED", "0").env_remove("PYTHONPATH").env_remove("PYTHONHOME");
        Ok(command)
    }

    /// The program as a file, named by its content: another version of tmpl puts its own beside it.
    pub(crate) fn place(self, folder: &Path) -> Result<PathBuf, BuildError> {
        let place = folder.join(format!("{}-{}", &self.checksum().hex()[..12], self.name));
        if !place.is_file() {
            atomic_file::write(&place, self.text.as_bytes())?;
        }
        Ok(place)
    }

    /// Runs a call with a JSON request on stdin and reads the JSON it answers.
    pub(crate) async fn ask<T: DeserializeOwned>(
        self,
        command: Command,
        request: &impl Serialize,
    ) -> Result<T, BuildError> {
        let request = serde_json::to_vec(request).map_err(std::io::Error::from)?;
        let output = self.output(command, &request).await?;
        serde_json::from_slice(&output).map_err(|error| BuildError::Helper {
            script: self.name,
            message: format!("its answer can't be read: {error}"),
        })
    }

    /// Runs a call and gives what it printed.
    pub(crate) async fn output(self, command: Command, input: &[u8]) -> Result<Vec<u8>, BuildError> {
        let output = child::run(command, input).await?;
        if output.status.success() {
            return Ok(output.stdout);
        }
        Err(BuildError::Helper { script: self.name, message: child::tail(&output.stderr, ERROR_LINES) })
    }
}
