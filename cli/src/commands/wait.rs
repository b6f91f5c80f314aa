//! `tmpl wait`: the end of a job, from the bucket alone.

use std::process::ExitCode;

use crate::arguments::WaitArguments;
use crate::context::Context;
use crate::outcome::report_end;
use crate::report::{Failure, WAIT_TIMEOUT};
use crate::settle;

pub(crate) async fn run(context: &Context<'_>, arguments: &WaitArguments) -> Result<ExitCode, Failure> {
    let bucket = context.open_bucket()?;
    match settle::wait(context, &bucket, &arguments.id, arguments.wait_timeout).await? {
        Some(ended) => {
            let record = bucket.job_record(&arguments.id).await?;
            report_end(context.printer, &bucket, &record, &ended, ended.exit_code).await
        }
        None => {
            Err(Failure::new(WAIT_TIMEOUT, format!("job {} goes on; the time to wait is over", arguments.id))
                .hint(format!("`tmpl wait {}` waits on", arguments.id)))
        }
    }
}
