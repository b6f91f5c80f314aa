//! Where a template's program begins.

use serde::{Deserialize, Serialize};

/// What the launcher starts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
pub enum Entry {
    /// A Python program.
    Python {
        /// Its beginning.
        main: PythonMain,
        /// The version of apache-beam in the lock; absent for a program without Beam.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beam: Option<String>,
    },
}

/// How Python is told what to run: `{"module": "wordcount"}` or `{"file": "main.py"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PythonMain {
    /// As `python -m MODULE`.
    Module(String),
    /// As `python FILE`, a path below the layers' folder `app/`.
    File(String),
}
