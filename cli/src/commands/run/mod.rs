//! `tmpl run`: check, write down, start, wait, say how it ended.

mod container;
mod plan;
mod process;
mod signals;

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use tmpl_bucket::{Bucket, FinalRecord, JobRecord};
use tmpl_launcher::accept::LaunchRequest;
use tmpl_template::JobState;

use crate::arguments::{Place, RunArguments};
use crate::context::Context;
use crate::outcome::report_end;
use crate::printer::Printer;
use crate::report::{Failure, USAGE, signalled};
use crate::{follow, parameters, submitter};

/// A wait without a limit, as far as timers go: ten years.
const LONGEST_WAIT: Duration = Duration::from_hours(10 * 365 * 24);

pub(crate) async fn run(context: &Context<'_>, arguments: RunArguments) -> Result<ExitCode, Failure> {
    arguments.place.check()?;
    let (bucket, template) = arguments.template.for_launch(context).await?;
    let request = LaunchRequest {
        template,
        parameters: parameters::gather(&arguments.parameters)?,
        environment: arguments.environment.environment()?,
        job_name: arguments.job_name.clone(),
        python: arguments.python.clone(),
        timeout: arguments.timeout,
        overwrite: arguments.overwrite,
        submitter: submitter::submitter(),
        working_directory: follow::working_directory()?,
    };
    match arguments.place.place {
        Place::Process => process::run(context, &arguments, &bucket, request).await,
        Place::Docker => container::run(context, &arguments, &bucket, request).await,
    }
}

/// Writes the job's id where it was asked for, before anything starts.
fn write_id(arguments: &RunArguments, record: &JobRecord) -> Result<(), Failure> {
    let Some(file) = &arguments.id_file else { return Ok(()) };
    let written = fs_err::write(file, format!("{}\n", record.id));
    written.map_err(|error| Failure::new(USAGE, format!("--id-file: {error}")))
}

/// Writes a job down. From here on it is accepted, and has an end in any case.
async fn accept(printer: &Printer, bucket: &Bucket, record: &JobRecord) -> Result<(), Failure> {
    bucket.accept_job(record).await?;
    printer.say(&format!("job {} ({})", record.id, record.name));
    Ok(())
}

/// Leaves a job that has begun, telling its id.
fn leave(printer: &Printer, record: &JobRecord) -> Result<ExitCode, Failure> {
    let data = json!({ "id": record.id, "name": record.name });
    let told = if printer.is_json() { printer.json(&data) } else { printer.data(record.id.as_str()) };
    told.map(|()| ExitCode::SUCCESS)
}

/// How long to wait for a job's end.
fn patience(arguments: &RunArguments) -> Duration {
    let limit = arguments.wait_timeout.map_or(Duration::MAX, jiff::SignedDuration::unsigned_abs);
    limit.min(LONGEST_WAIT)
}

/// Says how a job ended. `received` is the signal that this command took for a request to cancel.
fn report(
    printer: &Printer,
    record: &JobRecord,
    ended: &FinalRecord,
    received: Option<i32>,
) -> Result<ExitCode, Failure> {
    let code = match received {
        Some(signal) if ended.state == JobState::Cancelled => signalled(signal),
        _ => ended.exit_code,
    };
    report_end(printer, record, ended, code)
}

fn goes_on(record: &JobRecord, code: u8, why: &str) -> Failure {
    Failure::new(code, format!("job {} goes on: {why}", record.id))
        .hint(format!("`tmpl wait {}` waits for it, `tmpl jobs cancel {}` ends it", record.id, record.id))
}
