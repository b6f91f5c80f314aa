//! The credentials of package indexes, for the one thing that tmpl fetches itself: source distributions, whose build
//! requirements it has to read. They come from where uv takes them.

use std::fmt;
use std::path::{Path, PathBuf};

use fs_err as fs;
use url::Url;

use crate::index_options::IndexOptions;

/// Who we are at which server. `Debug` shows no passwords.
#[derive(Default)]
pub(crate) struct Credentials(Vec<Known>);

struct Known {
    server: String,
    user: String,
    password: Option<String>,
}

/// Where credentials are looked for.
pub(crate) struct Places<'a> {
    pub(crate) variable: &'a dyn Fn(&str) -> Option<String>,
    pub(crate) project: &'a Path,
    pub(crate) home: Option<PathBuf>,
}

impl Credentials {
    /// Collects what requirement files, uv's variables, uv's configuration and `.netrc` hold.
    pub(crate) fn collect(indexes: &IndexOptions, places: &Places<'_>) -> Self {
        let mut known = Self::default();
        for url in indexes.urls() {
            known.add_url(url);
        }
        for variable in
            ["UV_INDEX_URL", "UV_DEFAULT_INDEX", "UV_EXTRA_INDEX_URL", "UV_INDEX", "UV_FIND_LINKS"]
        {
            for url in (places.variable)(variable).unwrap_or_default().split([' ', ',']) {
                known.add_named(url, places);
            }
        }
        let mut files = vec![places.project.join("uv.toml"), places.project.join("pyproject.toml")];
        files.extend(places.home.iter().map(|home| home.join(".config/uv/uv.toml")));
        for file in files {
            known.add_configuration(&fs::read_to_string(file).unwrap_or_default(), places);
        }
        let netrc = (places.variable)("NETRC").map(PathBuf::from);
        if let Some(netrc) = netrc.or_else(|| Some(places.home.as_ref()?.join(".netrc"))) {
            known.add_netrc(&fs::read_to_string(netrc).unwrap_or_default());
        }
        known
    }

    /// User and password for an address; those found first win.
    pub(crate) fn of(&self, url: &Url) -> Option<(&str, Option<&str>)> {
        let (server, host) = (server(url)?, url.host_str()?);
        let found = self.0.iter().find(|known| known.server == server || known.server == host)?;
        Some((&found.user, found.password.as_deref()))
    }

    fn add_url(&mut self, text: &str) {
        let Ok(url) = Url::parse(text) else { return };
        if url.username().is_empty() && url.password().is_none() {
            return;
        }
        let Some(server) = server(&url) else { return };
        let user = decoded(url.username());
        self.0.push(Known { server, user, password: url.password().map(decoded) });
    }

    /// `URL`, or `name=URL` with the credentials in variables of that name.
    fn add_named(&mut self, text: &str, places: &Places<'_>) {
        let is_name = |name: &str| {
            !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
        };
        match text.split_once('=') {
            Some((name, url)) if is_name(name) => self.add_index(Some(name), url, places),
            _ => self.add_url(text),
        }
    }

    fn add_index(&mut self, name: Option<&str>, url: &str, places: &Places<'_>) {
        self.add_url(url);
        let (Some(name), Ok(url)) = (name, Url::parse(url)) else { return };
        let name: String =
            name.to_uppercase().chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
        let variable = |part: &str| (places.variable)(&format!("UV_INDEX_{name}_{part}"));
        let (user, password) = (variable("USERNAME"), variable("PASSWORD"));
        if let (true, Some(server)) = (user.is_some() || password.is_some(), server(&url)) {
            self.0.push(Known { server, user: user.unwrap_or_default(), password });
        }
    }

