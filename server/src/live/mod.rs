//! Server-sent events of a job: its state, its counters, and its log by byte offset.

use axum::Router;

use crate::Shared;

/// `/jobs/{id}/events`.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
}
