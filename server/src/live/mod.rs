//! Server-sent events of a job: its state, its counters, and its log by byte offset.
//!
//! `GET /jobs/{id}/events` takes `?from=ATTEMPT:OFFSET` (without it: from the beginning of the newest attempt) and `?log=off`. A browser
//! that lost its connection says by `Last-Event-ID` how far it has come, and goes on there.
//!
//! | event | its data |
//! |---|---|
//! | `log` | `{"attempt": 1, "lines": [{"at": 0, "time": "2026-…Z", "level": "INFO", "source": "stdout", "text": "…"}]}`; its id is `ATTEMPT:OFFSET` of the byte after its last line, `at` that of a line's first byte |
//! | `attempt` | `{"attempt": 2}`: the log of another attempt begins |
//! | `state` | `{"state": "JOB_STATE_RUNNING", "word": "running", "attempt": 1, "stopping": false, "presumedLost": false}` |
//! | `counters` | `{"counters": [{"step": "…", "name": "…", "value": "12"}]}` |
//! | `end` | `{"state": "JOB_STATE_FAILED", "word": "failed", "reason": "…"}`: nothing more comes; the connection is to be closed |
//! | `leave` | `{"why": "session"}` (signed out, or the session is over), `{"why": "stop"}` (the server ends; try again in a moment), `{"why": "gone"}` (the job was deleted) |
//!
//! A line of the log that is too long is cut, and has `"cut": true`. Its text has no control characters but tabs and line breaks.

//!
//! One task reads the bucket for all who watch a job (`watch`), and makes each event once; whoever is behind reads the bucket
//! (`stream`). Nobody waits for anybody who is slow.

mod hub;
mod line;
mod news;
mod position;
mod splitter;
mod stream;
mod tail;
mod watch;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;
use tmpl_bucket::BucketError;
use tmpl_template::JobId;

pub(crate) use hub::Hub;
pub(crate) use line::ShownLine;
pub(crate) use position::Position;

use crate::Shared;
use crate::door::{Action, Person};
use crate::problem::Problem;
use crate::text::{live as text, problem};
use hub::Seat;
use stream::Viewer;

/// How far a browser has come that lost its connection.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");
/// Tells proxies not to gather what is sent.
const NO_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// `/jobs/{id}/events`.
pub(crate) fn routes() -> Router<Shared> {
    Router::new().route("/jobs/{id}/events", get(events))
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Wish {
    from: Option<String>,
    log: Option<String>,
}

async fn events(
    State(server): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    query: Result<Query<Wish>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id: JobId = id.parse().map_err(|_| Problem::not_found(problem::NOTHING_HERE_DETAIL))?;
    let Ok(Query(wish)) = query else { return Err(Problem::wrong(text::WRONG_POSITION)) };
    person.may_with(Action::View, &server.bucket.job_record(&id).await?)?;
    let wanted = wish.log.as_deref() != Some("off");
    let back = headers.get(LAST_EVENT_ID).map(|id| id.to_str().unwrap_or_default().to_owned());
    let came_back = back.is_some();
    let position = match back.or(wish.from).filter(|text| !text.is_empty()) {
        Some(text) => Some(text.parse::<Position>().map_err(|_| Problem::wrong(text::WRONG_POSITION))?),
        None => None,
    };
    let seat = Seat::take(&server, person.name())?;
    let watch = server.hub.watch(&server, &id).await?;
    let newest = watch.read_up_to();
    if came_back && has_had_all(&server, &id, position).await? {
        // This answer tells browsers not to come back.
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let position = position.unwrap_or(Position { attempt: newest.attempt, offset: 0 });
    let viewer = Viewer::new(&server, person, id, watch, wanted.then_some(position), seat);
    Ok(stream_of(viewer.body()))
}

/// Whether nothing comes after a position: the job has ended, and its log was read.
async fn has_had_all(server: &Shared, id: &JobId, position: Option<Position>) -> Result<bool, BucketError> {
    if server.bucket.final_record(id).await?.is_none() {
        return Ok(false);
    }
    let attempt = server.bucket.newest_attempt(id).await?;
    let end = Position { attempt, offset: server.bucket.log_length(id, attempt).await? };
    Ok(position.is_none_or(|position| position >= end))
}

fn stream_of(body: Body) -> Response {
    ([(CONTENT_TYPE, "text/event-stream"), (NO_BUFFERING, "no")], body).into_response()
}
