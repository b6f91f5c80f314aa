//! `tmpl runners show`.

use tmpl_launcher::requested_runner::RunnerError;
use tmpl_template::{JarPlace, RunnerKind, RunnerName};

use super::known::KnownRunner;
use crate::context::Context;
use crate::printer::{Printer, printable};
use crate::report::Failure;

pub(super) async fn run(context: &Context<'_>, name: &RunnerName) -> Result<(), Failure> {
    let own = &context.settings.runners;
    let bucket = if context.names_a_bucket() { Some(context.open_bucket()?) } else { None };
    let shared = match &bucket {
        Some(bucket) if !name.is_direct() => bucket.shared_runner(name).await?,
        _ => None,
    };
    let runner = KnownRunner::new(name.clone(), shared, own);
    if runner.part.engine.is_none() && runner.own.is_none() {
        return Err(Failure::from(own.unknown(bucket.as_ref(), name).await));
    }
    if context.printer.is_json() {
        return context.printer.json(&runner.json());
    }
    print(context.printer, &runner)
}

fn print(printer: &Printer, runner: &KnownRunner) -> Result<(), Failure> {
    let part = &runner.part;
    let mut lines = vec![runner.name.to_string()];
    let mut fact = |key: &str, value: &str| lines.push(format!("  {key:<12} {value}"));
    if let Some(description) = &part.description {
        fact("for", description);
    }
    if let Some(owner) = &part.owner {
        fact("owner", owner);
    }
    fact("engine", runner.engine());
    if !runner.endpoint().is_empty() {
        fact("endpoint", runner.endpoint());
    }
    if let Some(program) = &part.program {
        fact("program", program);
    }
    match (&part.worker_pool, part.engine) {
        (Some(pool), _) => fact("worker pool", pool),
        (None, Some(RunnerKind::Direct)) => {}
        (None, _) => fact("worker pool", "started by the launcher"),
    }
    if let Some(jar) = &part.beam_jar {
        match &jar.place {
            JarPlace::Path(path) => fact("beam jar", &format!("{path} ({})", jar.digest)),
            JarPlace::Url(url) => fact("beam jar", &format!("{url} in the bucket ({})", jar.digest)),
            JarPlace::Blob => fact("beam jar", &format!("{} in the bucket", jar.digest)),
        }
    }
    for (name, value) in &part.options {
        fact("option", &format!("{name} = {value}"));
    }
    for (phase, limit) in part.limits.iter() {
        fact("limit", &format!("{phase} {limit:#}"));
    }
    if let Some(token) = &part.token {
        fact("token", &format!("(secret from {token})"));
    }
    if let Some(folder) = &part.savepoint_directory {
        fact("savepoints", folder);
    }
    match runner.saved(printer) {
        Some(saved) => fact("from", &saved),
        None if runner.own.is_none() => fact("from", "built in"),
        None => {}
    }
    let keys = runner.own_keys();
    if !keys.is_empty() {
        fact("from", &format!("the configuration file: {}", keys.join(", ")));
    }
    for line in lines {
        printer.data(&printable(&line))?;
    }
    if let Some(problem) = &runner.problem {
        let remedy = runner.remedy.as_ref().map_or_else(String::new, |remedy| format!("; {remedy}"));
        printer.warn(&printable(&format!("no launch can be made on it: {problem}{remedy}")));
    }
    Ok(())
}

impl From<RunnerError> for Failure {
    fn from(error: RunnerError) -> Self {
        tmpl_launcher::LaunchError::from(error).into()
    }
}
