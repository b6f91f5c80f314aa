//! What a program needs of the machine to run at all: an interpreter, a virtual machine, or nothing.

use std::path::{Path, PathBuf};

use tmpl_template::{Entry, PlatformBuild, TemplateName, runs_on_libc};

use crate::LaunchError;
use crate::cache::Cache;
use crate::interpreter::{self, Interpreter, InterpreterRequest};

/// What runs a program.
#[derive(Clone, Debug)]
pub(crate) enum Runtime {
    /// A Python.
    Python(Interpreter),
    /// A Java virtual machine: its `java`.
    Java(PathBuf),
    /// The Python that the program's own tree has: in an image that tree is a virtual environment as it lies there.
    Tree,
    /// The program itself.
    Native,
}

impl Runtime {
    /// Finds what an entry needs, of the version that its layers were made for.
    pub(crate) fn find(
        template: &TemplateName,
        entry: &Entry,
        platform: &PlatformBuild,
        python: Option<PathBuf>,
        cache: &Cache,
    ) -> Result<Self, LaunchError> {
        match (entry, &platform.interpreter) {
            (Entry::Python { .. } | Entry::Yaml { .. }, Some(built_for)) => {
                let wanted = InterpreterRequest {
                    version: built_for.version.clone(),
                    abi: Some(built_for.abi.clone()),
                    explicit: python,
                };
                let found = interpreter::find(&wanted, cache)?;
                check_libc(template, platform, &found)?;
                Ok(Self::Python(found))
            }
            (Entry::Python { .. } | Entry::Yaml { .. }, None) => {
                Err(LaunchError::NoVersion { name: template.to_string() })
            }
            (Entry::Java { .. }, _) => find_java().map(Self::Java).ok_or(LaunchError::NoJava),
            (Entry::Go { .. } | Entry::Binary { .. }, _) => Ok(Self::Native),
        }
    }

    /// What an entry needs besides a tree that an image brings along.
    pub(crate) fn of_tree(entry: &Entry) -> Result<Self, LaunchError> {
        match entry {
            Entry::Python { .. } | Entry::Yaml { .. } => Ok(Self::Tree),
            Entry::Java { .. } => find_java().map(Self::Java).ok_or(LaunchError::NoJava),
            Entry::Go { .. } | Entry::Binary { .. } => Ok(Self::Native),
        }
    }

    /// The Python.
    pub(crate) fn python(&self) -> Option<&Interpreter> {
        match self {
            Self::Python(interpreter) => Some(interpreter),
            Self::Java(_) | Self::Tree | Self::Native => None,
        }
    }

    /// The executable that is not the program's own.
    pub(crate) fn path(&self) -> Option<&Path> {
        match self {
            Self::Python(interpreter) => Some(&interpreter.path),
            Self::Java(java) => Some(java),
            Self::Tree | Self::Native => None,
        }
    }
}

/// `java` of `JAVA_HOME`, then of `PATH`: the order that Java's own tools have.
pub(crate) fn find_java() -> Option<PathBuf> {
    let home = std::env::var_os("JAVA_HOME").map(|home| PathBuf::from(home).join("bin/java"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let on_path = std::env::split_paths(&path).map(|folder| folder.join("java"));
    home.into_iter().chain(on_path).find(|java| java.is_file())
}

/// Binaries run on the C library they were built for, and on newer ones of the same kind.
fn check_libc(
    template: &TemplateName,
    platform: &PlatformBuild,
    interpreter: &Interpreter,
) -> Result<(), LaunchError> {
    match &platform.libc {
        Some(needed) if !runs_on_libc(needed, &interpreter.libc) => Err(LaunchError::Libc {
            name: template.to_string(),
            needed: needed.clone(),
            here: interpreter.libc.clone(),
        }),
        _ => Ok(()),
    }
}
