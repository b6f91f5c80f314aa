//! `tmpl run`: check, write down, start, wait, say how it ended.

mod card;
mod container;
mod dry_run;
mod elsewhere;
mod if_running;
mod plan;
mod process;
mod signals;

use std::process::ExitCode;
use std::time::Duration;

use serde_json::json;
use tmpl_bucket::{Bucket, FinalRecord, JobRecord};
use tmpl_launcher::accept::{LaunchRequest, LaunchTemplate};
use tmpl_launcher::admission::Standing;
use tmpl_launcher::begin::{self, Recalled};
use tmpl_launcher::notices::{NoticeEvent, Notices};
use tmpl_launcher::place;
use tmpl_launcher::requested_runner::RequestedRunner;
use tmpl_launcher::this_process::host;
use tmpl_template::{JobState, RawParameters};

use crate::arguments::{LaunchOptions, Place, PlaceArguments, RunArguments};
use crate::context::Context;
use crate::outcome::report_end;
use crate::printer::Printer;
use crate::report::{Failure, USAGE, signalled};
use crate::{follow, parameters, submitter};

/// A wait without a limit, as far as timers go: ten years.
const LONGEST_WAIT: Duration = Duration::from_hours(10 * 365 * 24);

pub(crate) async fn run(context: &Context<'_>, arguments: RunArguments) -> Result<ExitCode, Failure> {
    let entered = parameters::gather(&arguments.parameters)?;
    let runner = arguments.runner.requested()?;
    let Launched { bucket, template, parameters, runner } = match (&arguments.template, &arguments.card) {
        (Some(template), _) => {
            let (bucket, template) = template.for_launch(context).await?;
            Launched { bucket, template, parameters: entered, runner }
        }
        (None, Some(card)) => card::launched(context, card, &entered, runner).await?,
        (None, None) => unreachable!("one of them must be given"),
    };
    let request = LaunchRequest {
        template,
        card: arguments.card.clone(),
        parameters,
        environment: arguments.environment.environment()?,
        runner,
        job_name: arguments.launch.job_name.clone(),
        python: arguments.launch.python.clone(),
        timeout: arguments.launch.timeout,
        overwrite: arguments.launch.overwrite,
        launch_key: arguments.launch.launch_key.clone(),
        retries: arguments.launch.retries(),
        lease: context.settings.lease,
        replay_of: None,
        notify: arguments.launch.notify.iter().filter(|target| target.is_web()).cloned().collect(),
        submitter: submitter::submitter(),
        working_directory: follow::working_directory()?,
    };
    launch(context, &Launching { options: &arguments.launch, place: &arguments.place }, &bucket, request)
        .await
}

/// What is launched, and where it is written down.
struct Launched {
    bucket: Bucket,
    template: LaunchTemplate,
    parameters: RawParameters,
    runner: RequestedRunner,
}

/// How a launch is made and waited for, and where it runs.
pub(crate) struct Launching<'a> {
    pub(crate) options: &'a LaunchOptions,
    pub(crate) place: &'a PlaceArguments,
}

/// Makes a launch, or finds the job that it became before.
pub(crate) async fn launch(
    context: &Context<'_>,
    launching: &Launching<'_>,
    bucket: &Bucket,
    request: LaunchRequest,
) -> Result<ExitCode, Failure> {
    launching.place.check()?;
    let word = match launching.place.place {
        Place::Process => place::PROCESS,
        Place::Docker => place::DOCKER,
    };
    // The name before the key: a job that has both at this moment took the key first, and is found by it.
    let holder = if_running::holder(launching, bucket).await?;
    let recalled = begin::recall(bucket, &request, word).await?;
    match &recalled {
        Some(Recalled { record, standing })
            if !launching.options.dry_run && *standing != Standing::Waiting =>
        {
            context
                .printer
                .say(&format!("job {} ({}), launched before under this key", record.id, record.name));
            write_id(launching, record)?;
            return elsewhere::attend(context, launching, bucket, record).await;
        }
        None => {
            if let Some(holder) = holder
                && let Some(code) = if_running::settle(context, launching, bucket, holder).await?
            {
                return Ok(code);
            }
        }
        _ => {}
    }
    let known = recalled.map(|recalled| recalled.record);
    match launching.place.place {
        Place::Process => Box::pin(process::run(context, launching, bucket, request, known)).await,
        Place::Docker => Box::pin(container::run(context, launching, bucket, request, known)).await,
    }
}

/// Writes the job's id where it was asked for, before anything starts.
fn write_id(launching: &Launching<'_>, record: &JobRecord) -> Result<(), Failure> {
    let Some(file) = &launching.options.id_file else { return Ok(()) };
    let written = fs_err::write(file, format!("{}\n", record.id));
    written.map_err(|error| Failure::new(USAGE, format!("--id-file: {error}")))
}

/// Tells of a job that was accepted.
fn introduce(printer: &Printer, record: &JobRecord) {
    printer.say(&format!("job {} ({})", record.id, record.name));
}

/// Tells whoever wants to know how a job ended whose launcher could not.
pub(crate) async fn tell_end(
    context: &Context<'_>,
    bucket: &Bucket,
    record: &JobRecord,
    ended: &FinalRecord,
) {
    let notices = Notices::of(bucket, record, &host(), context.settings.notices.clone());
    notices.tell(NoticeEvent::of_end(ended.state), Some(ended)).await;
}

/// Leaves a job that has begun, telling its id.
fn leave(printer: &Printer, record: &JobRecord) -> Result<ExitCode, Failure> {
    let data = json!({ "id": record.id, "name": record.name });
    let told = if printer.is_json() { printer.json(&data) } else { printer.data(record.id.as_str()) };
    told.map(|()| ExitCode::SUCCESS)
}

/// How long to wait for a job's end.
fn patience(launching: &Launching<'_>) -> Duration {
    let limit = launching.options.wait_timeout.map_or(Duration::MAX, jiff::SignedDuration::unsigned_abs);
    limit.min(LONGEST_WAIT)
}

/// Says how a job ended. `received` is the signal that this command took for a request to cancel.
async fn report(
    printer: &Printer,
    bucket: &Bucket,
    record: &JobRecord,
    ended: &FinalRecord,
    received: Option<i32>,
) -> Result<ExitCode, Failure> {
    let code = match received {
        Some(signal) if ended.state == JobState::Cancelled => signalled(signal),
        _ => ended.exit_code,
    };
    report_end(printer, bucket, record, ended, code).await
}

fn goes_on(record: &JobRecord, code: u8, why: &str) -> Failure {
    Failure::new(code, format!("job {} goes on: {why}", record.id))
        .hint(format!("`tmpl wait {}` waits for it, `tmpl jobs cancel {}` ends it", record.id, record.id))
}
