//! `tmpl worker-pool`: workers of a bucket's jobs, for the engine beside it.

use std::process::ExitCode;

use tmpl_launcher::worker::{PoolError, PoolNews, TemplateWorkers, WorkerJob, end_signal, serve_pool};

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
    // What is told of a pool that one job has alone is in that job's log: its workers' lines as they are, and what goes wrong.
    let own = arguments.job.is_some();
    let mut workers = TemplateWorkers::new(context.settings.cache()?, move |news| match news {
        PoolNews::Line(_, line) if own => printer.say(&printable(line)),
        news if news.is_bad() => printer.warn(&printable(&news.to_string())),
        news if !own => printer.say(&printable(&news.to_string())),
        _ => {}
    })?;
    workers.bucket = Some(bucket);
    workers.job = arguments.job.map(|id| WorkerJob { id, attempt: arguments.attempt });
    let listening = |address| {
        if !own {
            context.printer.say(&format!("the worker pool listens at {address}"));
        }
    };
    let port_file = arguments.port_file.as_deref();
    serve_pool(workers, &arguments.listen, port_file, listening, end_signal()?).await?;
    Ok(ExitCode::SUCCESS)
}

impl From<PoolError> for Failure {
    fn from(error: PoolError) -> Self {
        Self::of(&error, ENVIRONMENT, error.hint().map(str::to_owned))
    }
}
