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
const LONGEST_WAIT: Duration = Duration::from_mins(1);
/// How long it waits while somebody reads the log.
const WATCHED_WAIT: Duration = Duration::from_millis(400);
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
    /// The bucket took nothing the last time it was asked: it is given some time before it is asked again.
    refused: bool,
    lost: u64,
}

impl LogWriter {
    pub(crate) fn new(bucket: Bucket, id: JobId, attempt: u32) -> Self {
        let now = Instant::now();
        Self {
            bucket,
            id,
            attempt,
            begun: now,
            written: 0,
            waiting: Vec::new(),
            flushed: now,
            refused: false,
            lost: 0,
        }
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

    /// Whether nothing waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// Whether a flush is due. `watched` says that somebody reads the log as it is written.
    pub(crate) fn is_due(&self, watched: bool) -> bool {
        let wait = wait(self.begun.elapsed(), watched);
        let is_old = !self.waiting.is_empty() && self.flushed.elapsed() >= wait;
        is_old || (self.waiting.len() >= LARGEST_SEGMENT && !self.refused)
    }

    /// Lines that were dropped because the bucket could not be written to.
    pub(crate) fn lost(&self) -> u64 {
        self.lost
    }

    /// Writes what waits, in segments of whole lines. What can't be written goes on waiting.
    pub(crate) async fn flush(&mut self) -> Result<(), BucketError> {
        self.flushed = Instant::now();
        self.refused = true;
        while !self.waiting.is_empty() {
            let rest = self.waiting.split_off(segment_end(&self.waiting));
            let segment = std::mem::replace(&mut self.waiting, rest);
            let written =
                self.bucket.write_log_segment(&self.id, self.attempt, self.written, segment.clone()).await;
            if let Err(error) = written {
                let rest = std::mem::replace(&mut self.waiting, segment);
                self.waiting.extend(rest);
                return Err(error);
            }
            self.written += segment.len() as u64;
        }
        self.refused = false;
        Ok(())
    }
}

/// How long a line of a job of this age waits for others.
fn wait(age: Duration, watched: bool) -> Duration {
    if watched { WATCHED_WAIT } else { (age / AGE_PART).clamp(SHORTEST_WAIT, LONGEST_WAIT) }
}

/// Where the next segment ends: after the last whole line that fits, or after the first line where none does.
fn segment_end(waiting: &[u8]) -> usize {
    let is_end = |byte: &u8| *byte == b'\n';
    let fits = waiting.len().min(LARGEST_SEGMENT);
    let last = waiting[..fits].iter().rposition(is_end);
    last.or_else(|| waiting.iter().position(is_end)).map_or(waiting.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_of_steady_logging_costs_less_than_five_thousand_requests_to_write() {
        let day = Duration::from_hours(24);
        let (mut age, mut segments) = (Duration::ZERO, 0_u32);
        while age < day {
            age += wait(age, false);
            segments += 1;
        }
        // Where requests are paid for, the lease is renewed every forty seconds.
        let renewals = 24 * 60 * 60 / 40;
        assert!(segments + renewals < 5_000, "{segments} segments, {renewals} renewals");
        assert!(
            wait(day, true) + Duration::from_millis(400) < Duration::from_secs(1),
            "watched, it is soon seen"
        );
    }

    #[test]
    fn segments_are_whole_lines() {
        assert_eq!(segment_end(b"one\ntwo\n"), 8);
        let long = [vec![b'x'; LARGEST_SEGMENT + 5], b"\nnext\n".to_vec()].concat();
        assert_eq!(segment_end(&long), LARGEST_SEGMENT + 6);
        let many = b"0123456789\n".repeat(LARGEST_SEGMENT / 10);
        let end = segment_end(&many);
        assert!(end <= LARGEST_SEGMENT && many[end - 1] == b'\n', "{end}");
    }
}
