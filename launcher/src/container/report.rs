//! What the launcher of a container tells: lines on standard error, beside the program's own.

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::ExitCode;

use tmpl_bucket::causes;

use crate::container::error::ContainerError;

/// Tells an error, its causes and the remedy, and gives the exit code for it.
pub(crate) fn failure(error: &ContainerError) -> ExitCode {
    let mut lines = String::new();
    for (number, text) in causes(error).into_iter().enumerate() {
        let before = if number == 0 { "error" } else { "caused by" };
        let _ = writeln!(lines, "{before}: {text}");
    }
    if let Some(hint) = error.hint() {
        let _ = writeln!(lines, "hint: {hint}");
    }
    say(&lines);
    ExitCode::from(error.kind().exit_code())
}

/// Tells that the program failed in a way that it can't tell itself.
pub(crate) fn program_failed(what: &str, hint: &str) {
    say(&format!("error: {what}\nhint: {hint}\n"));
}

/// Tells something that is no failure.
pub(crate) fn note(text: &str) {
    say(&format!("launcher: {text}\n"));
}

/// A container whose standard error is closed is started all the same.
fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
