//! `tmpl jobs cancel`, `tmpl jobs drain`.

use std::process::ExitCode;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tmpl_beam::graph::Graph;
use tmpl_bucket::{Bucket, DrainRefusal, FinalRecord, StopMode, StopRequest};
use tmpl_template::JobId;

use crate::context::Context;
use crate::printer::{Printer, printable};
use crate::report::{CONTACT_LOST, ENVIRONMENT, Failure, USAGE};
use crate::{settle, submitter};

/// How long a cancelled job may take to end: the grace of its program, and some.
const CANCEL_WAIT: Duration = Duration::from_secs(30);
/// How long an engine may take to cancel one.
const ENGINE_CANCEL_WAIT: Duration = Duration::from_secs(90);

/// How often it is asked whether an engine has refused to drain a job.
const REFUSAL_POLL: Duration = Duration::from_secs(1);

/// Asks for a job's end at once.
pub(super) async fn cancel(
    context: &Context<'_>,
    bucket: &Bucket,
    id: &JobId,
    no_wait: bool,
) -> Result<ExitCode, Failure> {
    request(bucket, id, StopMode::Cancel).await?;
    if no_wait {
        return Ok(ExitCode::SUCCESS);
    }
    let on_engine = bucket.job_record(id).await?.profile.is_some();
    let patience = if on_engine { ENGINE_CANCEL_WAIT } else { CANCEL_WAIT };
    match settle::wait(context, bucket, id, SignedDuration::try_from(patience).ok()).await? {
        Some(ended) if ended.exit_code == CONTACT_LOST => Err(not_ended(id, &ended)),
        Some(ended) => {
            tell(context, id, &ended);
            Ok(ExitCode::SUCCESS)
        }
        None => Err(Failure::new(
            CONTACT_LOST,
            format!("job {id} has not ended {} s after it was asked to", patience.as_secs()),
        )
        .hint(format!("the request stays; `tmpl wait {id}` waits on"))),
    }
}

/// Asks a job to finish what it has. A job that reads something with an end does that anyway.
pub(super) async fn drain(
    context: &Context<'_>,
    bucket: &Bucket,
    id: &JobId,
    no_wait: bool,
) -> Result<ExitCode, Failure> {
    let record = bucket.job_record(id).await?;
    let cancel = format!("`tmpl jobs cancel {id}` ends it at once");
    if record.profile.is_none() {
        return Err(Failure::new(USAGE, format!("job {id} runs on `direct`, which can't drain")).hint(cancel));
    }
    let Some(pipeline) = bucket.pipeline(id).await? else {
        return Err(
            Failure::new(USAGE, format!("job {id} has no graph yet: there is nothing to drain")).hint(cancel)
        );
    };
    if Graph::read(pipeline).is_ok_and(|graph| !graph.is_unbounded()) {
        return Err(Failure::new(USAGE, format!("job {id} reads only what has an end: it ends by itself"))
            .hint(cancel));
    }
    request(bucket, id, StopMode::Drain).await?;
    if no_wait {
        return Ok(ExitCode::SUCCESS);
    }
    // However much it has to finish.
    let ended = tokio::select! {
        ended = settle::wait(context, bucket, id, None) => ended?,
        refusal = refused(bucket, id) => return Err(not_drained(id, refusal?, &cancel)),
    };
    if let Some(ended) = ended {
        tell(context, id, &ended);
    }
    Ok(ExitCode::SUCCESS)
}

/// Waits until the engine refuses to drain a job.
async fn refused(bucket: &Bucket, id: &JobId) -> Result<DrainRefusal, Failure> {
    loop {
        if let Some(refusal) = bucket.drain_standing(id).await?.and_then(|standing| standing.answer?.refusal)
        {
            return Ok(refusal);
        }
        tokio::time::sleep(REFUSAL_POLL).await;
    }
}

fn not_drained(id: &JobId, refusal: DrainRefusal, cancel: &str) -> Failure {
    let failure = Failure::new(ENVIRONMENT, format!("job {id} can't be drained, and goes on"));
    let failure = failure.cause(refusal.reason);
    failure.hint(match refusal.hint {
        Some(hint) => format!("{hint}; {cancel}"),
        None => cancel.to_owned(),
    })
}

async fn request(bucket: &Bucket, id: &JobId, mode: StopMode) -> Result<(), Failure> {
    let submitter = submitter::submitter();
    let request = StopRequest { time: Timestamp::now(), submitter, mode, signal: None };
    Ok(bucket.request_stop(id, &request).await?)
}

/// The job is over here, and may go on on its engine: that is not what was asked for.
fn not_ended(id: &JobId, ended: &FinalRecord) -> Failure {
    let failure = Failure::new(CONTACT_LOST, format!("job {id} may not have ended"));
    let failure = failure.cause(ended.cause.as_ref().map_or(ended.reason.clone(), ToString::to_string));
    match &ended.hint {
        Some(hint) => failure.hint(hint.clone()),
        None => failure,
    }
}

fn tell(context: &Context<'_>, id: &JobId, ended: &FinalRecord) {
    context.printer.say(&format!("job {id} {}: {}", Printer::state(ended.state), printable(&ended.reason)));
}
