//! What an operator sees of the server, and what keeps it standing.

mod headers;
mod health;
mod listen;

use axum::Router;
use axum::routing::get;

pub(crate) use headers::secured;
pub(crate) use listen::Peer;
pub use listen::{Listening, serve};

use crate::Shared;

/// `/healthz`, `/readyz`, `/metrics`.
pub(crate) fn routes() -> Router<Shared> {
    Router::new().route("/healthz", get(health::alive))
}
