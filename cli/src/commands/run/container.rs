//! Place `docker`: the launcher is the first process of a container. The job is followed through the bucket; the engine tells when
//! the container ends, and how, if the launcher did not live to write that down.

use std::process::ExitCode;
use std::time::Duration;

use tmpl_bucket::{Bucket, JobRecord};
use tmpl_launcher::accept::LaunchRequest;
use tmpl_launcher::admission::{self, Standing};
use tmpl_launcher::engine::EngineImage;
use tmpl_launcher::launch;
use tmpl_launcher::place::docker::{self, CheckedContainer, DockerPlace, JobContainer};

use super::elsewhere::{end_of, request_stop};
use super::signals::Signals;
use super::{Launching, elsewhere, goes_on, introduce, leave, patience, plan, report, tell_end, write_id};
use crate::arguments::OnSignal;
use crate::context::Context;
use crate::follow;
use crate::narrator::Narrator;
use crate::report::{Failure, WAIT_TIMEOUT, signalled};

/// How often, in polls, it is asked whether the launcher still lives: seconds after its lease ran out is soon enough.
const JUDGE: u32 = 15;
/// How long a launcher has to do what was asked of it through the bucket, its program's grace included, and how long the engine
/// then gives it.
const CANCEL_LIMIT: Duration = Duration::from_secs(15);
const STOP_GRACE: Duration = Duration::from_secs(10);
/// How long the end of a container is waited for when its job has ended.
const LAST_MOMENTS: Duration = Duration::from_secs(5);

/// Launches a template in a container. `known` is the job that the launch became before, and that nobody has begun with.
pub(super) async fn run(
    context: &Context<'_>,
    launching: &Launching<'_>,
    bucket: &Bucket,
    mut request: LaunchRequest,
    known: Option<JobRecord>,
) -> Result<ExitCode, Failure> {
    let printer = context.printer;
    if let (Some(record), false) = (&known, launching.options.dry_run) {
        request.as_it_was(record)?;
    }
    let profile = launching.place.profile(&context.settings.docker);
    let checked = docker::check(bucket, &context.settings.runners, request, profile.clone()).await?;
    for warning in checked.warnings() {
        printer.warn(warning);
    }
    let place = DockerPlace::open(profile).await?;
    if launching.options.dry_run {
        let image = place.find_image(bucket, &checked).await?;
        return plan::print_container(printer, &checked.plan(bucket, &place, image));
    }
    let image = place.image(bucket, &checked, &mut |line| printer.say(&line)).await?;
    let record = match known {
        Some(record) => record,
        None => admission::reserve(bucket, checked.request(), checked.job()).await?,
    };
    let container = prepare(context, bucket, &place, &checked, &image, &record).await?;
    match begin(launching, bucket, &checked, &record, &container).await {
        Ok(Standing::Waiting) => introduce(printer, &record),
        Ok(_) => {
            // Somebody else was faster: theirs is the job's container, on this machine or another one.
            let _ = container.remove().await;
            return elsewhere::attend(context, launching, bucket, &record).await;
        }
        Err(failure) => {
            // Nothing of it is left: what could not begin is nobody's to clean up.
            let _ = container.remove().await;
            return Err(failure);
        }
    }
    if launching.options.detach {
        return leave(printer, &record);
    }
    attend(context, bucket, &record, launching, &container).await
}

/// Makes the container: all that can fail before the job is accepted.
async fn prepare(
    context: &Context<'_>,
    bucket: &Bucket,
    place: &DockerPlace,
    checked: &CheckedContainer,
    image: &EngineImage,
    record: &JobRecord,
) -> Result<JobContainer, Failure> {
    let printer = context.printer;
    // What others left behind is no reason not to launch.
    if let Err(error) = place.sweep(bucket).await {
        printer.warn(&format!("containers of jobs that ended could not be removed: {error}"));
    }
    let cache = context.settings.cache()?;
    let (container, warnings) = place.create(bucket, &cache, checked, image, record).await?;
    for warning in warnings {
        printer.warn(&warning);
    }
    Ok(container)
}

/// Writes the job down and starts its container.
async fn begin(
    launching: &Launching<'_>,
    bucket: &Bucket,
    checked: &CheckedContainer,
    record: &JobRecord,
    container: &JobContainer,
) -> Result<Standing, Failure> {
    write_id(launching, record)?;
    let standing = checked.accept(bucket, record).await?;
    if standing != Standing::Waiting {
        return Ok(standing);
    }
    if let Err(error) = container.start().await {
        // What was accepted has an end, also when it has no beginning. The error is told in any case.
        let _ = bucket.finish_job(record, &launch::failed(&error)).await;
        return Err(error.into());
    }
    Ok(standing)
}

/// Waits for a job, telling what it does and passing on the signals that come.
async fn attend(
    context: &Context<'_>,
    bucket: &Bucket,
    record: &JobRecord,
    launching: &Launching<'_>,
    container: &JobContainer,
) -> Result<ExitCode, Failure> {
    let printer = context.printer;
    let mut signals = Signals::listen()?;
    let mut narrator = Narrator::new(printer, bucket, record);
    let mut received = None;
    let mut polls = 0_u32;
    let time_over = tokio::time::sleep(patience(launching));
    let too_slow = tokio::time::sleep(super::LONGEST_WAIT);
    let mut told = |line: String| printer.warn(&line);
    let container_ended = container.ended(&mut told);
    tokio::pin!(time_over, too_slow, container_ended);
    let ended = loop {
        let number = tokio::select! {
            end = &mut container_ended => break container.settle(bucket, &end).await?,
            () = tokio::time::sleep(follow::poll(bucket)) => {
                narrator.catch_up().await?;
                polls += 1;
                match end_of(context, bucket, record, polls.is_multiple_of(JUDGE)).await? {
                    Some(ended) => break ended,
                    None => continue,
                }
            }
            () = &mut time_over, if launching.options.wait_timeout.is_some() => {
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
        if launching.options.on_signal == OnSignal::Detach {
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
    // Its launcher has told whoever wants to know, if it could.
    tell_end(context, bucket, record, &ended).await;
    report(printer, bucket, record, &ended, received).await
}
