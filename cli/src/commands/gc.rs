//! `tmpl gc`: what nobody needs any more.

use std::process::ExitCode;

use tmpl_bucket::{CollectionPolicy, CollectionReport};

use crate::arguments::GcArguments;
use crate::context::Context;
use crate::printer::{printable, size};
use crate::report::Failure;
use crate::submitter;

pub(crate) async fn run(context: &Context<'_>, arguments: &GcArguments) -> Result<ExitCode, Failure> {
    let bucket = context.open_bucket()?;
    let printer = context.printer;
    let settings = bucket.settings().await?;
    let policy = CollectionPolicy {
        grace: arguments.grace,
        jobs_after: arguments.jobs_older_than.or(settings.keep_jobs),
        logs_after: arguments.logs_older_than.or(settings.keep_logs),
        dry_run: arguments.dry_run,
    };
    let step = |step: &str| printer.say(&format!("{step} …"));
    let report = bucket.collect_garbage(&policy, &submitter::submitter(), &step).await?;
    for complaint in &report.complaints {
        printer.warn(&printable(complaint));
    }
    if printer.is_json() {
        printer.json(&report)?;
    } else {
        lines(&report, arguments.dry_run).iter().try_for_each(|line| printer.data(line))?;
    }
    Ok(ExitCode::SUCCESS)
}

fn lines(report: &CollectionReport, dry_run: bool) -> Vec<String> {
    let done = if dry_run { "would remove" } else { "removed" };
    let mut lines: Vec<String> = report
        .removed
        .iter()
        .map(|(kind, removed)| {
            let bytes = if removed.bytes > 0 { format!(" ({})", size(removed.bytes)) } else { String::new() };
            format!("{done} {}{bytes}", counted(removed.count, kind))
        })
        .collect();
    if lines.is_empty() {
        lines.push("nothing to remove".to_owned());
    }
    let (stay, bytes) = (report.blobs_kept, size(report.bytes_kept));
    lines.push(match stay {
        0 => "no layers or other blobs stay".to_owned(),
        1 => format!("1 layer or other blob stays ({bytes})"),
        _ => format!("{stay} layers and other blobs stay ({bytes})"),
    });
    lines
}

/// So many of a kind; the words for kinds are those for several.
fn counted(count: u64, kind: &str) -> String {
    let one = match kind {
        "jobs" => "job",
        "logs" => "log",
        "blobs" => "blob",
        "probes" => "probe",
        "temporary folders" => "temporary folder",
        "claims of names" => "claim of a name",
        "launches that were cut off" => "launch that was cut off",
        "records of builds that were cut off" => "record of a build that was cut off",
        "files of writes that were cut off" => "file of a write that was cut off",
        other => other,
    };
    format!("{count} {}", if count == 1 { one } else { kind })
}
