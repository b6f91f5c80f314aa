//! What a registry wants to know: the header `WWW-Authenticate`, by RFC 9110.

/// A challenge that can be answered. What a token should be for is known better from the request than from its `scope`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Challenge {
    /// A user and a password.
    Basic,
    /// A token from a server.
    Bearer {
        /// The token server's address.
        realm: String,
        /// What the registry is called there.
        service: Option<String>,
    },
}

/// The best of the challenges in some headers: a token before a password.
pub(super) fn best<'a>(headers: impl Iterator<Item = &'a str>) -> Option<Challenge> {
    let mut basic = None;
    for (scheme, parameters) in headers.flat_map(challenges) {
        let value = |name: &str| {
            parameters.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.clone())
        };
        if scheme.eq_ignore_ascii_case("bearer") {
            if let Some(realm) = value("realm") {
                return Some(Challenge::Bearer { realm, service: value("service") });
            }
        } else if scheme.eq_ignore_ascii_case("basic") {
            basic = Some(Challenge::Basic);
        }
    }
    basic
}

type Parameters = Vec<(String, String)>;

/// The challenges of one header. What can't be read ends it; what was read before counts.
fn challenges(text: &str) -> Vec<(String, Parameters)> {
    let mut found: Vec<(String, Parameters)> = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches([' ', '\t', ',']);
        let Some((name, after)) = token(rest) else { return found };
        match (after.trim_start().strip_prefix('='), found.last_mut()) {
            (Some(after), Some((_, parameters))) => {
                let Some((value, after)) = value(after.trim_start()) else { return found };
                parameters.push((name.to_owned(), value));
                rest = after;
            }
            (Some(_), None) => return found,
            (None, _) => {
                found.push((name.to_owned(), Vec::new()));
                rest = after;
            }
        }
    }
}

fn token(text: &str) -> Option<(&str, &str)> {
    let end = text
        .find(|c: char| !(c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)))
        .unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

/// A quoted string or a token.
fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ']).unwrap_or(text.len());
        return Some((text[..end].to_owned(), &text[end..]));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &quoted[at + 1..])),
            '\\' => value.push(characters.next()?.1),
            character => value.push(character),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn bearer(realm: &str, service: Option<&str>) -> Challenge {
        Challenge::Bearer { realm: realm.to_owned(), service: service.map(str::to_owned) }
    }

    #[test]
    fn challenges_are_read() {
        for (headers, expected) in [
            (
                &[
                    r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
                ][..],
                Some(bearer("https://auth.docker.io/token", Some("registry.docker.io"))),
            ),
            (&[r#"bearer Realm = "x", error="invalid_token""#], Some(bearer("x", None))),
            (&[r#"Bearer realm="a\"b",scope="s:1:pull s:2:pull""#], Some(bearer("a\"b", None))),
            (&["Bearer realm=https://x/token,service=y"], Some(bearer("https://x/token", Some("y")))),
            (&[r#"Basic realm="a, Bearer""#], Some(Challenge::Basic)),
            (&["Basic"], Some(Challenge::Basic)),
            (&[r#"Basic realm="r", Bearer realm="t""#], Some(bearer("t", None))),
            (&["Basic realm=r", r#"Bearer realm="t""#], Some(bearer("t", None))),
            (&[r#"Negotiate, Basic realm="r""#], Some(Challenge::Basic)),
            (&[r#"Bearer service="without realm""#], None),
            (&[r#"Bearer realm="without end"#], None),
            (&["Negotiate"], None),
            (&["=?"], None),
            (&[""], None),
            (&[], None),
        ] {
            assert_eq!(best(headers.iter().copied()), expected, "{headers:?}");
        }
    }

    proptest! {
        #[test]
        fn any_header_is_read_to_its_end(text in "\\PC{0,60}") {
            let _ = best([text.as_str()].into_iter());
        }
    }
}
