//! Where lines begin in long logs, so that any of them is found without reading all that stands before it.

use std::sync::{Arc, Mutex, PoisonError};

use tmpl_bucket::{Bucket, BucketError};
use tmpl_template::JobId;

/// Every so many lines, one's place is kept.
const EACH: u64 = 256;
/// How much is read at a time.
const PIECE: u64 = 4 << 20;
/// A longer log has no numbers of lines: to count them takes too long.
const LONGEST: u64 = 512 << 20;
/// So many logs are remembered.
const REMEMBERED: usize = 64;

/// Where lines begin in one log, as far as it was read.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    /// How many bytes were read.
    read: u64,
    /// How many lines ended in them.
    count: u64,
    /// Where line 1 + k × `EACH` begins.
    places: Vec<u64>,
}

/// A line whose place is known: its number, from 1 on, and where it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct KnownLine {
    pub(crate) number: u64,
    pub(crate) offset: u64,
}

impl Lines {
    /// Takes the bytes that follow those before.
    fn take(&mut self, bytes: &[u8]) {
        if self.places.is_empty() {
            self.places.push(0);
        }
        for at in memchr::memchr_iter(b'\n', bytes) {
            self.count += 1;
            if self.count.is_multiple_of(EACH) {
                self.places.push(self.read + at as u64 + 1);
            }
        }
        self.read += bytes.len() as u64;
    }

    /// How many lines there are.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The last known line that is not after this one.
    pub(crate) fn before_line(&self, number: u64) -> KnownLine {
        let place = number.saturating_sub(1) / EACH;
        let last = self.places.len().saturating_sub(1);
        let place = usize::try_from(place).unwrap_or(last).min(last);
        self.known(place)
    }

    /// The last known line that does not begin after this byte.
    pub(crate) fn before_offset(&self, offset: u64) -> KnownLine {
        let place = self.places.partition_point(|begin| *begin <= offset).saturating_sub(1);
        self.known(place)
    }

    fn known(&self, place: usize) -> KnownLine {
        let offset = self.places.get(place).copied().unwrap_or_default();
        KnownLine { number: place as u64 * EACH + 1, offset }
    }
}

type Remembered = Arc<tokio::sync::Mutex<Lines>>;

/// The logs that were looked at last.
#[derive(Debug, Default)]
pub(crate) struct Logs(Mutex<Vec<((JobId, u32), Remembered)>>);

impl Logs {
    /// Where lines begin in the log of an attempt, up to its end as it is now; nothing of one that is too long to be counted.
    pub(crate) async fn lines(
        &self,
        bucket: &Bucket,
        id: &JobId,
        attempt: u32,
    ) -> Result<Option<tokio::sync::OwnedMutexGuard<Lines>>, BucketError> {
        let length = bucket.log_length(id, attempt).await?;
        if length > LONGEST {
            return Ok(None);
        }
        let mut lines = self.remembered(id, attempt).lock_owned().await;
        while lines.read < length {
            let from = lines.read;
            let bytes = bucket.read_log_part(id, attempt, from, PIECE.min(length - from)).await?;
            if bytes.is_empty() {
                break;
            }
            lines.take(&bytes);
        }
        Ok(Some(lines))
    }

    fn remembered(&self, id: &JobId, attempt: u32) -> Remembered {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (id.clone(), attempt);
        let known = all.iter().position(|(known, _)| *known == key);
        let entry = known.map_or_else(|| (key, Remembered::default()), |at| all.remove(at));
        let lines = Arc::clone(&entry.1);
        // The last ones that were asked for are at the end.
        all.push(entry);
        if all.len() > REMEMBERED {
            all.remove(0);
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_of_lines_are_known_however_bytes_come() {
        let text: Vec<u8> = (0..1000_u32).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        let begin = |number: usize| {
            let ends = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1);
            std::iter::once(0).chain(ends).nth(number - 1).unwrap() as u64
        };
        for piece in [1, 7, 4096, text.len()] {
            let mut lines = Lines::default();
            for bytes in text.chunks(piece) {
                lines.take(bytes);
            }
            assert_eq!(lines.count(), 1000);
            for (asked, number) in [(1, 1), (256, 1), (257, 257), (600, 513), (9999, 769)] {
                let known = KnownLine { number: number as u64, offset: begin(number) };
                assert_eq!(lines.before_line(asked), known);
            }
            let middle = begin(600) + 3;
            assert_eq!(lines.before_offset(middle), KnownLine { number: 513, offset: begin(513) });
            assert_eq!(lines.before_offset(0), KnownLine { number: 1, offset: 0 });
        }
        assert_eq!(Lines::default().before_line(5), KnownLine { number: 1, offset: 0 });
    }

    #[tokio::test]
    async fn a_log_is_read_once_and_then_on() {
        let bucket = Bucket::in_memory();
        let id: JobId = "2026-11-21_08_00_00-0000000000000000001".parse().unwrap();
        let logs = Logs::default();
        assert_eq!(logs.lines(&bucket, &id, 1).await.unwrap().unwrap().count(), 0);
        let mut offset = 0;
        for count in 1..=3 {
            let segment = "x\n".repeat(300).into_bytes();
            bucket.write_log_segment(&id, 1, offset, segment).await.unwrap();
            offset += 600;
            let lines = logs.lines(&bucket, &id, 1).await.unwrap().unwrap();
            assert_eq!(lines.count(), count * 300);
        }
        for attempt in 2..100 {
            logs.remembered(&id, attempt);
        }
        assert_eq!(logs.0.lock().unwrap().len(), REMEMBERED);
    }
}
