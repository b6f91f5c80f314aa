//! `tmpl worker-pool`: workers of a bucket's jobs, for the engine beside it.

use std::process::ExitCode;

use tmpl_launcher::worker::{PoolError, TemplateWorkers, WorkerJob, end_signal, serve_pool};

use crate::arguments::WorkerPoolArguments;
use crate::context::Context;
use crate::printer::printable;
use crate::report::{ENVIRONMENT, Failure};

pub(crate) async fn run(context: &Context<'_>, arguments: WorkerPoolArguments) -> Result<ExitCode, Failure> {
    let bucket = context.open_bucket()?;
    if let Some(id) = &arguments.job {
        // A job that is not there is told now, not to the engine.
        bucket.job_record(id).await?;
    }
    let printer = context.printer.clone();
    let mut workers = TemplateWorkers::new(context.settings.cache()?, move |news| {
        let text = printable(&news.to_string());
        if news.is_bad() { printer.warn(&text) } else { printer.say(&text) }
    })?;
    workers.bucket = Some(bucket);
    workers.job = arguments.job.map(|id| WorkerJob { id, attempt: arguments.attempt });
    let listening = |address| context.printer.say(&format!("the worker pool listens at {address}"));
    let port_file = arguments.port_file.as_deref();
    serve_pool(workers, &arguments.listen, port_file, listening, end_signal()?).await?;
    Ok(ExitCode::SUCCESS)
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        Self::of(&error, ENVIRONMENT, error.hint().map(str::to_owned))
    }
}
