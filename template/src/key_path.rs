//! Where in a JSON text a value lies: `parameters[3].regexes[0]`.

use std::fmt;

/// One step into a JSON value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Key(String),
    Index(usize),
}

/// The steps from the outermost value inwards; no step is the outermost value itself.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct KeyPath(Vec<Step>);

impl KeyPath {
    pub(crate) fn steps(&self) -> &[Step] {
        &self.0
    }

    /// The path seen from one value further out. Paths are built from the inside, and only when there is an error.
    pub(crate) fn under(mut self, step: Step) -> Self {
        self.0.insert(0, step);
        self
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
        let key = |key: &str| Step::Key(key.to_owned());
        for (steps, expected) in [
            (vec![], ""),
            (vec![key("name")], "name"),
            (
                vec![key("parameters"), Step::Index(3), key("regexes"), Step::Index(0)],
                "parameters[3].regexes[0]",
            ),
            (vec![key("customMetadata"), key("tmpl.pass")], "customMetadata[\"tmpl.pass\"]"),
        ] {
            let path = steps.into_iter().rev().fold(KeyPath::default(), KeyPath::under);
            assert_eq!(path.to_string(), expected);
        }
    }
}
