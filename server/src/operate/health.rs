//! Whether the server is alive, whether it can do its work, and how it has been doing.

use std::time::{Duration, Instant};

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use tmpl_bucket::{Bucket, causes};
use tokio::sync::Mutex;

use crate::Shared;
use crate::door::{Action, Visit, same};
use crate::problem::Problem;
use crate::text::operate as text;

/// What was found out counts for this long, however often it is asked for.
const FRESH: Duration = Duration::from_secs(1);
/// A bucket that takes longer is not reachable.
const PATIENCE: Duration = Duration::from_secs(5);
/// The form of the figures.
const PROMETHEUS: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What was found out of the bucket, and when.
#[derive(Debug, Default)]
pub(crate) struct Readiness(Mutex<Option<(Instant, Result<(), String>)>>);

/// The process answers.
pub(crate) async fn alive() -> &'static str {
    "ok\n"
}

/// The bucket can be read.
pub(crate) async fn ready(State(server): State<Shared>) -> Result<&'static str, Problem> {
    let not_ready = |detail| Problem::new(StatusCode::SERVICE_UNAVAILABLE, text::NOT_READY, detail);
    if *server.stopping.borrow() {
        return Err(not_ready(text::STOPPING));
    }
    // Whoever asks meanwhile waits for the same answer.
    let mut known = server.readiness.0.lock().await;
    let found = match &*known {
        Some((asked, found)) if asked.elapsed() < FRESH => found.clone(),
        _ => {
            let found = reached(&server.bucket).await;
            *known = Some((Instant::now(), found.clone()));
            found
        }
    };
    match found {
        Ok(()) => Ok("ready\n"),
        Err(cause) => Err(not_ready(crate::text::problem::BUCKET_AWAY_DETAIL).cause(cause)),
    }
}

/// Whether the bucket can be read.
async fn reached(bucket: &Bucket) -> Result<(), String> {
    // A folder that is gone, a disk that is not mounted any more, looks like one with nothing in it.
    if let Some(folder) = bucket.folder().filter(|folder| !folder.is_dir()) {
        return Err(format!("there is no folder {}", folder.display()));
    }
    match tokio::time::timeout(PATIENCE, bucket.settings()).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(causes(&error).join(": ")),
        Err(_) => Err(format!("the bucket did not answer within {} s", PATIENCE.as_secs())),
    }
}

/// The figures, for whoever looks after the server.
pub(crate) async fn metrics(State(server): State<Shared>, request: Request) -> Result<Response, Problem> {
    let (parts, _) = request.into_parts();
    let has_token = server
        .metrics_token
        .as_ref()
        .is_some_and(|token| bearer(&parts).is_some_and(|shown| same(shown.as_bytes(), token.as_bytes())));
    let person = parts.extensions.get::<Visit>().and_then(|visit| visit.person.as_ref());
    let is_admin = person.is_some_and(|person| person.can(Action::Operate, None));
    if !has_token && !is_admin && !server.door.is_of_this_machine(&parts) {
        return Err(Problem::refused(text::NO_METRICS, text::NO_METRICS_DETAIL));
    }
    let watched_jobs = server.hub.watched_jobs().await;
    Ok(([(CONTENT_TYPE, PROMETHEUS)], server.metrics.text(watched_jobs)).into_response())
}

fn bearer(parts: &Parts) -> Option<&str> {
    parts.headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")
}
