//! The name of a job: what people and Dataflow's own clients call it; unique among the active jobs of a bucket.

use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::text_name::text_name;
use crate::{NameError, NameKind, TemplateName};

/// A job's name under Dataflow's rule.
///
/// Invariants: `[a-z]([-a-z0-9]{0,1022}[a-z0-9])?`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobName(String);

impl JobName {
    const LONGEST: usize = 1024;

    /// The name for a launch that was given none: template, time in UTC and four random digits, like
    /// `word-count-20261121-080000-00ff`.
    pub fn for_template(template: &TemplateName, launched: Timestamp, random: u16) -> Self {
        let template = template.as_str().replace(['.', '_'], "-");
        // A job name begins with a letter, a template name may begin with a digit.
        let letter = if template.starts_with(|first: char| first.is_ascii_digit()) { "t" } else { "" };
        let launched = launched.max(Timestamp::UNIX_EPOCH).strftime("%Y%m%d-%H%M%S");
        Self(format!("{letter}{template}-{launched}-{random:04x}"))
    }
}

impl FromStr for JobName {
    type Err = NameError;

    fn from_str(name: &str) -> Result<Self, NameError> {
        let kind = NameKind::JobName;
        let last = name.chars().count().saturating_sub(1);
        NameError::first_bad(kind, name, |index, character| match character {
            'a'..='z' => true,
            '0'..='9' => index > 0,
            '-' => index > 0 && index < last,
            _ => false,
        })?;
        if name.len() > Self::LONGEST {
            return Err(NameError::Length { kind, name: name.to_owned(), length: name.len() });
        }
        Ok(Self(name.to_owned()))
    }
}

text_name!(JobName);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rule_is_dataflows() {
        let longest = "a".repeat(1024);
        for name in ["a", "a1", "a-b", "a--b", longest.as_str()] {
            assert_eq!(name.parse::<JobName>().unwrap().as_str(), name);
        }
        for (name, position) in
            [("1a", 1), ("-a", 1), ("a-", 2), ("a_b", 2), ("aB", 2), ("a b", 2), ("ä", 1), ("a\n", 2)]
        {
            match name.parse::<JobName>().unwrap_err() {
                NameError::Character { position: found, .. } => assert_eq!(found, position, "{name}"),
                other => panic!("{name}: {other}"),
            }
        }
        assert!("".parse::<JobName>().is_err());
        assert!("a".repeat(1025).parse::<JobName>().is_err());
    }

    #[test]
    fn a_templates_job_is_named_after_it() {
        let launched: Timestamp = "2026-11-21T08:00:00Z".parse().unwrap();
        for (template, expected) in [
            ("wordcount", "wordcount-20261121-080000-00ff"),
            ("word_count.v2", "word-count-v2-20261121-080000-00ff"),
            ("2nd", "t2nd-20261121-080000-00ff"),
            ("a-", "a--20261121-080000-00ff"),
        ] {
            let name = JobName::for_template(&template.parse().unwrap(), launched, 0xff);
            assert_eq!(name.as_str(), expected);
            assert_eq!(expected.parse::<JobName>().unwrap(), name);
        }
    }
}
