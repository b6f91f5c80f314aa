//! Takes credentials out of text that somebody else wrote: uv's messages, lines of requirement files, URLs.

/// Every `scheme://user:password@host` becomes `scheme://****@host`.
///
/// The user goes too: tokens are often given in its place.
pub(crate) fn redact(text: &str) -> String {
    let mut redacted = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("://") {
        let (before, after) = rest.split_at(start + 3);
        redacted.push_str(before);
        // The authority ends at the first of these; its user information at the last `@` in it.
        let end = after.find(|c: char| c.is_whitespace() || "/?#\"'`<>".contains(c)).unwrap_or(after.len());
        match after[..end].rfind('@') {
            Some(at) => {
                redacted.push_str("****");
                rest = &after[at..];
            }
            None => rest = after,
        }
    }
    redacted.push_str(rest);
    redacted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn user_information_is_taken_out_and_nothing_else() {
        for (text, expected) in [
            ("no URL at all: a@b", "no URL at all: a@b"),
            ("https://host/simple", "https://host/simple"),
            ("https://alice:s3cr3t@host:80/simple", "https://****@host:80/simple"),
            (
                "Failed to fetch: `https://token@host/a` and ftp://u:p@q/",
                "Failed to fetch: `https://****@host/a` and ftp://****@q/",
            ),
            ("--index-url=https://a:p@ss@host/x", "--index-url=https://****@host/x"),
            ("https://host/path@1.0", "https://host/path@1.0"),
            ("https://u:${TOKEN}@host", "https://****@host"),
            ("name @ file:///a/b", "name @ file:///a/b"),
            ("broken ://", "broken ://"),
        ] {
            assert_eq!(redact(text), expected, "{text}");
        }
    }
}
