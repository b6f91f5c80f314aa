//! Log lines on their way into the bucket: gathered into segments, small while somebody may watch, larger as the job grows old.

use std::time::{Duration, Instant};

use tmpl_bucket::{Bucket, BucketError, LogLine};
use tmpl_template::JobId;

/// A segment is written at once when it has this many bytes.
const LARGEST_SEGMENT: usize = 1024 * 1024;
/// What may wait while the bucket can't be written to. More is dropped, and said to be.
const LARGEST_BACKLOG: usize = 16 * 1024 * 1024;
/// How long a line waits at first, and at most.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);
/// A segment may be this part of the job's age old: after five minutes a line waits more than a second.
const AGE_PART: u32 = 300;

/// Writes the log of one attempt.
pub(crate) struct LogWriter {
    bucket: Bucket,
    id: JobId,
    attempt: u32,
    begun: Instant,
    written: u64,
    waiting: Vec<u8>,
    flushed: Instant,
    lost: u64,
}

impl LogWriter {
    pub(crate) fn new(bucket: Bucket, id: JobId, attempt: u32) -> Self {
        let now = Instant::now();
        Self { bucket, id, attempt, begun: now, written: 0, waiting: Vec::new(), flushed: now, lost: 0 }
    }

    /// Takes a line. It is in the bucket after the next flush.
    pub(crate) fn push(&mut self, line: &LogLine) {
        if self.waiting.len() > LARGEST_BACKLOG {
            self.lost += 1;
            return;
        }
        if serde_json::to_writer(&mut self.waiting, line).is_ok() {
            self.waiting.push(b'\n');
        }
    }

    /// Whether a flush is due.
    pub(crate) fn is_due(&self) -> bool {
        let wait = (self.begun.elapsed() / AGE_PART).clamp(SHORTEST_WAIT, LONGEST_WAIT);
        self.waiting.len() >= LARGEST_SEGMENT || (!self.waiting.is_empty() && self.flushed.elapsed() >= wait)
    }

    /// Lines that were dropped because the bucket could not be written to.
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    /// Writes what waits. What can't be written goes on waiting.
    pub(crate) async fn flush(&mut self) -> Result<(), BucketError> {
        self.flushed = Instant::now();
        if self.waiting.is_empty() {
            return Ok(());
        }
        self.bucket.write_log_segment(&self.id, self.attempt, self.written, self.waiting.clone()).await?;
        self.written += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }
}
