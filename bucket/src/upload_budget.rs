//! How much of what is uploaded is held in memory at a time, by all uploads together.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// What one permit stands for.
const UNIT: usize = 256 * 1024;
/// All that may be held: enough to keep a line full, little enough for a small machine.
const LIMIT: usize = 25 * 1024 * 1024;

/// Parts that may be on their way. Clones share it.
#[derive(Clone, Debug)]
pub(crate) struct UploadBudget(Arc<Semaphore>);

impl Default for UploadBudget {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LIMIT / UNIT)))
    }
}

impl UploadBudget {
    /// Waits until so many bytes may be held, and lets them be held until the permit is dropped.
    pub(crate) async fn hold(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let units = bytes.div_ceil(UNIT).clamp(1, LIMIT / UNIT);
        // The semaphore is never closed.
        Arc::clone(&self.0).acquire_many_owned(u32::try_from(units).unwrap_or(u32::MAX)).await.ok()
    }
}
