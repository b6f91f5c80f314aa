//! A line of a log as a page shows it.

use std::fmt;

use askama::filters::HtmlSafe;
use jiff::Timestamp;
use tmpl_bucket::LogLevel;

use super::scan::Wanted;
use crate::live::ShownLine;
use crate::text::log as text;

/// A page shows so much of a line.
const LONGEST: usize = 4000;
/// So much, where other things matter more. The script does the same.
const SHORT: usize = 300;

/// The time of day of a line, in UTC, which a script makes the reader's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Clock(Timestamp);

impl fmt::Display for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (time, clock) = (self.0.strftime("%Y-%m-%dT%H:%M:%SZ"), self.0.strftime("%H:%M:%S"));
        write!(f, "<time datetime=\"{time}\" data-clock>{clock}</time>")
    }
}

impl HtmlSafe for Clock {}

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LineOfLog {
    /// Its number, where that is known.
    pub(crate) number: Option<u64>,
    /// Where it begins.
    pub(crate) at: u64,
    pub(crate) class: Option<&'static str>,
    /// How important it is, where it is.
    pub(crate) word: Option<&'static str>,
    pub(crate) time: Option<Clock>,
    pub(crate) text: String,
    /// The text in parts, where something in it was looked for: whether it is that, and what it is.
    pub(crate) parts: Vec<(bool, String)>,
    /// Whether it is the one that was asked for.
    pub(crate) asked: bool,
}

impl LineOfLog {
    pub(crate) fn of(line: ShownLine, number: Option<u64>, wanted: Option<&Wanted>) -> Self {
        Self::cut(line, LONGEST, number, wanted)
    }

    /// A line of which the beginning is enough.
    pub(crate) fn short(line: ShownLine) -> Self {
        Self::cut(line, SHORT, None, None)
    }

    fn cut(line: ShownLine, most: usize, number: Option<u64>, wanted: Option<&Wanted>) -> Self {
        let ShownLine { at, time, level, mut text, mut cut, .. } = line;
        if let Some((end, _)) = text.char_indices().nth(most) {
            text.truncate(end);
            cut = true;
        }
        let parts = wanted.map(|wanted| parts(&text, wanted)).unwrap_or_default();
        if cut {
            text.push('…');
            if most == LONGEST {
                text.push(' ');
                text.push_str(text::CUT);
            }
        }
        Self {
            number,
            at,
            class: match level {
                LogLevel::Error => Some("error-line"),
                LogLevel::Warning => Some("warning-line"),
                LogLevel::Info | LogLevel::Debug => None,
            },
            word: text::word(level),
            time: time.map(Clock),
            text,
            parts,
            asked: false,
        }
    }
}

/// A text in parts: what was looked for, and what is around it.
fn parts(text: &str, wanted: &Wanted) -> Vec<(bool, String)> {
    let (mut parts, mut from) = (Vec::new(), 0);
    while let Some((at, end)) = wanted.place_in(text, from) {
        parts.push((false, text[from..at].to_owned()));
        parts.push((true, text[at..end].to_owned()));
        from = end;
    }
    if !parts.is_empty() {
        parts.push((false, text[from..].to_owned()));
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_looked_for_is_marked() {
        let wanted = Wanted { level: LogLevel::Debug, letters: "don".to_owned() };
        let record = br#"{"time":"2026-11-21T08:00:01.5Z","level":"ERROR","source":"stderr","message":"Donor and don\u001b[1m"}"#;
        let line = LineOfLog::of(ShownLine::new(5, record, true), Some(3), Some(&wanted));
        assert_eq!((line.word, line.class, line.at), (Some("Error"), Some("error-line"), 5));
        let clock = "<time datetime=\"2026-11-21T08:00:01Z\" data-clock>08:00:01</time>";
        assert_eq!(line.time.unwrap().to_string(), clock);
        let parts: Vec<_> = line.parts.iter().map(|(is, part)| (*is, part.as_str())).collect();
        assert_eq!(parts, [(false, ""), (true, "Don"), (false, "or and "), (true, "don"), (false, "")]);
    }

    #[test]
    fn a_long_line_is_cut() {
        let line = LineOfLog::of(ShownLine::new(0, "ä".repeat(10_000).as_bytes(), true), None, None);
        assert!(line.text.chars().count() < 4100 && line.text.ends_with(text::CUT));
    }
}
