//! Lines of a log around a place, without the rest of it.

use tmpl_bucket::{Bucket, BucketError};
use tmpl_template::JobId;

use crate::live::ShownLine;

/// How much is read at a time, and at most for one page.
const PIECE: u64 = 256 << 10;
const MOST: u64 = 8 << 20;

/// Whole lines that follow each other.
#[derive(Debug, Default)]
pub(crate) struct Window {
    /// The lines, each with the offset after its end.
    pub(crate) lines: Vec<(ShownLine, u64)>,
}

impl Window {
    /// At most `most` lines from the one on that begins there.
    pub(crate) async fn from(
        bucket: &Bucket,
        id: &JobId,
        attempt: u32,
        begin: u64,
        most: usize,
    ) -> Result<Self, BucketError> {
        let (mut bytes, mut read) = (Vec::new(), begin);
        loop {
            let part = bucket.read_log_part(id, attempt, read, PIECE).await?;
            let ended = part.is_empty();
            read += part.len() as u64;
            bytes.extend_from_slice(&part);
            let enough = memchr::memchr_iter(b'\n', &bytes).count() >= most || bytes.len() as u64 >= MOST;
            if ended || enough {
                break;
            }
        }
        Ok(Self { lines: whole_lines(begin, &bytes).take(most).collect() })
    }

    /// The last lines, at most `most`.
    pub(crate) async fn last(
        bucket: &Bucket,
        id: &JobId,
        attempt: u32,
        most: usize,
    ) -> Result<Self, BucketError> {
        let length = bucket.log_length(id, attempt).await?;
        let mut room = PIECE / 4;
        loop {
            let from = length.saturating_sub(room);
            let bytes = bucket.read_log_part(id, attempt, from, length - from).await?;
            // The first line's beginning may lie before.
            let first =
                if from == 0 { 0 } else { memchr::memchr(b'\n', &bytes).map_or(bytes.len(), |at| at + 1) };
            let mut lines: Vec<_> = whole_lines(from + first as u64, &bytes[first..]).collect();
            if lines.len() >= most || from == 0 || room >= MOST {
                lines.drain(..lines.len().saturating_sub(most));
                return Ok(Self { lines });
            }
            room *= 4;
        }
    }

    /// Where the last line ends.
    pub(crate) fn end(&self) -> u64 {
        self.lines.last().map_or(0, |(_, end)| *end)
    }
}

/// The lines that end in some bytes, which lie at an offset.
pub(super) fn whole_lines(begin: u64, bytes: &[u8]) -> impl Iterator<Item = (ShownLine, u64)> {
    let whole = memchr::memrchr(b'\n', bytes).map_or(0, |at| at + 1);
    let mut at = begin;
    bytes[..whole].split_inclusive(|byte| *byte == b'\n').map(move |line| {
        let begin = at;
        at += line.len() as u64;
        (ShownLine::new(begin, line.strip_suffix(b"\n").unwrap_or(line), true), at)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_what_is_asked_for_is_read() {
        let bucket = Bucket::in_memory();
        let id: JobId = "2026-11-21_08_00_00-0000000000000000001".parse().unwrap();
        let mut offset = 0;
        for part in 0..4 {
            let line = |n: i32| format!("{} {}\n", part * 1000 + n, "x".repeat(100));
            let lines = (0..1000).map(line).collect::<Vec<_>>().concat();
            let length = lines.len() as u64;
            bucket.write_log_segment(&id, 1, offset, lines.into_bytes()).await.unwrap();
            offset += length;
        }
        let numbers = |window: &Window| {
            let number =
                |(line, _): &(ShownLine, u64)| line.text.split(' ').next().unwrap().parse::<u32>().unwrap();
            window.lines.iter().map(number).collect::<Vec<_>>()
        };
        let first = Window::from(&bucket, &id, 1, 0, 5).await.unwrap();
        assert_eq!(numbers(&first), [0, 1, 2, 3, 4]);
        let next = Window::from(&bucket, &id, 1, first.end(), 3).await.unwrap();
        assert_eq!((numbers(&next), next.lines[0].0.at), (vec![5, 6, 7], first.end()));
        let last = Window::last(&bucket, &id, 1, 3).await.unwrap();
        assert_eq!((numbers(&last), last.end()), (vec![3997, 3998, 3999], offset));
        assert_eq!(Window::last(&bucket, &id, 1, 9999).await.unwrap().lines.len(), 4000);
        assert!(Window::last(&bucket, &id, 2, 9).await.unwrap().lines.is_empty());
        assert!(Window::from(&bucket, &id, 1, offset, 9).await.unwrap().lines.is_empty());
    }
}
