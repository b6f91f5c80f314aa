//! What the linter found in a file.

use std::fmt;
use std::ops::Range;

use serde::Serialize;

use crate::lint::Code;

/// What a file is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// The `metadata.json` that an author writes, as gcloud reads it.
    Metadata,
    /// A template as it lies in a bucket, as Google's service reads it.
    Spec,
    /// The file inside an image that says what its launcher starts.
    CommandSpec,
}

impl fmt::Display for FileKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Metadata => "metadata",
            Self::Spec => "spec",
            Self::CommandSpec => "command spec",
        })
    }
}

/// How much a finding weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// The file is refused.
    Error,
    /// The file is read, but hardly as its author means it.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// All that was found in a file, in the order of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Report {
    /// What the file was read as.
    pub kind: FileKind,
    /// What is wrong, by place; at the same place errors first.
    pub findings: Vec<Finding>,
}

impl Report {
    /// How many findings are errors.
    pub fn errors(&self) -> usize {
        self.findings.iter().filter(|finding| finding.severity == Severity::Error).count()
    }

    /// How many findings are warnings.
    pub fn warnings(&self) -> usize {
        self.findings.len() - self.errors()
    }

    /// How many findings have a fix.
    pub fn fixes(&self) -> usize {
        self.findings.iter().filter(|finding| finding.fix.is_some()).count()
    }
}

/// One thing that is wrong or doubtful.
///
/// Displayed as `12:5: error[format]: parameters[3].label: the text is empty`; the file's name is the caller's to add.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// Which rule says so; each has a page.
    pub code: Code,
    /// Whether the file is refused for it.
    pub severity: Severity,
    /// The line it begins in, counted from 1.
    pub line: usize,
    /// The column it begins at in characters, counted from 1.
    pub column: usize,
    /// The line it ends in.
    pub end_line: usize,
    /// The column behind its last character.
    pub end_column: usize,
    /// The key it is about, like `parameters[3].regexes[0]`; empty for the whole file.
    pub path: String,
    /// What is wrong, without the place.
    pub message: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// How to mend it, where that is certain.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fix: Option<Fix>,
}

impl fmt::Display for Finding {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}: {}[{}]: ", self.line, self.column, self.severity, self.code)?;
        if !self.path.is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(&self.message)
    }
}

/// A change of the text that mends a finding and nothing else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fix {
    /// What it does, like "write `isOptional`".
    pub description: String,
    /// Its parts, which do not overlap.
    pub edits: Vec<Edit>,
}

impl Fix {
    /// A fix that puts one text in the place of another.
    pub(super) fn replace(
        description: impl Into<String>,
        range: Range<usize>,
        replacement: impl Into<String>,
    ) -> Self {
        let edit = Edit { range, replacement: replacement.into() };
        Self { description: description.into(), edits: vec![edit] }
    }
}

/// A part of a text and what stands there afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Edit {
    /// Bytes of the text.
    pub range: Range<usize>,
    /// What takes their place.
    pub replacement: String,
}
