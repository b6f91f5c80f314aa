//! Whom something is allowed: a person, or everybody of a group.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Begins the name of a group.
const GROUP: &str = "group:";

/// A person by the name with which they sign in, or a group: `ada@example.org`, `group:accounting`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Who {
    /// One person.
    Person(String),
    /// Everybody in it.
    Group(String),
}

/// A text that names nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("name a person as they sign in (`ada@example.org`), or a group as `group:accounting`")]
pub struct Nobody;

impl Who {
    /// Whether somebody of this name and these groups is meant.
    pub fn is(&self, name: &str, groups: &[String]) -> bool {
        match self {
            Self::Person(person) => person == name,
            Self::Group(group) => groups.contains(group),
        }
    }
}

impl FromStr for Who {
    type Err = Nobody;

    fn from_str(text: &str) -> Result<Self, Nobody> {
        const LONGEST: usize = 256;
        let name = text.strip_prefix(GROUP).unwrap_or(text);
        if name.trim().is_empty() || name.len() > LONGEST || name.contains(char::is_control) {
            return Err(Nobody);
        }
        Ok(match text.strip_prefix(GROUP) {
            Some(group) => Self::Group(group.to_owned()),
            None => Self::Person(text.to_owned()),
        })
    }
}

impl fmt::Display for Who {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Person(person) => formatter.write_str(person),
            Self::Group(group) => write!(formatter, "{GROUP}{group}"),
        }
    }
}

impl TryFrom<String> for Who {
    type Error = Nobody;

    fn try_from(text: String) -> Result<Self, Nobody> {
        text.parse()
    }
}

impl From<Who> for String {
    fn from(who: Who) -> Self {
        who.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_and_groups_are_told_apart() {
        for (text, who) in
            [("ada", Who::Person("ada".to_owned())), ("group:ops", Who::Group("ops".to_owned()))]
        {
            assert_eq!(text.parse(), Ok(who.clone()));
            assert_eq!(who.to_string(), text);
        }
        for text in ["", " ", "group:", "group: ", "a\nb", &"a".repeat(257)] {
            assert_eq!(text.parse::<Who>(), Err(Nobody), "{text:?}");
        }
        let groups = ["ada".to_owned()];
        let (person, group) = ("ada".parse::<Who>().unwrap(), "group:ada".parse::<Who>().unwrap());
        assert!(person.is("ada", &[]) && !person.is("bob", &groups));
        assert!(group.is("bob", &groups) && !group.is("ada", &[]));
    }
}
