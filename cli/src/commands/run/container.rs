//! Place `docker`: the launcher is the first process of a container. The job is followed through the bucket; the engine tells when
//! the container ends, and how, if the launcher did not live to write that down.

use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use tmpl_bucket::{Bucket, FinalRecord, JobRecord, StopMode, StopRequest};
use tmpl_launcher::accept::LaunchRequest;
use tmpl_launcher::launch;
use tmpl_launcher::place::docker::{self, CheckedContainer, DockerPlace, JobContainer};

use super::signals::Signals;
use super::{goes_on, leave, patience, plan, report, write_id};
use crate::arguments::{OnSignal, RunArguments};
use crate::context::Context;
use crate::narrator::Narrator;
use crate::printer::Printer;
use crate::report::{Failure, WAIT_TIMEOUT, signalled};
use crate::submitter;

/// How often the bucket is asked whether there is more.
const POLL: Duration = Duration::from_millis(200);
/// How often, in polls, it is asked whether the launcher still lives: seconds after its lease ran out is soon enough.
const JUDGE: u32 = 15;
/// How long a launcher has to do what was asked of it through the bucket, its program's grace included, and how long the engine
/// then gives it.
const CANCEL_LIMIT: Duration = Duration::from_secs(15);
const STOP_GRACE: Duration = Duration::from_secs(10);
/// How long the end of a container is waited for when its job has ended.
const LAST_MOMENTS: Duration = Duration::from_secs(5);

/// Launches a template in a container.
pub(super) async fn run(
    context: &Context<'_>,
    arguments: &RunArguments,
    bucket: &Bucket,
    request: LaunchRequest,
) -> Result<ExitCode, Failure> {
    let printer = context.printer;
    let profile = arguments.place.profile(&context.settings.docker);
    let checked = docker::check(bucket, request, profile.clone()).await?;
    for warning in checked.warnings() {
        printer.warn(warning);
    }
    let place = DockerPlace::open(profile).await?;
    if arguments.dry_run {
        let image = place.find_image(bucket, &checked).await?;
        return plan::print_container(printer, &checked.plan(bucket, &place, image));
    }
    let (record, container) = prepare(context, bucket, &place, &checked).await?;
    if let Err(failure) = begin(printer, arguments, bucket, &checked, &record, &container).await {
        // Nothing of it is left: what could not begin is nobody's to clean up.
        let _ = container.remove().await;
        return Err(failure);
    }
    if arguments.detach {
        return leave(printer, &record);
    }
    attend(printer, bucket, &record, arguments, &container).await
}

/// Gets the image and makes the container: all that can take long, or fail, before the job is accepted.
async fn prepare(
    context: &Context<'_>,
    bucket: &Bucket,
    place: &DockerPlace,
    checked: &CheckedContainer,
) -> Result<(JobRecord, JobContainer), Failure> {
    let printer = context.printer;
    let image = place.image(bucket, checked, &mut |line| printer.say(&line)).await?;
    // What others left behind is no reason not to launch.
    if let Err(error) = place.sweep(bucket).await {
        printer.warn(&format!("containers of jobs that ended could not be removed: {error}"));
    }
    let record = checked.job();
    let cache = context.settings.cache()?;
    let (container, warnings) = place.create(bucket, &cache, checked, &image, &record).await?;
    for warning in warnings {
        printer.warn(&warning);
    }
    Ok((record, container))
}

/// Writes the job down and starts its container.
async fn begin(
    printer: &Printer,
    arguments: &RunArguments,
    bucket: &Bucket,
    checked: &CheckedContainer,
    record: &JobRecord,
    container: &JobContainer,
) -> Result<(), Failure> {
    write_id(arguments, record)?;
    checked.stage(bucket).await?;
    super::accept(printer, bucket, record).await?;
    if let Err(error) = container.start().await {
        // What was accepted has an end, also when it has no beginning. The error is told in any case.
        let _ = bucket.finish_job(&record.id, &launch::failed(&error)).await;
        return Err(error.into());
    }
    Ok(())
}

/// Waits for a job, telling what it does and passing on the signals that come.
async fn attend(
    printer: &Printer,
    bucket: &Bucket,
    record: &JobRecord,
    arguments: &RunArguments,
    container: &JobContainer,
) -> Result<ExitCode, Failure> {
    let mut signals = Signals::listen()?;
    let mut narrator = Narrator::new(printer, bucket, &record.id);
    let mut received = None;
    let mut polls = 0_u32;
    let time_over = tokio::time::sleep(patience(arguments));
    let too_slow = tokio::time::sleep(super::LONGEST_WAIT);
    let mut told = |line: String| printer.warn(&line);
    let container_ended = container.ended(&mut told);
    tokio::pin!(time_over, too_slow, container_ended);
    let ended = loop {
        let number = tokio::select! {
            end = &mut container_ended => break container.settle(bucket, &end).await?,
            () = tokio::time::sleep(POLL) => {
                narrator.catch_up().await?;
                polls += 1;
                match end_of(bucket, record, polls.is_multiple_of(JUDGE)).await? {
                    Some(ended) => break ended,
                    None => continue,
                }
            }
            () = &mut time_over, if arguments.wait_timeout.is_some() => {
                return Err(goes_on(record, WAIT_TIMEOUT, "the time to wait is over"));
            }
            () = &mut too_slow, if received.is_some() => {
                printer.warn("the launcher does not answer; stopping its container …");
                too_slow.as_mut().reset(tokio::time::Instant::now() + CANCEL_LIMIT);
                container.stop(STOP_GRACE).await?;
                continue;
            }
            number = signals.next() => number,
        };
        if arguments.on_signal == OnSignal::Detach {
            return Err(goes_on(record, signalled(number), "this command was told to leave it"));
        }
        if received.replace(number).is_none() {
            printer.say("cancelling the job …");
            too_slow.as_mut().reset(tokio::time::Instant::now() + CANCEL_LIMIT);
            request_stop(bucket, record, number).await?;
        }
    };
    // The launcher ends a moment after its job, and what it wrote last is then in its place.
    let _ = tokio::time::timeout(LAST_MOMENTS, container.ended(&mut |_| ())).await;
    narrator.finish().await?;
    if let Err(error) = container.remove().await {
        printer.warn(&format!("{}; the next launch removes it", Failure::from(error).chain.join(": ")));
    }
    report(printer, record, &ended, received)
}

/// The end of a job, where there was one. `judge` brings the job of a launcher that is gone to its end.
async fn end_of(bucket: &Bucket, record: &JobRecord, judge: bool) -> Result<Option<FinalRecord>, Failure> {
    if judge {
        return Ok(bucket.job_summary(&record.id).await?.ended);
    }
    Ok(bucket.final_record(&record.id).await?)
}

/// Asks for the job's end on behalf of whoever sent us a signal. A job that ended meanwhile has it.
async fn request_stop(bucket: &Bucket, record: &JobRecord, signal: i32) -> Result<(), Failure> {
    let request = StopRequest {
        time: Timestamp::now(),
        submitter: submitter::submitter(),
        mode: StopMode::Cancel,
        signal: Some(signal),
    };
    match bucket.request_stop(&record.id, &request).await {
        Err(tmpl_bucket::BucketError::Ended { .. }) => Ok(()),
        requested => Ok(requested?),
    }
}
