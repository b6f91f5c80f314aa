//! The page: people who don't program find a template, fill its form, launch it, watch it and read what it did.
//!
//! | module | holds |
//! |---|---|
//! | [`settings`](Settings) | the table `[serve]` of the operator's configuration |
//! | `state` | what every handler is given |
//! | `door` | who may come in, and what they may do: hosts, origins, tokens, sign-in, sessions, roles, rules |
//! | `page` | one file a page |
//! | `form` | from a template's metadata to a form's fields, and back to parameters; pure |
//! | `catalogue` | all templates and saved launches, in memory |
//! | `live` | server-sent events of a job: its state and its log by byte offset |
//! | `operate` | health, metrics, the access log, limits, headers, connections, the graceful stop |
//! | `problem` | what goes wrong, as a page or as `application/problem+json` |
//! | `text` | every word that people read |
//!
//! Invariants: everything that is shown is read from the bucket, so that several servers may serve one and any may die; a handler that
//! changes something takes its request as `door::Posted`, which nobody from elsewhere can make; no other host is ever
//! named in a page; nothing here knows how a pipeline starts.

mod catalogue;
mod door;
mod form;
mod live;
mod operate;
mod page;
mod problem;
mod settings;
mod start_error;
mod state;
mod text;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state, map_response_with_state};
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;

pub use door::{Network, Role, TemplatePattern};
pub use operate::{Limits, Listening, serve};
pub use settings::{Proxy, Roles, Rule, Settings, SignIn};
pub use start_error::StartError;
pub use state::{Parts, Server, Shared};

/// Everything that is served.
pub fn app(server: Shared) -> Router {
    Router::new()
        .merge(page::routes())
        .merge(live::routes())
        .merge(door::routes())
        .merge(operate::routes())
        .fallback(problem::nothing_here)
        .method_not_allowed_fallback(problem::wrong_method)
        // The last is the first that a request meets.
        .layer(from_fn_with_state(server.clone(), door::pass))
        .layer(from_fn_with_state(server.clone(), operate::limited))
        .layer(from_fn(problem::shown))
        // What is gained by a better one costs more time than it saves.
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(map_response_with_state(server.clone(), operate::secured))
        .layer(from_fn_with_state(server.clone(), operate::logged))
        .with_state(server)
}
