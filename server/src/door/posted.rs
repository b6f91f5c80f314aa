//! The fields of a form that was sent from one of our own pages.

use axum::RequestExt;
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::fields::{WrongFields, parse};
use super::{Person, again};
use crate::Shared;
use crate::problem::Problem;
use crate::text::door as text;

/// A larger form is not read.
const LARGEST_BODY: usize = 1024 * 1024;
/// What forms are sent as.
const FORM: &str = "application/x-www-form-urlencoded";
/// The field that says that a form is one of ours.
pub(super) const CSRF: &str = "csrf";

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
    type Rejection = Response;

    async fn from_request(mut request: Request, server: &Shared) -> Result<Self, Response> {
        let person: Person =
            request.extract_parts_with_state(server).await.map_err(IntoResponse::into_response)?;
        let (parts, body) = request.into_parts();
        let mut fields = read(&parts.headers, body).await.map_err(IntoResponse::into_response)?;
        let is_ours =
            fields.iter().any(|(name, token)| name == CSRF && server.door.made_form(&person, token));
        fields.retain(|(name, _)| name != CSRF);
        if is_ours {
            return Ok(Self { person, fields });
        }
        // The page that it came from is older than the session. What was entered is not lost: it can be sent once more.
        Err(again::with_new_token(&parts, &person, &fields))
    }
}

/// The fields of a form.
pub(super) async fn read(headers: &HeaderMap, body: Body) -> Result<Vec<(String, String)>, Problem> {
    let sent_as = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = sent_as.split(';').next().unwrap_or_default().trim();
    if !kind.eq_ignore_ascii_case(FORM) {
        return Err(refused(StatusCode::UNSUPPORTED_MEDIA_TYPE, text::NO_FORM));
    }
    let too_large = || refused(StatusCode::PAYLOAD_TOO_LARGE, text::FORM_TOO_LARGE);
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<usize>().ok());
    if length.is_some_and(|length| length > LARGEST_BODY) {
        return Err(too_large());
    }
    let body = to_bytes(body, LARGEST_BODY).await.map_err(|_| too_large())?;
    parse(&body).map_err(|wrong| match wrong {
        WrongFields::TooMany => refused(StatusCode::PAYLOAD_TOO_LARGE, text::TOO_MANY_FIELDS),
        WrongFields::NotText => refused(StatusCode::BAD_REQUEST, text::NO_TEXT),
    })
}

fn refused(status: StatusCode, detail: &str) -> Problem {
    Problem::new(status, text::FORM_REFUSED, detail)
}
