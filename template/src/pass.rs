//! How a value reaches the program (`customMetadata` key `tmpl.pass`).

use serde::Serialize;

use crate::format_error::Problem;

/// The way of one parameter's value into the program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pass {
    /// As the argument `--name=value`: Google's way and the default.
    #[default]
    Argument,
    /// As the argument `--name` when the value is `true`, as nothing when it is `false`.
    Switch,
    /// As an environment variable.
    Environment {
        /// The variable's name.
        name: String,
    },
    /// As the argument `--name=PATH` of a file that holds the value: for values of any length.
    File,
}

impl Pass {
    /// Reads the text of `tmpl.pass` for a parameter.
    pub(crate) fn read(text: &str, parameter: &str) -> Result<Self, Problem> {
        match text {
            "argument" => Ok(Self::Argument),
            "switch" => Ok(Self::Switch),
            "file" => Ok(Self::File),
            "env" => Self::variable(&parameter.to_uppercase().replace(['-', '.'], "_")),
            other => match other.strip_prefix("env:") {
                Some(name) => Self::variable(name),
                None => Err(Problem::new(format!("{other:?} is no way to pass a value"))
                    .hinted("write `argument`, `switch`, `env`, `env:NAME` or `file`")),
            },
        }
    }

    fn variable(name: &str) -> Result<Self, Problem> {
        let starts_well = name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
        if starts_well && name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
        {
            Ok(Self::Environment { name: name.to_owned() })
        } else {
            Err(Problem::new(format!("{name:?} is no name of an environment variable")).hinted(
                "write `env:NAME` with a name of letters, digits and `_` that does not begin with a digit",
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ways_are_read() {
        let variable = |name: &str| Pass::Environment { name: name.to_owned() };
        for (text, parameter, expected) in [
            ("argument", "a", Pass::Argument),
            ("switch", "a", Pass::Switch),
            ("file", "a", Pass::File),
            ("env", "api-key.v2", variable("API_KEY_V2")),
            ("env:TOKEN", "a", variable("TOKEN")),
        ] {
            assert_eq!(Pass::read(text, parameter), Ok(expected));
        }
        for (text, parameter) in [
            ("", "a"),
            ("Env", "a"),
            ("env:", "a"),
            ("env:A=B", "a"),
            ("env:1", "a"),
            ("env", "1a"),
            ("env", "ä"),
            ("env ", "a"),
        ] {
            assert!(Pass::read(text, parameter).is_err(), "{text} {parameter}");
        }
    }
}
