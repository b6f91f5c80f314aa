//! The pages: one file each, and what they have in common.
//!
//! | module | holds |
//! |---|---|
//! | `frame` | what is around every page |
//! | `assets` | style sheet, script and icon |
//! | `measure`, `state` | times, lengths, sizes; states with their icons |
//! | `find` | what can be launched |
//! | `launch` | form, review, launch, for templates and saved launches; `card`: saved launches made and changed |
//! | `job`, `log` | a job, and its log |
//! | `history`, `compare` | what was launched; what differs between two jobs |
//! | `browse`, `runners`, `sessions` | files of the bucket; where jobs can run; where somebody is signed in |
//!
//! Every page works as plain HTML; the script makes some things quicker. What people and programs wrote is shown as
//! [`Plain`](crate::text::plain::Plain), and the templates escape it.

mod assets;
mod attributes;
mod browse;
mod card;
mod compare;
mod find;
mod frame;
mod history;
mod job;
mod launch;
mod log;
mod measure;
mod runners;
mod sessions;
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
        .route("/cards", get(card::from_job).post(card::create))
        .route("/cards/{name}/edit", get(card::edit).post(card::change))
        .route("/cards/{name}", get(launch::card_form).post(launch::card_sent))
        .route("/jobs", get(history::history))
        .route("/compare", get(compare::compare))
        .route("/runners", get(runners::runners))
        .route("/sessions", get(sessions::sessions).post(sessions::end))
        .route("/browse", get(browse::browse))
        .route("/jobs/{id}", get(job::job))
        .route("/jobs/{id}/log", get(log::log))
        .route("/jobs/{id}/log.txt", get(log::download))
        .route("/jobs/{id}/results.csv", get(job::csv))
        .route("/jobs/{id}/results.json", get(job::json))
        .route("/jobs/{id}/graph.svg", get(job::svg))
        .route("/jobs/{id}/files/{*name}", get(job::file))
        .route("/jobs/{id}/parameters/{name}", get(job::value))
        .route("/jobs/{id}/stop", get(job::ask).post(job::stop))
        .route("/assets/{name}", get(assets::asset))
}
