//! Who may come in, and what they may do.

mod access;
mod person;
mod posted;
mod role;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;

pub(crate) use access::Access;
use person::Known;
pub(crate) use person::Person;
pub(crate) use posted::Posted;
pub(crate) use role::{Action, Role};

use crate::Shared;
use crate::operate::Peer;

/// `/open`, `/sign-in`, `/sign-out`.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
}

/// Finds out who a request comes from.
pub(crate) async fn pass(State(server): State<Shared>, mut request: Request, next: Next) -> Response {
    let address = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
    let known = Known {
        name: server.user.clone(),
        groups: Vec::new(),
        csrf: String::new(),
        address,
        access: Arc::clone(&server.access),
    };
    request.extensions_mut().insert(Person(Arc::new(known)));
    next.run(request).await
}
