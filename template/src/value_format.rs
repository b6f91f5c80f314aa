//! What a value must be, finer than Google's types say it (`customMetadata` key `tmpl.type`).

use std::fmt;

use jiff::civil::Date;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};
use serde::Serialize;

/// The form of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueFormat {
    /// A day: `2026-11-21`.
    Date,
    /// A moment with its offset from UTC: `2026-11-21T08:00:00Z`.
    DateTime,
    /// A length of time: `90s`, `1h30m`, `2d`, or `PT90S` as ISO 8601 has it.
    Duration,
    /// A JSON value.
    Json,
    /// A whole number.
    Integer,
    /// Values of the parameter's `enumOptions`, with commas between them.
    MultipleChoice,
}

impl ValueFormat {
    /// The values of `tmpl.type`.
    pub(crate) const NAMES: [&'static str; 6] =
        ["date", "date-time", "duration", "json", "integer", "multiple-choice"];
    const ALL: [Self; 6] =
        [Self::Date, Self::DateTime, Self::Duration, Self::Json, Self::Integer, Self::MultipleChoice];

    /// The form of that name, like `date-time`.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().position(|known| *known == name).and_then(|index| Self::ALL.get(index)).copied()
    }

    /// A value of the form.
    pub fn example(self) -> &'static str {
        match self {
            Self::Date => "2026-11-21",
            Self::DateTime => "2026-11-21T08:00:00Z",
            Self::Duration => "1h30m",
            Self::Json => "{\"key\": 1}",
            Self::Integer => "3",
            Self::MultipleChoice => "a,b",
        }
    }

    /// Whether a value has the form. The values of a choice are known to the parameter, not here.
    pub(crate) fn accepts(self, value: &str) -> bool {
        match self {
            Self::Date => date(value).is_some(),
            Self::DateTime => moment(value).is_some(),
            Self::Duration => duration(value).is_some(),
            Self::Json => serde_json::from_str::<serde::de::IgnoredAny>(value).is_ok(),
            Self::Integer => {
                let digits = value.strip_prefix('-').unwrap_or(value);
                !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
            }
            Self::MultipleChoice => true,
        }
    }
}

impl fmt::Display for ValueFormat {
    /// What a value is, as in "is not a date like …".
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Date => "a date",
            Self::DateTime => "a date and time with an offset",
            Self::Duration => "a duration",
            Self::Json => "JSON",
            Self::Integer => "a whole number",
            Self::MultipleChoice => "a choice",
        })
    }
}

/// `2026-11-21` and nothing more: the parser also takes a time behind it.
pub(crate) fn date(text: &str) -> Option<Date> {
    if text.len() == "2026-11-21".len() { text.parse().ok() } else { None }
}

pub(crate) fn moment(text: &str) -> Option<Timestamp> {
    text.parse().ok()
}

/// A length of time, days of 24 hours.
pub(crate) fn duration(text: &str) -> Option<SignedDuration> {
    let span: Span = text.parse().ok()?;
    span.to_duration(SpanRelativeTo::days_are_24_hours()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_knows_its_values() {
        for (format, good, bad) in [
            (
                ValueFormat::Date,
                vec!["2026-11-21", "2024-02-29"],
                vec!["", "21.11.2026", "2026-02-29", "2026-11-21T00:00", "20261121"],
            ),
            (
                ValueFormat::DateTime,
                vec!["2026-11-21T08:00:00Z", "2026-11-21T08:00:00.5+01:00"],
                vec!["", "2026-11-21", "2026-11-21T08:00:00"],
            ),
            (
                ValueFormat::Duration,
                vec!["90s", "1h30m", "2d", "PT90S", "5 minutes"],
                vec!["", "5", "soon", "1 month"],
            ),
            (ValueFormat::Json, vec!["{}", "[1, 2]", "\"x\"", "null"], vec!["", "{", "{a: 1}", "1 2"]),
            (ValueFormat::Integer, vec!["0", "-7", "007"], vec!["", "-", "1.0", "1e3", "+1", "١"]),
        ] {
            for value in good {
                assert!(format.accepts(value), "{format}: {value}");
            }
            for value in bad {
                assert!(!format.accepts(value), "{format}: {value}");
            }
            assert!(format.accepts(format.example()));
        }
    }

    #[test]
    fn names_are_those_that_are_serialised() {
        for (name, format) in ValueFormat::NAMES.into_iter().zip(ValueFormat::ALL) {
            assert_eq!(serde_json::to_value(format).unwrap(), name);
            assert_eq!(ValueFormat::from_name(name), Some(format));
        }
    }
}
