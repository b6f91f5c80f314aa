//! `tmpl jobs`: what ran, how it went, what it wrote. Read from the bucket alone.

mod diff;
pub(crate) mod figures;
pub(crate) mod graph;
mod list;
mod rerun;
mod show;
mod stop;

use std::process::ExitCode;

use tmpl_bucket::JobRecord;

use crate::arguments::JobsCommand;
use crate::context::Context;
use crate::printer::printable;
use crate::report::Failure;
use crate::{follow, result_table, submitter};

pub(crate) async fn run(context: &Context<'_>, command: JobsCommand) -> Result<ExitCode, Failure> {
    let bucket = context.open_bucket()?;
    let printer = context.printer;
    match command {
        JobsCommand::List(arguments) => list::run(context, &bucket, &arguments).await?,
        JobsCommand::Show { id } => show::run(context, &bucket, &id).await?,
        JobsCommand::Graph(arguments) => graph::run(context, &bucket, &arguments).await?,
        JobsCommand::Logs { id, follow, attempt } => {
            follow::logs(&bucket, &id, attempt, follow, printer).await?;
        }
        JobsCommand::Results { id, csv, limit, attempt } => {
            let attempt = follow::attempt(&bucket, &id, attempt).await?;
            let rows = bucket.results(&id, attempt, limit).await?;
            for warning in &rows.warnings {
                printer.warn(&printable(warning));
            }
            match (csv, printer.is_json()) {
                (true, _) => result_table::print_csv(printer, &rows)?,
                (false, true) => printer.json(&rows.rows)?,
                (false, false) => result_table::print(printer, &id, &rows)?,
            }
            if rows.more && (csv || printer.is_json()) {
                printer
                    .warn(&format!("there are more than these {limit} rows: --limit N shows more of them"));
            }
            if rows.rows.is_empty() {
                printer.say("the job has reported no rows");
            }
        }
        JobsCommand::Rerun(arguments) => return rerun::run(context, &bucket, &arguments).await,
        JobsCommand::Diff { first, second } => diff::run(printer, &bucket, &first, &second).await?,
        JobsCommand::Cancel { id, no_wait } => return stop::cancel(context, &bucket, &id, no_wait).await,
        JobsCommand::Drain { id, no_wait } => return stop::drain(context, &bucket, &id, no_wait).await,
        JobsCommand::Delete { ids } => {
            let submitter = submitter::submitter();
            for id in ids {
                bucket.delete_job(&id, &submitter).await?;
                printer.say(&format!("job {id} is deleted; the audit keeps that it was"));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// The runner of a job as people read it: `prod-flink (flink at http://…; place process)`.
fn runner_of(record: &JobRecord) -> String {
    let engine = record.profile.as_ref().map(|profile| match &profile.endpoint {
        Some(endpoint) => format!("{} at {endpoint}; ", profile.engine),
        None if profile.engine.as_str() == record.runner => String::new(),
        None => format!("{}; ", profile.engine),
    });
    format!("{} ({}place {})", record.runner, engine.unwrap_or_default(), record.place)
}
