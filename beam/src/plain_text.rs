//! Names from pipelines, made harmless: whoever writes a pipeline chooses them, and others look at them in terminals and browsers.

/// What stands for a character that is left out.
const REPLACEMENT: char = char::REPLACEMENT_CHARACTER;

/// A text as one line that moves no cursor, changes no colour and turns no writing direction: what would is replaced by `�`.
pub fn one_line(text: &str) -> String {
    if text.chars().all(is_harmless) {
        return text.to_owned();
    }
    text.chars().map(|c| if is_harmless(c) { c } else { REPLACEMENT }).collect()
}

/// At most `most` characters of a text: of a longer one its beginning and its end, since names differ at either.
pub fn shortened(text: &str, most: usize) -> String {
    let length = text.chars().count();
    if length <= most {
        return text.to_owned();
    }
    let kept = most.saturating_sub(1);
    let (head, tail) = (kept - kept / 2, kept / 2);
    text.chars().take(head).chain(['…']).chain(text.chars().skip(length - tail)).collect()
}

/// Whether a character may stand in a line that others look at.
pub(crate) fn is_harmless(c: char) -> bool {
    !c.is_control() && !is_direction(c) && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// Characters that turn the direction of what follows: with them a name can look like another one.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{061c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_on_their_line_and_in_their_colour() {
        for (text, expected) in [
            ("Read/Split(words)", "Read/Split(words)"),
            ("ä 日本 🙂", "ä 日本 🙂"),
            ("a\nb\tc\r\x1b[31m\x07", "a�b�c��[31m�"),
            ("\u{9b}31m\u{202e}gpj.exe\u{2028}", "�31m�gpj.exe�"),
        ] {
            assert_eq!(one_line(text), expected, "{text:?}");
        }
    }

    #[test]
    fn long_names_keep_both_ends() {
        assert_eq!(shortened("abcdefghij", 10), "abcdefghij");
        assert_eq!(shortened("abcdefghijk", 5), "ab…jk");
        assert_eq!(shortened("äöüßé", 4), "äö…é");
        assert_eq!(shortened("abc", 1), "…");
        assert_eq!(shortened("abc", 0), "…");
    }
}
