//! Texts of other people made harmless: what authors, programs and users wrote, as a page shows it.
//!
//! The templates escape HTML; this is about characters that nobody sees and that make a text look like another one, move a cursor, or
//! turn the direction of what follows. They are shown as marks.

use std::fmt;

/// A text as a page shows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Plain(String);

impl Plain {
    /// At most `most` characters in one line.
    pub(crate) fn line(text: &str, most: usize) -> Self {
        Self::of(text, most, false)
    }

    /// At most `most` characters with the line breaks and tabs that they have.
    pub(crate) fn lines(text: &str, most: usize) -> Self {
        Self::of(text, most, true)
    }

    /// Words of our own.
    pub(crate) fn own(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    fn of(text: &str, most: usize, lines: bool) -> Self {
        let mut shown = String::with_capacity(text.len().min(most.saturating_mul(4)));
        let mut characters = text.chars();
        for c in characters.by_ref().take(most) {
            match c {
                '\n' | '\t' if lines => shown.push(c),
                '\n' | '\r' | '\t' if !lines => shown.push(' '),
                '\r' => {}
                c => push_marked(&mut shown, c),
            }
        }
        if characters.next().is_some() {
            shown.push('…');
        }
        Self(shown)
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A character, or the mark that stands for it.
pub(crate) fn push_marked(shown: &mut String, c: char) {
    match c {
        // Unicode has pictures of these.
        '\0'..='\u{1f}' => shown.extend(char::from_u32(0x2400 + u32::from(c))),
        '\u{7f}' => shown.push('\u{2421}'),
        c if is_unseen(c) => shown.extend(c.escape_unicode()),
        c => shown.push(c),
    }
}

/// Whether a text has characters that nobody sees, beside line breaks and tabs: the first of them.
pub(crate) fn first_unseen(text: &str) -> Option<char> {
    text.chars().find(|c| is_unseen(*c) && !matches!(c, '\n' | '\r' | '\t'))
}

/// Characters that turn directions or that nobody sees. Those that join letters and emoji are not among them.
pub(crate) fn is_unseen(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{1f}'
            | '\u{7f}'..='\u{9f}'
            | '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_shown() {
        for (text, line) in [
            ("Monthly report", "Monthly report"),
            ("ä 日本 👩\u{200d}🚀 می\u{200c}خواهم", "ä 日本 👩\u{200d}🚀 می\u{200c}خواهم"),
            ("a\nb\tc\rd", "a b c d"),
            ("\x1b[31mred\x07\0\x7f", "␛[31mred␇␀␡"),
            ("\u{202e}gpj.exe\u{2066}", "\\u{202e}gpj.exe\\u{2066}"),
            ("\u{9b}2J\u{feff}\u{200b}", "\\u{9b}2J\\u{feff}\\u{200b}"),
            ("<script>", "<script>"),
        ] {
            assert_eq!(Plain::line(text, 100).as_str(), line, "{text:?}");
        }
        assert_eq!(Plain::lines("a\r\nb\tc\x1b", 100).as_str(), "a\nb\tc␛");
    }

    #[test]
    fn long_texts_are_cut() {
        assert_eq!(Plain::line(&"ä".repeat(5), 5).as_str(), "äääää");
        assert_eq!(Plain::line(&"ä".repeat(6), 5).as_str(), "äääää…");
        assert_eq!(Plain::line(&"x".repeat(10_000_000), 3).as_str(), "xxx…");
    }

    #[test]
    fn values_with_unseen_characters_are_known() {
        assert_eq!(first_unseen("two\r\n\tlines"), None);
        assert_eq!(first_unseen("a\u{202e}b"), Some('\u{202e}'));
        assert_eq!(first_unseen("\x1b"), Some('\x1b'));
    }
}
