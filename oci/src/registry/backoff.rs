//! When to try again after a temporary failure, and when to stop.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::fmt::rfc2822;

const SHORTEST: Duration = Duration::from_millis(100);
const LONGEST: Duration = Duration::from_secs(15);

/// The waits between tries: each is random between the shortest and three times the one before, so that many clients which
/// were refused together do not come back together.
#[derive(Debug)]
pub(super) struct Backoff {
    budget: Duration,
    since: Option<Instant>,
    last: Duration,
}

impl Backoff {
    pub(super) fn new(budget: Duration) -> Self {
        Self { budget, since: None, last: SHORTEST }
    }

    /// How long to wait before the next try, at least as long as the registry asked for; `None`: the budget is used up.
    pub(super) fn next(&mut self, retry_after: Option<Duration>) -> Option<Duration> {
        let since = *self.since.get_or_insert_with(Instant::now);
        // Without a source of chance the waits are the longest.
        let chance = getrandom::u32().unwrap_or(u32::MAX);
        self.last = jittered(self.last, chance);
        let wait = self.last.max(retry_after.unwrap_or_default());
        (since.elapsed() + wait <= self.budget).then_some(wait)
    }

    /// Something was achieved since the last failure: the next one is a first one.
    pub(super) fn progressed(&mut self) {
        *self = Self::new(self.budget);
    }
}

fn jittered(last: Duration, chance: u32) -> Duration {
    let span = (last * 3).saturating_sub(SHORTEST);
    (SHORTEST + span.mul_f64(f64::from(chance) / f64::from(u32::MAX))).min(LONGEST)
}

/// `Retry-After`: seconds or a date.
pub(super) fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = rfc2822::parse(value).ok()?.timestamp();
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_stay_within_their_bounds() {
        let mut longest = SHORTEST;
        for _ in 0..20 {
            assert_eq!(jittered(longest, 0), SHORTEST);
            longest = jittered(longest, u32::MAX);
        }
        assert_eq!(longest, LONGEST);
    }

    #[test]
    fn the_budget_ends_it_and_progress_renews_it() {
        let mut backoff = Backoff::new(Duration::from_secs(5));
        assert_eq!(backoff.next(Some(Duration::from_secs(4))), Some(Duration::from_secs(4)));
        assert_eq!(backoff.next(Some(Duration::from_secs(6))), None);
        backoff.last = LONGEST;
        backoff.progressed();
        assert!(backoff.next(None).unwrap() <= SHORTEST * 3);
        assert_eq!(Backoff::new(Duration::ZERO).next(None), None);
    }

    #[test]
    fn a_registry_says_when_to_come_back() {
        let now = "2026-11-21T12:00:00Z".parse().unwrap();
        for (value, expected) in [
            ("0", Some(0)),
            (" 17 ", Some(17)),
            ("Sat, 21 Nov 2026 12:01:30 GMT", Some(90)),
            ("Sat, 21 Nov 2026 11:00:00 GMT", Some(0)),
            ("-1", None),
            ("soon", None),
            ("", None),
        ] {
            assert_eq!(retry_after(value, now), expected.map(Duration::from_secs), "{value}");
        }
    }
}
