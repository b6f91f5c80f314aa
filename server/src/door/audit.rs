//! Who did what, in the bucket: launches, ends, cards, sign-ins, and what somebody was kept from.

use std::sync::Mutex;

use axum::http::request::Parts;
use serde_json::{Value, json};
use tmpl_bucket::Submitter;

use super::session::now;
use super::{Person, Visit};
use crate::Server;
use crate::problem::Problem;

/// So many refused attempts are written down in a minute; of the others only the number is known. Whoever is kept out can't fill the
/// bucket.
const REFUSALS_A_MINUTE: u32 = 60;
/// A path is written down so far.
const LONGEST_PATH: usize = 300;

/// How many refusals were written down in this minute.
#[derive(Debug, Default)]
pub(crate) struct Refusals(Mutex<(i64, u32)>);

impl Refusals {
    /// Whether there is room for one more.
    fn take(&self) -> bool {
        let Ok(mut counted) = self.0.lock() else { return false };
        let minute = now() / 60;
        if counted.0 != minute {
            *counted = (minute, 0);
        }
        counted.1 += 1;
        counted.1 <= REFUSALS_A_MINUTE
    }
}

impl Server {
    /// Writes down that a person does something. Before it is done: what can't be written down is not done.
    pub(crate) async fn audit(&self, person: &Person, action: &str, subject: Value) -> Result<(), Problem> {
        Ok(self.bucket.audit(&person.submitter(), action, subject).await?)
    }

    /// Writes down that somebody was kept from something. Nobody waits for it.
    pub(super) fn audit_refusal(&self, visit: &Visit, parts: &Parts, problem: &Problem) {
        if !self.door.refusals.take() {
            return;
        }
        let who = visit.person.as_ref().map_or("nobody", Person::name).to_owned();
        let submitter = Submitter { who, host: visit.host() };
        let subject = json!({
            "method": parts.method.as_str(),
            "path": parts.uri.path().chars().take(LONGEST_PATH).collect::<String>(),
            "status": problem.status.as_u16(),
            "reason": problem.cause.as_ref().unwrap_or(&problem.detail),
        });
        let bucket = self.bucket.clone();
        tokio::spawn(async move { bucket.audit(&submitter, "refused", subject).await.ok() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bucket_is_not_filled_by_whoever_is_kept_out() {
        let refusals = Refusals::default();
        let written = (0..1000).filter(|_| refusals.take()).count();
        // The minute may have changed once.
        assert!((60..=120).contains(&written), "{written}");
    }
}
