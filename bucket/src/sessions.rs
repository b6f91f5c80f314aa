//! Sessions at servers, for all servers that share them: which a person has, and which were signed out of. Each server asks before it
//! believes a session for long.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Bucket, BucketError, layout};

/// What a session goes by in the bucket: when it is over in any case, and its digest, since whoever knows its name could be anybody who
/// reads the bucket.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SessionMark(String);

impl SessionMark {
    /// The mark of a session that lasts until then at the longest.
    pub fn of(session: &str, until: Timestamp) -> Self {
        let digest = tmpl_template::sha256_of(session.as_bytes());
        Self(format!("{:012}-{}", until.as_second(), digest.digest()))
    }

    /// The mark as it is written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether the session is over in any case.
    fn is_over(&self) -> bool {
        let until = self.0.split_once('-').and_then(|(until, _)| until.parse::<i64>().ok());
        until.is_some_and(|until| until < Timestamp::now().as_second())
    }
}

/// Whose sessions: a person of those who come in at one door, with one key.
#[derive(Clone, Copy, Debug)]
pub struct SessionOwner<'a> {
    /// What tells the door and its key from others.
    pub realm: &'a str,
    /// The person's name.
    pub who: &'a str,
}

/// What a person sees of a session of theirs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenSession {
    /// When they came in.
    pub begun: Timestamp,
    /// From where.
    pub host: String,
    /// With what, in the browser's own words.
    pub browser: String,
}

impl Bucket {
    /// Writes down that somebody came in. What was written down of sessions of theirs that are over is removed.
    pub async fn note_session(
        &self,
        owner: &SessionOwner<'_>,
        mark: &SessionMark,
        session: &OpenSession,
    ) -> Result<(), BucketError> {
        self.store.create_json(&layout::open_session(owner, mark), session).await?;
        self.forget_sessions(&layout::open_sessions(owner)).await
    }

    /// The sessions of a person that are not over, the newest first.
    pub async fn sessions_of(
        &self,
        owner: &SessionOwner<'_>,
    ) -> Result<Vec<(SessionMark, OpenSession)>, BucketError> {
        let mut sessions = Vec::new();
        for listed in self.store.list(&layout::open_sessions(owner)).await? {
            let mark = SessionMark(listed.name);
            if mark.is_over() {
                continue;
            }
            // One that can't be read is none that somebody could tell from others.
            let read = self.store.get_json::<OpenSession>(&layout::open_session(owner, &mark)).await;
            if let Ok(Some(session)) = read {
                sessions.push((mark, session));
            }
        }
        sessions.sort_by_key(|(_, session)| std::cmp::Reverse(session.begun));
        Ok(sessions)
    }

    /// Writes down that a session is over. What was written down of sessions that are over anyway is removed.
    pub async fn end_session(&self, owner: &SessionOwner<'_>, mark: &SessionMark) -> Result<(), BucketError> {
        self.store.create(&layout::ended_session(mark), "ended\n").await?;
        self.store.delete(&layout::open_session(owner, mark)).await?;
        self.forget_sessions(layout::SESSIONS).await
    }

    /// Removes what a folder has of sessions that are over anyway.
    async fn forget_sessions(&self, folder: &str) -> Result<(), BucketError> {
        for listed in self.store.list(folder).await? {
            let mark = SessionMark(listed.name);
            if mark.is_over() {
                self.store.delete(&format!("{folder}/{}", mark.as_str())).await?;
            }
        }
        Ok(())
    }

    /// Whether somebody signed out of a session.
    pub async fn is_session_ended(&self, mark: &SessionMark) -> Result<bool, BucketError> {
        Ok(self.store.head(&layout::ended_session(mark)).await?.is_some())
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    const ADA: SessionOwner<'_> = SessionOwner { realm: "r", who: "ada" };

    fn open(begun: Timestamp, browser: &str) -> OpenSession {
        OpenSession { begun, host: "192.0.2.1".to_owned(), browser: browser.to_owned() }
    }

    #[tokio::test]
    async fn sessions_are_over_for_everybody_and_forgotten_in_time() {
        let bucket = Bucket::in_memory();
        let (now, hour) = (Timestamp::now(), SignedDuration::from_hours(1));
        let mark = |session| SessionMark::of(session, now + hour);
        assert!(!bucket.is_session_ended(&mark("a")).await.unwrap());
        bucket.end_session(&ADA, &mark("a")).await.unwrap();
        bucket.end_session(&ADA, &mark("a")).await.unwrap();
        assert!(bucket.is_session_ended(&mark("a")).await.unwrap());
        assert!(!bucket.is_session_ended(&mark("b")).await.unwrap());
        bucket.end_session(&ADA, &SessionMark::of("old", now - hour)).await.unwrap();
        bucket.end_session(&ADA, &mark("c")).await.unwrap();
        let kept = bucket.store.list(layout::SESSIONS).await.unwrap();
        assert_eq!(kept.len(), 2, "of one that is over anyway nobody asks");
        assert!(
            kept.iter().all(|listed| !listed.name.ends_with("-a")),
            "whoever lists the bucket learns no session"
        );
    }

    #[tokio::test]
    async fn everybody_sees_their_own_sessions_until_they_are_over() {
        let bucket = Bucket::in_memory();
        let (now, hour) = (Timestamp::now(), SignedDuration::from_hours(1));
        let bob = SessionOwner { who: "bob", ..ADA };
        for (owner, session, until, begun) in [
            (ADA, "desk", now + hour, now - hour),
            (ADA, "phone", now + hour, now),
            (ADA, "old", now - hour, now - hour),
            (bob, "other", now + hour, now),
        ] {
            let mark = SessionMark::of(session, until);
            bucket.note_session(&owner, &mark, &open(begun, session)).await.unwrap();
        }
        let browsers = async |owner: SessionOwner<'static>| {
            let sessions = bucket.sessions_of(&owner).await.unwrap();
            sessions.into_iter().map(|(_, session)| session.browser).collect::<Vec<_>>()
        };
        assert_eq!(browsers(ADA).await, ["phone", "desk"]);
        bucket.end_session(&ADA, &SessionMark::of("desk", now + hour)).await.unwrap();
        assert_eq!(browsers(ADA).await, ["phone"]);
        assert_eq!(browsers(bob).await, ["other"]);
        assert!(browsers(SessionOwner { realm: "another key", ..ADA }).await.is_empty());
    }
}
