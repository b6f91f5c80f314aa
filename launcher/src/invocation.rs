//! What exactly is started: a plain value that a dry run prints, a snapshot tests and the guard executes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A program, its arguments and its surroundings.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Invocation {
    /// The executable.
    pub program: PathBuf,
    /// Its arguments, one element each: no shell reads them.
    pub arguments: Vec<String>,
    /// Variables that are set for it.
    pub environment: BTreeMap<String, ArgumentValue>,
    /// Names of variables that it does not inherit; a final `*` stands for any ending.
    pub removed: Vec<String>,
    /// Folders put in front of `PATH`, so that the environment's own commands are found first.
    pub search_path: Vec<PathBuf>,
    /// The folder it starts in.
    pub directory: PathBuf,
    /// Files that are written for it before it starts, readable by its user alone, and removed after.
    pub files: Vec<FilePlan>,
}

/// A value that may have to be looked up where the launcher runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ArgumentValue {
    /// The value.
    Plain(String),
    /// A reference to a secret: `env:NAME` or `file:PATH`. What it leads to is never printed or stored.
    Secret(String),
}

/// A parameter that reaches the program as a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FilePlan {
    /// The parameter.
    pub parameter: String,
    /// Where it is written.
    pub path: PathBuf,
    /// What is written.
    pub content: ArgumentValue,
}
