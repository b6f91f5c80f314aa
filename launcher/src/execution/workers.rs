//! Workers that ended although nobody told them to: an engine may wait for such a one for ever, so the job's launcher looks itself.

use std::time::{Duration, Instant};

use tmpl_bucket::{Bucket, JobRecord, WorkerEndRecord};

/// How often it is asked.
const LOOK: Duration = Duration::from_secs(2);
/// How long an engine has to notice, or to ask for another worker.
const NOTICE: Duration = Duration::from_secs(10);

/// Looks for ends of workers.
pub(super) struct WorkerWatch {
    bucket: Bucket,
    record: JobRecord,
    attempt: u32,
}

impl WorkerWatch {
    pub(super) fn new(bucket: &Bucket, record: &JobRecord, attempt: u32) -> Self {
        Self { bucket: bucket.clone(), record: record.clone(), attempt }
    }

    /// Waits until a worker has ended and no other was asked for in its place.
    pub(super) async fn failed(&self) -> WorkerEndRecord {
        // How many ends there were when it was last looked, and since when: by this machine's clock, not by those of pools.
        let mut seen: Option<(usize, Instant)> = None;
        loop {
            tokio::time::sleep(LOOK).await;
            // A bucket that does not answer now may answer the next time.
            let Ok(found) = self.bucket.worker_ends(&self.record.id, self.attempt).await else { continue };
            let Some(last) = found.unreplaced() else {
                seen = None;
                continue;
            };
            let since = match seen {
                Some((ends, since)) if ends == found.ends.len() => since,
                _ => Instant::now(),
            };
            seen = Some((found.ends.len(), since));
            if since.elapsed() > NOTICE {
                return last.clone();
            }
        }
    }
}
