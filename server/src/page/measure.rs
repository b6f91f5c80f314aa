//! Times, lengths of time and sizes, as a page says them.

use std::fmt;

use askama::filters::HtmlSafe;
use jiff::{SignedDuration, Timestamp};

use crate::text::measure as text;

/// A moment: in UTC, which a script makes the reader's own time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Moment(pub(crate) Timestamp);

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, words) = (self.0.strftime("%Y-%m-%dT%H:%M:%SZ"), self.0.strftime("%-d %b %Y, %H:%M UTC"));
        write!(f, "<time datetime=\"{time}\">{words}</time>")
    }
}

/// Nobody's text is in it.
impl HtmlSafe for Moment {}

/// A moment to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exactly(pub(crate) Timestamp);

impl fmt::Display for Exactly {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, words) = (self.0.strftime("%Y-%m-%dT%H:%M:%SZ"), self.0.strftime("%-d %b, %H:%M:%S UTC"));
        write!(f, "<time datetime=\"{time}\" data-exactly>{words}</time>")
    }
}

impl HtmlSafe for Exactly {}

/// A length of time: its two largest units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Length(pub(crate) SignedDuration);

impl Length {
    /// Its whole seconds.
    pub(crate) fn seconds(self) -> i64 {
        self.0.as_secs().max(0)
    }
}

impl fmt::Display for Length {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text::length(self.seconds()))
    }
}

/// A size in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

impl fmt::Display for Size {
    #[expect(clippy::cast_precision_loss, reason = "two digits are shown")]
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 < 1000 {
            return f.write_str(&text::bytes(self.0));
        }
        let (mut size, mut unit) = (self.0 as f64 / 1000.0, 0);
        while size >= 999.5 && unit + 1 < text::SIZES.len() {
            (size, unit) = (size / 1000.0, unit + 1);
        }
        let digits = usize::from(size < 9.95);
        write!(f, "{size:.digits$} {}", text::SIZES[unit])
    }
}

/// A whole number with commas.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_by_people_and_scripts() {
        let moment = Moment("2026-11-21T08:05:09.7Z".parse().unwrap());
        let html = "<time datetime=\"2026-11-21T08:05:09Z\">21 Nov 2026, 08:05 UTC</time>";
        assert_eq!(moment.to_string(), html);
        let html = "<time datetime=\"2026-11-21T08:05:09Z\" data-exactly>21 Nov, 08:05:09 UTC</time>";
        assert_eq!(Exactly(moment.0).to_string(), html);
    }

    #[test]
    fn lengths_have_two_units() {
        for (seconds, words) in [
            (-5, "under a second"),
            (0, "under a second"),
            (59, "59 s"),
            (60, "1 min"),
            (125, "2 min 5 s"),
            (3600, "1 h"),
            (5400, "1 h 30 min"),
            (86_400, "1 d"),
            (200_000, "2 d 7 h"),
        ] {
            assert_eq!(Length(SignedDuration::from_secs(seconds)).to_string(), words);
        }
    }

    #[test]
    fn sizes_and_numbers_are_short_and_plain() {
        for (bytes, words) in [
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (1_234_567, "1.2 MB"),
            (12_345_678, "12 MB"),
            (999_600, "1.0 MB"),
            (u64::MAX, "18 EB"),
        ] {
            assert_eq!(Size(bytes).to_string(), words);
        }
        for (number, words) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), words);
        }
    }
}
