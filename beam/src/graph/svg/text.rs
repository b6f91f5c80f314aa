//! Texts of a picture: how wide they are, and how they are written in XML.

use crate::plain_text::{is_harmless, shortened};

/// About how wide a text is, in the size in which most of the picture is written. Fonts differ: it is rather too much.
pub(super) fn width(text: &str, size: f64) -> f64 {
    let wide = |c: char| match c {
        'i' | 'j' | 'l' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' | ' ' | '(' | ')' | '[' | ']' => 0.36,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' | '—' => 0.95,
        'A'..='Z' => 0.70,
        c if c.is_ascii() => 0.58,
        // Letters with marks are as wide as those without; of all else, whole squares.
        '\u{a0}'..='\u{24f}' => 0.62,
        _ => 1.05,
    };
    text.chars().map(wide).sum::<f64>() * size
}

/// At most `most` characters of a text, as XML: one line, no markup, and no character that XML has not.
pub(super) fn escaped(text: &str, most: usize) -> String {
    let mut xml = String::new();
    for c in shortened(text, most).chars() {
        match c {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '"' => xml.push_str("&quot;"),
            '\'' => xml.push_str("&#39;"),
            c if !is_harmless(c) || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                xml.push(char::REPLACEMENT_CHARACTER);
            }
            c => xml.push(c),
        }
    }
    xml
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_no_markup() {
        assert_eq!(
            escaped("<script>alert('&\"')</script>", 99),
            "&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;"
        );
        assert_eq!(escaped("a\u{0}\u{1b}[1m\nb\u{ffff}]]>", 99), "a��[1m�b�]]&gt;");
        assert_eq!(escaped(&"<".repeat(100), 3), "&lt;…&lt;");
    }
}
