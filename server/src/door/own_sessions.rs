//! The sessions that a person has, at this computer and elsewhere: seen and ended from any of them.

use jiff::Timestamp;
use serde_json::json;
use tmpl_bucket::{OpenSession, SessionMark};

use super::Person;
use crate::Server;
use crate::problem::Problem;
use crate::text::session as text;

/// A session of somebody's, as they see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OwnSession {
    /// What it is ended by.
    pub(crate) mark: String,
    /// When they came in with it.
    pub(crate) begun: Timestamp,
    /// From where.
    pub(crate) host: String,
    /// What the browser said of itself.
    pub(crate) browser: String,
    /// Whether it is the one that is asked with.
    pub(crate) is_this: bool,
}

impl Server {
    /// The sessions of a person, the newest first.
    pub(crate) async fn sessions_of(&self, person: &Person) -> Result<Vec<OwnSession>, Problem> {
        let found = self.noted_sessions(person).await?;
        let this = person.0.session.as_ref().and_then(super::session::Session::mark);
        let own = |(mark, session): (SessionMark, OpenSession)| OwnSession {
            is_this: this.as_ref() == Some(&mark),
            mark: mark.as_str().to_owned(),
            begun: session.begun,
            host: session.host,
            browser: session.browser,
        };
        Ok(found.into_iter().map(own).collect())
    }

    /// Ends a session of a person, or all but the one that is asked with.
    pub(crate) async fn end_session_of(&self, person: &Person, mark: Option<&str>) -> Result<(), Problem> {
        let Some(session) = &person.0.session else { return Err(no_sessions()) };
        let this = session.mark();
        let found = self.noted_sessions(person).await?;
        let is_meant = |found: &SessionMark| match mark {
            Some(mark) => found.as_str() == mark,
            None => this.as_ref() != Some(found),
        };
        let meant: Vec<SessionMark> =
            found.into_iter().map(|(mark, _)| mark).filter(|mark| is_meant(mark)).collect();
        self.audit(person, "end sessions", json!({ "sessions": meant.len() })).await?;
        for mark in &meant {
            self.door.sessions.end_noted(&self.bucket, session, mark).await?;
        }
        Ok(())
    }

    async fn noted_sessions(&self, person: &Person) -> Result<Vec<(SessionMark, OpenSession)>, Problem> {
        match &person.0.session {
            Some(session) if self.door.sessions.are_noted() => {
                Ok(self.door.sessions.of_owner(&self.bucket, session).await?)
            }
            _ => Err(no_sessions()),
        }
    }
}

fn no_sessions() -> Problem {
    Problem::not_found(text::NONE)
}
