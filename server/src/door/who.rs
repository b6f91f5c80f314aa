//! Whom a role is given to, and which templates a rule is about.

use serde::Deserialize;
use tmpl_template::TemplateName;

/// Begins the name of a group.
const GROUP: &str = "group:";

/// A person by name, or a group: `ada@example.org`, `group:accounting`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Who {
    /// One person.
    Person(String),
    /// Everybody in it.
    Group(String),
}

/// A text that names nobody.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("name a person as they sign in (`ada@example.org`), or a group as `group:accounting`")]
pub struct Nobody;

impl TryFrom<String> for Who {
    type Error = Nobody;

    fn try_from(text: String) -> Result<Self, Nobody> {
        match text.strip_prefix(GROUP) {
            Some("") => Err(Nobody),
            Some(group) => Ok(Self::Group(group.to_owned())),
            None if text.trim().is_empty() => Err(Nobody),
            None => Ok(Self::Person(text)),
        }
    }
}

impl Who {
    /// Whether somebody of this name and these groups is meant.
    pub(super) fn is(&self, name: &str, groups: &[String]) -> bool {
        match self {
            Self::Person(person) => person == name,
            Self::Group(group) => groups.contains(group),
        }
    }
}

/// Names of templates, in which `*` stands for anything: `payroll-*`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct TemplatePattern(String);

/// A text that fits no template.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("it fits no template: names have a-z, 0-9, `.`, `_` and `-`, and `*` stands for anything")]
pub struct FitsNothing;

impl TryFrom<String> for TemplatePattern {
    type Error = FitsNothing;

    fn try_from(text: String) -> Result<Self, FitsNothing> {
        // With any letter in place of the star it would have to be a name.
        let name = text.replace('*', "a");
        if name.parse::<TemplateName>().is_ok() { Ok(Self(text)) } else { Err(FitsNothing) }
    }
}

impl TemplatePattern {
    /// Whether a template is meant.
    pub(super) fn fits(&self, name: &TemplateName) -> bool {
        let name = name.as_str();
        let Some((begin, rest)) = self.0.split_once('*') else { return self.0 == name };
        let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
        let Some(mut between) = name.strip_prefix(begin).and_then(|name| name.strip_suffix(end)) else {
            return false;
        };
        for part in middle.split('*') {
            let Some((_, after)) = between.split_once(part) else { return false };
            between = after;
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_what_they_say() {
        for (pattern, name, fits) in [
            ("payroll", "payroll", true),
            ("payroll", "payroll-2", false),
            ("payroll-*", "payroll-monthly", true),
            ("payroll-*", "payroll-", true),
            ("payroll-*", "payroll", false),
            ("payroll-*", "my-payroll-monthly", false),
            ("*-payroll", "my-payroll", true),
            ("*", "anything", true),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "acb", false),
            ("ab*ba", "aba", false),
        ] {
            let pattern = TemplatePattern::try_from(pattern.to_owned()).unwrap();
            assert_eq!(pattern.fits(&name.parse().unwrap()), fits, "{pattern:?} {name}");
        }
        for pattern in ["", "Payroll", "pay roll", "../*", "payroll-?"] {
            assert!(TemplatePattern::try_from(pattern.to_owned()).is_err(), "{pattern}");
        }
    }

    #[test]
    fn people_and_groups_are_told_apart() {
        let who = |text: &str| Who::try_from(text.to_owned());
        assert_eq!(who("ada").unwrap(), Who::Person("ada".into()));
        assert_eq!(who("group:ada").unwrap(), Who::Group("ada".into()));
        assert!(who("").is_err() && who("group:").is_err());
        let groups = ["ada".to_owned()];
        assert!(!who("ada").unwrap().is("bob", &groups) && who("group:ada").unwrap().is("bob", &groups));
    }
}
