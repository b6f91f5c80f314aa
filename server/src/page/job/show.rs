//! The page of a job.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use jiff::Timestamp;
use serde::Deserialize;
use tmpl_bucket::{DrainStanding, Event, EventKind, JobView, ResultRow, ResultRows};
use tmpl_template::{Metadata, RunnerName};

use super::counters::{Figure, figures};
use super::failure::Failure;
use super::files::{self, FileLine};
use super::rows::{self, Tab, Table};
use super::steps::{self, Steps};
use super::{known, metadata, read_metrics, stop};
use crate::Shared;
use crate::catalogue::Catalogue;
use crate::door::{Action, Person};
use crate::form::value_to_read;
use crate::page::frame::{Frame, Place, page};
use crate::page::log::{LineOfLog, Window};
use crate::page::measure::{Exactly, Length, Moment};
use crate::page::state::Badge;
use crate::problem::Problem;
use crate::text::plain::Plain;
use crate::text::{job as text, launch, state};

/// How much is shown.
const LONGEST_NAME: usize = 200;
const LONGEST_VALUE: usize = 1000;
const LONGEST_MESSAGE: usize = 500;
/// So many of the last lines, and of the events.
const TAIL: usize = 12;
const EVENTS: usize = 60;
/// So many digits of a version.
const SHORT: usize = 12;

/// What of a job is asked for.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    rows: String,
}

/// Why a job that was asked to finish up goes on as before.
struct Refusal {
    reason: Plain,
    hint: Option<Plain>,
}

#[expect(clippy::struct_excessive_bools, reason = "each says whether a part of the page is there")]
#[derive(Template)]
#[template(path = "job.html")]
struct JobPage {
    frame: Frame,
    id: String,
    name: Plain,
    title: Plain,
    state: Badge,
    native: Option<Plain>,
    running: bool,
    since: String,
    took: Length,
    usual: Option<Length>,
    longer: bool,
    stopping: Option<String>,
    refusal: Option<Refusal>,
    failure: Option<Failure>,
    can_launch: bool,
    again: String,
    compare: Option<String>,
    save: Option<String>,
    can_stop: bool,
    can_drain: bool,
    has_rows: bool,
    errors: bool,
    outputs: String,
    error_count: String,
    table: Table,
    more_rows: bool,
    row_warnings: Vec<Plain>,
    lines: Vec<LineOfLog>,
    log_end: String,
    steps: Option<Steps>,
    figures: Vec<Figure>,
    more_figures: usize,
    files: Vec<FileLine>,
    more_files: usize,
    parameters: Vec<ParameterLine>,
    who: Plain,
    started: Moment,
    accepted: Exactly,
    ended: Option<Moment>,
    card: Option<String>,
    template: String,
    published: bool,
    version: String,
    runner: Plain,
    attempts: usize,
    timeline: Vec<Happened>,
}

/// A parameter that the job was run with.
struct ParameterLine {
    label: Plain,
    shown: Plain,
    /// Where all of the value is, if that is not shown.
    whole: Option<String>,
}

/// Something that happened.
struct Happened {
    time: Exactly,
    words: Plain,
    is_state: bool,
}

/// `GET /jobs/{id}`.
pub(crate) async fn job(
    State(server): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let record = known(&server, &person, &id).await?;
    let (bucket, id) = (&server.bucket, record.id.clone());
    let view = bucket.job_view_of(record).await?;
    let JobView { summary, attempts, events, stop } = &view;
    let record = &summary.record;
    let attempt = u32::try_from(attempts.len()).unwrap_or(1).max(1);
    let running = summary.goes_on();
    let found = bucket.results(&id, attempt, rows::SHOWN).await?;
    let metrics = read_metrics(&server, &id, attempt).await;
    let (figures, more_figures) = metrics.as_ref().map(figures).unwrap_or_default();
    let (files, more_files) = files::lines(&id, &bucket.artifacts(&id).await?);
    let window = Window::last(bucket, &id, attempt, TAIL).await?;
    let steps = steps::steps(&server, summary, metrics.as_ref()).await?;
    let metadata = metadata(&server, record).await;
    let advice = match &summary.ended {
        Some(ended) => tmpl_launcher::advice::advice(bucket, record, ended).await,
        None => None,
    };
    // One that was deleted since leads nowhere.
    let card = match &record.card {
        Some(name) => bucket.card(name).await.ok().flatten().map(|card| card.name.to_string()),
        None => None,
    };
    let drain = if stop.is_none() { bucket.drain_standing(&id).await? } else { None };
    let refusal = drain.as_ref().and_then(DrainStanding::refusal).filter(|_| running);
    let drain = drain.as_ref().and_then(DrainStanding::request_that_stands);
    let can_stop = running && person.may_with(Action::Stop, record).is_ok();
    let can_drain = can_stop && drain.is_none() && stop::can_drain(&server, record).await?;
    let (usual, success) = {
        let runs = Catalogue::runs(&server).await?;
        (runs.usual(&record.template.name), runs.success_before(&record.template.name, &id))
    };
    let until = summary.ended.as_ref().map_or_else(Timestamp::now, |ended| ended.time);
    let took = Length(until.duration_since(record.created));
    let template = Some(&record.template.name);
    let published = record.template.origin.is_none();
    let tab = tab(&asked.rows, &found);
    let count = |tab: Tab| counted(found.rows.iter().filter(|row| tab.holds(row)).count(), found.more);
    let stopping = stop.as_ref().or(drain).filter(|_| running).map(|request| {
        let who = Plain::line(&request.submitter.who, LONGEST_NAME);
        text::stopped_by(who.as_str(), stop.is_none())
    });
    let page_of_job = JobPage {
        frame: Frame::new(&person, Place::Jobs),
        name: Plain::line(record.name.as_str(), LONGEST_NAME),
        title: title(metadata.as_ref(), record.template.name.as_str()),
        state: Badge::large(summary.state),
        native: native(events),
        running,
        since: record.created.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        took,
        longer: usual.duration.is_some_and(|usual| took.0 > usual * 2 && took.0.as_secs() > 60),
        usual: usual.duration.map(Length),
        stopping,
        refusal: refusal.map(|refusal| Refusal {
            reason: Plain::line(&refusal.reason, LONGEST_MESSAGE),
            hint: refusal.hint.as_ref().map(|hint| Plain::line(hint, LONGEST_MESSAGE)),
        }),
        failure: Failure::of(summary, advice.as_deref()),
        can_launch: person.can(Action::Launch, template),
        again: match &card {
            Some(card) => format!("/cards/{card}?from={id}"),
            None => format!("/templates/{}?from={id}", record.template.name),
        },
        compare: success.filter(|_| !running).map(|success| format!("/compare?a={success}&b={id}")),
        save: (published && person.can(Action::EditCard, template)).then(|| format!("/cards?from={id}")),
        can_stop: can_stop && stop.is_none(),
        can_drain,
        has_rows: !found.rows.is_empty(),
        errors: tab == Tab::Errors,
        outputs: count(Tab::Output),
        error_count: count(Tab::Errors),
        table: Table::of(found.rows.iter().filter(|row| tab.holds(row))),
        more_rows: found.more,
        row_warnings: found.warnings.iter().take(5).map(|text| Plain::line(text, LONGEST_VALUE)).collect(),
        log_end: format!("{attempt}:{}", window.end()),
        lines: window.lines.into_iter().map(|(line, _)| LineOfLog::short(line)).collect(),
        steps,
        figures,
        more_figures,
        files,
        more_files,
        parameters: parameters(&view, metadata.as_ref()),
        who: Plain::line(&format!("{} ({})", record.submitter.who, record.submitter.host), LONGEST_NAME),
        started: Moment(record.created),
        accepted: Exactly(record.created),
        ended: summary.ended.as_ref().map(|ended| Moment(ended.time)),
        card,
        template: record.template.name.to_string(),
        published,
        version: record.template.digest.digest().chars().take(SHORT).collect(),
        runner: runner(record),
        attempts: attempts.len().max(1),
        timeline: timeline(&view),
        id: id.to_string(),
    };
    page(&page_of_job)
}

