//! The pages: one file each, and what they have in common.
//!
//! | module | holds |
//! |---|---|
//! | `frame` | what is around every page |
//! | `assets` | style sheet, script and icon |
//! | `measure`, `state` | times, lengths, sizes; states with their icons |
//! | `find` | what can be launched |
//!
//! Every page works as plain HTML; the script makes some things quicker. What people and programs wrote is shown as
//! [`Plain`](crate::text::plain::Plain), and the templates escape it.

mod assets;
mod attributes;
mod find;
mod frame;
mod launch;
mod measure;
mod state;

use axum::Router;
use axum::routing::get;

pub(crate) use assets::{icon, script, style};
pub(crate) use attributes::common;

use crate::Shared;

/// Every page.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/", get(find::find))
        .route("/templates/{name}", get(launch::template_form).post(launch::template_sent))
        .route("/cards/{name}", get(launch::card_form).post(launch::card_sent))
        .route("/assets/{name}", get(assets::asset))
}
