//! The id of a job, in Dataflow's shape, so that ids sort by the time of the launch and a day's jobs share a folder.

use std::str::FromStr;

use jiff::Timestamp;
use jiff::civil::DateTime;
use serde::{Deserialize, Serialize};

use crate::text_name::text_name;
use crate::{NameError, NameKind};

/// A job's id: `YYYY-MM-DD_HH_MM_SS-<19 digits>`, the time of the launch in UTC and a random number.
///
/// Invariants: the time exists; exactly 19 digits follow; so ids sort by time as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(String);

impl JobId {
    const SHAPE: &str = "dddd-dd-dd_dd_dd_dd-ddddddddddddddddddd";
    const RANDOM_NUMBERS: u64 = 10_000_000_000_000_000_000;

    /// The id of a job launched at a time; `random` keeps apart the jobs of one second.
    ///
    /// A time before 1970 counts as 1970: clocks that wrong have no year of four digits to sort by.
    pub fn new(launched: Timestamp, random: u64) -> Self {
        let launched = launched.max(Timestamp::UNIX_EPOCH).strftime("%Y-%m-%d_%H_%M_%S");
        Self(format!("{launched}-{:019}", random % Self::RANDOM_NUMBERS))
    }

    /// The day of the launch in UTC, `YYYY-MM-DD`.
    pub fn day(&self) -> &str {
        &self.0[..10]
    }
}

impl FromStr for JobId {
    type Err = NameError;

    fn from_str(id: &str) -> Result<Self, NameError> {
        if id.is_empty() {
            return Err(NameError::Empty { kind: NameKind::JobId });
        }
        let shape_holds = id.len() == Self::SHAPE.len()
            && id.bytes().zip(Self::SHAPE.bytes()).all(|(byte, shape)| match shape {
                b'd' => byte.is_ascii_digit(),
                separator => byte == separator,
            });
        if shape_holds && DateTime::strptime("%Y-%m-%d_%H_%M_%S", &id[..19]).is_ok() {
            Ok(Self(id.to_owned()))
        } else {
            Err(NameError::Shape { kind: NameKind::JobId, name: id.to_owned() })
        }
    }
}

text_name!(JobId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_made_of_time_and_number() {
        for (launched, random, expected) in [
            ("2026-11-21T08:00:00Z", 1, "2026-11-21_08_00_00-0000000000000000001"),
            ("2026-11-21T08:00:59.999+02:00", 0, "2026-11-21_06_00_59-0000000000000000000"),
            ("9999-12-30T00:00:00Z", u64::MAX, "9999-12-30_00_00_00-8446744073709551615"),
            ("1969-12-31T23:59:59Z", 7, "1970-01-01_00_00_00-0000000000000000007"),
        ] {
            let id = JobId::new(launched.parse().unwrap(), random);
            assert_eq!(id.as_str(), expected);
            assert_eq!(id.day(), &expected[..10]);
            assert_eq!(expected.parse::<JobId>().unwrap(), id);
        }
    }

    #[test]
    fn ids_sort_by_time_whatever_the_number() {
        let early = JobId::new("2026-11-21T08:00:00Z".parse().unwrap(), u64::MAX);
        let late = JobId::new("2026-11-21T08:00:01Z".parse().unwrap(), 0);
        assert!(early < late);
    }

    #[test]
    fn other_shapes_are_refused() {
        for text in [
            "",
            "2026-11-21_08_00_00-1",
            "2026-11-21_08_00_00-00000000000000000001",
            "2026-13-21_08_00_00-0000000000000000001",
            "2026-02-29_08_00_00-0000000000000000001",
            "2026-11-21_24_00_00-0000000000000000001",
            "2026-11-21T08:00:00-0000000000000000001",
            "2026-11-21_08_00_00-000000000000000000x",
            "2026-11-21_08_00_00-00000000000000000²",
            "../../../../../../../../../../../etc/pw",
        ] {
            assert!(text.parse::<JobId>().is_err(), "{text}");
        }
    }
}
