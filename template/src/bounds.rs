//! The least and the greatest value of a parameter (`customMetadata` keys `tmpl.min` and `tmpl.max`).

use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};

use crate::ValueFormat;
use crate::format_error::Problem;
use crate::number::is_number;
use crate::reader::{Dialect, Reader};
use crate::value_format::{date, duration, moment};

/// A value that has an order.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Magnitude {
    Integer(i128),
    Decimal(f64),
    Date(Date),
    Moment(Timestamp),
    Duration(SignedDuration),
}

impl Magnitude {
    /// The magnitude of a value, where its kind has one.
    pub(crate) fn of(value: &str, format: Option<ValueFormat>, is_number: bool) -> Option<Self> {
        match format {
            Some(ValueFormat::Date) => date(value).map(Self::Date),
            Some(ValueFormat::DateTime) => moment(value).map(Self::Moment),
            Some(ValueFormat::Duration) => duration(value).map(Self::Duration),
            Some(ValueFormat::Integer) => number(value),
            None if is_number => number(value),
            Some(ValueFormat::Json | ValueFormat::MultipleChoice) | None => None,
        }
    }

    pub(crate) fn compare(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Integer(one), Self::Integer(two)) => Some(one.cmp(&two)),
            (Self::Date(one), Self::Date(two)) => Some(one.cmp(&two)),
            (Self::Moment(one), Self::Moment(two)) => Some(one.cmp(&two)),
            (Self::Duration(one), Self::Duration(two)) => Some(one.cmp(&two)),
            (one, two) => one.decimal()?.partial_cmp(&two.decimal()?),
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "beside a decimal, an integer is as exact as a decimal")]
    fn decimal(self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(number as f64),
            Self::Decimal(number) => Some(number),
            _ => None,
        }
    }
}

fn number(text: &str) -> Option<Magnitude> {
    match text.parse() {
        Ok(integer) => Some(Magnitude::Integer(integer)),
        // What is too large for a float is still too large.
        Err(_) => text.parse().ok().filter(|_| is_number(text)).map(Magnitude::Decimal),
    }
}

/// The bounds of a parameter, both inclusive, beside the texts they were written as.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Bounds {
    pub(crate) min: Option<(String, Magnitude)>,
    pub(crate) max: Option<(String, Magnitude)>,
}

impl Bounds {
    pub(crate) fn read(
        metadata: &BTreeMap<String, String>,
        format: Option<ValueFormat>,
        is_number: bool,
        reader: &mut Reader,
    ) -> Self {
        let mut bound = |key: &str| {
            let text = metadata.get(key)?;
            let magnitude = Magnitude::of(text, format, is_number);
            // A spec that was published before these keys meant anything is launched as it was.
            if magnitude.is_none() && reader.dialect == Dialect::Author {
                let problem = match format {
                    Some(format @ (ValueFormat::Date | ValueFormat::DateTime | ValueFormat::Duration | ValueFormat::Integer)) => {
                        Problem::new(format!("{text:?} is not {format}")).hinted(format!("write it like `{}`", format.example()))
                    }
                    _ if is_number => Problem::new(format!("{text:?} is not a number")),
                    _ => Problem::new(format!("`{key}` needs values that have an order"))
                        .hinted("set `paramType` to NUMBER, or `tmpl.type` to `integer`, `date`, `date-time` or `duration`"),
                };
                reader.report_at(key, problem);
            }
            Some((text.clone(), magnitude?))
        };
        let (min, max) = (bound("tmpl.min"), bound("tmpl.max"));
        if let (Some((min, least)), Some((max, greatest))) = (&min, &max)
            && least.compare(*greatest) == Some(Ordering::Greater)
        {
            let problem = Problem::new(format!("no value is at least {min} and at most {max}"));
            reader.report_at("tmpl.max", problem.hinted("exchange `tmpl.min` and `tmpl.max`"));
        }
        Self { min, max }
    }

    /// Whether a value that has a magnitude lies within the bounds.
    pub(crate) fn contain(&self, value: Magnitude) -> bool {
        let above = self.min.as_ref().is_none_or(|(_, min)| value.compare(*min) != Some(Ordering::Less));
        above && self.max.as_ref().is_none_or(|(_, max)| value.compare(*max) != Some(Ordering::Greater))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_compared_as_what_they_are() {
        let order = |one: &str, two: &str, format: Option<ValueFormat>| {
            Magnitude::of(one, format, true)
                .unwrap()
                .compare(Magnitude::of(two, format, true).unwrap())
                .unwrap()
        };
        for (one, two, format) in [
            ("9", "10", None),
            ("-2.5", "1e3", None),
            ("9007199254740992", "9007199254740993", None),
            ("2026-01-31", "2026-02-01", Some(ValueFormat::Date)),
            ("2026-11-21T09:00:00+02:00", "2026-11-21T08:00:00Z", Some(ValueFormat::DateTime)),
            ("90s", "2m", Some(ValueFormat::Duration)),
            ("23h", "1d", Some(ValueFormat::Duration)),
        ] {
            assert_eq!(order(one, two, format), Ordering::Less, "{one} {two}");
        }
        assert_eq!(Magnitude::of("NaN", None, true), None);
        assert_eq!(Magnitude::of("text", None, false), None);
    }
}
