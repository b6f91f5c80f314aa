//! What an operator sees of the server, and what keeps it standing.

mod access_log;
mod headers;
mod health;
mod limits;
mod listen;
mod metrics;
mod patience;

use axum::Router;
use axum::routing::get;

pub(crate) use access_log::{AccessLog, RequestId, logged};
pub(crate) use headers::secured;
pub(crate) use health::Readiness;
pub use limits::Limits;
pub(crate) use limits::limited;
pub(crate) use listen::Peer;
pub use listen::{Listening, serve};
pub(crate) use metrics::Metrics;

use crate::Shared;

/// `/healthz`, `/readyz`, `/metrics`.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/metrics", get(health::metrics))
}
