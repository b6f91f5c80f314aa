//! A template's publish log: what became current when, by whom, and why.

use std::fmt;

use futures::StreamExt;
use jiff::Timestamp;
use oci_spec::image::Digest;
use serde::{Deserialize, Serialize};
use tmpl_template::TemplateName;

use crate::{Bucket, BucketError, BucketErrorKind, layout};

/// The format of the entries that are written here, and the newest that is read.
const FORMAT: u32 = 1;
/// The most bytes an entry may have: it has some hundreds.
const ENTRY_LIMIT: u64 = 1024 * 1024;
/// How many entries are read at a time.
const READS: usize = 32;

/// Who built what from where: goes to the publish log, never into the spec, so that equal inputs give equal specs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BuildFacts {
    /// The user that published.
    pub who: String,
    /// The machine it was done on.
    pub host: String,
    /// The revision of the project's source, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_revision: Option<String>,
    /// The version of tmpl.
    pub tmpl_version: String,
}

/// Why a log entry was written. `Display` is the word that the log has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LogAction {
    /// A build published a version.
    Publish,
    /// An earlier version became current again.
    Rollback,
    /// The template was deleted; its versions stay.
    Delete,
    /// A version of another bucket was published.
    Copy,
    /// What a newer tmpl did, by its own word. Nothing is concluded from it.
    #[serde(untagged)]
    Other(String),
}

/// One entry of a template's publish log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LogEntry {
    /// The format of this record: 1.
    pub format: u32,
    /// What happened.
    pub action: LogAction,
    /// The version that became current; none after a delete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// When.
    pub time: Timestamp,
    /// Why, in the words of who did it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// The bucket that a copy came from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Who, where, from what.
    #[serde(flatten)]
    pub facts: BuildFacts,
}

/// A log entry and its number. Numbers begin at 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PublishedEntry {
    /// Its place in the log.
    pub number: u64,
    /// What it says.
    #[serde(flatten)]
    pub entry: LogEntry,
}

/// A template's publish log, as far as it can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublishLog {
    /// The entries, the newest first.
    pub entries: Vec<PublishedEntry>,
    /// Which entries are left out, and why.
    pub warnings: Vec<String>,
}

/// What is to become current, and the words for it.
#[derive(Clone, Debug)]
pub(crate) struct Change<'a> {
    pub(crate) action: LogAction,
    pub(crate) digest: Option<&'a Digest>,
    pub(crate) message: Option<&'a str>,
    pub(crate) from: Option<&'a str>,
    pub(crate) facts: &'a BuildFacts,
}

impl fmt::Display for LogAction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Publish => "publish",
            Self::Rollback => "rollback",
            Self::Delete => "delete",
            Self::Copy => "copy",
            Self::Other(word) => word,
        })
    }
}

impl Change<'_> {
    /// The entry that says so, at this moment.
    pub(crate) fn entry(&self) -> LogEntry {
        LogEntry {
            format: FORMAT,
            action: self.action.clone(),
            digest: self.digest.cloned(),
            time: Timestamp::now(),
            message: self.message.map(str::to_owned),
            from: self.from.map(str::to_owned),
            facts: self.facts.clone(),
        }
    }
}

