//! Lines of a log that are of some importance, or have some letters in them.

use tmpl_bucket::{Bucket, BucketError, LogLevel};
use tmpl_template::JobId;

use crate::live::ShownLine;

/// How much is read at a time, and at most for one page: a person waits.
const PIECE: u64 = 1 << 20;
const MOST: u64 = 64 << 20;

/// What is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// At least so important.
    pub(crate) level: LogLevel,
    /// With these letters, small or capital.
    pub(crate) letters: String,
}

/// What was found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// The lines, each with how many stand before it from where it was begun.
    pub(crate) lines: Vec<(ShownLine, u64)>,
    /// Where to go on, where not everything was looked through.
    pub(crate) next: Option<u64>,
}

/// Looks through a log: from a line on that begins there, for lines that begin at a place or later.
pub(crate) async fn scan(
    bucket: &Bucket,
    id: &JobId,
    attempt: u32,
    (begin, from): (u64, u64),
    wanted: &Wanted,
    most: usize,
) -> Result<Found, BucketError> {
    let length = bucket.log_length(id, attempt).await?;
    let mut found = Found::default();
    let (mut at, mut number, mut rest) = (begin, 0_u64, Vec::new());
    let mut read = begin;
    while read < length {
        if read - begin >= MOST {
            found.next = Some(at);
            return Ok(found);
        }
        let part = bucket.read_log_part(id, attempt, read, PIECE).await?;
        if part.is_empty() {
            break;
        }
        read += part.len() as u64;
        rest.extend_from_slice(&part);
        let whole = memchr::memrchr(b'\n', &rest).map_or(0, |end| end + 1);
        for line in rest[..whole].split_inclusive(|byte| *byte == b'\n') {
            if at >= from && wanted.may_be_in(line) {
                let shown = ShownLine::new(at, line.strip_suffix(b"\n").unwrap_or(line), true);
                if wanted.is(&shown) {
                    if found.lines.len() == most {
                        found.next = Some(at);
                        return Ok(found);
                    }
                    found.lines.push((shown, number));
                }
            }
            at += line.len() as u64;
            number += 1;
        }
        rest.drain(..whole);
    }
    Ok(found)
}

impl Wanted {
    /// Whether every line is wanted.
    pub(crate) fn is_all(&self) -> bool {
        self.level == LogLevel::Debug && self.letters.is_empty()
    }

    /// Whether a record is worth being read: far quicker than reading it.
    fn may_be_in(&self, record: &[u8]) -> bool {
        let has = |level: &str| memchr::memmem::find(record, level.as_bytes()).is_some();
        let important = match self.level {
            LogLevel::Debug | LogLevel::Info => true,
            LogLevel::Warning => has("\"WARNING\"") || has("\"ERROR\""),
            LogLevel::Error => has("\"ERROR\""),
        };
        important && self.first_letters_are_in(record)
    }

    /// Whether the letters are in a record, as far as they are written there as they are.
    fn first_letters_are_in(&self, record: &[u8]) -> bool {
        // What is escaped in a record, or has other capitals than those of ASCII, is looked for in the line itself.
        let is_plain =
            |byte: &u8| byte.is_ascii() && !byte.is_ascii_control() && !matches!(byte, b'"' | b'\\');
        let letters = self.letters.as_bytes();
        letters.is_empty() || !letters.iter().all(is_plain) || position(record, letters).is_some()
    }

    fn is(&self, line: &ShownLine) -> bool {
        line.level >= self.level && (self.letters.is_empty() || self.place_in(&line.text, 0).is_some())
    }

    /// Where the letters stand in a text, from a place on.
    pub(crate) fn place_in(&self, text: &str, from: usize) -> Option<(usize, usize)> {
        let letters = self.letters.as_bytes();
        if letters.is_empty() {
            return None;
        }
        let at = from + position(text.as_bytes().get(from..)?, letters)?;
        let end = at + letters.len();
        (text.is_char_boundary(at) && text.is_char_boundary(end)).then_some((at, end))
    }
}

