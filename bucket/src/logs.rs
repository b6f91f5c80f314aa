//! Logs: JSON lines in segments named by the byte offset at which they begin.
//!
//! Whoever follows a log asks for the bytes from an offset on; whether they lie in many small segments (while the job runs) or
//! in a few large ones (after the end) makes no difference to the offsets.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tmpl_template::JobId;

use crate::{Bucket, BucketError, layout};

/// A compacted segment is at most this long, so that no reader has to take a whole log at once.
const COMPACTED: u64 = 8 * 1024 * 1024;
/// Somebody who reads a log says so more often than this.
const WATCHED: SignedDuration = SignedDuration::from_secs(60);

/// One line of a job's log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When it was read from the program, or what the program said itself.
    pub time: Timestamp,
    /// How important.
    pub level: LogLevel,
    /// Who said it.
    pub source: LogSource,
    /// The text, without the end of line.
    pub message: String,
}

/// How important a line is: the severities of Dataflow's logs that pipelines use.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum LogLevel {
    /// For the program's developers.
    Debug,
    /// What goes on.
    Info,
    /// Something odd that does not stop the job.
    Warning,
    /// Something failed.
    Error,
}

/// Who wrote a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogSource {
    /// The program, on its standard output.
    Stdout,
    /// The program, on its standard error.
    Stderr,
    /// The launcher.
    Launcher,
    /// The engine that runs the pipeline, and its workers where it tells what they say.
    Engine,
}

impl Bucket {
    /// Writes the segment of attempt `n` that begins at `offset`.
    pub async fn write_log_segment(
        &self,
        id: &JobId,
        attempt: u32,
        offset: u64,
        lines: Vec<u8>,
    ) -> Result<(), BucketError> {
        self.store.create_unflushed(&layout::log_segment(id, attempt, offset), lines).await?;
        Ok(())
    }

    /// The log's bytes from `offset` on, as far as they are written: whole lines, at most some megabytes at a time.
    pub async fn read_log(&self, id: &JobId, attempt: u32, offset: u64) -> Result<Vec<u8>, BucketError> {
        let mut bytes = Vec::new();
        for segment in self.log_segments(id, attempt).await? {
            let wanted = offset + bytes.len() as u64;
            if segment.end() <= wanted {
                continue;
            }
            // A gap is a segment that compaction has just moved: what is there so far is right, the next call gets the rest.
            if segment.offset > wanted || bytes.len() as u64 >= COMPACTED {
                break;
            }
            let object = layout::log_segment(id, attempt, segment.offset);
            match self.store.get_from(&object, wanted - segment.offset).await? {
                Some(part) => bytes.extend_from_slice(&part),
                None => break,
            }
        }
        Ok(bytes)
    }

    /// How many bytes the log has so far.
    pub async fn log_length(&self, id: &JobId, attempt: u32) -> Result<u64, BucketError> {
        Ok(self.log_segments(id, attempt).await?.iter().map(Segment::end).max().unwrap_or_default())
    }

    /// At most `most` bytes of the log from `offset` on, wherever lines end: what is shown of a long log. Fewer where the log ends, or
    /// where compaction has just moved the rest.
    pub async fn read_log_part(
        &self,
        id: &JobId,
        attempt: u32,
        offset: u64,
        most: u64,
    ) -> Result<Vec<u8>, BucketError> {
        let (mut bytes, end) = (Vec::new(), offset.saturating_add(most));
        for segment in self.log_segments(id, attempt).await? {
            let wanted = offset + bytes.len() as u64;
            if segment.end() <= wanted {
                continue;
            }
            if segment.offset > wanted || wanted >= end {
                break;
            }
            let object = layout::log_segment(id, attempt, segment.offset);
            let most = segment.end().min(end) - wanted;
            match self.store.get_part(&object, wanted - segment.offset, most).await? {
                Some(part) => bytes.extend_from_slice(&part),
                None => break,
            }
        }
        Ok(bytes)
    }

    /// Says that somebody reads the log as it is written: for a minute, its segments then come quickly.
    pub async fn mark_watched(&self, id: &JobId) -> Result<(), BucketError> {
        self.store.overwrite_unflushed(&layout::watch(id), "").await
    }

    /// Whether somebody reads the log as it is written.
    pub async fn is_watched(&self, id: &JobId) -> Result<bool, BucketError> {
        Ok(self.age(&layout::watch(id)).await?.is_some_and(|age| age < WATCHED))
    }

    /// Joins the small segments of a log that has ended into large ones. Offsets stay what they were.
    pub async fn compact_log(&self, id: &JobId, attempt: u32) -> Result<(), BucketError> {
        let segments = self.log_segments(id, attempt).await?;
        let mut rest = segments.as_slice();
        while let Some(first) = rest.first() {
            let mut taken = 1;
            while rest.get(taken).is_some_and(|next| next.end() - first.offset <= COMPACTED) {
                taken += 1;
            }
            let (group, after) = rest.split_at(taken);
            rest = after;
            if group.len() < 2 {
                continue;
            }
            let mut joined = Vec::new();
            for segment in group {
                let object = layout::log_segment(id, attempt, segment.offset);
                joined.extend_from_slice(&self.store.get(&object).await?.unwrap_or_default());
            }
            self.store.overwrite_unflushed(&layout::log_segment(id, attempt, first.offset), joined).await?;
            for segment in &group[1..] {
                self.store.delete(&layout::log_segment(id, attempt, segment.offset)).await?;
            }
        }
        Ok(())
    }

    async fn log_segments(&self, id: &JobId, attempt: u32) -> Result<Vec<Segment>, BucketError> {
        let listed = self.store.list(&layout::logs(id, attempt)).await?;
        let segment = |listed: crate::listed::Listed| {
            Some(Segment { offset: listed.name.parse().ok()?, size: listed.size })
        };
        Ok(listed.into_iter().filter_map(segment).collect())
    }
}

struct Segment {
    offset: u64,
    size: u64,
}

impl Segment {
    fn end(&self) -> u64 {
        self.offset + self.size
    }
}
