//! `tmpl doctor`: what a bucket lets us do, tried step by step.

use std::process::ExitCode;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tmpl_bucket::{Bucket, Finding};

use crate::arguments::DoctorArguments;
use crate::context::Context;
use crate::printer::printable;
use crate::report::{ENVIRONMENT, Failure};
use crate::submitter;

pub(crate) async fn run(context: &Context<'_>, arguments: &DoctorArguments) -> Result<ExitCode, Failure> {
    let bucket = context.open_bucket()?;
    let printer = context.printer;
    if arguments.single_writer {
        bucket.declare_single_writer(&submitter::submitter()).await?;
        printer.say("written down: one writer at a time uses this bucket");
    }
    if arguments.rebuild_index {
        return rebuild(context, &bucket).await;
    }
    if !printer.is_json() {
        printer.data(&format!("bucket       {}", bucket.url()))?;
        printer.data(&format!("credentials  {}", bucket.credentials()))?;
    }
    let tell = |finding: &Finding| {
        if !printer.is_json() {
            let outcome = match (&finding.found, &finding.problem) {
                (Some(found), _) => format!("ok       {}", printable(found)),
                (None, problem) => format!("FAILED   {}", printable(problem.as_deref().unwrap_or_default())),
            };
            // Whoever stopped reading sees the exit code.
            let _ = printer.data(&format!("{:15}  {outcome}", finding.step));
        }
    };
    let findings = bucket.examine(&tell).await;
    if printer.is_json() {
        printer.json(&json!({
            "bucket": bucket.url().to_string(),
            "credentials": bucket.credentials(),
            "findings": findings,
        }))?;
    }
    let failed: Vec<&Finding> = findings.iter().filter(|finding| finding.problem.is_some()).collect();
    let Some(first) = failed.first() else { return Ok(ExitCode::SUCCESS) };
    let missing: Vec<&str> = failed.iter().map(|finding| finding.step).collect();
    let failure =
        Failure::new(ENVIRONMENT, format!("this does not work with {bucket}: {}", missing.join(", ")));
    let hint = match (first.step, &first.hint) {
        // Its words name no address, which here has to be the same.
        ("race" | "create only", _) => format!(
            "choose another store; or, if only one writer at a time uses it, say so: `tmpl doctor --bucket '{}' --single-writer`",
            bucket.url()
        ),
        (_, Some(hint)) => hint.clone(),
        (step, None) => format!(
            "{step} is needed for {}; on S3 the policy must allow {}: docs/permissions.md has the rights of each role",
            first.needed_for, first.permission
        ),
    };
    Err(failure.hint(hint))
}

async fn rebuild(context: &Context<'_>, bucket: &Bucket) -> Result<ExitCode, Failure> {
    let printer = context.printer;
    let seen = AtomicUsize::new(0);
    let step = || {
        let seen = seen.fetch_add(1, Ordering::Relaxed) + 1;
        if seen.is_multiple_of(1_000) {
            printer.say(&format!("{seen} jobs …"));
        }
    };
    let (count, warnings) = bucket.rebuild_index(&step).await?;
    for warning in &warnings {
        printer.warn(&printable(warning));
    }
    printer.say(&format!("the index has {count} jobs"));
    Ok(ExitCode::SUCCESS)
}