/// The place of some letters, small or capital as far as ASCII goes.
fn position(text: &[u8], letters: &[u8]) -> Option<usize> {
    let first = *letters.first()?;
    let (small, capital) = (first.to_ascii_lowercase(), first.to_ascii_uppercase());
    memchr::memchr2_iter(small, capital, text).find(|at| {
        text.get(*at..*at + letters.len()).is_some_and(|found| found.eq_ignore_ascii_case(letters))
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    async fn log(bucket: &Bucket, id: &JobId) {
        let mut offset = 0;
        for part in 0..3 {
            let mut lines = String::new();
            for n in 0..100 {
                let number = part * 100 + n;
                let level = if number % 50 == 7 {
                    "ERROR"
                } else if number % 50 == 8 {
                    "WARNING"
                } else {
                    "INFO"
                };
                let text = if number == 42 { "the \\\"ERROR\\\" Größe of Donors" } else { "plain" };
                let _ = writeln!(
                    lines,
                    "{{\"time\":\"2026-11-21T08:00:00Z\",\"level\":\"{level}\",\"source\":\"stdout\",\"message\":\"{number} {text}\"}}"
                );
            }
            let length = lines.len() as u64;
            bucket.write_log_segment(id, 1, offset, lines.into_bytes()).await.unwrap();
            offset += length;
        }
    }

    #[tokio::test]
    async fn lines_are_found_by_importance_and_by_letters() {
        let bucket = Bucket::in_memory();
        let id: JobId = "2026-11-21_08_00_00-0000000000000000001".parse().unwrap();
        log(&bucket, &id).await;
        let found = async |level: LogLevel, letters: &str| {
            let wanted = Wanted { level, letters: letters.to_owned() };
            let found = scan(&bucket, &id, 1, (0, 0), &wanted, 100).await.unwrap();
            assert_eq!(found.next, None);
            found.lines.iter().map(|(_, number)| *number).collect::<Vec<_>>()
        };
        assert_eq!(found(LogLevel::Error, "").await, [7, 57, 107, 157, 207, 257]);
        assert_eq!(found(LogLevel::Warning, "").await.len(), 12);
        assert_eq!(found(LogLevel::Debug, "DONORS").await, [42]);
        assert_eq!(found(LogLevel::Debug, "\"error\"").await, [42]);
        assert_eq!(found(LogLevel::Debug, "Größe").await, [42]);
        assert_eq!(
            found(LogLevel::Debug, "stdout").await,
            [0_u64; 0],
            "only what people read is looked through"
        );
        assert_eq!(found(LogLevel::Error, "157 pl").await, [157]);
    }

    #[tokio::test]
    async fn what_is_too_much_goes_on_later() {
        let bucket = Bucket::in_memory();
        let id: JobId = "2026-11-21_08_00_00-0000000000000000001".parse().unwrap();
        log(&bucket, &id).await;
        let wanted = Wanted { level: LogLevel::Error, letters: String::new() };
        let first = scan(&bucket, &id, 1, (0, 0), &wanted, 4).await.unwrap();
        assert_eq!(first.lines.len(), 4);
        let rest = scan(&bucket, &id, 1, (0, first.next.unwrap()), &wanted, 4).await.unwrap();
        assert_eq!((rest.lines.len(), rest.next, rest.lines[0].1), (2, None, 207));
        assert!(rest.lines[0].0.text.starts_with("207"));
    }

    #[test]
    fn letters_are_marked_where_they_stand() {
        let wanted = Wanted { level: LogLevel::Debug, letters: "ab".to_owned() };
        assert_eq!(wanted.place_in("xAB ab", 0), Some((1, 3)));
        assert_eq!(wanted.place_in("xAB ab", 3), Some((4, 6)));
        assert_eq!(wanted.place_in("x", 0), None);
    }
}
