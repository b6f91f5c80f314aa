//! What goes wrong, told as a page, or as `application/problem+json` to programs that ask for it.
//!
//! A handler returns a [`Problem`]; how it is shown depends on the request, which [`shown`] sees. What happened in detail goes to the
//! log: a page never has a path, an address or another user's data in it that the person could not see anyway.

use askama::Template;
use axum::extract::Request;
use axum::http::header::{ACCEPT, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{Html, IntoResponse, Response};
use serde_json::json;
use tmpl_bucket::{BucketError, BucketErrorKind, causes};
use tmpl_launcher::{ErrorKind, LaunchError};

use crate::operate::RequestId;
use crate::text::problem as text;

/// Something that went wrong with a request.
#[derive(Clone, Debug)]
pub(crate) struct Problem {
    /// The answer's status.
    pub(crate) status: StatusCode,
    /// What is wrong, in some words.
    pub(crate) title: String,
    /// What is wrong, in a sentence or two.
    pub(crate) detail: String,
    /// What to do about it.
    pub(crate) hint: Option<String>,
    /// What happened in detail: for the log alone.
    pub(crate) cause: Option<String>,
    /// Somebody was kept from doing something: the bucket's audit log is told.
    pub(crate) refused: bool,
    /// The token of a form to sign out with, where coming in as somebody else may help.
    pub(crate) sign_out: Option<Box<str>>,
}

impl Problem {
    /// A problem with this status.
    pub(crate) fn new(status: StatusCode, title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self {
            status,
            title: title.into(),
            detail: detail.into(),
            hint: None,
            cause: None,
            refused: false,
            sign_out: None,
        }
    }

    /// There is no such thing, or it is not for this person to see.
    pub(crate) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, text::NOTHING_HERE, detail)
    }

    /// The request is wrong.
    pub(crate) fn wrong(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, text::WRONG_REQUEST, detail)
    }

    /// The person may not do that. It is written down.
    pub(crate) fn refused(title: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { refused: true, ..Self::new(StatusCode::FORBIDDEN, title, detail) }
    }

    /// The same with a remedy.
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same with what the log is to know.
    pub(crate) fn cause(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }
}

impl From<BucketError> for Problem {
    fn from(error: BucketError) -> Self {
        let problem = match &error {
            BucketError::NoSuchTemplate { name, .. }
            | BucketError::NoSuchVersion { name, .. }
            | BucketError::AmbiguousVersion { name, .. }
            | BucketError::Deleted { name, .. } => Self::not_found(text::no_template(name)),
            BucketError::NoSuchJob { id, .. } => Self::not_found(text::no_job(id)),
            BucketError::Ended { .. } => Self::new(StatusCode::CONFLICT, text::ENDED, error.to_string()),
            BucketError::NotEnded { .. } => {
                Self::new(StatusCode::CONFLICT, text::NOT_ENDED, error.to_string())
            }
            _ => match error.kind() {
                BucketErrorKind::Usage => Self::wrong(error.to_string()),
                BucketErrorKind::Temporary => {
                    Self::new(StatusCode::SERVICE_UNAVAILABLE, text::BUCKET_AWAY, text::BUCKET_AWAY_DETAIL)
                        .hint(text::TRY_AGAIN)
                }
                BucketErrorKind::Damaged | BucketErrorKind::Environment => Self::new(
                    StatusCode::INTERNAL_SERVER_ERROR,
                    text::BUCKET_REFUSES,
                    text::BUCKET_REFUSES_DETAIL,
                )
                .hint(text::TELL_OPERATOR),
            },
        };
        problem.cause(causes(&error).join(": "))
    }
}

impl From<LaunchError> for Problem {
    fn from(error: LaunchError) -> Self {
        let error = match error {
            LaunchError::Bucket(error) => return error.into(),
            error => error,
        };
        let status = match error.kind() {
            ErrorKind::Usage => StatusCode::UNPROCESSABLE_ENTITY,
            ErrorKind::Refused => StatusCode::CONFLICT,
            ErrorKind::Temporary => StatusCode::SERVICE_UNAVAILABLE,
            ErrorKind::Environment | ErrorKind::Program | ErrorKind::ContactLost => {
                StatusCode::INTERNAL_SERVER_ERROR
            }
        };
        let title = if error.kind() == ErrorKind::Refused { text::IN_USE } else { text::NOT_STARTED };
        let problem = Self::new(status, title, error.to_string()).cause(causes(&error).join(": "));
        Self { hint: error.hint(), ..problem }
    }
}