    fn add_configuration(&mut self, text: &str, places: &Places<'_>) {
        let Ok(table) = text.parse::<toml::Table>() else { return };
        let uv = table
            .get("tool")
            .and_then(|tool| tool.get("uv"))
            .and_then(toml::Value::as_table)
            .unwrap_or(&table);
        for index in uv.get("index").and_then(toml::Value::as_array).into_iter().flatten() {
            let text = |key: &str| index.get(key).and_then(toml::Value::as_str);
            self.add_index(text("name"), text("url").unwrap_or_default(), places);
        }
        for table in [Some(uv), uv.get("pip").and_then(toml::Value::as_table)].into_iter().flatten() {
            let urls = ["index-url", "extra-index-url"].into_iter().filter_map(|key| table.get(key));
            for url in urls {
                let several = url.as_array().map_or(std::slice::from_ref(url), Vec::as_slice);
                several.iter().filter_map(toml::Value::as_str).for_each(|url| self.add_url(url));
            }
        }
    }

    /// `machine HOST login USER password PASSWORD`, in any order of lines.
    fn add_netrc(&mut self, text: &str) {
        let mut words = text.split_whitespace();
        while let Some(word) = words.next() {
            match word {
                "machine" => {
                    let server = words.next().unwrap_or_default().to_owned();
                    self.0.push(Known { server, user: String::new(), password: None });
                }
                "login" | "password" => {
                    let (Some(value), Some(last)) = (words.next(), self.0.last_mut()) else { continue };
                    match word {
                        "login" => value.clone_into(&mut last.user),
                        _ => last.password = Some(value.to_owned()),
                    }
                }
                _ => {}
            }
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|known| &known.server)).finish()
    }
}

/// Scheme, host and port: credentials are for all of a server and for no other one.
fn server(url: &Url) -> Option<String> {
    Some(format!("{}://{}:{}", url.scheme(), url.host_str()?, url.port_or_known_default()?))
}

/// Takes percent signs out of a part of a URL.
fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend(before.bytes());
        let byte = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        bytes.push(byte.unwrap_or(b'%'));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    bytes.extend(rest.bytes());
    String::from_utf8_lossy(&bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_come_from_where_uv_takes_them() {
        let project = tempfile::tempdir().unwrap();
        let home = tempfile::tempdir().unwrap();
        fs::write(
            project.path().join("uv.toml"),
            "[[index]]\nname = \"my-index\"\nurl = \"https://named/simple\"\n",
        )
        .unwrap();
        fs::write(
            project.path().join("pyproject.toml"),
            "[tool.uv]\nindex-url = \"https://conf:pw@configured/simple\"\n[tool.uv.pip]\nextra-index-url = [\"https://t@pip\"]\n",
        )
        .unwrap();
        fs::write(home.path().join(".netrc"), "machine netrc\n  login me\n  password p3\n").unwrap();
        let variable = |name: &str| {
            let value = match name {
                "UV_INDEX_MY_INDEX_USERNAME" => "alice",
                "UV_INDEX_MY_INDEX_PASSWORD" => "p1",
                "UV_EXTRA_INDEX_URL" => "https://bob:p%402@extra:8443/simple https://plain/simple",
                _ => return None,
            };
            Some(value.to_owned())
        };
        let mut options = IndexOptions::default();
        options.add("--index-url", "https://file:p0@fromfile/simple", project.path());
        let places =
            Places { variable: &variable, project: project.path(), home: Some(home.path().to_owned()) };
        let known = Credentials::collect(&options, &places);
        for (url, expected) in [
            ("https://fromfile/files/a.tar.gz", Some(("file", Some("p0")))),
            ("https://named/files/a.tar.gz", Some(("alice", Some("p1")))),
            ("https://extra:8443/a", Some(("bob", Some("p@2")))),
            ("https://configured/a", Some(("conf", Some("pw")))),
            ("https://pip/a", Some(("t", None))),
            ("https://netrc/a", Some(("me", Some("p3")))),
            ("https://extra/a", None),
            ("http://fromfile/a", None),
            ("https://plain/a", None),
            ("file:///a", None),
        ] {
            assert_eq!(known.of(&Url::parse(url).unwrap()), expected, "{url}");
        }
        assert!(!format!("{known:?}").contains("p0"));
    }
}