impl Bucket {
    /// A template's whole publish log. What can't be read is told of and left out; a template that somebody put into the
    /// bucket without tmpl has an empty log.
    pub async fn versions(&self, name: &TemplateName) -> Result<PublishLog, BucketError> {
        let mut log = PublishLog::default();
        let numbers = self.entry_numbers(name).await?;
        if numbers.is_empty() && self.current_template(name).await?.is_none() {
            return Err(self.no_such_template(name).await);
        }
        let reads: Vec<_> = numbers.into_iter().rev().map(|number| self.entry(name, number)).collect();
        let mut reads = futures::stream::iter(reads).buffered(READS);
        while let Some(read) = reads.next().await {
            match read {
                Ok(entry) => log.entries.push(entry),
                Err(error) if error.kind() == BucketErrorKind::Damaged => {
                    log.warnings.push(format!("an entry is left out: {error}"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(log)
    }

    /// The newest entry of a template's publish log. One whose meaning only a newer tmpl knows is an error.
    pub async fn newest_entry(&self, name: &TemplateName) -> Result<Option<PublishedEntry>, BucketError> {
        match self.newest_number(name).await? {
            Some(number) => Ok(Some(self.known_entry(name, number).await?)),
            None => Ok(None),
        }
    }

    pub(crate) async fn newest_number(&self, name: &TemplateName) -> Result<Option<u64>, BucketError> {
        Ok(self.entry_numbers(name).await?.pop())
    }

    /// The numbers of a log's entries, in order.
    pub(crate) async fn entry_numbers(&self, name: &TemplateName) -> Result<Vec<u64>, BucketError> {
        self.store.numbers(&layout::publish_log(name)).await
    }

    /// An entry from which something may be concluded.
    pub(crate) async fn known_entry(
        &self,
        name: &TemplateName,
        number: u64,
    ) -> Result<PublishedEntry, BucketError> {
        let found = self.entry(name, number).await?;
        let LogEntry { format, action, digest, .. } = &found.entry;
        if let LogAction::Other(word) = action {
            return Err(self.newer_log(name, number, format!("the action `{word}`")));
        }
        if *format > FORMAT {
            return Err(self.newer_log(name, number, format!("format {format}")));
        }
        if (*action == LogAction::Delete) != digest.is_none() {
            let object = layout::publish_log_entry(name, number);
            let reason = format!("a {action} {} a digest", if digest.is_none() { "without" } else { "with" });
            return Err(self.store.malformed(&object, reason));
        }
        Ok(found)
    }

    /// An entry as it lies there.
    async fn entry(&self, name: &TemplateName, number: u64) -> Result<PublishedEntry, BucketError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let object = layout::publish_log_entry(name, number);
        let bytes = self.store.get_at_most(&object, ENTRY_LIMIT).await?;
        let bytes = bytes.ok_or_else(|| self.store.malformed(&object, "it vanished while it was read"))?;
        match (serde_json::from_slice(&bytes), serde_json::from_slice::<Format>(&bytes)) {
            (Ok(entry), _) => Ok(PublishedEntry { number, entry }),
            (Err(_), Ok(Format { format })) if format > FORMAT => {
                Err(self.newer_log(name, number, format!("format {format}")))
            }
            (Err(error), _) => Err(self.store.malformed(&object, error)),
        }
    }

    fn newer_log(&self, name: &TemplateName, number: u64, what: String) -> BucketError {
        BucketError::NewerLog { name: name.clone(), bucket: self.to_string(), number, what }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: &str = r#""time":"2026-11-21T08:00:00Z","who":"ann","host":"here","tmplVersion":"0""#;

    #[test]
    fn entries_are_read_and_written_back() {
        let digest = tmpl_template::sha256_of(b"{}");
        for (text, action) in [
            (format!(r#"{{"format":1,"action":"publish","digest":"{digest}",{FACTS}}}"#), LogAction::Publish),
            (
                format!(r#"{{"format":1,"action":"rollback","digest":"{digest}",{FACTS}}}"#),
                LogAction::Rollback,
            ),
            (format!(r#"{{"format":1,"action":"delete",{FACTS}}}"#), LogAction::Delete),
            (format!(r#"{{"format":1,"action":"copy","digest":"{digest}",{FACTS}}}"#), LogAction::Copy),
            (format!(r#"{{"format":1,"action":"freeze",{FACTS}}}"#), LogAction::Other("freeze".to_owned())),
        ] {
            let entry: LogEntry = serde_json::from_str(&text).unwrap();
            assert_eq!(entry.action, action);
            let word = serde_json::to_value(&action).unwrap();
            assert_eq!(word, action.to_string());
            let written = serde_json::to_value(&entry).unwrap();
            assert_eq!(written, serde_json::from_str::<serde_json::Value>(&text).unwrap());
        }
    }
}
