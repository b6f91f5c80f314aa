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
    /// Ends that the engine has got over.
    settled: usize,
    /// When the newest end was first seen.
    since: Option<Instant>,
    seen: usize,
}

impl WorkerWatch {
    pub(super) fn new(bucket: &Bucket, record: &JobRecord, attempt: u32) -> Self {
        let (bucket, record) = (bucket.clone(), record.clone());
        Self { bucket, record, attempt, settled: 0, since: None, seen: 0 }
    }

    /// Waits until a worker has ended and the engine has not got over it. May be given up and asked again.
    pub(super) async fn failed(&mut self) -> WorkerEndRecord {
        loop {
            tokio::time::sleep(LOOK).await;
            // A bucket that does not answer now may answer the next time.
            let Ok(ends) = self.bucket.worker_ends(&self.record.id, self.attempt).await else { continue };
            if ends.len() > self.seen {
                self.seen = ends.len();
                self.since = Some(Instant::now());
            }
            if self.seen > self.settled
                && self.since.is_some_and(|since| since.elapsed() > NOTICE)
                && let Some(last) = ends.into_iter().next_back()
            {
                self.settled = self.seen;
                return last;
            }
        }
    }
}
