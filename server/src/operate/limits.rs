//! How much is too much.

use std::panic::AssertUnwindSafe;

use axum::extract::{Request, State};
use axum::http::StatusCode;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures::FutureExt;
use jiff::SignedDuration;
use serde::Deserialize;

use crate::Shared;
use crate::problem::Problem;
use crate::text::{operate as text, problem};

/// No address is longer.
const LONGEST_ADDRESS: usize = 8 * 1024;

/// What the operator allows.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// How many connections there are at a time. Further ones wait.
    pub connections: usize,
    /// How long it may take until a request is answered.
    pub request_time: SignedDuration,
    /// How many people watch jobs at a time.
    pub streams: usize,
    /// How many jobs one person watches at a time.
    pub streams_per_person: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            request_time: SignedDuration::from_secs(30),
            streams: 2000,
            streams_per_person: 50,
        }
    }
}

/// Refuses what is too long, and ends what takes too long.
pub(crate) async fn limited(State(server): State<Shared>, request: Request, next: Next) -> Response {
    let address = request.uri().path_and_query().map_or(0, |address| address.as_str().len());
    if address > LONGEST_ADDRESS {
        let status = StatusCode::URI_TOO_LONG;
        return Problem::new(status, text::ADDRESS_TOO_LONG, text::ADDRESS_TOO_LONG_DETAIL).into_response();
    }
    let time = server.settings.limits.request_time.unsigned_abs();
    // What a handler leaves behind when it panics is its own.
    let answer = AssertUnwindSafe(next.run(request)).catch_unwind();
    match tokio::time::timeout(time, answer).await {
        Ok(Ok(response)) => response,
        Ok(Err(_)) => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            let problem = Problem::new(status, problem::OUR_MISTAKE, problem::OUR_MISTAKE_DETAIL);
            problem.hint(problem::TELL_OPERATOR).cause("it panicked").into_response()
        }
        Err(_) => {
            let status = StatusCode::SERVICE_UNAVAILABLE;
            let problem = Problem::new(status, text::TOO_SLOW, text::TOO_SLOW_DETAIL);
            problem.hint(problem::TRY_AGAIN).cause("it took too long").into_response()
        }
    }
}
