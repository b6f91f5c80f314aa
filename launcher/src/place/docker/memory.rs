//! An amount of memory, as people write it.

use std::fmt;
use std::str::FromStr;

use super::ProfileError;

/// The least that engines take.
const LEAST: u64 = 6 << 20;

/// An amount of memory in bytes, written as engines take it: `512m`, `2g`. The units are powers of 1024.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory(u64);

impl Memory {
    /// The amount in bytes.
    pub fn bytes(self) -> u64 {
        self.0
    }
}

impl FromStr for Memory {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, ProfileError> {
        let refuse = || ProfileError::new("amount of memory", text, "write it as 512m or 2g, from 6m on");
        let digits = text.trim_end_matches(|c: char| !c.is_ascii_digit());
        let unit = text[digits.len()..].to_ascii_lowercase();
        let shift = match unit.trim_end_matches("ib").trim_end_matches('b') {
            "" => 0,
            "k" => 10,
            "m" => 20,
            "g" => 30,
            "t" => 40,
            _ => return Err(refuse()),
        };
        let number: u64 = digits.parse().map_err(|_| refuse())?;
        let bytes = number.checked_mul(1 << shift).ok_or_else(refuse)?;
        // Engines count in signed numbers.
        if (LEAST..=i64::MAX.unsigned_abs()).contains(&bytes) { Ok(Self(bytes)) } else { Err(refuse()) }
    }
}

impl fmt::Display for Memory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = [(40, "t"), (30, "g"), (20, "m"), (10, "k")]
            .into_iter()
            .find(|(shift, _)| self.0 >= 1 << shift && self.0.trailing_zeros() >= *shift);
        match unit {
            Some((shift, unit)) => write!(formatter, "{}{unit}", self.0 >> shift),
            None => write!(formatter, "{}b", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_read_as_engines_read_them() {
        for (text, bytes, shown) in [
            ("512m", 512 << 20, "512m"),
            ("2g", 2 << 30, "2g"),
            ("2G", 2 << 30, "2g"),
            ("2GB", 2 << 30, "2g"),
            ("2GiB", 2 << 30, "2g"),
            ("1t", 1 << 40, "1t"),
            ("7000000", 7_000_000, "7000000b"),
            ("7000000b", 7_000_000, "7000000b"),
            ("10240k", 10 << 20, "10m"),
        ] {
            let memory: Memory = text.parse().unwrap();
            assert_eq!((memory.bytes(), memory.to_string().as_str()), (bytes, shown), "{text}");
        }
        for text in [
            "",
            "2gg",
            "2x",
            "-1g",
            "1.5g",
            "g",
            "5m",
            "0",
            "99999999999999999999",
            "9999999999g",
            " 2g",
            "2 g",
        ] {
            assert!(text.parse::<Memory>().is_err(), "{text}");
        }
    }
}
