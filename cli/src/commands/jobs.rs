//! `tmpl jobs`: what ran, how it went, what it wrote. Read from the bucket alone.

use std::process::ExitCode;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tmpl_bucket::{EventKind, JobSummary, JobView, StopMode, StopRequest};
use tmpl_template::JobId;

use crate::arguments::JobsCommand;
use crate::context::Context;
use crate::printer::{Printer, duration, printable};
use crate::report::{CONTACT_LOST, Failure};
use crate::{follow, settle, submitter};

/// How long a cancelled job may take to end: the grace of its program, and some.
const CANCEL_WAIT: Duration = Duration::from_secs(30);

pub(crate) async fn run(context: &Context<'_>, command: JobsCommand) -> Result<ExitCode, Failure> {
    let bucket = context.open_bucket()?;
    let printer = context.printer;
    match command {
        JobsCommand::List { limit } => {
            let found = bucket.jobs(limit).await?;
            for warning in &found.warnings {
                printer.warn(&printable(warning));
            }
            list(printer, &found.jobs)?;
        }
        JobsCommand::Show { id } => show(printer, &bucket.job_view(&id).await?)?,
        JobsCommand::Logs { id, follow } => follow::logs(&bucket, &id, follow, printer).await?,
        JobsCommand::Cancel { id, no_wait } => return cancel(context, &bucket, &id, no_wait).await,
    }
    Ok(ExitCode::SUCCESS)
}

fn list(printer: &Printer, jobs: &[JobSummary]) -> Result<(), Failure> {
    if printer.is_json() {
        return printer.json(&jobs.iter().map(summary_json).collect::<Vec<_>>());
    }
    if jobs.is_empty() {
        printer.say("no jobs yet: `tmpl run` launches one");
        return Ok(());
    }
    let width = jobs.iter().map(|job| job.record.template.name.as_str().len()).max().unwrap_or(0).max(8);
    printer.data(&format!(
        "{:39}  {:width$}  {:10}  {:23}  {:>12}  who",
        "id", "template", "state", "started", "took"
    ))?;
    for job in jobs {
        // Colours have no width; the padding is made beside them.
        let padding = " ".repeat(10_usize.saturating_sub(job.state.word().len()));
        printer.data(&format!(
            "{:39}  {:width$}  {}{padding}  {:23}  {:>12}  {}",
            job.record.id.as_str(),
            job.record.template.name.as_str(),
            Printer::state(job.state),
            printer.time(job.record.created),
            duration(took(job)),
            printable(&job.record.submitter.who),
        ))?;
    }
    Ok(())
}

fn show(printer: &Printer, job: &JobView) -> Result<(), Failure> {
    if printer.is_json() {
        let mut value = summary_json(&job.summary);
        value["attempts"] = json!(job.attempts);
        value["events"] = json!(job.events);
        value["stop"] = json!(job.stop);
        return printer.json(&value);
    }
    let record = &job.summary.record;
    let lost = if job.summary.presumed_lost { " (presumed lost: its launcher stopped)" } else { "" };
    let mut lines = vec![
        format!("{} ({})", record.id, record.name),
        format!("  state      {}{lost}", Printer::state(job.summary.state)),
    ];
    if let Some(ended) = &job.summary.ended {
        lines.push(format!("  reason     {}", printable(&ended.reason)));
        lines.extend(
            ended.cause.iter().map(|cause| format!("  cause      {}", printable(&cause.to_string()))),
        );
        lines.extend(ended.hint.iter().map(|hint| format!("  hint       {}", printable(hint))));
    }
    lines.push(format!("  template   {}@{}", record.template.name, record.template.digest));
    lines.push(format!("  runner     {} (place {})", record.runner, record.place));
    lines.push(format!(
        "  who        {} on {}",
        printable(&record.submitter.who),
        printable(&record.submitter.host)
    ));
    lines.push(format!("  started    {}", printer.time(record.created)));
    lines.push(format!("  took       {}", duration(took(&job.summary))));
    lines.push("  parameters".to_owned());
    lines.extend(record.parameters.iter().map(|(name, value)| format!("    {name} = {}", printable(value))));
    lines.push("  timeline".to_owned());
    for event in &job.events {
        let text = match &event.kind {
            EventKind::State(state) => Printer::state(*state),
            EventKind::Message(text) => printable(text),
        };
        lines.push(format!("    {}  {text}", printer.time(event.time)));
    }
    if let Some(ended) = &job.summary.ended {
        lines.push(format!("    {}  {}", printer.time(ended.time), Printer::state(ended.state)));
    }
    for line in lines {
        printer.data(&line)?;
    }
    Ok(())
}

async fn cancel(
    context: &Context<'_>,
    bucket: &tmpl_bucket::Bucket,
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

fn summary_json(job: &JobSummary) -> serde_json::Value {
    json!({
        "job": job.record,
        "state": job.state,
        "presumedLost": job.presumed_lost,
        "end": job.ended,
    })
}

fn took(job: &JobSummary) -> jiff::SignedDuration {
    let until = job.ended.as_ref().map_or_else(Timestamp::now, |ended| ended.time);
    until.duration_since(job.record.created)
}
