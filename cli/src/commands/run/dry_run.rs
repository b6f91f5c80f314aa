//! `tmpl run --dry-run` on an engine: the graph is built and drawn, and nothing is submitted.

use std::process::ExitCode;

use serde_json::json;
use tmpl_beam::graph::Overlay;
use tmpl_bucket::Bucket;
use tmpl_launcher::accept::CheckedLaunch;
use tmpl_launcher::cache::Cache;
use tmpl_launcher::execution::{DryRun, Tried, dry_run};

use crate::commands::jobs::graph::draw;
use crate::printer::{Format, Printer, printable};
use crate::report::{ENVIRONMENT, Failure};

/// Has the program build its graph, and prints what a launch would be.
pub(super) async fn run(
    printer: &Printer,
    launch: &CheckedLaunch,
    bucket: &Bucket,
    cache: &Cache,
) -> Result<ExitCode, Failure> {
    printer.say("the program builds its graph; nothing is submitted");
    match dry_run(launch, bucket, cache, &|line| printer.say(&printable(line))).await? {
        Tried::Graph(tried) => print(printer, &tried),
        Tried::Failed(end) => {
            let failure =
                Failure::new(end.exit_code, format!("no graph was built: {}", printable(&end.reason)));
            let failure = match &end.cause {
                Some(cause) => failure.cause(printable(&cause.to_string())),
                None => failure,
            };
            Err(match end.hint {
                Some(hint) => failure.hint(hint),
                None => failure,
            })
        }
    }
}

fn print(printer: &Printer, tried: &DryRun) -> Result<ExitCode, Failure> {
    let title = format!("{} on {}", tried.plan.template, tried.plan.runner);
    if printer.is_json() {
        let drawn = draw(&tried.graph, &Overlay::default(), Format::Json, None, &title);
        let graph: serde_json::Value = serde_json::from_str(&drawn)
            .map_err(|error| Failure::new(ENVIRONMENT, format!("the graph can't be written: {error}")))?;
        printer.json(&json!({
            "plan": tried.plan, "graph": graph, "lacks": tried.lacks, "options": tried.options,
        }))?;
        return Ok(ExitCode::SUCCESS);
    }
    printer.data(draw(&tried.graph, &Overlay::default(), Format::Tree, None, &title).trim_end())?;
    printer.say(&tried.graph.summary());
    for option in tried.options.iter().filter_map(|option| option.difference.as_ref()) {
        printer.warn(&printable(option));
    }
    for lacking in &tried.lacks {
        printer.warn(&format!("{} ({})", printable(&lacking.told), lacking.consequence));
    }
    if tried.lacks.is_empty() {
        printer.say(&format!("nothing is known that {} would not do of it", tried.plan.runner));
    }
    Ok(ExitCode::SUCCESS)
}
