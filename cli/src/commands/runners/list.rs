//! `tmpl runners list`.

use std::collections::BTreeMap;

use tmpl_bucket::SharedRunner;
use tmpl_template::{RunnerKind, RunnerName};

use super::known::KnownRunner;
use crate::context::Context;
use crate::printer::{Printer, printable};
use crate::report::Failure;

pub(super) async fn run(context: &Context<'_>) -> Result<(), Failure> {
    let printer = context.printer;
    let own = &context.settings.runners;
    let mut known: BTreeMap<RunnerName, Option<SharedRunner>> =
        own.profiles.keys().map(|name| (name.clone(), None)).collect();
    // The configuration file has runners without any bucket, too.
    if context.names_a_bucket() {
        let shared = context.open_bucket()?.shared_runners().await?;
        for warning in &shared.warnings {
            printer.warn(&printable(warning));
        }
        known.extend(shared.runners.into_iter().map(|runner| (runner.name.clone(), Some(runner))));
    }
    let direct = KnownRunner::new(RunnerKind::Direct.into(), None, own);
    let profiles = known.into_iter().map(|(name, shared)| KnownRunner::new(name, shared, own));
    print(printer, &[direct].into_iter().chain(profiles).collect::<Vec<_>>())
}

fn print(printer: &Printer, runners: &[KnownRunner]) -> Result<(), Failure> {
    if printer.is_json() {
        return printer.json(&runners.iter().map(KnownRunner::json).collect::<Vec<_>>());
    }
    let width = |of: &dyn Fn(&KnownRunner) -> usize, least: usize| {
        runners.iter().map(of).max().unwrap_or(0).max(least)
    };
    let names = width(&|runner| runner.name.as_str().len(), 4);
    let endpoints = width(&|runner| runner.endpoint().chars().count(), 8);
    printer.data(&format!("  {:names$}  {:8}  {:endpoints$}  from", "name", "engine", "endpoint"))?;
    for runner in runners {
        let mark = if runner.name.is_direct() { "*" } else { " " };
        let (name, engine, endpoint) = (runner.name.as_str(), runner.engine(), runner.endpoint());
        let line = format!("{mark} {name:names$}  {engine:8}  {endpoint:endpoints$}  {}", runner.source());
        printer.data(&printable(&line))?;
    }
    for runner in runners {
        if let Some(problem) = &runner.problem {
            printer.warn(&printable(&format!("{}: {problem}", runner.name)));
        }
    }
    printer.say("* is meant where neither a launch nor its template says otherwise; engines can be named without a profile, too");
    Ok(())
}
