//! When something last went out: what sends for long is not silent.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The time of the last sign of life, shared by what gives it and what watches for it.
#[derive(Clone)]
pub(super) struct Activity(Arc<Mutex<Instant>>);

impl Activity {
    pub(super) fn new() -> Self {
        Self(Arc::new(Mutex::new(Instant::now())))
    }

    /// Gives a sign of life, good for `more` time than others.
    pub(super) fn sign(&self, more: Duration) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now() + more;
    }

    /// Ends when there was no sign of life for so long.
    pub(super) async fn rest(&self, limit: Duration) {
        loop {
            let deadline = *self.0.lock().unwrap_or_else(PoisonError::into_inner) + limit;
            if deadline <= Instant::now() {
                return;
            }
            tokio::time::sleep_until(deadline).await;
        }
    }
}
