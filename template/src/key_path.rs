//! Where in a JSON text a value lies: `parameters[3].regexes[0]`.

use std::borrow::Cow;
use std::fmt;

/// One step into a JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(Cow<'static, str>),
    Index(usize),
}

/// The steps from the outermost value inwards; no step is the outermost value itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KeyPath(Vec<Step>);

impl KeyPath {
    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    pub(crate) fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }

    /// The path of a key inside the value that this path leads to.
    pub(crate) fn key(&self, key: impl Into<Cow<'static, str>>) -> Self {
        let mut path = self.clone();
        path.push(Step::Key(key.into()));
        path
    }

    /// The path of an item of the list that this path leads to.
    pub(crate) fn index(&self, index: usize) -> Self {
        let mut path = self.clone();
        path.push(Step::Index(index));
        path
    }
}

impl FromIterator<Step> for KeyPath {
    fn from_iter<T: IntoIterator<Item = Step>>(steps: T) -> Self {
        Self(steps.into_iter().collect())
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (depth, step) in self.0.iter().enumerate() {
            match step {
                Step::Index(index) => write!(formatter, "[{index}]")?,
                Step::Key(key) if !is_plain(key) => write!(formatter, "[{key:?}]")?,
                Step::Key(key) if depth == 0 => formatter.write_str(key)?,
                Step::Key(key) => write!(formatter, ".{key}")?,
            }
        }
        Ok(())
    }
}

/// Whether a key can stand in a path without quotes.
fn is_plain(key: &str) -> bool {
    !key.is_empty() && key.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_reads_from_outside_in() {
        let key = |key: &str| Step::Key(key.to_owned().into());
        for (steps, expected) in [
            (vec![], ""),
            (vec![key("name")], "name"),
            (
                vec![key("parameters"), Step::Index(3), key("regexes"), Step::Index(0)],
                "parameters[3].regexes[0]",
            ),
            (vec![key("customMetadata"), key("tmpl.pass")], "customMetadata[\"tmpl.pass\"]"),
        ] {
            let path: KeyPath = steps.into_iter().collect();
            assert_eq!(path.to_string(), expected);
        }
    }
}
