//! Which package indexes a project names in its requirement files, passed on to every call of uv that has no requirement
//! file to read them from.

use std::fmt;
use std::path::Path;

use url::Url;

use crate::redact::redact;

/// The index lines of requirement files. They may hold credentials: `Debug` shows none, and there is no `Display`.
#[derive(Clone, Default)]
pub(crate) struct IndexOptions {
    index: Option<String>,
    extra: Vec<String>,
    find_links: Vec<String>,
    no_index: bool,
}

impl IndexOptions {
    /// Takes one option of a requirement file. `folder` is the file's: relative places count from there.
    pub(crate) fn add(&mut self, name: &str, value: &str, folder: &Path) {
        let value = expand(value, |name| std::env::var(name).ok());
        match name {
            "-i" | "--index-url" | "--pypi-url" => self.index = Some(value),
            "--extra-index-url" if !self.extra.contains(&value) => self.extra.push(value),
            "-f" | "--find-links" => {
                let place =
                    if value.contains("://") { value } else { folder.join(value).display().to_string() };
                if !self.find_links.contains(&place) {
                    self.find_links.push(place);
                }
            }
            "--no-index" => self.no_index = true,
            _ => {}
        }
    }

    /// The indexes' URLs, with their credentials.
    pub(crate) fn urls(&self) -> Vec<&str> {
        self.index.iter().chain(&self.extra).chain(&self.find_links).map(String::as_str).collect()
    }

    /// The environment variables that tell uv of them, and of a folder of wheels. Not arguments: those can be read by every user of
    /// the machine, and take the place of what the user's environment says.
    pub(crate) fn environment(&self, wheels: &Path) -> Vec<(&'static str, String)> {
        self.environment_beside(wheels, |name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    /// As on uv's command line, what the user's environment says comes first.
    fn environment_beside(
        &self,
        wheels: &Path,
        known: impl Fn(&str) -> Option<String>,
    ) -> Vec<(&'static str, String)> {
        let mut variables = Vec::new();
        if let Some(index) = &self.index
            && known("UV_INDEX_URL").is_none()
            && known("UV_DEFAULT_INDEX").is_none()
        {
            variables.push(("UV_INDEX_URL", index.clone()));
        }
        let mut join = |name: &'static str, values: &[String], separator: &str| {
            if !values.is_empty() {
                let joined: Vec<String> = known(name).into_iter().chain(values.iter().cloned()).collect();
                variables.push((name, joined.join(separator)));
            }
        };
        join("UV_EXTRA_INDEX_URL", &self.extra, " ");
        let find_links: Vec<String> = self.find_links.iter().cloned().chain([listed(wheels)]).collect();
        join("UV_FIND_LINKS", &find_links, ",");
        if self.no_index {
            variables.push(("UV_NO_INDEX", "1".to_owned()));
        }
        variables
    }
}

impl fmt::Debug for IndexOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let urls: Vec<String> = self.urls().into_iter().map(redact).collect();
        f.debug_struct("IndexOptions").field("urls", &urls).finish_non_exhaustive()
    }
}

/// A folder as it can stand in a list with commas.
fn listed(folder: &Path) -> String {
    let plain = folder.display().to_string();
    match Url::from_file_path(folder) {
        Ok(url) if plain.contains(',') => url.as_str().replace(',', "%2C"),
        _ => plain,
    }
}

/// Replaces `${NAME}` as pip does: upper-case names, and only those that are set.
fn expand(text: &str, variable: impl Fn(&str) -> Option<String>) -> String {
    let mut expanded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        expanded.push_str(before);
        let known = after.split_once('}').and_then(|(name, after)| Some((variable(name)?, after)));
        if let Some((value, after)) = known {
            expanded.push_str(&value);
            rest = after;
        } else {
            expanded.push_str("${");
            rest = after;
        }
    }
    expanded + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_in_lines_are_expanded() {
        let known = |name: &str| (name == "TOKEN").then(|| "t0k".to_owned());
        for (text, expected) in [
            ("https://${TOKEN}@host", "https://t0k@host"),
            ("${NONE}/${TOKEN}", "${NONE}/t0k"),
            ("${TOKEN", "${TOKEN"),
            ("plain", "plain"),
        ] {
            assert_eq!(expand(text, known), expected);
        }
    }

    #[test]
    fn lines_become_variables_beside_those_of_the_user() {
        let mut options = IndexOptions::default();
        options.add("--index-url", "https://u:p@a/simple", Path::new("/p"));
        options.add("--extra-index-url", "https://b/simple", Path::new("/p"));
        options.add("-f", "wheels", Path::new("/p/requirements"));
        assert_eq!(
            options.environment_beside(Path::new("/c/sdk"), |_| None),
            [
                ("UV_INDEX_URL", "https://u:p@a/simple".to_owned()),
                ("UV_EXTRA_INDEX_URL", "https://b/simple".to_owned()),
                ("UV_FIND_LINKS", "/p/requirements/wheels,/c/sdk".to_owned()),
            ]
        );
        let users = |name: &str| (name != "UV_FIND_LINKS").then(|| "https://mine".to_owned());
        assert_eq!(
            options.environment_beside(Path::new("/c,d/sdk"), users),
            [
                ("UV_EXTRA_INDEX_URL", "https://mine https://b/simple".to_owned()),
                ("UV_FIND_LINKS", "/p/requirements/wheels,file:///c%2Cd/sdk".to_owned()),
            ]
        );
        assert!(!format!("{options:?}").contains("u:p"));
    }
}
