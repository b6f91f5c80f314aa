//! A form that came too late: what was entered is kept on a page, to be sent once more.

use askama::Template;
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{Html, IntoResponse, Response};

use super::Person;
use super::fields::way_on;
use crate::problem::Problem;
use crate::text::door as text;

/// The page that keeps a form's fields.
#[derive(Template)]
#[template(path = "again.html")]
struct Again<'a> {
    title: &'a str,
    detail: &'a str,
    /// Where people sign in, in another tab.
    sign_in: Option<&'a str>,
    /// Where the form goes.
    action: &'a str,
    csrf: Option<&'a str>,
    fields: &'a [(String, String)],
}

impl Again<'_> {
    fn shown(&self, status: StatusCode) -> Response {
        match self.render() {
            Ok(page) => (status, Html(page)).into_response(),
            Err(_) => Problem::new(status, self.title, self.detail).into_response(),
        }
    }
}

/// Where the form was sent: here.
fn way_back(parts: &Parts) -> String {
    way_on(parts.uri.path_and_query().map_or("/", |way| way.as_str()))
}

/// The person is known, the page that the form was on is of an earlier session.
pub(super) fn with_new_token(parts: &Parts, person: &Person, fields: &[(String, String)]) -> Response {
    Again {
        title: text::OLD_PAGE,
        detail: text::OLD_PAGE_DETAIL,
        sign_in: None,
        action: &way_back(parts),
        csrf: Some(person.csrf()),
        fields,
    }
    .shown(StatusCode::FORBIDDEN)
}

/// The session is over.
pub(super) fn after_signing_in(
    parts: &Parts,
    sign_in: Option<&str>,
    fields: Vec<(String, String)>,
) -> Response {
    Again {
        title: text::SESSION_OVER,
        detail: if sign_in.is_some() { text::SESSION_OVER_DETAIL } else { text::SESSION_OVER_TOKEN },
        sign_in,
        action: &way_back(parts),
        csrf: None,
        fields: &fields.into_iter().filter(|(name, _)| name != super::posted::CSRF).collect::<Vec<_>>(),
    }
    .shown(StatusCode::UNAUTHORIZED)
}
