//! Where a template's program begins.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What the launcher starts. Paths lie below the layers' folder `app/`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Entry {
    /// A Python program.
    Python {
        /// Its beginning.
        main: PythonMain,
        /// The version of apache-beam in the lock; absent for a program without Beam.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        beam: Option<String>,
    },
    /// A pipeline in Beam YAML, which Beam's SDK for Python runs.
    Yaml {
        /// The file of the pipeline.
        pipeline: String,
        /// The version of apache-beam in the lock.
        beam: String,
    },
    /// A program on the Java virtual machine.
    Java {
        /// The class whose `main` is called.
        main_class: String,
        /// Its jars, in the order of the class path.
        jars: Vec<String>,
        /// Whether it is a Beam pipeline.
        beam: bool,
    },
    /// A Beam pipeline in Go: one binary.
    Go {
        /// The file.
        binary: String,
    },
    /// Any executable file; its options are its own.
    Binary {
        /// The file.
        binary: String,
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

impl Entry {
    /// The version of Beam, where it is known.
    pub fn beam_version(&self) -> Option<&str> {
        match self {
            Self::Python { beam, .. } => beam.as_deref(),
            Self::Yaml { beam, .. } => Some(beam),
            Self::Java { .. } | Self::Go { .. } | Self::Binary { .. } => None,
        }
    }

    /// Whether the program is a Beam pipeline, and so has the options of every pipeline.
    pub fn is_beam(&self) -> bool {
        match self {
            Self::Python { beam, .. } => beam.is_some(),
            Self::Java { beam, .. } => *beam,
            Self::Yaml { .. } | Self::Go { .. } => true,
            Self::Binary { .. } => false,
        }
    }

    /// Whether Python runs it.
    pub fn is_python(&self) -> bool {
        matches!(self, Self::Python { .. } | Self::Yaml { .. })
    }
}

/// What somebody would type: `python -m wordcount`, `java Main`.
impl fmt::Display for Entry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Python { main: PythonMain::Module(module), .. } => write!(formatter, "python -m {module}"),
            Self::Python { main: PythonMain::File(file), .. } => write!(formatter, "python {file}"),
            Self::Yaml { pipeline, .. } => write!(formatter, "Beam YAML {pipeline}"),
            Self::Java { main_class, .. } => write!(formatter, "java {main_class}"),
            Self::Go { binary } | Self::Binary { binary } => formatter.write_str(binary),
        }
    }
}
