//! `tmpl jobs show`.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tmpl_beam::metrics::Metrics;
use tmpl_bucket::{Bucket, EventKind, JobView, NoticeOutcome, ResultRows};
use tmpl_launcher::advice::advice;
use tmpl_template::JobId;

use super::{figures, runner_of};
use crate::commands::run::tell_end;
use crate::context::Context;
use crate::printer::{Printer, duration, printable, size};
use crate::report::Failure;

/// How many rows are counted.
const COUNTED: usize = 10_000;

/// What lies beside a job's records.
struct Made {
    artifacts: Vec<(String, u64)>,
    rows: ResultRows,
    notices: Vec<NoticeOutcome>,
    metrics: Option<Metrics>,
    /// What the template's author says about a job that stopped half-way.
    advice: Option<String>,
}

pub(super) async fn run(context: &Context<'_>, bucket: &Bucket, id: &JobId) -> Result<(), Failure> {
    let job = bucket.job_view(id).await?;
    let attempt = u32::try_from(job.attempts.len()).unwrap_or(1).max(1);
    let made = Made {
        artifacts: bucket.artifacts(id).await?,
        rows: bucket.results(id, attempt, COUNTED).await?,
        notices: bucket.notices(id).await?,
        metrics: figures::read(bucket, id, Some(attempt), context.printer).await,
        advice: match &job.summary.ended {
            Some(ended) => advice(bucket, &job.summary.record, ended).await,
            None => None,
        },
    };
    print(context.printer, &job, &made)?;
    if let (true, Some(ended)) = (job.summary.reconciled, &job.summary.ended) {
        tell_end(context, bucket, &job.summary.record, ended).await;
    }
    Ok(())
}

fn print(printer: &Printer, job: &JobView, made: &Made) -> Result<(), Failure> {
    let summary = &job.summary;
    if printer.is_json() {
        let artifacts: Vec<_> =
            made.artifacts.iter().map(|(name, bytes)| json!({ "name": name, "bytes": bytes })).collect();
        return printer.json(&json!({
            "job": summary.record,
            "state": summary.state,
            "presumedLost": summary.presumed_lost,
            "end": summary.ended,
            "ifItFails": made.advice,
            "attempts": job.attempts,
            "events": job.events,
            "stop": job.stop,
            "artifacts": artifacts,
            "notices": made.notices,
            "resultRows": made.rows.rows.len(),
            "moreResultRows": made.rows.more,
            "metrics": made.metrics,
        }));
    }
    let record = &summary.record;
    let lost = if summary.presumed_lost { " (presumed lost: its launcher stopped)" } else { "" };
    let mut lines = vec![
        format!("{} ({})", record.id, record.name),
        format!("  state      {}{lost}", Printer::state(summary.state)),
    ];
    if let Some(ended) = &summary.ended {
        lines.push(format!("  reason     {}", printable(&ended.reason)));
        lines.extend(
            ended.cause.iter().map(|cause| format!("  cause      {}", printable(&cause.to_string()))),
        );
        lines.extend(ended.hint.iter().map(|hint| format!("  hint       {}", printable(hint))));
    }
    lines.extend(made.advice.iter().map(|advice| format!("  advice     {}", printable(advice))));
    lines.push(format!("  template   {}@{}", record.template.name, record.template.digest));
    lines.extend(record.card.iter().map(|card| format!("  card       {card}")));
    lines.push(format!("  runner     {}", printable(&runner_of(record))));
    let options = record.profile.iter().flat_map(|profile| &profile.options);
    lines.extend(options.map(|(name, value)| printable(&format!("  option     {name} = {value}"))));
    lines.extend(record.limits.iter().map(|(phase, limit)| format!("  limit      {phase} {limit:#}")));
    lines.push(format!(
        "  who        {} on {}",
        printable(&record.submitter.who),
        printable(&record.submitter.host)
    ));
    lines.push(format!("  started    {}", printer.time(record.created)));
    lines.push(format!("  took       {}", duration(took(job))));
    lines.extend(record.launch_key.iter().map(|key| format!("  key        {}", printable(key))));
    lines.extend(attempts(printer, job));
    lines.push("  parameters".to_owned());
    lines.extend(record.parameters.iter().map(|(name, value)| format!("    {name} = {}", printable(value))));
    lines.push("  timeline".to_owned());
    for event in &job.events {
        let text = match &event.kind {
            EventKind::State(state) => Printer::state(*state),
            EventKind::Message(text) => printable(text),
            EventKind::Native(state) => format!("the engine says {}", printable(state)),
        };
        lines.push(format!("    {}  {text}", printer.time(event.time)));
    }
    if let Some(ended) = &summary.ended {
        lines.push(format!("    {}  {}", printer.time(ended.time), Printer::state(ended.state)));
    }
    lines.extend(made_lines(printer, job, made));
    lines.iter().try_for_each(|line| printer.data(line))
}

/// Where each attempt ran, and with what.
fn attempts(printer: &Printer, job: &JobView) -> Vec<String> {
    let described = job.attempts.iter().map(|attempt| {
        let version =
            attempt.tmpl_version.as_ref().map_or_else(String::new, |version| format!(", tmpl {version}"));
        let platform = attempt.platform.as_ref().map_or_else(String::new, |platform| format!(", {platform}"));
        format!("on {}{platform}{version}", printable(&attempt.host))
    });
    let described: Vec<String> = described.collect();
    match described.as_slice() {
        [] => Vec::new(),
        [one] => vec![format!("  ran        {one}")],
        several => {
            let numbered = several.iter().zip(&job.attempts).enumerate();
            let line = |(index, (text, attempt)): (usize, (&String, &tmpl_bucket::Attempt))| {
                format!("    {}  {}  {text}", index + 1, printer.time(attempt.time))
            };
            std::iter::once("  attempts".to_owned()).chain(numbered.map(line)).collect()
        }
    }
}

fn made_lines(printer: &Printer, job: &JobView, made: &Made) -> Vec<String> {
    let mut lines = Vec::new();
    if !made.rows.rows.is_empty() {
        let more = if made.rows.more { "more than " } else { "" };
        let id = &job.summary.record.id;
        lines.push(format!("  results    {more}{} rows: `tmpl jobs results {id}`", made.rows.rows.len()));
    }
    if let Some(metrics) = &made.metrics {
        let counted = figures::lines(metrics, "    ");
        if !counted.is_empty() {
            lines.push(format!("  counters   as of {}", printer.time(metrics.time)));
            lines.extend(counted);
        }
    }
    if !made.artifacts.is_empty() {
        lines.push("  artifacts".to_owned());
        lines.extend(
            made.artifacts
                .iter()
                .map(|(name, bytes)| format!("    {:>9}  {}", size(*bytes), printable(name))),
        );
    }
    if !made.notices.is_empty() {
        lines.push("  notices".to_owned());
        lines.extend(
            made.notices
                .iter()
                .map(|notice| format!("    {}: {}", printable(&notice.event), printable(&notice.outcome))),
        );
    }
    lines
}

fn took(job: &JobView) -> SignedDuration {
    let until = job.summary.ended.as_ref().map_or_else(Timestamp::now, |ended| ended.time);
    until.duration_since(job.summary.record.created)
}
