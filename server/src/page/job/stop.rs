//! `/jobs/{id}/stop`: asks once whether a job is to be ended, says what that means, and asks the job.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::json;
use tmpl_beam::graph::Graph;
use tmpl_bucket::{JobRecord, StopMode, StopRequest};

use super::known;
use crate::door::{Action, Person, Posted};
use crate::page::frame::{Frame, Place, page};
use crate::page::state::Badge;
use crate::problem::Problem;
use crate::text::job as text;
use crate::text::plain::Plain;
use crate::text::problem;
use crate::{Server, Shared};

const LONGEST_NAME: usize = 200;

/// How a job is to be ended.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    mode: String,
}

#[derive(Template)]
#[template(path = "stop.html")]
struct StopPage {
    frame: Frame,
    id: String,
    name: Plain,
    state: Badge,
    drains: bool,
}

/// `GET /jobs/{id}/stop?mode=cancel|drain`.
pub(crate) async fn ask(
    State(server): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let record = known(&server, &person, &id).await?;
    person.may_with(Action::Stop, &record)?;
    let mode = mode(&asked.mode)?;
    let summary = server.bucket.job_summary_of(record.clone()).await?;
    if summary.ended.is_some() {
        return Ok(to_job(&record));
    }
    if mode == StopMode::Drain && !can_drain(&server, &record).await? {
        return Err(cant_drain());
    }
    page(&StopPage {
        frame: Frame::new(&person, Place::Jobs),
        id: record.id.to_string(),
        name: Plain::line(record.name.as_str(), LONGEST_NAME),
        state: Badge::small(summary.state),
        drains: mode == StopMode::Drain,
    })
}

/// `POST /jobs/{id}/stop`.
pub(crate) async fn stop(
    State(server): State<Shared>,
    Path(id): Path<String>,
    posted: Posted,
) -> Result<Response, Problem> {
    let person = &posted.person;
    let record = known(&server, person, &id).await?;
    person.may_with(Action::Stop, &record)?;
    let mode = mode(posted.get("mode").unwrap_or_default())?;
    if mode == StopMode::Drain && !can_drain(&server, &record).await? {
        return Err(cant_drain());
    }
    // A second click on a job that has ended meanwhile leads to the same page.
    if server.bucket.final_record(&record.id).await?.is_none() {
        let word = if mode == StopMode::Drain { "drain" } else { "cancel" };
        server.audit(person, word, json!({ "job": record.id })).await?;
        let request =
            StopRequest { time: Timestamp::now(), submitter: person.submitter(), mode, signal: None };
        match server.bucket.request_stop(&record.id, &request).await {
            Ok(()) | Err(tmpl_bucket::BucketError::Ended { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(to_job(&record))
}

fn mode(word: &str) -> Result<StopMode, Problem> {
    match word {
        "cancel" => Ok(StopMode::Cancel),
        "drain" => Ok(StopMode::Drain),
        _ => Err(Problem::wrong(problem::NOTHING_HERE_DETAIL)),
    }
}

fn cant_drain() -> Problem {
    Problem::new(StatusCode::CONFLICT, problem::WRONG_REQUEST, text::CANT_DRAIN)
}

fn to_job(record: &JobRecord) -> Response {
    Redirect::to(&format!("/jobs/{}", record.id)).into_response()
}

/// Whether a job can be asked to finish up: it runs on an engine, and reads something without an end.
pub(super) async fn can_drain(server: &Server, record: &JobRecord) -> Result<bool, Problem> {
    if record.profile.is_none() {
        return Ok(false);
    }
    let Some(pipeline) = server.bucket.pipeline(&record.id).await? else { return Ok(false) };
    Ok(Graph::read(pipeline).is_ok_and(|graph| graph.is_unbounded()))
}
