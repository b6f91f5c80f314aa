//! The steps of a job's pipeline: a picture, and the same as a table.

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::SignedDuration;
use tmpl_beam::graph::{Graph, Overlay, StepState};
use tmpl_beam::metrics::Metrics;
use tmpl_bucket::JobSummary;
use tmpl_template::JobId;

use super::{known, read_metrics};
use crate::door::Person;
use crate::page::measure::{Length, grouped};
use crate::problem::Problem;
use crate::text::job as text;
use crate::text::plain::Plain;
use crate::{Server, Shared};

/// A picture that is to be looked at as a whole has so many levels.
const DEPTH: usize = 2;
/// So many steps are in the table.
const SHOWN: usize = 200;
const LONGEST_NAME: usize = 160;
/// A larger graph is not drawn while somebody waits.
const LARGEST: usize = 8 << 20;
/// The picture has a style of its own, and nothing else.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; sandbox; frame-ancestors 'none'";

/// The steps of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Steps {
    /// The whole in words.
    pub(crate) summary: Plain,
    /// The steps, each after the one that it is a part of.
    pub(crate) lines: Vec<StepLine>,
    /// How many more there are.
    pub(crate) more: usize,
    /// Whether anything is known of how they stand.
    pub(crate) has_states: bool,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StepLine {
    pub(crate) name: Plain,
    pub(crate) kind: &'static str,
    pub(crate) state: &'static str,
    pub(crate) elements: String,
    pub(crate) time: String,
    /// What it hands on to.
    pub(crate) to: Plain,
}

/// The graph of a job; nothing where it has none, or where it can't be read.
async fn graph(server: &Server, id: &JobId) -> Result<Option<Graph>, Problem> {
    let Some(pipeline) = server.bucket.pipeline(id).await? else { return Ok(None) };
    if pipeline.len() > LARGEST {
        return Ok(None);
    }
    let read = tokio::task::spawn_blocking(move || Graph::read(pipeline)).await;
    Ok(read.ok().and_then(Result::ok))
}

fn overlay(summary: &JobSummary, metrics: Option<&Metrics>) -> Overlay {
    let mut overlay = metrics.map(Overlay::of_metrics).unwrap_or_default();
    let failed = summary.ended.as_ref().and_then(|ended| ended.cause.as_ref()?.step.as_deref());
    if let Some(step) = failed {
        overlay.set_state(step, StepState::Failed);
    }
    overlay
}

/// The steps of a job, where it has a graph.
pub(super) async fn steps(
    server: &Server,
    summary: &JobSummary,
    metrics: Option<&Metrics>,
) -> Result<Option<Steps>, Problem> {
    let Some(graph) = graph(server, &summary.record.id).await? else { return Ok(None) };
    let folded = graph.folded(Some(DEPTH), &overlay(summary, metrics));
    let line = |place: usize| {
        let shown = &folded.steps[place];
        let step = &graph.steps()[shown.step];
        let to: Vec<&str> = folded
            .edges
            .iter()
            .filter(|edge| edge.from == place)
            .map(|edge| graph.steps()[folded.steps[edge.to].step].name.as_str())
            .collect();
        let status = shown.status;
        StepLine {
            name: Plain::line(&step.name, LONGEST_NAME),
            kind: step.kind.word(),
            state: status.state.map(text::step_state).unwrap_or_default(),
            elements: status.elements.map(|count| grouped(count.unsigned_abs())).unwrap_or_default(),
            time: status
                .milliseconds
                .filter(|time| *time >= 50)
                .map(|time| Length(SignedDuration::from_millis(time)).to_string())
                .unwrap_or_default(),
            to: Plain::line(&to.join(", "), LONGEST_NAME * 2),
        }
    };
    Ok(Some(Steps {
        summary: Plain::line(&graph.summary(), LONGEST_NAME),
        has_states: folded.steps.iter().any(|step| step.status.state.is_some()),
        lines: (0..folded.steps.len().min(SHOWN)).map(line).collect(),
        more: folded.steps.len().saturating_sub(SHOWN),
    }))
}

/// `GET /jobs/{id}/graph.svg`.
pub(crate) async fn svg(
    State(server): State<Shared>,
    person: Person,
    Path(id): Path<String>,
) -> Result<Response, Problem> {
    let record = known(&server, &person, &id).await?;
    let attempt = server.bucket.newest_attempt(&record.id).await?;
    let metrics = read_metrics(&server, &record.id, attempt).await;
    let summary = server.bucket.job_summary_of(record.clone()).await?;
    let graph = graph(&server, &record.id).await?.ok_or_else(|| Problem::not_found(text::NO_GRAPH))?;
    let title = record.name.to_string();
    let drawn = tokio::task::spawn_blocking(move || {
        graph.folded(Some(DEPTH), &overlay(&summary, metrics.as_ref())).to_svg(&title)
    });
    let drawn = drawn.await.map_err(|_| Problem::not_found(text::NO_GRAPH))?;
    let headers = [(CONTENT_TYPE, "image/svg+xml"), (CONTENT_SECURITY_POLICY, POLICY)];
    Ok((headers, drawn).into_response())
}
