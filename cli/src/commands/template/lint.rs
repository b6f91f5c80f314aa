//! `tmpl template lint`: what gcloud, Google's service, a form or `tmpl` would stumble over, before they do.

use std::io::Read;
use std::path::Path;
use std::process::ExitCode;

use serde_json::{Value, json};
use tmpl_template::FormatError;
use tmpl_template::lint::{self, Code, FileKind, Finding, Report};

use crate::arguments::{LintArguments, LintKind};
use crate::context::Context;
use crate::printer::{Printer, printable};
use crate::report::{Failure, PROGRAM, USAGE};

pub(super) fn run(context: &Context<'_>, arguments: &LintArguments) -> Result<ExitCode, Failure> {
    let printer = context.printer;
    if let Some(code) = &arguments.explain {
        explain(printer, code)?;
        return Ok(ExitCode::SUCCESS);
    }
    let kind = arguments.kind.map(|kind| match kind {
        LintKind::Metadata => FileKind::Metadata,
        LintKind::Spec => FileKind::Spec,
        LintKind::CommandSpec => FileKind::CommandSpec,
    });
    let mut checked = Vec::new();
    for file in &arguments.files {
        checked.push(check(printer, file, kind, arguments.fix)?);
    }
    let (errors, warnings) = checked.iter().fold((0, 0), |(errors, warnings), file| {
        (errors + file.report.errors(), warnings + file.report.warnings())
    });
    if printer.is_json() {
        printer.json(&checked.iter().map(Checked::json).collect::<Vec<_>>())?;
    } else {
        checked.iter().try_for_each(|file| file.print(printer, arguments.github))?;
        let fixable: usize = checked.iter().map(|file| file.report.fixes()).sum();
        let files = checked.len();
        printer.say(&format!(
            "{}, {} in {}{}",
            count(errors, "error"),
            count(warnings, "warning"),
            count(files, "file"),
            if fixable > 0 { format!("; --fix mends {fixable}") } else { String::new() }
        ));
    }
    let failed = errors > 0 || (arguments.strict && warnings > 0);
    Ok(if failed { ExitCode::from(PROGRAM) } else { ExitCode::SUCCESS })
}

/// A file that was looked at.
struct Checked {
    file: String,
    text: String,
    report: Report,
    /// How many mistakes were mended.
    fixed: usize,
}

fn check(printer: &Printer, path: &Path, kind: Option<FileKind>, fix: bool) -> Result<Checked, Failure> {
    let (file, mut text) = read(path)?;
    let mut report = lint::lint(&text, kind);
    let mut fixed = 0;
    if fix && report.fixes() > 0 {
        let before = report.findings.len();
        let (mended, left) = lint::fix(&text, Some(report.kind));
        if mended != text {
            report = left;
            fixed = before.saturating_sub(report.findings.len());
            if file == "-" {
                printer.bytes(&mended)?;
            } else {
                write(path, &mended)?;
                printer.say(&format!("{file}: {} mended", count(fixed, "finding")));
            }
            text = mended;
        }
    }
    Ok(Checked { file, text, report, fixed })
}

impl Checked {
    fn print(&self, printer: &Printer, github: bool) -> Result<(), Failure> {
        for finding in &self.report.findings {
            if github {
                printer.data(&finding.github_annotation(&self.file))?;
                continue;
            }
            printer.data(&printable(&format!("{}:{finding}", self.file)))?;
            for line in self.excerpt(finding) {
                printer.data(&printable(&line))?;
            }
            if let Some(hint) = &finding.hint {
                printer.data(&printable(&format!("    hint: {hint}")))?;
            }
        }
        Ok(())
    }

    /// The line that a finding is on, with its place marked.
    fn excerpt(&self, finding: &Finding) -> Vec<String> {
        const WIDTH: usize = 100;
        let Some(line) = self.text.lines().nth(finding.line.saturating_sub(1)) else { return Vec::new() };
        let blank = line.chars().take_while(|c| c.is_whitespace()).count();
        let start = finding.column.saturating_sub(1);
        // A file without line breaks has one long line.
        let from = if start > WIDTH { start - WIDTH / 2 } else { blank };
        let shown: String = line.chars().skip(from).take(WIDTH).collect();
        let end =
            if finding.end_line == finding.line { finding.end_column.saturating_sub(1) } else { usize::MAX };
        let length = end.min(from + shown.chars().count()).saturating_sub(start).max(1);
        let indent = " ".repeat(start.saturating_sub(from));
        vec![format!("    {shown}"), format!("    {indent}{}", "^".repeat(length))]
    }

    fn json(&self) -> Value {
        json!({"file": self.file, "kind": self.report.kind, "fixed": self.fixed, "findings": self.report.findings})
    }
}

fn explain(printer: &Printer, name: &str) -> Result<(), Failure> {
    let Some(code) = Code::from_name(name) else {
        let near = tmpl_template::nearest(name, Code::ALL.iter().map(|code| code.name()));
        let hint = near.map_or_else(
            || {
                format!(
                    "the codes are {}",
                    Code::ALL.iter().map(|code| code.name()).collect::<Vec<_>>().join(", ")
                )
            },
            |near| format!("did you mean `{near}`?"),
        );
        return Err(Failure::new(USAGE, format!("{name} is no code of the linter")).hint(hint));
    };
    printer.data(code.documentation().trim_end())
}

fn read(path: &Path) -> Result<(String, String), Failure> {
    let file = path.display().to_string();
    let mut bytes = Vec::new();
    let most = FormatError::LONGEST_TEXT as u64 + 1;
    let read = if file == "-" {
        std::io::stdin().take(most).read_to_end(&mut bytes)
    } else {
        fs_err::File::open(path).and_then(|opened| opened.take(most).read_to_end(&mut bytes))
    };
    read.map_err(|error| {
        Failure::new(USAGE, error.to_string()).hint("give a metadata file, a spec or a command spec")
    })?;
    match String::from_utf8(bytes) {
        Ok(text) => Ok((file, text)),
        Err(error) => Err(Failure::new(USAGE, format!("{file} is not UTF-8"))
            .cause(error.utf8_error().to_string())
            .hint("save it as UTF-8")),
    }
}

/// Writes a file in its place, whole or not at all, with the permissions it had.
fn write(path: &Path, text: &str) -> Result<(), Failure> {
    // Through links, to the file that is meant.
    let path = fs_err::canonicalize(path)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("."));
    let file = tempfile::NamedTempFile::new_in(folder)?;
    fs_err::write(file.path(), text)?;
    fs_err::set_permissions(file.path(), fs_err::metadata(&path)?.permissions())?;
    file.persist(&path).map_err(|error| Failure::from(error.error))?;
    Ok(())
}

fn count(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}