/// Until [`shown`] has seen the request, the problem itself is the answer.
impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, self.detail.clone()).into_response();
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem as a page.
#[derive(Template)]
#[template(path = "problem.html")]
struct ProblemPage<'a> {
    problem: &'a Problem,
    /// What the log knows the request by, where the fault is ours.
    reference: Option<&'a str>,
}

/// Shows problems in the form that the request asks for.
pub(crate) async fn shown(request: Request, next: Next) -> Response {
    let json = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok()).is_some_and(wants_json);
    let id = request.extensions().get::<RequestId>().cloned();
    let mut response = next.run(request).await;
    let problem = response.extensions_mut().remove::<Problem>().or_else(|| unexplained(&response));
    let Some(problem) = problem else { return response };
    let reference = id.as_ref().map(|id| id.0.as_str()).filter(|_| problem.status.is_server_error());
    let shown = if json { as_json(&problem, reference) } else { as_page(&problem, reference) };
    let (parts, body) = shown.into_parts();
    *response.body_mut() = body;
    *response.status_mut() = problem.status;
    response.headers_mut().extend(parts.headers);
    if problem.status == StatusCode::SERVICE_UNAVAILABLE {
        response.headers_mut().entry(RETRY_AFTER).or_insert(HeaderValue::from_static("5"));
    }
    response.extensions_mut().insert(problem);
    response
}

/// The problem of an answer that has none: a query, a path or a header that could not be read. What is said of those is for
/// programmers.
fn unexplained(response: &Response) -> Option<Problem> {
    let status = response.status();
    let kind = response.headers().get(CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    let is_bare = kind.is_empty() || kind.starts_with(b"text/plain");
    if !is_bare || !(status.is_client_error() || status.is_server_error()) {
        return None;
    }
    Some(match status {
        StatusCode::NOT_FOUND => Problem::not_found(text::NOTHING_HERE_DETAIL),
        StatusCode::METHOD_NOT_ALLOWED => Problem::new(status, text::WRONG_METHOD, text::WRONG_METHOD_DETAIL),
        _ if status.is_client_error() => Problem::new(status, text::WRONG_REQUEST, text::UNREADABLE_DETAIL),
        _ => Problem::new(status, text::OUR_MISTAKE, text::OUR_MISTAKE_DETAIL).hint(text::TELL_OPERATOR),
    })
}

/// Whoever names JSON before HTML is a program.
fn wants_json(accept: &str) -> bool {
    let place = |word: &str| accept.find(word).unwrap_or(usize::MAX);
    place("json") < place("html")
}

fn as_json(problem: &Problem, reference: Option<&str>) -> Response {
    let mut value = json!({
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status.as_u16(),
        "detail": problem.detail,
    });
    if let Some(hint) = &problem.hint {
        value["hint"] = json!(hint);
    }
    if let Some(reference) = reference {
        value["request"] = json!(reference);
    }
    ([(CONTENT_TYPE, "application/problem+json")], value.to_string()).into_response()
}

fn as_page(problem: &Problem, reference: Option<&str>) -> Response {
    match (ProblemPage { problem, reference }).render() {
        Ok(page) => Html(page).into_response(),
        Err(_) => problem.detail.clone().into_response(),
    }
}

/// An address that leads nowhere.
pub(crate) async fn nothing_here() -> Problem {
    Problem::not_found(text::NOTHING_HERE_DETAIL)
}

/// An address that is not for this kind of request.
pub(crate) async fn wrong_method() -> Problem {
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, text::WRONG_METHOD, text::WRONG_METHOD_DETAIL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_told_in_json_and_people_in_pages() {
        for (accept, json) in [
            ("application/json", true),
            ("application/problem+json, */*", true),
            ("application/json, text/html", true),
            ("text/html,application/xhtml+xml,*/*;q=0.8", false),
            ("text/html, application/json;q=0.5", false),
            ("*/*", false),
            ("", false),
        ] {
            assert_eq!(wants_json(accept), json, "{accept}");
        }
    }
}
