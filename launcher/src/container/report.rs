//! What the launcher of a container tells: lines on standard error, beside the program's own.

use std::io::Write;
use std::process::ExitCode;

use crate::{LaunchError, causes};

/// Tells an error, its causes and the remedy, and gives the exit code for it.
pub(crate) fn failure(error: &LaunchError) -> ExitCode {
    let mut lines = String::new();
    for (number, text) in causes(error).into_iter().enumerate() {
        lines.push_str(if number == 0 { "error: " } else { "caused by: " });
        lines.push_str(&text);
        lines.push('\n');
    }
    if let Some(hint) = error.hint() {
        lines.push_str(&format!("hint: {hint}\n"));
    }
    say(&lines);
    ExitCode::from(error.kind().exit_code())
}

/// Tells something that is no failure.
pub(crate) fn note(text: &str) {
    say(&format!("launcher: {text}\n"));
}

/// A container whose standard error is closed is started all the same.
fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
