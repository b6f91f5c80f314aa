//! How often something is done again whose answer was cut off on the way. A request that got no answer the client underneath has
//! tried again already.

use std::time::Duration;

use tokio::time::Instant;

const PAUSES: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(400), Duration::from_secs(1), Duration::from_secs(3)];
/// What took so long is not done again: the client underneath was patient enough, and whoever waits wants to know.
const LIMIT: Duration = Duration::from_secs(30);

/// The pauses before each further time, as long as there is to be one.
pub(crate) struct Repetitions {
    pauses: std::array::IntoIter<Duration, 4>,
    begun: Instant,
}

impl Repetitions {
    pub(crate) fn new() -> Self {
        Self { pauses: PAUSES.into_iter(), begun: Instant::now() }
    }

    /// The pause before it is done again; nothing where it was the last time.
    pub(crate) fn pause(&mut self) -> Option<Duration> {
        if self.begun.elapsed() > LIMIT { None } else { self.pauses.next() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn what_took_long_is_not_done_again() {
        let mut repetitions = Repetitions::new();
        assert_eq!(repetitions.pause(), Some(PAUSES[0]));
        tokio::time::advance(Duration::from_secs(20)).await;
        assert_eq!(repetitions.pause(), Some(PAUSES[1]));
        tokio::time::advance(Duration::from_secs(11)).await;
        assert_eq!(repetitions.pause(), None);
        let mut repetitions = Repetitions::new();
        assert_eq!((0..10).map_while(|_| repetitions.pause()).count(), PAUSES.len());
    }
}
