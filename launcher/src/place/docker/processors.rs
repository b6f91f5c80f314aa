//! A share of a machine's processors.

use std::fmt;
use std::str::FromStr;

use super::ProfileError;

/// What engines count in: billionths of a processor.
const WHOLE: u64 = 1_000_000_000;
/// The least that engines take: a hundredth.
const LEAST: u64 = WHOLE / 100;

/// How many processors, not necessarily a whole number: `2`, `0.5`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Processors(u64);

impl Processors {
    /// The share in billionths of a processor.
    pub fn billionths(self) -> u64 {
        self.0
    }
}

impl FromStr for Processors {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, ProfileError> {
        let refuse = || ProfileError::new("number of processors", text, "write it as 2 or 0.5");
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits =
            |text: &str| (1..=9).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(part) {
            return Err(refuse());
        }
        let whole: u64 = whole.parse().map_err(|_| refuse())?;
        let part: u64 = format!("{part:0<9}").parse().map_err(|_| refuse())?;
        let billionths = whole * WHOLE + part;
        if billionths >= LEAST { Ok(Self(billionths)) } else { Err(refuse()) }
    }
}

impl fmt::Display for Processors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let part = format!("{:09}", self.0 % WHOLE);
        match part.trim_end_matches('0') {
            "" => write!(formatter, "{}", self.0 / WHOLE),
            part => write!(formatter, "{}.{part}", self.0 / WHOLE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_read_and_shown_exactly() {
        for (text, billionths, shown) in [
            ("2", 2 * WHOLE, "2"),
            ("0.5", WHOLE / 2, "0.5"),
            ("1.250", 1_250_000_000, "1.25"),
            ("0.01", LEAST, "0.01"),
        ] {
            let processors: Processors = text.parse().unwrap();
            assert_eq!(
                (processors.billionths(), processors.to_string().as_str()),
                (billionths, shown),
                "{text}"
            );
        }
        for text in ["", "0", "0.001", "-1", "1e3", ".5", "5.", "1,5", "two", "1.5.1", "1234567890"] {
            assert!(text.parse::<Processors>().is_err(), "{text}");
        }
    }
}
