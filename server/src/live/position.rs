//! How far somebody has read the logs of a job.

use std::fmt;
use std::str::FromStr;

/// The byte that comes next: in the log of an attempt, from its beginning. Later attempts are greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Position {
    pub(crate) attempt: u32,
    pub(crate) offset: u64,
}

/// A text that is no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct NoPosition;

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.attempt, self.offset)
    }
}

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let (attempt, offset) = text.split_once(':').ok_or(NoPosition)?;
        if !digits(attempt) || !digits(offset) {
            return Err(NoPosition);
        }
        let attempt = attempt.parse().ok().filter(|attempt| *attempt > 0).ok_or(NoPosition)?;
        Ok(Self { attempt, offset: offset.parse().map_err(|_| NoPosition)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_are_read_as_they_are_written() {
        let position: Position = "2:1048576".parse().unwrap();
        assert_eq!(position, Position { attempt: 2, offset: 1_048_576 });
        assert_eq!(position.to_string(), "2:1048576");
        for text in
            ["", ":", "1", "0:0", "1:", ":1", "1:-1", "+1:1", "1:1:1", "1: 1", "1:18446744073709551616"]
        {
            assert_eq!(text.parse::<Position>(), Err(NoPosition), "{text}");
        }
    }
}
