//! A job that another launcher has: followed through the bucket.

use std::process::ExitCode;

use jiff::Timestamp;
use tmpl_bucket::{Bucket, BucketError, FinalRecord, JobRecord, StopMode, StopRequest};

use super::signals::Signals;
use super::{Launching, goes_on, leave, patience, report, tell_end};
use crate::arguments::OnSignal;
use crate::context::Context;
use crate::narrator::Narrator;
use crate::report::{CONTACT_LOST, Failure, WAIT_TIMEOUT, signalled};
use crate::{follow, submitter};

/// How often, in polls, it is asked whether the launcher still lives: seconds after its lease ran out is soon enough.
const JUDGE: u32 = 10;

/// Waits for a job, telling what it does and passing on the signals that come.
pub(super) async fn attend(
    context: &Context<'_>,
    launching: &Launching<'_>,
    bucket: &Bucket,
    record: &JobRecord,
) -> Result<ExitCode, Failure> {
    if launching.options.detach {
        return leave(context.printer, record);
    }
    let mut signals = Signals::listen()?;
    let mut narrator = Narrator::new(context.printer, bucket, record);
    let (mut received, mut polls) = (None, 0_u32);
    let time_over = tokio::time::sleep(patience(launching));
    tokio::pin!(time_over);
    let ended = loop {
        if let Some(ended) = end_of(context, bucket, record, polls.is_multiple_of(JUDGE)).await? {
            break ended;
        }
        polls += 1;
        narrator.catch_up().await?;
        let number = tokio::select! {
            () = tokio::time::sleep(follow::poll(bucket)) => continue,
            () = &mut time_over, if launching.options.wait_timeout.is_some() => {
                return Err(goes_on(record, WAIT_TIMEOUT, "the time to wait is over"));
            }
            number = signals.next() => number,
        };
        if launching.options.on_signal == OnSignal::Detach {
            return Err(goes_on(record, signalled(number), "this command was told to leave it"));
        }
        if received.replace(number).is_none() {
            context.printer.say("cancelling the job …");
            request_stop(bucket, record, number).await?;
        }
    };
    narrator.finish().await?;
    report(context.printer, bucket, record, &ended, received).await
}

/// The end of a job, where there was one. `judge` brings the job of a launcher that is gone to its end.
pub(super) async fn end_of(
    context: &Context<'_>,
    bucket: &Bucket,
    record: &JobRecord,
    judge: bool,
) -> Result<Option<FinalRecord>, Failure> {
    if !judge {
        return Ok(bucket.final_record(&record.id).await?);
    }
    let summary = bucket.job_summary(&record.id).await?;
    if summary.presumed_lost {
        return Err(Failure::new(
            CONTACT_LOST,
            format!("job {} is presumed lost: its launcher stopped", record.id),
        )
        .hint("this bucket can't be written to from here; whoever may write sees the job as failed"));
    }
    if let (true, Some(ended)) = (summary.reconciled, &summary.ended) {
        tell_end(context, bucket, record, ended).await;
    }
    Ok(summary.ended)
}

/// Asks for the job's end on behalf of whoever sent us a signal. A job that ended meanwhile has it.
pub(super) async fn request_stop(bucket: &Bucket, record: &JobRecord, signal: i32) -> Result<(), Failure> {
    let request = StopRequest {
        time: Timestamp::now(),
        submitter: submitter::submitter(),
        mode: StopMode::Cancel,
        signal: Some(signal),
    };
    match bucket.request_stop(&record.id, &request).await {
        Err(BucketError::Ended { .. }) => Ok(()),
        requested => Ok(requested?),
    }
}
