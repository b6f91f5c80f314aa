//! The fields of a form that was sent from one of our own pages.

use axum::RequestExt;
use axum::body::to_bytes;
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;

use super::Person;
use crate::Shared;
use crate::problem::Problem;
use crate::text::problem as text;

/// A larger form is not read.
const LARGEST_BODY: usize = 1024 * 1024;
/// One with more fields neither.
const MOST_FIELDS: usize = 2000;

/// What a person sent with a form, in order. Its origin, its token, its size and its form have been looked at.
#[derive(Clone, Debug)]
pub(crate) struct Posted {
    /// Who sent it.
    pub(crate) person: Person,
    /// Names and values, in the order of the form; one name may be there several times.
    pub(crate) fields: Vec<(String, String)>,
}

impl Posted {
    /// The first value of a field.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(field, _)| field == name).map(|(_, value)| value.as_str())
    }
}

impl FromRequest<Shared> for Posted {
    type Rejection = Problem;

    async fn from_request(mut request: Request, server: &Shared) -> Result<Self, Problem> {
        let person: Person = request.extract_parts_with_state(server).await?;
        let form = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        if !form.is_some_and(|form| form.starts_with("application/x-www-form-urlencoded")) {
            let status = StatusCode::UNSUPPORTED_MEDIA_TYPE;
            return Err(Problem::new(status, text::WRONG_REQUEST, text::WRONG_METHOD_DETAIL));
        }
        let body = to_bytes(request.into_body(), LARGEST_BODY).await.map_err(|error| {
            Problem::new(StatusCode::PAYLOAD_TOO_LARGE, text::WRONG_REQUEST, error.to_string())
        })?;
        let fields: Vec<(String, String)> =
            url::form_urlencoded::parse(&body).into_owned().take(MOST_FIELDS).collect();
        Ok(Self { person, fields })
    }
}
