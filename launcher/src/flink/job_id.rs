//! The id that a job has in Flink. We choose it, so that a submission that is tried again can't start a second job.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use tmpl_template::{JobId, hex, sha256_of};

/// A job's id in Flink.
///
/// Invariant: 32 digits of base 16, in small letters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FlinkJobId(String);

/// A text that is no id of a job in Flink.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no job id of Flink's: it has 32 of the characters 0-9 and a-f")]
pub struct NoFlinkJobId(String);

impl FlinkJobId {
    const DIGITS: usize = 32;

    /// The id of an attempt of a job of ours: always the same one.
    pub fn of(job: &JobId, attempt: u32) -> Self {
        let digest = sha256_of(format!("tmpl flink job\n{job}\n{attempt}\n").as_bytes());
        Self(hex(&digest).chars().take(Self::DIGITS).collect())
    }

    /// The id as Flink writes it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for FlinkJobId {
    type Err = NoFlinkJobId;

    fn from_str(text: &str) -> Result<Self, NoFlinkJobId> {
        let text = text.to_ascii_lowercase();
        let is_id = text.len() == Self::DIGITS && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        if is_id { Ok(Self(text)) } else { Err(NoFlinkJobId(text)) }
    }
}

impl fmt::Display for FlinkJobId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for FlinkJobId {
    type Error = NoFlinkJobId;

    fn try_from(text: String) -> Result<Self, NoFlinkJobId> {
        text.parse()
    }
}

impl From<FlinkJobId> for String {
    fn from(id: FlinkJobId) -> Self {
        id.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attempt_has_one_id_and_each_another() {
        let job: JobId = "2026-11-21_08_00_00-0000000000000000001".parse().unwrap();
        let other: JobId = "2026-11-21_08_00_00-0000000000000000002".parse().unwrap();
        let ids = [FlinkJobId::of(&job, 1), FlinkJobId::of(&job, 2), FlinkJobId::of(&other, 1)];
        // Jobs that run now are found by it: it must not change.
        assert_eq!(ids[0].as_str(), "83d1e241007685188e2a31070e29b41b");
        assert!(ids[0] != ids[1] && ids[0] != ids[2] && ids[1] != ids[2]);
        for id in ids {
            assert_eq!(id.as_str().parse::<FlinkJobId>().unwrap(), id);
        }
    }

    #[test]
    fn other_texts_are_no_ids() {
        for text in ["", "12", "0000000000000000000000000000000g", "000000000000000000000000000000001"] {
            assert!(text.parse::<FlinkJobId>().is_err(), "{text}");
        }
        assert_eq!(
            "ABCDEF00000000000000000000000000".parse::<FlinkJobId>().unwrap().as_str(),
            &format!("abcdef{}", "0".repeat(26))
        );
    }
}
