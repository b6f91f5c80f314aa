//! Notices: who is told of what happens to a job, and what was sent already.

use std::fmt;
use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tmpl_template::JobId;

use crate::store::Created;
use crate::{Bucket, BucketError, layout};

/// Whoever has said that it sends a notice, and has not said that it did, is given so long.
const SENDING: SignedDuration = SignedDuration::from_mins(2);

/// What somebody may want to be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum NoticeKind {
    /// The job failed, for good.
    Failure,
    /// The job is done.
    Success,
    /// An attempt failed, and another one is to come.
    Retry,
    /// The job takes longer than its template's jobs usually do.
    Slow,
}

impl NoticeKind {
    const ALL: [Self; 4] = [Self::Failure, Self::Success, Self::Retry, Self::Slow];

    /// Its word: `failure`.
    pub fn word(self) -> &'static str {
        match self {
            Self::Failure => "failure",
            Self::Success => "success",
            Self::Retry => "retry",
            Self::Slow => "slow",
        }
    }
}

/// Who is told of what. `Display` is what a person typed: `https://…`, `failure,slow=https://…`, `exec:/usr/local/bin/page-me`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct NoticeTarget {
    /// Of what; empty for everything.
    kinds: Vec<NoticeKind>,
    /// How.
    pub way: NoticeWay,
}

/// How somebody is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NoticeWay {
    /// A webhook: an URL that takes `POST`.
    Web(String),
    /// A program on the machine of whoever sends the notice, by its whole path; the notice is its standard input.
    Program(String),
}

impl NoticeTarget {
    /// Whether it wants to be told of this.
    pub fn wants(&self, kind: NoticeKind) -> bool {
        self.kinds.is_empty() || self.kinds.contains(&kind)
    }

    /// Whether anybody may name it: a program may be named only by whoever runs it.
    pub fn is_web(&self) -> bool {
        matches!(self.way, NoticeWay::Web(_))
    }
}

impl FromStr for NoticeTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let kinds = |words: &str| -> Option<Vec<NoticeKind>> {
            words
                .split(',')
                .map(|word| NoticeKind::ALL.into_iter().find(|kind| kind.word() == word))
                .collect()
        };
        let (kinds, rest) = match text.split_once('=').and_then(|(words, rest)| Some((kinds(words)?, rest))) {
            Some((kinds, rest)) => (kinds, rest),
            None => (Vec::new(), text),
        };
        let way = match rest.strip_prefix("exec:") {
            Some(program) if program.starts_with('/') => NoticeWay::Program(program.to_owned()),
            Some(_) => return Err("the program after `exec:` is named by its whole path".to_owned()),
            None => match url::Url::parse(rest) {
                Ok(url) if matches!(url.scheme(), "http" | "https") && url.has_host() => {
                    NoticeWay::Web(rest.to_owned())
                }
                _ => {
                    return Err(format!(
                        "`{rest}` is neither the URL of a webhook nor exec:/PATH/OF/A/PROGRAM; before it may stand failure, \
                         success, retry or slow, like failure,slow=https://…"
                    ));
                }
            },
        };
        Ok(Self { kinds, way })
    }
}

impl TryFrom<String> for NoticeTarget {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<NoticeTarget> for String {
    fn from(target: NoticeTarget) -> Self {
        target.to_string()
    }
}

impl fmt::Display for NoticeTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.kinds.is_empty() {
            let words: Vec<&str> = self.kinds.iter().map(|kind| kind.word()).collect();
            write!(f, "{}=", words.join(","))?;
        }
        match &self.way {
            NoticeWay::Web(url) => f.write_str(url),
            NoticeWay::Program(path) => write!(f, "exec:{path}"),
        }
    }
}

/// `notices/<event>-<target>.json`: somebody sends it.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Sending {
    time: Timestamp,
    who: String,
}

impl Bucket {
    /// Takes it upon this process to send a notice: true for one caller at a time. `name` tells event and target apart; `who` tells
    /// callers apart. One who was killed before it said that the notice was sent is taken over after a while.
    pub async fn begin_notice(&self, id: &JobId, name: &str, who: &str) -> Result<bool, BucketError> {
        if self.store.head(&layout::notice(id, &format!("{name}-sent"))).await?.is_some() {
            return Ok(false);
        }
        let mut turn = 0_u32;
        loop {
            let object = layout::notice(id, &format!("{name}-{turn}"));
            let sending = Sending { time: Timestamp::now(), who: format!("{who} {}", crate::random::hex()) };
            if self.store.create_json(&object, &sending).await? == Created::Yes {
                return Ok(true);
            }
            if self.age(&object).await?.is_none_or(|age| age < SENDING) {
                return Ok(false);
            }
            turn += 1;
        }
    }

    /// Writes down what became of a notice, so that nobody sends it again.
    pub async fn end_notice(&self, id: &JobId, name: &str, outcome: &str) -> Result<(), BucketError> {
        let record = serde_json::json!({ "time": Timestamp::now(), "outcome": outcome });
        self.store.create_json(&layout::notice(id, &format!("{name}-sent")), &record).await.map(drop)
    }
}

/// What became of a notice.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeOutcome {
    /// What it told of: `failure`, `retry-2`.
    #[serde(default)]
    pub event: String,
    /// When it was sent, or given up.
    pub time: Timestamp,
    /// `sent`, or `given up: …`.
    pub outcome: String,
}

impl Bucket {
    /// What became of the notices of a job that were sent or given up, in order of time. To whom they went is nobody's business who
    /// only reads the bucket: their addresses may have a token in them.
    pub async fn notices(&self, id: &JobId) -> Result<Vec<NoticeOutcome>, BucketError> {
        let mut found = Vec::new();
        for listed in self.store.list(&layout::notices(id)).await? {
            // `<event>-<target>-sent.json`
            let Some((event, _)) =
                listed.name.strip_suffix("-sent.json").and_then(|name| name.rsplit_once('-'))
            else {
                continue;
            };
            let object = format!("{}/{}", layout::notices(id), listed.name);
            if let Some(outcome) = self.store.get_json::<NoticeOutcome>(&object).await? {
                found.push(NoticeOutcome { event: event.to_owned(), ..outcome });
            }
        }
        found.sort_by_key(|notice| notice.time);
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_are_read_and_written_alike() {
        for text in ["https://h/x?a=b", "failure,slow=https://h/x", "exec:/bin/page", "retry=exec:/bin/page"]
        {
            let target: NoticeTarget = text.parse().unwrap();
            assert_eq!(target.to_string(), text);
        }
        let target: NoticeTarget = "failure,slow=https://h/x".parse().unwrap();
        assert!(target.wants(NoticeKind::Slow) && !target.wants(NoticeKind::Success) && target.is_web());
        for (text, reason) in [
            ("mail@x", "neither the URL"),
            ("exec:page", "whole path"),
            ("never=https://h", "neither the URL"),
        ] {
            let error = text.parse::<NoticeTarget>().unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
