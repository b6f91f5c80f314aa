//! The index of jobs: an object without content for each job, whose name says all that a list shows. One listing gives the newest
//! first. It is a projection of the jobs' own records, and may be deleted and made again.
//!
//! ```text
//! staging/index/<inverted day>/<inverted rest of the id>.<state>,<template>,<job name>,<who>[,<took in ms>]
//! ```
//!
//! *Inverted* is each digit taken from nine: so the newest name comes first in a store that lists from A to Z, and the id can be had
//! back. An entry says `active`, or how the job ended. A job that ended may for a moment have both.

use std::fmt::Write;

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use tmpl_template::{JobId, JobName, JobState, TemplateName};

use crate::{Bucket, BucketError, FinalRecord, JobRecord, layout};

/// How much of a name an entry has: a file's name has at most 255 bytes.
const LONGEST_NAME: usize = 90;
const LONGEST_WHO: usize = 32;
/// Stands behind a name that was cut.
const CUT: char = '+';
const ACTIVE: &str = "active";

/// What an entry of the index says of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexEntry {
    /// The job.
    pub id: JobId,
    /// How it ended, if it has.
    pub ended: Option<Ended>,
    /// Its template.
    pub template: TemplateName,
    /// Its name; the first letters of a very long one.
    pub name: String,
    /// Who asked for it, as the entry spells it.
    who: String,
}

/// The end of a job, as the index has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    /// The terminal state.
    pub state: JobState,
    /// The time from its acceptance to its end.
    pub took: SignedDuration,
}

impl IndexEntry {
    /// The entry of a job that is not known to have ended.
    pub(crate) fn active(record: &JobRecord) -> Self {
        Self {
            id: record.id.clone(),
            ended: None,
            template: record.template.name.clone(),
            name: cut(record.name.as_str(), LONGEST_NAME),
            who: cut(&encoded(&record.submitter.who), LONGEST_WHO),
        }
    }

    pub(crate) fn ended(record: &JobRecord, end: &FinalRecord) -> Self {
        // The two times are of different machines.
        let took = end.time.duration_since(record.created).max(SignedDuration::ZERO);
        Self { ended: Some(Ended { state: end.state, took }), ..Self::active(record) }
    }

    /// When the job was accepted, as its id has it.
    pub(crate) fn created(&self) -> Timestamp {
        time_of(&self.id)
    }

    /// Whether the job has this name, as far as the entry can tell.
    pub(crate) fn may_be_named(&self, name: &JobName) -> bool {
        cut(name.as_str(), LONGEST_NAME) == self.name
    }

    /// Whether this person asked for it, as far as the entry can tell.
    pub(crate) fn may_be_of(&self, who: &str) -> bool {
        cut(&encoded(who), LONGEST_WHO) == self.who
    }

    /// Who asked for it; the first letters of a very long name.
    pub(crate) fn who(&self) -> String {
        decoded(&self.who)
    }

    fn object(&self) -> String {
        let state = self.ended.map_or(ACTIVE, |ended| ended.state.word());
        let Self { id, template, name, who, .. } = self;
        let mut object = format!("{}.{state},{template},{name},{who}", place(id));
        if let Some(ended) = self.ended {
            let _ = write!(object, ",{}", ended.took.as_millis());
        }
        object
    }

    /// Reads an entry's path. Nothing where it is none.
    fn parse(object: &str) -> Option<Self> {
        let rest = object.strip_prefix(layout::INDEX)?.strip_prefix('/')?;
        let (place, said) = rest.split_once('.')?;
        let id = inverted(&place.replacen('/', "_", 1)).parse().ok()?;
        let mut parts = said.split(',');
        let state = parts.next()?;
        let (template, name, who) =
            (parts.next()?.parse().ok()?, parts.next()?.to_owned(), parts.next()?.to_owned());
        let ended = match state {
            ACTIVE => None,
            word => {
                let state =
                    JobState::ALL.into_iter().find(|state| state.is_terminal() && state.word() == word)?;
                Some(Ended { state, took: SignedDuration::from_millis(parts.next()?.parse().ok()?) })
            }
        };
        Some(Self { id, ended, template, name, who })
    }
}

/// Where the entries of a job begin: folder and inverted id.
pub(crate) fn place(id: &JobId) -> String {
    // The day, then `_HH_MM_SS-…`.
    let (day, rest) = id.as_str().split_at(id.day().len());
    format!("{}/{}/{}", layout::INDEX, inverted(day), inverted(rest.trim_start_matches('_')))
}

/// A path after which come the jobs that were accepted at this moment or before.
pub(crate) fn place_of_time(time: Timestamp) -> String {
    place(&JobId::new(time, 9_999_999_999_999_999_999))
}

/// The moment in an id.
pub(crate) fn time_of(id: &JobId) -> Timestamp {
    let text = id.as_str().get(..19).unwrap_or_default();
    let read = jiff::civil::DateTime::strptime("%Y-%m-%d_%H_%M_%S", text);
    read.ok()
        .and_then(|time| time.to_zoned(jiff::tz::TimeZone::UTC).ok())
        .map_or(Timestamp::UNIX_EPOCH, |time| time.timestamp())
}

