//! A worker in place of one that ended: that it works is written down, so that the job's launcher sees that the engine has got over the
//! end.

use std::time::Duration;

use tmpl_bucket::Bucket;
use tokio::task::JoinHandle;

use super::WorkerJob;

/// How long a worker has to live until it is said to work. The end of another, which it may be there for, is written down by then.
const PROOF: Duration = Duration::from_secs(2);

/// Writes it down, unless this is dropped before.
pub(super) struct Replacement(JoinHandle<()>);

impl Replacement {
    /// Looks, for a worker that has just begun, whether it is there in place of another.
    pub(super) fn watch(bucket: Bucket, job: WorkerJob, worker: String) -> Self {
        Self(tokio::spawn(async move {
            tokio::time::sleep(PROOF).await;
            // Where this can't be written, the job's launcher asks the engine, and may end the job: as it would without this.
            let _ = bucket.record_replacement(&job.id, job.attempt, &worker).await;
        }))
    }
}

impl Drop for Replacement {
    fn drop(&mut self) {
        self.0.abort();
    }
}
