//! Texts of other people inside our messages: cut to a length a terminal can bear.

/// The text itself, or its first `limit` characters and how long it really is.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}… ({} characters)", &text[..end], text.chars().count()),
    }
}

#[cfg(test)]
mod tests {
    use super::shorten;

    #[test]
    fn only_what_is_longer_than_the_limit_is_cut() {
        for (text, expected) in [
            ("", ""),
            ("abc", "abc"),
            ("äöü", "äöü"),
            ("abcd", "abc… (4 characters)"),
            ("äöüß", "äöü… (4 characters)"),
        ] {
            assert_eq!(shorten(text, 3), expected);
        }
    }
}
