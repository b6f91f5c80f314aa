//! A line of a log as it may be shown anywhere: whatever a program writes, it does nothing to whoever reads it.

use serde::Serialize;
use tmpl_bucket::{LogLevel, LogLine, LogSource};

use crate::text::plain::push_marked;

/// Of a longer text the beginning is shown.
const LONGEST_TEXT: usize = 64 * 1024;
const ESCAPE: char = '\u{1b}';
const BELL: char = '\u{7}';

/// A line, made harmless.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct ShownLine {
    /// Where its first byte lies in the log of its attempt.
    pub(crate) at: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<jiff::Timestamp>,
    pub(crate) level: LogLevel,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) source: Option<LogSource>,
    pub(crate) text: String,
    /// Whether the text was longer.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(crate) cut: bool,
}

impl ShownLine {
    /// A line of the log, without its end. What is no record is shown as it is.
    pub(crate) fn new(at: u64, bytes: &[u8], whole: bool) -> Self {
        let (time, level, source, text) = match serde_json::from_slice::<LogLine>(bytes) {
            Ok(line) => (Some(line.time), line.level, Some(line.source), line.message),
            Err(_) => (None, LogLevel::Info, None, String::from_utf8_lossy(bytes).into_owned()),
        };
        let (text, cut) = harmless(&text);
        Self { at, time, level, source, text, cut: cut || !whole }
    }
}

/// A text without what would move a terminal's cursor, change its colours or turn the direction of writing; and whether its end is
/// missing. Colours are left out, since many programs write them; whatever else can't be seen is shown as a mark.
pub(super) fn harmless(text: &str) -> (String, bool) {
    let mut shown = String::with_capacity(text.len().min(LONGEST_TEXT));
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            ESCAPE => skip_sequence(&mut rest),
            '\r' if rest.peek().is_none_or(|next| *next == '\n') => {}
            '\t' | '\n' => shown.push(character),
            character => push_marked(&mut shown, character),
        }
        if shown.len() > LONGEST_TEXT {
            let end = (0..=LONGEST_TEXT).rev().find(|end| shown.is_char_boundary(*end)).unwrap_or(0);
            shown.truncate(end);
            return (shown, true);
        }
    }
    (shown, false)
}

/// What follows an escape character, up to its end: `[31m`, `]0;title BEL`, `(B`.
fn skip_sequence(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) {
    match rest.peek() {
        Some('[') => {
            rest.next();
            // Parameters and what stands between, then one letter.
            while rest.next_if(|next| matches!(next, ' '..='?')).is_some() {}
            rest.next_if(|next| matches!(next, '@'..='~'));
        }
        Some(']' | 'P' | 'X' | '^' | '_') => {
            // A text up to a bell or a terminator. One that never ends takes the line along.
            while let Some(next) = rest.next() {
                if next == BELL || next == '\u{9c}' {
                    break;
                }
                if next == ESCAPE {
                    rest.next_if_eq(&'\\');
                    break;
                }
            }
        }
        _ => {
            while rest.next_if(|next| matches!(next, ' '..='/')).is_some() {}
            rest.next_if(|next| matches!(next, '0'..='~'));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_line_does_anything() {
        for (text, shown) in [
            ("plain\ttext", "plain\ttext"),
            ("\u{1b}[1;31mred\u{1b}[0m", "red"),
            ("\u{1b}[2J\u{1b}[Hgone", "gone"),
            ("\u{1b}]0;title\u{7}rest", "rest"),
            ("\u{1b}]8;;http://evil\u{1b}\\link\u{1b}]8;;\u{1b}\\", "link"),
            ("\u{1b}(Bx", "x"),
            ("\u{1b}", ""),
            ("\u{1b}[31", ""),
            ("a\rb\r", "a␍b"),
            ("a\u{0}b\u{8}c\u{9b}d", "a␀b␈c\\u{9b}d"),
            ("a\u{202e}b\u{2066}c", "a\\u{202e}b\\u{2066}c"),
            ("<script>&", "<script>&"),
            ("two\nlines", "two\nlines"),
        ] {
            assert_eq!(harmless(text), (shown.to_owned(), false), "{text:?}");
        }
    }

    #[test]
    fn long_texts_are_cut_between_characters() {
        let (shown, cut) = harmless(&"é".repeat(LONGEST_TEXT));
        assert!(cut && shown.len() <= LONGEST_TEXT && shown.chars().all(|c| c == 'é'));
        assert_eq!(harmless(&"x".repeat(LONGEST_TEXT)), ("x".repeat(LONGEST_TEXT), false));
        assert!(harmless(&"x".repeat(LONGEST_TEXT + 1)).1);
    }

    #[test]
    fn records_are_read_and_other_lines_shown_as_they_are() {
        let record =
            br#"{"time":"2026-11-21T08:00:00Z","level":"ERROR","source":"stderr","message":"a\u001b[1mb"}"#;
        let line = ShownLine::new(7, record, true);
        assert_eq!(
            (line.level, line.source, line.text.as_str()),
            (LogLevel::Error, Some(LogSource::Stderr), "ab")
        );
        let line = ShownLine::new(7, b"caf\xff {", true);
        assert_eq!((line.time, line.text.as_str(), line.cut), (None, "caf\u{fffd} {", false));
        assert!(ShownLine::new(7, b"begin", false).cut);
    }
}
