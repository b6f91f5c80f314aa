//! `tmpl jobs graph`: what a job is made of, drawn.

use std::path::Path;

use tmpl_beam::graph::{Graph, Overlay, StepState};
use tmpl_bucket::{Bucket, JobSummary};

use crate::arguments::GraphArguments;
use crate::commands::jobs::figures;
use crate::context::Context;
use crate::printer::{Format, Printer, printable};
use crate::report::{ENVIRONMENT, Failure, USAGE};

/// A terminal shows so many levels where nobody says how many.
const TREE_DEPTH: usize = 2;
/// A picture that is to be looked at as a whole, so many.
const PICTURE_DEPTH: usize = 2;

pub(super) async fn run(
    context: &Context<'_>,
    bucket: &Bucket,
    arguments: &GraphArguments,
) -> Result<(), Failure> {
    let printer = context.printer;
    let id = &arguments.id;
    let summary = bucket.job_summary(id).await?;
    let Some(pipeline) = bucket.pipeline(id).await? else { return Err(without_graph(&summary)) };
    let graph = Graph::read(pipeline).map_err(|error| {
        Failure::new(ENVIRONMENT, format!("the graph of job {id} can't be read"))
            .cause(error.to_string())
            .hint("it was damaged in the bucket; launch the job again")
    })?;
    for note in graph.notes() {
        printer.warn(&printable(note));
    }
    let figures = figures::read(bucket, id, summary.attempt, printer).await;
    let mut overlay = figures.as_ref().map(Overlay::of_metrics).unwrap_or_default();
    if let Some(step) = failed_step(&summary) {
        overlay.set_state(step, StepState::Failed);
    }
    let title = format!("{} ({})", summary.record.name, id);
    let drawn = draw(&graph, &overlay, printer.format(), arguments.depth, &title);
    deliver(printer, &drawn, arguments.output.as_deref())?;
    if printer.format() == Format::Text || arguments.output.is_some() {
        printer.say(&graph.summary());
    }
    Ok(())
}

/// The graph in the form that was asked for.
pub(crate) fn draw(
    graph: &Graph,
    overlay: &Overlay,
    format: Format,
    depth: Option<usize>,
    title: &str,
) -> String {
    let folded = |default: Option<usize>| graph.folded(depth.or(default), overlay);
    match format {
        Format::Text | Format::Tree => folded(Some(TREE_DEPTH)).to_tree(),
        Format::Svg => folded(Some(PICTURE_DEPTH)).to_svg(title),
        Format::Dot => folded(None).to_dot(),
        Format::Json => folded(None).to_json(),
    }
}

/// Prints a picture, or writes it into a file.
pub(crate) fn deliver(printer: &Printer, drawn: &str, output: Option<&Path>) -> Result<(), Failure> {
    match output {
        Some(file) if file.as_os_str() != "-" => fs_err::write(file, drawn)
            .map_err(|error| Failure::new(USAGE, "the picture can't be written").cause(error.to_string())),
        _ => printer.bytes(drawn),
    }
}

/// The step that the job failed in, where it is known.
fn failed_step(summary: &JobSummary) -> Option<&str> {
    summary.ended.as_ref()?.cause.as_ref()?.step.as_deref()
}

fn without_graph(summary: &JobSummary) -> Failure {
    let record = &summary.record;
    let id = &record.id;
    if record.profile.is_none() {
        return Failure::new(USAGE, format!("job {id} has no graph: it ran on `direct`, where the program keeps it to itself"))
            .hint("a job on an engine has one: `tmpl run … --runner prism`; with --dry-run the graph is drawn and nothing runs");
    }
    let (told, hint) = match &summary.ended {
        None => (
            "has no graph yet: its program has not submitted one",
            format!("`tmpl jobs logs {id} --follow` shows what it does"),
        ),
        Some(_) => (
            "has no graph: it ended before its program submitted one",
            format!("`tmpl jobs show {id}` says why"),
        ),
    };
    Failure::new(USAGE, format!("job {id} {told}")).hint(hint)
}
