//! The door behind a proxy that has people sign in, and says who they are in a header.

use axum::http::{HeaderMap, HeaderName};

use super::fields::is_name;

/// The headers that a proxy of ours writes.
#[derive(Debug)]
pub(super) struct ProxyHeaders {
    pub(super) user: HeaderName,
    pub(super) groups: Option<HeaderName>,
}

impl ProxyHeaders {
    /// Who it is, by the word of a proxy of ours. Two names are none: somebody has added one.
    pub(super) fn of(&self, headers: &HeaderMap) -> Option<(String, Vec<String>)> {
        let mut names = headers.get_all(&self.user).into_iter();
        let (name, None) = (names.next()?, names.next()) else { return None };
        let name = std::str::from_utf8(name.as_bytes()).ok()?.trim();
        let groups = self.groups.as_ref().map(|header| groups(headers, header)).unwrap_or_default();
        is_name(name).then(|| (name.to_owned(), groups))
    }
}

fn groups(headers: &HeaderMap, header: &HeaderName) -> Vec<String> {
    let lines = headers.get_all(header).into_iter();
    let lines = lines.filter_map(|line| std::str::from_utf8(line.as_bytes()).ok());
    let groups = lines.flat_map(|line| line.split(',')).map(str::trim);
    groups.filter(|group| is_name(group)).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_name_and_its_groups_are_read() {
        let headers = ProxyHeaders {
            user: HeaderName::from_static("x-user"),
            groups: Some(HeaderName::from_static("x-groups")),
        };
        let of = |lines: &[(&'static str, &str)]| {
            let mut map = HeaderMap::new();
            for (name, value) in lines {
                map.append(*name, value.parse().unwrap());
            }
            headers.of(&map)
        };
        let ada = |groups: &[&str]| Some(("ada".to_owned(), groups.iter().map(|&g| g.to_owned()).collect()));
        assert_eq!(of(&[("x-user", "ada")]), ada(&[]));
        assert_eq!(
            of(&[("x-user", " ada "), ("x-groups", "a, b,,"), ("x-groups", "c")]),
            ada(&["a", "b", "c"])
        );
        for lines in [&[][..], &[("x-user", "")], &[("x-user", "ada"), ("x-user", "root")]] {
            assert_eq!(of(lines), None, "{lines:?}");
        }
    }
}