impl Bucket {
    /// Writes down that a job is about to be accepted. Before its record is written: a job is in the list from its first moment, and
    /// an entry without a job means nothing.
    pub(crate) async fn index_job(&self, record: &JobRecord) -> Result<(), BucketError> {
        self.store.overwrite_unflushed(&IndexEntry::active(record).object(), "").await
    }

    /// Writes down how a job ended. What can't be written now, the next list mends.
    pub(crate) async fn index_end(&self, record: &JobRecord, end: &FinalRecord) -> Result<(), BucketError> {
        self.store.overwrite_unflushed(&IndexEntry::ended(record, end).object(), "").await?;
        self.store.delete(&IndexEntry::active(record).object()).await
    }

    /// What the index has of a job.
    pub(crate) async fn index_entries(&self, id: &JobId) -> Result<Vec<IndexEntry>, BucketError> {
        // What comes before the first of them: no state begins with `.`.
        let before = format!("{}.", place(id));
        let mut names = self.store.names_in_order(layout::INDEX, Some(&before));
        let mut entries = Vec::new();
        while let Some(name) = names.next().await.transpose()? {
            match IndexEntry::parse(&name) {
                Some(entry) if entry.id == *id => entries.push(entry),
                _ => break,
            }
        }
        Ok(entries)
    }

    /// Removes an entry.
    pub(crate) async fn unindex(&self, entry: &IndexEntry) -> Result<(), BucketError> {
        self.store.delete(&entry.object()).await
    }

    /// What an object of the index says.
    pub(crate) fn index_entry(object: &str) -> Option<IndexEntry> {
        IndexEntry::parse(object)
    }
}

/// Each digit taken from nine.
fn inverted(text: &str) -> String {
    let invert = |c: char| c.to_digit(10).and_then(|digit| char::from_digit(9 - digit, 10)).unwrap_or(c);
    text.chars().map(invert).collect()
}

/// A text of harmless characters: any other byte is `=` and two digits.
fn encoded(text: &str) -> String {
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-_@".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "={byte:02x}");
        }
        encoded
    })
}

fn decoded(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        let digits = [rest.clone().next(), rest.clone().nth(1)];
        match (byte, digits) {
            (b'=', [Some(high), Some(low)]) => {
                let value = u8::from_str_radix(&format!("{}{}", char::from(high), char::from(low)), 16);
                bytes.push(value.unwrap_or(b'?'));
                rest.nth(1);
            }
            _ => bytes.push(byte),
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn cut(text: &str, limit: usize) -> String {
    if text.len() <= limit {
        return text.to_owned();
    }
    // What is cut is encoded, or a name: every character is one byte.
    let mut kept: String = text.chars().take(limit).collect();
    while kept.ends_with('=') || kept.chars().rev().nth(1) == Some('=') {
        kept.pop();
    }
    kept.push(CUT);
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, ended: Option<Ended>) -> IndexEntry {
        IndexEntry {
            id: id.parse().unwrap(),
            ended,
            template: "word_count.v2".parse().unwrap(),
            name: "nightly".to_owned(),
            who: encoded("Zo\u{eb} K. @ops"),
        }
    }

    #[test]
    fn an_entry_says_all_that_a_list_shows() {
        let done = Ended { state: JobState::Done, took: SignedDuration::from_millis(4_200) };
        for ended in [None, Some(done)] {
            let entry = entry("2026-11-21_08_00_09-0000000000000000001", ended);
            let object = entry.object();
            assert!(object.starts_with("staging/index/7973-88-78/91_99_90-9999999999999999998."), "{object}");
            assert_eq!(IndexEntry::parse(&object), Some(entry));
        }
        assert_eq!(IndexEntry::parse("staging/index/x/y"), None);
    }

    #[test]
    fn the_newest_come_first() {
        let older = entry("2026-11-21_08_00_09-9999999999999999999", None).object();
        let newer = entry("2026-11-21_08_00_10-0000000000000000000", None).object();
        let next_day = entry("2026-11-22_00_00_00-0000000000000000000", None).object();
        assert!(next_day < newer && newer < older);
        let now = place_of_time("2026-11-21T08:00:09Z".parse().unwrap());
        assert!(newer < now && now < older, "{now}");
    }

    #[test]
    fn long_names_are_cut_to_what_a_file_system_takes() {
        let long = IndexEntry {
            template: "t".repeat(63).parse().unwrap(),
            name: cut(&"n".repeat(1024), LONGEST_NAME),
            who: cut(&encoded(&"\u{fc}".repeat(100)), LONGEST_WHO),
            ..entry(
                "2026-11-21_08_00_09-0000000000000000001",
                Some(Ended { state: JobState::Cancelled, took: SignedDuration::from_hours(10_000) }),
            )
        };
        let object = long.object();
        assert!(object.rsplit('/').next().unwrap().len() < 255, "{}", object.len());
        let read = IndexEntry::parse(&object).unwrap();
        assert!(
            read.may_be_named(&"n".repeat(1024).parse().unwrap())
                && !read.may_be_named(&"n".repeat(20).parse().unwrap())
        );
        let simple = entry("2026-11-21_08_00_09-0000000000000000001", None);
        let read = IndexEntry::parse(&simple.object()).unwrap();
        assert!(read.may_be_of("Zo\u{eb} K. @ops") && !read.may_be_of("Zo"));
        assert_eq!(read.who(), "Zo\u{eb} K. @ops");
    }
}
