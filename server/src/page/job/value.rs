//! A parameter's value as it was given, whole: what a page shows of a long one is its beginning.

use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::known;
use crate::Shared;
use crate::door::Person;
use crate::problem::Problem;
use crate::text::problem;

/// `GET /jobs/{id}/parameters/{name}`: text, and nothing that a browser would take for more.
pub(crate) async fn value(
    State(server): State<Shared>,
    person: Person,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let record = known(&server, &person, &id).await?;
    let value = record.parameters.get(&name);
    let value = value.ok_or_else(|| Problem::not_found(problem::NOTHING_HERE_DETAIL))?;
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8"),
        (CONTENT_DISPOSITION, "inline; filename=\"value.txt\""),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"),
    ];
    Ok((headers, value.to_owned()).into_response())
}
