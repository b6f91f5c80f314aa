//! The pages: one file each.

use axum::Router;

use crate::Shared;

/// Every page.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
}
