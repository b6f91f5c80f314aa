//! The sessions that a person has, at this computer and elsewhere: seen and ended from any of them.

use jiff::Timestamp;
use serde_json::json;
use tmpl_bucket::{OpenSession, SessionMark};

use super::Person;
use super::session::Session;
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
        let session = noted_session(person)?;
        let this = session.mark();
        let own = |(mark, session): (SessionMark, OpenSession)| OwnSession {
            is_this: this.as_ref() == Some(&mark),
            mark: mark.as_str().to_owned(),
            begun: session.begun,
            host: session.host,
            browser: session.browser,
        };
        let found = self.door.sessions.of_owner(&self.bucket, session).await?;
        Ok(found.into_iter().map(own).collect())
    }

    /// Ends a session of a person, or all but the one that is asked with.
    pub(crate) async fn end_session_of(&self, person: &Person, mark: Option<&str>) -> Result<(), Problem> {
        let session = noted_session(person)?;
        let this = session.mark();
        let is_meant = |found: &SessionMark| match mark {
            Some(mark) => found.as_str() == mark,
            None => this.as_ref() != Some(found),
        };
        let found = self.door.sessions.of_owner(&self.bucket, session).await?;
        let meant: Vec<SessionMark> =
            found.into_iter().map(|(mark, _)| mark).filter(|mark| is_meant(mark)).collect();
        self.audit(person, "end sessions", json!({ "sessions": meant.len() })).await?;
        for mark in &meant {
            self.door.sessions.end_noted(&self.bucket, session, mark).await?;
        }
        Ok(())
    }
}

/// The session that is asked with, where people see theirs.
fn noted_session(person: &Person) -> Result<&Session, Problem> {
    let session = person.0.session.as_ref().filter(|_| person.sees_sessions());
    session.ok_or_else(|| Problem::not_found(text::NONE))
}
