//! Text from outside: the fields of forms, names of people, addresses to go to next.

use percent_encoding::percent_decode;
use url::Url;

use crate::text::plain::is_unseen;

/// A form with more fields is not read.
const MOST_FIELDS: usize = 2000;
/// No name of a person or a group is longer.
const LONGEST_NAME: usize = 200;
/// No address to go to next is longer.
const LONGEST_WAY: usize = 4000;

/// Why fields can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WrongFields {
    TooMany,
    NotText,
}

/// The fields of a form, in order. Everything is text: what is not UTF-8, or has a NUL in it, no browser sends by itself.
pub(super) fn parse(body: &[u8]) -> Result<Vec<(String, String)>, WrongFields> {
    let pairs = body.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty());
    let mut fields = Vec::new();
    for pair in pairs {
        if fields.len() == MOST_FIELDS {
            return Err(WrongFields::TooMany);
        }
        let (name, value) = match pair.iter().position(|byte| *byte == b'=') {
            Some(at) => (&pair[..at], &pair[at + 1..]),
            None => (pair, &[][..]),
        };
        fields.push((text(name)?, text(value)?));
    }
    Ok(fields)
}

fn text(encoded: &[u8]) -> Result<String, WrongFields> {
    let spaced: Vec<u8> = encoded.iter().map(|byte| if *byte == b'+' { b' ' } else { *byte }).collect();
    let decoded = percent_decode(&spaced).decode_utf8().map_err(|_| WrongFields::NotText)?;
    if decoded.contains('\0') { Err(WrongFields::NotText) } else { Ok(decoded.into_owned()) }
}

/// Whether a text can be the name of a person or a group: it will be in records and logs.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_NAME && !text.chars().any(is_unseen)
}

/// An address of ours to go to next, as it was asked for: a path, never another host. The start page where it is anything else.
pub(super) fn way_on(asked: &str) -> String {
    let start = || "/".to_owned();
    let Ok(here) = Url::parse("http://here.invalid/") else { return start() };
    let is_path = asked.starts_with('/') && asked.len() <= LONGEST_WAY;
    let Some(there) = is_path.then(|| here.join(asked).ok()).flatten() else { return start() };
    if there.origin() != here.origin() || there.path().starts_with("//") {
        return start();
    }
    let query = there.query().map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}{query}", there.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_in_order() {
        let fields = parse(b"a=1&b=two+words&a=%C3%A9%26&&c&=x").unwrap();
        let pairs: Vec<_> = fields.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(pairs, [("a", "1"), ("b", "two words"), ("a", "é&"), ("c", ""), ("", "x")]);
        assert_eq!(parse(b""), Ok(vec![]));
    }

    #[test]
    fn what_is_no_text_or_too_much_is_refused() {
        for body in [&b"a=%FF"[..], b"a=\xff", b"%C3=1", b"a=%00"] {
            assert_eq!(parse(body), Err(WrongFields::NotText));
        }
        assert_eq!(parse(&b"a=1&".repeat(MOST_FIELDS)).unwrap().len(), MOST_FIELDS);
        assert_eq!(parse(&b"a=1&".repeat(MOST_FIELDS + 1)), Err(WrongFields::TooMany));
    }

    #[test]
    fn the_way_on_stays_here() {
        for (asked, way) in [
            ("/jobs/1?x=a&y=%20b", "/jobs/1?x=a&y=%20b"),
            ("/a b\"'<>", "/a%20b%22'%3C%3E"),
            ("/../..", "/"),
            ("", "/"),
            ("jobs", "/"),
            ("//evil.example", "/"),
            ("///evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/\t/evil.example", "/"),
            ("/\n/evil.example", "/"),
            ("/x/..//evil.example", "/"),
            ("https://evil.example/", "/"),
            ("javascript:alert(1)", "/"),
            ("/x#fragment", "/x"),
        ] {
            assert_eq!(way_on(asked), way, "{asked:?}");
        }
        assert_eq!(way_on(&format!("/{}", "x".repeat(5000))), "/");
    }

    #[test]
    fn names_are_short_and_have_no_control_characters() {
        assert!(is_name("ada@example.org") && is_name("Zoë"));
        for name in ["", "a\nb", "a\u{1b}[31m", "a\u{202e}b", &"x".repeat(201)] {
            assert!(!is_name(name));
        }
    }
}
