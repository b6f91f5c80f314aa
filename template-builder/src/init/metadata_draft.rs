//! A first parameter description, from the options that the program declares with argparse.

use std::path::Path;
use std::process::{Command, Stdio};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::helper::ARGPARSE_OPTIONS;

/// A draft, or why there is none.
#[derive(Debug, Default)]
pub(super) struct Draft {
    /// The text of `metadata.json`.
    pub(super) text: Option<String>,
    pub(super) warnings: Vec<String>,
}

/// A description in the order that people write it in.
#[derive(Serialize)]
struct Metadata<'a> {
    name: &'a str,
    parameters: Vec<Parameter>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Parameter {
    name: Value,
    label: Value,
    help_text: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    is_optional: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    param_type: Option<Value>,
    #[serde(flatten)]
    other: Map<String, Value>,
}

#[derive(Deserialize)]
struct Options {
    parameters: Vec<Parameter>,
    #[serde(default)]
    warnings: Vec<String>,
}

/// Drafts the description of a program in these files, relative to the folder.
pub(super) fn draft(folder: &Path, files: &[String], title: &str, python: Option<&Path>) -> Draft {
    let failed =
        |why: String| Draft { text: None, warnings: vec![format!("no metadata.json was drafted: {why}")] };
    let Ok(helpers) = tempfile::tempdir() else { return failed("there is no temporary folder".to_owned()) };
    let Ok(helper) = ARGPARSE_OPTIONS.place(helpers.path()) else {
        return failed("the temporary folder can't be written to".to_owned());
    };
    let program = python.unwrap_or(Path::new("python3"));
    let asked = Command::new(program)
        .args(["-I", "-S", "-B"])
        .arg(helper)
        .args(files)
        .current_dir(folder)
        .stdin(Stdio::null())
        .output();
    let output = match asked {
        Ok(output) if output.status.success() => output,
        Ok(output) => return failed(crate::child::tail(&output.stderr, 3)),
        Err(error) => return failed(format!("{} can't be started: {error}", program.display())),
    };
    let options: Options = match serde_json::from_slice(&output.stdout) {
        Ok(options) => options,
        Err(error) => return failed(format!("the options can't be read: {error}")),
    };
    let metadata = Metadata { name: title, parameters: options.parameters };
    let text = serde_json::to_string_pretty(&metadata).unwrap_or_default() + "\n";
    Draft { text: Some(text), warnings: options.warnings }
}

/// `my-pipeline` as a title: `My pipeline`.
pub(super) fn title(name: &str) -> String {
    let words = name.replace(['-', '_', '.'], " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}
