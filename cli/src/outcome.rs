//! How a job ended, told the same way by every command that waits for one.

use std::process::ExitCode;

use serde_json::json;
use tmpl_bucket::{FinalRecord, JobRecord};
use tmpl_template::JobState;

use crate::printer::{Printer, duration};
use crate::report::Failure;

/// The reason of a job that ended well and has nothing more to say.
const DONE: &str = "done";

/// Says how a job ended: on standard error for people, as one object on standard output for programs.
pub(crate) fn report_end(
    printer: &Printer,
    record: &JobRecord,
    ended: &FinalRecord,
    code: u8,
) -> Result<ExitCode, Failure> {
    if printer.is_json() {
        let end = json!({ "id": record.id, "name": record.name, "template": record.template, "end": ended });
        // The job decides the exit code, not whoever stopped reading.
        if let Err(failure) = printer.json(&end)
            && !failure.silent
        {
            printer.warn(&failure.chain.join(": "));
        }
    }
    if ended.state == JobState::Done {
        if ended.reason != DONE {
            printer.warn(&ended.reason);
        }
        let took = ended.time.duration_since(record.created);
        printer.say(&format!("{} in {}", Printer::state(ended.state), duration(took)));
        return Ok(ExitCode::from(code));
    }
    // A launch that never reached the program has no log to look into.
    let log =
        (ended.program.is_some()).then(|| format!("`tmpl jobs logs {}` shows the whole log", record.id));
    let mut failure =
        Failure::new(code, format!("job {} {}: {}", record.id, ended.state.word(), ended.reason));
    if let Some(cause) = &ended.cause
        && cause.message != ended.reason
    {
        failure = failure.cause(cause.to_string());
    }
    match ended.hint.clone().or(log) {
        Some(hint) => Err(failure.hint(hint)),
        None => Err(failure),
    }
}
