//! `--if-running`: what becomes of a launch whose name another job has.

use std::process::ExitCode;

use jiff::Timestamp;
use serde_json::json;
use tmpl_bucket::{Bucket, BucketError, StopMode, StopRequest};
use tmpl_launcher::LaunchError;
use tmpl_template::JobId;

use super::Launching;
use crate::arguments::IfRunning;
use crate::context::Context;
use crate::report::{Failure, WAIT_TIMEOUT};
use crate::{settle, submitter};

/// The job that has the name of a launch, if another one has.
pub(super) async fn holder(launching: &Launching<'_>, bucket: &Bucket) -> Result<Option<JobId>, Failure> {
    match &launching.options.job_name {
        Some(name) if !launching.options.dry_run => Ok(bucket.job_of_name(name).await?),
        _ => Ok(None),
    }
}

/// Clears the way for a launch whose name a job has. Gives the exit code of a launch that is left out.
pub(super) async fn settle(
    context: &Context<'_>,
    launching: &Launching<'_>,
    bucket: &Bucket,
    holder: JobId,
) -> Result<Option<ExitCode>, Failure> {
    let Some(name) = &launching.options.job_name else { return Ok(None) };
    match launching.options.if_running {
        IfRunning::Fail => Err(LaunchError::NameInUse { name: name.to_string(), holder }.into()),
        IfRunning::Skip => skip(context, &holder).map(Some),
        IfRunning::Wait => {
            context.printer.say(&format!("waiting for job {holder}, which has the name {name} …"));
            wait(context, launching, bucket, &holder).await.map(|()| None)
        }
        IfRunning::Replace => {
            context.printer.say(&format!("cancelling job {holder}, which has the name {name} …"));
            let request = StopRequest {
                time: Timestamp::now(),
                submitter: submitter::submitter(),
                mode: StopMode::Cancel,
                signal: None,
            };
            match bucket.request_stop(&holder, &request).await {
                // A launch that is just being accepted can't be asked; its end is waited for.
                Ok(()) | Err(BucketError::Ended { .. } | BucketError::NoSuchJob { .. }) => {}
                Err(error) => return Err(error.into()),
            }
            wait(context, launching, bucket, &holder).await.map(|()| None)
        }
    }
}

fn skip(context: &Context<'_>, holder: &JobId) -> Result<ExitCode, Failure> {
    let printer = context.printer;
    printer.say(&format!("skipped: job {holder} has the name and has not ended"));
    let told = if printer.is_json() {
        printer.json(&json!({ "skipped": true, "id": holder }))
    } else {
        printer.data(holder.as_str())
    };
    told.map(|()| ExitCode::SUCCESS)
}

async fn wait(
    context: &Context<'_>,
    launching: &Launching<'_>,
    bucket: &Bucket,
    holder: &JobId,
) -> Result<(), Failure> {
    match settle::wait(context, bucket, holder, launching.options.wait_timeout).await? {
        Some(_) => Ok(()),
        None => Err(Failure::new(WAIT_TIMEOUT, format!("nothing was launched: job {holder} has not ended"))
            .hint(format!("`tmpl wait {holder}` waits for it, `tmpl jobs cancel {holder}` ends it"))),
    }
}
