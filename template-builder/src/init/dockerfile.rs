//! What the Dockerfile of a Flex Template says of its pipeline: base image, and the `FLEX_TEMPLATE_PYTHON_*` variables.

use std::collections::BTreeMap;

const PREFIX: &str = "FLEX_TEMPLATE_PYTHON_";

/// A Dockerfile, as far as it concerns us.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Dockerfile {
    /// The last stage's base image.
    pub(super) image: Option<String>,
    variables: BTreeMap<String, String>,
}

impl Dockerfile {
    pub(super) fn parse(text: &str) -> Self {
        let mut file = Self::default();
        for line in instructions(text) {
            let Some((instruction, rest)) = line.split_once(char::is_whitespace) else { continue };
            let rest = rest.trim();
            match instruction.to_ascii_uppercase().as_str() {
                "FROM" => {
                    let image = rest.split_whitespace().find(|word| !word.starts_with("--"));
                    file.image = image.map(|image| file.expand(image));
                }
                "ARG" => {
                    let (name, value) = rest.split_once('=').unwrap_or((rest, ""));
                    file.set(name, value);
                }
                "ENV" => file.environment(rest),
                _ => {}
            }
        }
        file
    }

    /// The value of `FLEX_TEMPLATE_PYTHON_<name>`.
    pub(super) fn flex(&self, name: &str) -> Option<&str> {
        self.variables.get(&format!("{PREFIX}{name}")).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// `ENV A=1 B="2 3"`, or the older `ENV A 1 2`.
    fn environment(&mut self, rest: &str) {
        let first = rest.split_whitespace().next().unwrap_or_default();
        if !first.contains('=') {
            let value = rest[first.len()..].trim().to_owned();
            self.set(first, &value);
            return;
        }
        for word in words(rest) {
            if let Some((name, value)) = word.split_once('=') {
                self.set(name, value);
            }
        }
    }

    fn set(&mut self, name: &str, value: &str) {
        let value = self.expand(value.trim_matches(['"', '\'']));
        self.variables.insert(name.to_owned(), value);
    }

    /// Replaces `$NAME`, `${NAME}` and `${NAME:-default}`.
    fn expand(&self, text: &str) -> String {
        let mut expanded = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('$') {
            expanded.push_str(before);
            let braced = after.strip_prefix('{').and_then(|inside| inside.split_once('}'));
            let (name, default, end) = if let Some((inside, end)) = braced {
                let (name, default) = inside.split_once(":-").unwrap_or((inside, ""));
                (name, default, end)
            } else {
                let is_outside = |c: char| c != '_' && !c.is_ascii_alphanumeric();
                let length = after.find(is_outside).unwrap_or(after.len());
                (&after[..length], "", &after[length..])
            };
            let known = self.variables.get(name).map(String::as_str).filter(|value| !value.is_empty());
            expanded.push_str(known.unwrap_or(default));
            rest = end;
        }
        expanded + rest
    }
}

/// Instructions without comments, continued lines joined.
fn instructions(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut joined = String::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with('#')) {
        if let Some(continued) = line.strip_suffix('\\') {
            joined.push_str(continued);
            joined.push(' ');
        } else {
            found.push(joined.clone() + line);
            joined.clear();
        }
    }
    found.push(joined);
    found
}

/// Splits at spaces outside of quotes; the quotes go.
fn words(text: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quote = None;
    for character in text.chars() {
        match (quote, character) {
            (Some(open), c) if c == open => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, c) if c.is_whitespace() => words.push(String::new()),
            (_, c) => {
                if let Some(word) = words.last_mut() {
                    word.push(c);
                }
            }
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_of_env_and_variables_are_read() {
        let file = Dockerfile::parse(
            "ARG TAG=3.11\nFROM --platform=linux/amd64 python:${TAG}-slim AS base\n# ENV FLEX_TEMPLATE_PYTHON_PY_FILE=no\n\
             ARG WORKDIR=/template\nENV FLEX_TEMPLATE_PYTHON_PY_FILE=\"${WORKDIR}/main.py\" \\\n    OTHER='a b'\n\
             env FLEX_TEMPLATE_PYTHON_SETUP_FILE $WORKDIR/setup.py\n\
             ENV FLEX_TEMPLATE_PYTHON_REQUIREMENTS_FILE=${NONE:-/x}/requirements.txt\nENV FLEX_TEMPLATE_PYTHON_PY_OPTIONS=\n",
        );
        assert_eq!(file.image.as_deref(), Some("python:3.11-slim"));
        assert_eq!(file.flex("PY_FILE"), Some("/template/main.py"));
        assert_eq!(file.flex("SETUP_FILE"), Some("/template/setup.py"));
        assert_eq!(file.flex("REQUIREMENTS_FILE"), Some("/x/requirements.txt"));
        assert_eq!(file.flex("PY_OPTIONS"), None);
        assert_eq!(file.flex("EXTRA_PACKAGES"), None);
    }
}
