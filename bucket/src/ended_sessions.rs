//! Sessions that somebody signed out of, for all servers that share them: each server asks before it believes a session for long.

use jiff::Timestamp;

use crate::{Bucket, BucketError, layout};

impl Bucket {
    /// Writes down that a session is over, which would have lasted until then. What was written down of sessions that are over anyway
    /// is removed.
    pub async fn end_session(&self, session: &str, until: Timestamp) -> Result<(), BucketError> {
        self.store.create(&layout::ended_session(session, until), "ended\n").await?;
        let now = Timestamp::now().as_second();
        for listed in self.store.list(layout::SESSIONS).await? {
            let until = listed.name.split_once('-').and_then(|(until, _)| until.parse::<i64>().ok());
            if until.is_some_and(|until| until < now) {
                self.store.delete(&format!("{}/{}", layout::SESSIONS, listed.name)).await?;
            }
        }
        Ok(())
    }

    /// Whether somebody signed out of a session.
    pub async fn is_session_ended(&self, session: &str, until: Timestamp) -> Result<bool, BucketError> {
        Ok(self.store.head(&layout::ended_session(session, until)).await?.is_some())
    }
}

#[cfg(test)]
mod tests {
    use jiff::SignedDuration;

    use super::*;

    #[tokio::test]
    async fn sessions_are_over_for_everybody_and_forgotten_in_time() {
        let bucket = Bucket::in_memory();
        let (now, hour) = (Timestamp::now(), SignedDuration::from_hours(1));
        let (later, earlier) = (now + hour, now - hour);
        assert!(!bucket.is_session_ended("a", later).await.unwrap());
        bucket.end_session("a", later).await.unwrap();
        bucket.end_session("a", later).await.unwrap();
        assert!(bucket.is_session_ended("a", later).await.unwrap());
        assert!(!bucket.is_session_ended("b", later).await.unwrap());
        bucket.end_session("old", earlier).await.unwrap();
        bucket.end_session("c", later).await.unwrap();
        let kept = bucket.store.list(layout::SESSIONS).await.unwrap();
        assert_eq!(kept.len(), 2, "of one that is over anyway nobody asks");
        assert!(
            kept.iter().all(|listed| !listed.name.ends_with("-a")),
            "whoever lists the bucket learns no session"
        );
    }
}