/// What is shown of the rows: what is asked for, or errors where there is nothing else.
fn tab(asked: &str, found: &ResultRows) -> Tab {
    let holds = |tab: Tab| found.rows.iter().any(|row: &ResultRow| tab.holds(row));
    match asked {
        "errors" => Tab::Errors,
        "output" => Tab::Output,
        _ if !holds(Tab::Output) && holds(Tab::Errors) => Tab::Errors,
        _ => Tab::Output,
    }
}

fn counted(count: usize, more: bool) -> String {
    if more { format!("{count}+") } else { count.to_string() }
}

fn title(metadata: Option<&Metadata>, name: &str) -> Plain {
    let title = metadata.map(|metadata| metadata.name.trim()).filter(|title| !title.is_empty());
    Plain::line(title.unwrap_or(name), LONGEST_NAME)
}

fn parameters(view: &JobView, metadata: Option<&Metadata>) -> Vec<ParameterLine> {
    let record = &view.summary.record;
    let line = |(name, value): (&str, &str)| {
        let known = metadata.and_then(|metadata| metadata.parameter(name));
        let label = known.map(|known| known.label.as_str()).filter(|label| !label.is_empty());
        let name_in_address = percent_encoding::utf8_percent_encode(name, percent_encoding::NON_ALPHANUMERIC);
        ParameterLine {
            label: Plain::line(label.unwrap_or(name), LONGEST_NAME),
            shown: value_to_read(known, value, LONGEST_VALUE),
            whole: (value.chars().nth(LONGEST_VALUE).is_some())
                .then(|| format!("/jobs/{}/parameters/{name_in_address}", record.id)),
        }
    };
    record.parameters.iter().map(line).collect()
}

fn runner(record: &tmpl_bucket::JobRecord) -> Plain {
    let here = record.runner.parse::<RunnerName>().is_ok_and(|name| name.is_direct());
    if here { Plain::own(launch::RUNNER_HERE) } else { Plain::line(&record.runner, LONGEST_NAME) }
}

/// The engine's own word for where the job stands.
fn native(events: &[Event]) -> Option<Plain> {
    let said = events.iter().rev().find_map(|event| match &event.kind {
        EventKind::Native(state) => Some(state),
        _ => None,
    });
    said.map(|said| Plain::line(said, LONGEST_NAME))
}

fn timeline(view: &JobView) -> Vec<Happened> {
    let happened = |event: &Event| {
        let (words, is_state) = match &event.kind {
            EventKind::State(now) => (Plain::own(state::word(*now)), true),
            EventKind::Message(message) => (Plain::lines(message, LONGEST_MESSAGE), false),
            EventKind::Native(said) => (Plain::line(&text::native(said), LONGEST_MESSAGE), false),
        };
        Happened { time: Exactly(event.time), words, is_state }
    };
    let first = view.events.len().saturating_sub(EVENTS);
    let mut timeline: Vec<Happened> = view.events.iter().skip(first).map(happened).collect();
    if let Some(ended) = &view.summary.ended {
        let words = Plain::own(state::word(ended.state));
        let is_said = timeline.last().is_some_and(|last| last.is_state && last.words == words);
        if !is_said {
            timeline.push(Happened { time: Exactly(ended.time), words, is_state: true });
        }
    }
    timeline
}
