//! `tmpl jobs cancel`.

use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use tmpl_bucket::{Bucket, StopMode, StopRequest};
use tmpl_template::JobId;

use crate::context::Context;
use crate::printer::{Printer, printable};
use crate::report::{CONTACT_LOST, Failure};
use crate::{settle, submitter};

/// How long a cancelled job may take to end: the grace of its program, and some.
const CANCEL_WAIT: Duration = Duration::from_secs(30);

pub(super) async fn run(
    context: &Context<'_>,
    bucket: &Bucket,
    id: &JobId,
    no_wait: bool,
) -> Result<ExitCode, Failure> {
    let request = StopRequest {
        time: Timestamp::now(),
        submitter: submitter::submitter(),
        mode: StopMode::Cancel,
        signal: None,
    };
    bucket.request_stop(id, &request).await?;
    if no_wait {
        return Ok(ExitCode::SUCCESS);
    }
    let patience = jiff::SignedDuration::try_from(CANCEL_WAIT).unwrap_or(jiff::SignedDuration::ZERO);
    match settle::wait(context, bucket, id, Some(patience)).await? {
        Some(ended) => {
            context.printer.say(&format!(
                "job {id} {}: {}",
                Printer::state(ended.state),
                printable(&ended.reason)
            ));
            Ok(ExitCode::SUCCESS)
        }
        None => Err(Failure::new(
            CONTACT_LOST,
            format!("job {id} has not ended {} s after it was asked to", CANCEL_WAIT.as_secs()),
        )
        .hint(format!("the request stays; `tmpl wait {id}` waits on"))),
    }
}
