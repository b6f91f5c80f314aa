//! `/sessions`: where somebody is signed in.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};

use super::frame::{Frame, Place, page};
use super::measure::Moment;
use crate::Shared;
use crate::door::{OwnSession, Person, Posted};
use crate::problem::Problem;
use crate::text::plain::Plain;
use crate::text::session as text;

const LONGEST_ADDRESS: usize = 60;
/// What browsers call themselves: each names those before it, too.
const BROWSERS: [(&str, &str); 5] = [
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];
const SYSTEMS: [(&str, &str); 6] = [
    ("Android", "Android"),
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "a Mac"),
    ("Linux", "Linux"),
];

#[derive(Template)]
#[template(path = "sessions.html")]
struct SessionsPage {
    frame: Frame,
    sessions: Vec<Line>,
    others: bool,
}

/// A session.
struct Line {
    mark: String,
    begun: Moment,
    browser: String,
    host: Plain,
    is_this: bool,
}

/// `GET /sessions`.
pub(super) async fn sessions(State(server): State<Shared>, person: Person) -> Result<Response, Problem> {
    let sessions = server.sessions_of(&person).await?;
    let line = |session: OwnSession| Line {
        mark: session.mark,
        begun: Moment(session.begun),
        browser: browser(&session.browser),
        host: Plain::line(&session.host, LONGEST_ADDRESS),
        is_this: session.is_this,
    };
    let others = sessions.iter().any(|session| !session.is_this);
    let sessions = sessions.into_iter().map(line).collect();
    page(&SessionsPage { frame: Frame::new(&person, Place::Elsewhere), sessions, others })
}

/// `POST /sessions`: ends the one that is named, or all others.
pub(super) async fn end(State(server): State<Shared>, posted: Posted) -> Result<Response, Problem> {
    server.end_session_of(&posted.person, posted.get("session")).await?;
    Ok(Redirect::to("/sessions").into_response())
}

/// What a browser says of itself, in words: nothing of it is repeated.
fn browser(said: &str) -> String {
    let known = |names: &[(&str, &'static str)]| {
        names.iter().find(|(mark, _)| said.contains(mark)).map(|(_, name)| *name)
    };
    match (known(&BROWSERS), known(&SYSTEMS)) {
        (Some(browser), Some(system)) => text::browser_on(browser, system),
        (Some(browser), None) => browser.to_owned(),
        (None, _) => text::UNKNOWN_BROWSER.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_told_by_what_only_they_say() {
        let chrome = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";
        let safari = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1";
        let edge = format!("{chrome} Edg/140.0.0.0");
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
        assert_eq!(browser(chrome), "Chrome on Windows");
        assert_eq!(browser(safari), "Safari on an iPhone");
        assert_eq!(browser(&edge), "Edge on Windows");
        assert_eq!(browser(firefox), "Firefox on Linux");
        assert_eq!(browser("<script>"), "a program");
    }
}
