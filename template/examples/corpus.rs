//! Reads a folder of real files and holds what comes of it against what gcloud makes of them.
//!
//! The folder has `files/` and `INDEX.tsv` with the columns `file`, `kind` (`metadata`, `spec` or `command_spec`) and `notes`, in which
//! `gcloud-build: accepts` or `gcloud-build: REJECTS` is gcloud's verdict. Prints a table; ends with 1 where a verdict differs.

#![expect(clippy::print_stdout, reason = "a table is what this program is for")]
#![expect(clippy::disallowed_methods, reason = "a program for one's own machine")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use tmpl_template::lint::{FileKind, Severity, lint};
use tmpl_template::{CommandSpec, FormatError, Metadata, TemplateSpec};

fn main() -> Result<ExitCode, Box<dyn Error>> {
    let folder = std::env::args().nth(1).ok_or("say which folder: corpus DIR")?;
    let index = std::fs::read_to_string(Path::new(&folder).join("INDEX.tsv"))
        .map_err(|error| format!("{folder}/INDEX.tsv: {error}"))?;
    let mut lines = index.lines();
    let header: Vec<&str> = lines.next().ok_or("INDEX.tsv is empty")?.split('\t').collect();
    let column = |name: &str| {
        header.iter().position(|column| *column == name).ok_or(format!("INDEX.tsv has no column {name}"))
    };
    let (file, kind, notes) = (column("file")?, column("kind")?, column("notes")?);

    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut codes: BTreeMap<&str, usize> = BTreeMap::new();
    let mut wrong = Vec::new();
    let mut count = 0;
    for row in lines.filter(|row| !row.trim().is_empty()) {
        let cells: Vec<&str> = row.split('\t').collect();
        let cell = |index: usize| cells.get(index).copied().unwrap_or_default();
        let text = std::fs::read_to_string(Path::new(&folder).join("files").join(cell(file)))
            .map_err(|error| format!("{}: {error}", cell(file)))?;
        count += 1;
        let (file_kind, read) = match cell(kind) {
            "metadata" => (FileKind::Metadata, metadata(&text)),
            "spec" => (FileKind::Spec, spec(&text)),
            "command_spec" => (FileKind::CommandSpec, CommandSpec::parse(&text).map(|_| true)),
            other => return Err(format!("{}: the kind {other} is not known", cell(file)).into()),
        };
        let verdict = if cell(notes).contains("gcloud-build: REJECTS") { "refused" } else { "accepted" };
        let ours = if read.is_ok() { "accepted" } else { "refused" };
        *counts.entry(format!("{:<13} {ours} here, {verdict} by gcloud", cell(kind))).or_default() += 1;
        if ours != verdict {
            wrong.push(format!("{}: {ours} here, {verdict} by gcloud", cell(file)));
        }
        match read {
            Ok(false) => wrong.push(format!("{}: written and read again, it is another file", cell(file))),
            Ok(true) => {}
            Err(error) => println!("refused: {}: {error}", cell(file)),
        }
        let report = lint(&text, Some(file_kind));
        let found_errors = report.findings.iter().any(|finding| finding.severity == Severity::Error);
        if found_errors != (ours == "refused") {
            wrong.push(format!("{}: the linter disagrees with the reader", cell(file)));
        }
        if lint(&text, None).kind != file_kind {
            wrong.push(format!("{}: taken for a {}", cell(file), lint(&text, None).kind));
        }
        for finding in &report.findings {
            *codes.entry(finding.code.name()).or_default() += 1;
        }
    }
    println!("{count} files");
    for (line, number) in &counts {
        println!("{number:>6}  {line}");
    }
    println!("findings of the linter");
    for (code, number) in &codes {
        println!("{number:>6}  {code}");
    }
    for line in &wrong {
        println!("WRONG   {line}");
    }
    Ok(if wrong.is_empty() && count > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Whether what is written of the file reads back the same.
fn metadata(text: &str) -> Result<bool, FormatError> {
    let read = Metadata::parse(text)?;
    let spec = TemplateSpec::from(read.clone());
    Ok(TemplateSpec::parse(&spec.to_canonical_json())?.metadata == Some(read))
}

fn spec(text: &str) -> Result<bool, FormatError> {
    let read = TemplateSpec::parse(text)?;
    Ok(TemplateSpec::parse(&read.to_canonical_json())? == read)
}
