//! What is around every page: who looks at it, and where they are.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};

use crate::door::{Action, Person};
use crate::problem::Problem;
use crate::text::plain::Plain;
use crate::text::problem as text;

/// Names of people are shown as far as this.
const LONGEST_NAME: usize = 60;

/// What is around a page.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// Who looks at it.
    pub(crate) who: Plain,
    /// The token that every form sends back.
    pub(crate) csrf: String,
    /// Where they are.
    pub(crate) place: Place,
    /// Whether there is something to sign out of.
    pub(crate) can_sign_out: bool,
    /// Whether they see which sessions they have.
    pub(crate) sees_sessions: bool,
    /// Whether they can only look.
    pub(crate) read_only: bool,
}

/// The parts of the main menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// What can be launched.
    Run,
    /// What was launched.
    Jobs,
    /// In none of them.
    Elsewhere,
}

impl Frame {
    /// The frame for a person who is there.
    pub(crate) fn new(person: &Person, place: Place) -> Self {
        Self {
            who: Plain::line(person.name(), LONGEST_NAME),
            csrf: person.csrf().to_owned(),
            place,
            can_sign_out: person.can_sign_out(),
            sees_sessions: person.sees_sessions(),
            read_only: !person.can(Action::Launch, None),
        }
    }

    pub(crate) fn is_run(&self) -> bool {
        self.place == Place::Run
    }

    pub(crate) fn is_jobs(&self) -> bool {
        self.place == Place::Jobs
    }
}

/// Something of ours is damaged: the detail says what.
pub(crate) fn broken(detail: &str) -> Problem {
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, text::BUCKET_REFUSES, detail).hint(text::TELL_OPERATOR)
}

/// A page.
pub(crate) fn page(template: &impl Template) -> Result<Response, Problem> {
    page_with(StatusCode::OK, template)
}

/// A page with another status.
pub(crate) fn page_with(status: StatusCode, template: &impl Template) -> Result<Response, Problem> {
    let html = template.render();
    let html = html.map_err(|error| broken(text::BUCKET_REFUSES_DETAIL).cause(error.to_string()))?;
    Ok((status, Html(html)).into_response())
}
