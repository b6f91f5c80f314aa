//! Versions of Flink.

/// The first two numbers of a version, which a jar of Beam's is built for: `1.19` of `1.19.3`.
pub(super) fn minor(version: &str) -> Option<&str> {
    let mut dots = version.match_indices('.').map(|(at, _)| at);
    let first = dots.next()?;
    let rest = &version[first + 1..];
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let minor = &version[..first + 1 + digits];
    let is_number = version[..first].bytes().all(|byte| byte.is_ascii_digit()) && first > 0 && digits > 0;
    is_number.then_some(minor)
}

/// Whether a version is one that we know: 1.19, 1.20, and 2.
pub(super) fn is_known(version: &str) -> bool {
    matches!(minor(version), Some("1.19" | "1.20"))
        || minor(version).is_some_and(|minor| minor.starts_with("2."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_has_two_numbers_that_count() {
        for (version, said, known) in [
            ("1.19.3", Some("1.19"), true),
            ("1.20-SNAPSHOT", Some("1.20"), true),
            ("2.2.1", Some("2.2"), true),
            ("2.0", Some("2.0"), true),
            ("1.18.1", Some("1.18"), false),
            ("20.1", Some("20.1"), false),
            ("<unknown>", None, false),
            ("", None, false),
            ("x.y", None, false),
            ("1.", None, false),
        ] {
            assert_eq!((minor(version), is_known(version)), (said, known), "{version}");
        }
    }
}
