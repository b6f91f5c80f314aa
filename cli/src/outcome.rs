//! How a job ended, told the same way by every command that waits for one.

use std::process::ExitCode;

use serde_json::json;
use tmpl_bucket::{Bucket, FinalRecord, JobRecord, ResultRows};
use tmpl_launcher::advice::advice;
use tmpl_template::JobState;

use crate::printer::{Printer, duration, printable};
use crate::report::Failure;
use crate::result_table;

/// The reason of a job that ended well and has nothing more to say.
const DONE: &str = "done";

/// Says how a job ended: on standard error for people, as one object on standard output for programs.
pub(crate) async fn report_end(
    printer: &Printer,
    bucket: &Bucket,
    record: &JobRecord,
    ended: &FinalRecord,
    code: u8,
) -> Result<ExitCode, Failure> {
    let rows = rows(bucket, record).await;
    let advice = advice(bucket, record, ended).await;
    for warning in &rows.warnings {
        printer.warn(&printable(warning));
    }
    if printer.is_json() {
        let mut end =
            json!({ "id": record.id, "name": record.name, "template": record.template, "end": ended });
        if let Some(advice) = &advice {
            end["ifItFails"] = json!(advice);
        }
        if !rows.rows.is_empty() {
            end["results"] = json!(rows.rows);
            end["moreResults"] = json!(rows.more);
        }
        // The job decides the exit code, not whoever stopped reading.
        if let Err(failure) = printer.json(&end)
            && !failure.silent
        {
            printer.warn(&failure.chain.join(": "));
        }
    }
    if !printer.is_json() {
        // Whoever stopped reading is no reason for the job to have another end.
        let _ = result_table::print(printer, &record.id, &rows);
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
    Err(Failure { hint: ended.hint.clone().or(log), advice, ..failure })
}

/// The rows of the job's newest attempt. A bucket that does not give them now is no reason not to say how the job ended.
async fn rows(bucket: &Bucket, record: &JobRecord) -> ResultRows {
    let read = async {
        let attempt = bucket.newest_attempt(&record.id).await?;
        bucket.results(&record.id, attempt, result_table::SHOWN).await
    };
    read.await.unwrap_or_else(|error| ResultRows {
        warnings: vec![format!("the result rows can't be read: {error}")],
        ..ResultRows::default()
    })
}
