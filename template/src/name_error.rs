//! The one error of every name with a rule: which name, which character, which rule.

use std::fmt;

use thiserror::Error;

use crate::shorten::shorten;

/// The longest name that is a segment of a path.
const LONGEST_SEGMENT: usize = 63;

/// What a refused text was meant to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A [`TemplateName`](crate::TemplateName).
    Template,
    /// A [`JobId`](crate::JobId).
    JobId,
    /// A [`JobName`](crate::JobName).
    JobName,
    /// A [`JobState`](crate::JobState).
    JobState,
    /// A [`Digest`](crate::Digest) given as hexadecimal digits.
    Digest,
    /// A [`DigestPrefix`](crate::DigestPrefix).
    DigestPrefix,
    /// A [`RunnerName`](crate::RunnerName).
    Runner,
    /// A [`CardName`](crate::CardName).
    Card,
}

impl NameKind {
    /// The rule as a sentence without a period, to follow "a template name is".
    pub fn rule(self) -> &'static str {
        match self {
            Self::Template => {
                "1 to 63 of the characters a-z, 0-9, `.`, `_` and `-`, the first one a letter or a digit, without the ending `.json`"
            }
            Self::JobId => "a UTC time and 19 digits, like 2026-11-21_08_00_00-0123456789012345678",
            Self::JobName => {
                "1 to 1024 of the characters a-z, 0-9 and `-`, the first one a letter, the last one not `-`"
            }
            Self::JobState => "one of Dataflow's words, like JOB_STATE_RUNNING",
            Self::Digest => "64 of the characters 0-9 and a-f",
            Self::DigestPrefix => "1 to 64 of the characters 0-9 and a-f",
            Self::Runner | Self::Card => {
                "1 to 63 of the characters a-z, 0-9, `.`, `_` and `-`, the first one a letter or a digit"
            }
        }
    }
}

impl fmt::Display for NameKind {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Template => "template name",
            Self::JobId => "job id",
            Self::JobName => "job name",
            Self::JobState => "job state",
            Self::Digest => "digest",
            Self::DigestPrefix => "digest prefix",
            Self::Runner => "runner name",
            Self::Card => "card name",
        })
    }
}

/// Why a text is not a name of its kind.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NameError {
    /// There is nothing.
    #[error("the {kind} is empty; a {kind} is {}", kind.rule())]
    Empty {
        /// What it was meant to be.
        kind: NameKind,
    },
    /// One character may not stand where it stands.
    #[error("the {kind} {:?} has {character:?} at position {position}; a {kind} is {}", shorten(name, 80), kind.rule())]
    Character {
        /// What it was meant to be.
        kind: NameKind,
        /// The whole text.
        name: String,
        /// The first character that breaks the rule.
        character: char,
        /// Its place, counted in characters from 1.
        position: usize,
    },
    /// Every character is right, the number of them is not.
    #[error("the {kind} {:?} is {length} characters long; a {kind} is {}", shorten(name, 80), kind.rule())]
    Length {
        /// What it was meant to be.
        kind: NameKind,
        /// The whole text.
        name: String,
        /// Its length in characters.
        length: usize,
    },
    /// The text as a whole does not have the shape.
    #[error("{:?} is not a {kind}; a {kind} is {}", shorten(name, 80), kind.rule())]
    Shape {
        /// What it was meant to be.
        kind: NameKind,
        /// The whole text.
        name: String,
    },
}

impl NameError {
    /// The first character, if any, that `allowed` refuses; positions given to it count from 0.
    pub(crate) fn first_bad(
        kind: NameKind,
        name: &str,
        allowed: impl Fn(usize, char) -> bool,
    ) -> Result<(), Self> {
        if name.is_empty() {
            return Err(Self::Empty { kind });
        }
        match name.chars().enumerate().find(|&(index, character)| !allowed(index, character)) {
            None => Ok(()),
            Some((index, character)) => {
                Err(Self::Character { kind, name: name.to_owned(), character, position: index + 1 })
            }
        }
    }

    /// Whether a name is one harmless segment of a path and of an address: 1 to 63 of `a-z 0-9 . _ -`, the first a letter or a digit.
    pub(crate) fn check_segment(kind: NameKind, name: &str) -> Result<(), Self> {
        Self::first_bad(kind, name, |index, character| match character {
            'a'..='z' | '0'..='9' => true,
            '.' | '_' | '-' => index > 0,
            _ => false,
        })?;
        if name.len() > LONGEST_SEGMENT {
            return Err(Self::Length { kind, name: name.to_owned(), length: name.len() });
        }
        Ok(())
    }

    /// A name that would be accepted, where one is near.
    pub fn hint(&self) -> Option<String> {
        let (Self::Character { kind, name, .. }
        | Self::Length { kind, name, .. }
        | Self::Shape { kind, name }) = self
        else {
            return None;
        };
        match kind {
            NameKind::Template => near_template_name(name).map(|near| format!("`{near}` is a template name")),
            NameKind::JobId => Some("`tmpl jobs list` shows the ids of the jobs".to_owned()),
            _ => None,
        }
    }
}

/// The text in lower case with `-` for whatever may not be in a template name.
fn near_template_name(name: &str) -> Option<String> {
    let name = name.strip_suffix(".json").unwrap_or(name).to_lowercase();
    let allowed = |character: char| character.is_ascii_lowercase() || character.is_ascii_digit();
    let near: String = name
        .chars()
        .map(|character| if allowed(character) || matches!(character, '.' | '_') { character } else { '-' })
        .skip_while(|&character| !allowed(character))
        .take(LONGEST_SEGMENT)
        .collect();
    let near = near.trim_end_matches(['-', '.']);
    near.parse::<crate::TemplateName>().ok().map(|near| near.to_string())
}
