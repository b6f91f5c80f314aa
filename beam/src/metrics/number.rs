//! A number that was counted: whole while 64 bits hold it.

use std::cmp::Ordering;
use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Words for the numbers that JSON has not.
const WORDS: [(&str, f64); 3] =
    [("NaN", f64::NAN), ("Infinity", f64::INFINITY), ("-Infinity", f64::NEG_INFINITY)];

/// A whole number of 64 bits, or another one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// A whole number.
    Whole(i64),
    /// A number of Beam's type double, or a sum that 64 bits no longer hold.
    Real(f64),
}

impl Number {
    /// The number, rounded to what a double can say.
    pub fn as_f64(self) -> f64 {
        match self {
            #[expect(clippy::cast_precision_loss, reason = "as it says")]
            Self::Whole(number) => number as f64,
            Self::Real(number) => number,
        }
    }

    /// The sum. One that 64 bits do not hold is rounded and does not wrap around.
    #[must_use]
    pub(super) fn plus(self, other: Self) -> Self {
        if let (Self::Whole(one), Self::Whole(two)) = (self, other)
            && let Some(sum) = one.checked_add(two)
        {
            return Self::Whole(sum);
        }
        Self::Real(self.as_f64() + other.as_f64())
    }

    /// The lesser of two.
    #[must_use]
    pub(super) fn least(self, other: Self) -> Self {
        if self.order(other) == Ordering::Greater { other } else { self }
    }

    /// The greater of two.
    #[must_use]
    pub(super) fn greatest(self, other: Self) -> Self {
        if self.order(other) == Ordering::Less { other } else { self }
    }

    fn order(self, other: Self) -> Ordering {
        match (self, other) {
            (Self::Whole(one), Self::Whole(two)) => one.cmp(&two),
            _ => self.as_f64().total_cmp(&other.as_f64()),
        }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => number.fmt(f),
            // Rust writes all 309 digits of the largest.
            Self::Real(number) if number.abs() >= 1e16 || (*number != 0.0 && number.abs() < 1e-6) => {
                write!(f, "{number:e}")
            }
            Self::Real(number) => number.fmt(f),
        }
    }
}

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Whole(number) => serializer.serialize_i64(*number),
            Self::Real(number) if number.is_finite() => serializer.serialize_f64(*number),
            Self::Real(number) => {
                let matches = |meant: f64| {
                    number.is_nan() && meant.is_nan() || number.total_cmp(&meant) == Ordering::Equal
                };
                let word = WORDS.iter().find(|(_, meant)| matches(*meant)).map_or("NaN", |(word, _)| word);
                serializer.serialize_str(word)
            }
        }
    }
}

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NumberVisitor)
    }
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = Number;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, \"NaN\", \"Infinity\" or \"-Infinity\"")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Number, E> {
        Ok(Number::Whole(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Number, E> {
        #[expect(clippy::cast_precision_loss, reason = "64 bits with a sign do not hold it")]
        Ok(i64::try_from(number).map_or(Number::Real(number as f64), Number::Whole))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Number, E> {
        Ok(Number::Real(number))
    }

    fn visit_str<E: Error>(self, word: &str) -> Result<Number, E> {
        let meant = WORDS.iter().find(|(known, _)| *known == word);
        meant
            .map(|(_, number)| Number::Real(*number))
            .ok_or_else(|| E::custom(format!("{word} is no number")))
    }
}

#[cfg(test)]
mod tests {
    use super::Number::{Real, Whole};
    use super::*;

    #[test]
    fn a_sum_that_is_too_large_is_rounded_and_does_not_wrap() {
        assert_eq!(Whole(2).plus(Whole(3)), Whole(5));
        assert_eq!(Whole(i64::MAX).plus(Whole(1)), Real(9.223_372_036_854_776e18));
        assert_eq!(Whole(i64::MIN).plus(Whole(-1)), Real(-9.223_372_036_854_776e18));
        assert_eq!(Whole(1).plus(Real(0.5)), Real(1.5));
    }

    #[test]
    fn numbers_of_both_kinds_are_compared() {
        assert_eq!(Whole(i64::MAX).greatest(Whole(i64::MAX - 1)), Whole(i64::MAX));
        assert_eq!(Whole(2).least(Real(1.5)), Real(1.5));
        assert_eq!(Real(-1.0).greatest(Whole(0)), Whole(0));
    }

    #[test]
    fn numbers_are_read_as_they_were_written() {
        for (number, text) in [
            (Whole(0), "0"),
            (Whole(i64::MIN), "-9223372036854775808"),
            (Real(1.0), "1.0"),
            (Real(-1e308), "-1e+308"),
            (Real(f64::INFINITY), "\"Infinity\""),
            (Real(f64::NEG_INFINITY), "\"-Infinity\""),
        ] {
            assert_eq!(serde_json::to_string(&number).unwrap(), text);
            assert_eq!(serde_json::from_str::<Number>(text).unwrap(), number);
        }
        assert_eq!(serde_json::to_string(&Real(f64::NAN)).unwrap(), "\"NaN\"");
        assert!(serde_json::from_str::<Number>("\"NaN\"").unwrap().as_f64().is_nan());
        assert_eq!(
            serde_json::from_str::<Number>("18446744073709551615").unwrap(),
            Real(18_446_744_073_709_551_615.0)
        );
        assert!(serde_json::from_str::<Number>("\"many\"").is_err());
    }

    #[test]
    fn numbers_are_short_to_read() {
        for (number, text) in [
            (Whole(-3), "-3"),
            (Real(0.25), "0.25"),
            (Real(1e300), "1e300"),
            (Real(1e-9), "1e-9"),
            (Real(0.0), "0"),
        ] {
            assert_eq!(number.to_string(), text);
        }
    }
}
