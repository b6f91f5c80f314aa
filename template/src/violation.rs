//! What is wrong with a launch parameter, in plain words and with what to type instead.

use std::fmt;

use serde::Serialize;
use thiserror::Error;

use crate::shorten::shorten;
use crate::{Parameter, Rule};

/// One parameter and one rule that it breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// The parameter's name.
    pub parameter: String,
    /// Its label, if the template declares it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The rule.
    #[serde(flatten)]
    pub rule: Rule,
    /// The value, cut after 200 characters; absent if it is, or may be, a secret or plays no part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// A value as one should look.
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<String>,
}

impl Violation {
    const LONGEST_VALUE: usize = 200;

    /// A parameter that the template does not declare.
    pub(crate) fn undeclared(name: &str, rule: Rule) -> Self {
        Self { parameter: shorten(name, Self::LONGEST_VALUE), label: None, rule, value: None, example: None }
    }

    /// A declared parameter that is missing or has a wrong value.
    pub(crate) fn declared(parameter: &Parameter, rule: Rule, value: Option<&str>) -> Self {
        let shown = value.filter(|_| !parameter.secret());
        let mut violation = Self::undeclared(&parameter.name, rule).with_value(shown);
        violation.label = Some(parameter.label.clone());
        violation.example = match parameter.example() {
            Some(example) => Some(example.to_owned()),
            None => parameter.enum_options.first().map(|option| option.value.clone()),
        };
        if parameter.secret() {
            violation.example = Some("env:NAME".to_owned());
        }
        violation
    }

    pub(crate) fn with_value(mut self, value: Option<&str>) -> Self {
        self.value = value.map(|value| shorten(value, Self::LONGEST_VALUE));
        self
    }

    /// Google's text of the violation, without the name.
    pub fn wire(&self) -> String {
        self.rule.wire()
    }

    /// What to type instead.
    pub fn remedy(&self) -> String {
        let name = self.parameter.escape_debug();
        match &self.rule {
            Rule::Required => {
                format!("give `--param {name}={}`", self.example.as_deref().unwrap_or("VALUE").escape_debug())
            }
            Rule::Recognized { nearest: Some(nearest), .. } => format!("did you mean `{}`?", nearest.escape_debug()),
            Rule::Recognized { declared, .. } => format!("the template takes {}", quoted_list(declared)),
            Rule::NameShape => match self.parameter.trim_start_matches('-') {
                bare if is_option_name(bare) => {
                    format!("leave out the dashes: `--param {bare}=VALUE`")
                }
                _ => "a name is letters, digits, `_`, `.` and `-`, the first one a letter or `_`".to_owned(),
            },
            Rule::NoNul => "leave out the NUL character".to_owned(),
            Rule::Regex { .. } => match &self.example {
                Some(example) => format!("write it like `{}`", example.escape_debug()),
                None => "give a value that matches".to_owned(),
            },
            Rule::Enumeration { options } => format!("give one of {}", quoted_list(options)),
            Rule::Boolean => "give `true` or `false`".to_owned(),
            Rule::Number => {
                format!("give a number like `{}`", self.example.as_deref().unwrap_or("0.5").escape_debug())
            }
            Rule::Length { .. } => {
                "have the template take it from a file: `\"customMetadata\": {\"tmpl.pass\": \"file\"}` in its metadata"
                    .to_owned()
            }
            Rule::SecretReference => format!("give `--param {name}=env:NAME` or `--param {name}=file:PATH`"),
        }
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "parameter `{}`", self.parameter.escape_debug())?;
        if let Some(label) = &self.label {
            write!(formatter, " ({})", label.escape_debug())?;
        }
        match &self.value {
            Some(value) => write!(formatter, ": the value {value:?} ")?,
            None if matches!(self.rule, Rule::Required | Rule::Recognized { .. } | Rule::NameShape) => {
                formatter.write_str(" ")?;
            }
            None => formatter.write_str(": the value ")?,
        }
        match &self.rule {
            Rule::Required => formatter.write_str("is required and missing"),
            Rule::Recognized { .. } => formatter.write_str("is not one of this template"),
            Rule::NameShape => formatter.write_str("has a name that no option can have"),
            Rule::NoNul => formatter.write_str("has a NUL character, which no program can be given"),
            Rule::Regex { regex, whole: false } => write!(formatter, "does not match the regex `{regex}`"),
            Rule::Regex { regex, whole: true } => {
                write!(formatter, "does not match the whole regex `{regex}`")
            }
            Rule::Enumeration { .. } => formatter.write_str("is not one of those that can be chosen"),
            Rule::Boolean => formatter.write_str("is neither `true` nor `false`"),
            Rule::Number => formatter.write_str("is not a number"),
            Rule::Length { bytes, limit } => {
                write!(
                    formatter,
                    "takes {bytes} bytes with its name, and Linux passes at most {limit} at once"
                )
            }
            Rule::SecretReference => {
                formatter.write_str("is a secret in clear, and only a reference is accepted")
            }
        }
    }
}

/// Whether a name can be the name of an option.
pub(crate) fn is_option_name(name: &str) -> bool {
    name.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
        && name
            .chars()
            .all(|character| character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | '-'))
}

/// The first twenty in ticks, with commas.
fn quoted_list(names: &[String]) -> String {
    const SHOWN: usize = 20;
    let shown = names.iter().take(SHOWN).map(|name| format!("`{}`", name.escape_debug()));
    let mut list = shown.collect::<Vec<_>>().join(", ");
    if names.len() > SHOWN {
        list += ", …";
    }
    list
}

/// Everything that is wrong with the parameters of a launch, in Google's order. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Error)]
#[serde(transparent)]
pub struct Violations(Vec<Violation>);

impl Violations {
    /// Nothing wrong is no `Violations`.
    pub(crate) fn unless_empty(violations: Vec<Violation>) -> Result<(), Self> {
        if violations.is_empty() { Ok(()) } else { Err(Self(violations)) }
    }

    /// The violations.
    pub fn as_slice(&self) -> &[Violation] {
        &self.0
    }

    /// The violations, one after another.
    pub fn iter(&self) -> std::slice::Iter<'_, Violation> {
        self.0.iter()
    }
}

impl<'a> IntoIterator for &'a Violations {
    type Item = &'a Violation;
    type IntoIter = std::slice::Iter<'a, Violation>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl fmt::Display for Violations {
    /// A headline, then a line for each violation with its remedy.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.len() {
            1 => formatter.write_str("the parameters break a rule of the template")?,
            count => write!(formatter, "the parameters break {count} rules of the template")?,
        }
        for violation in self {
            write!(formatter, "\n  {violation}; {}", violation.remedy())?;
        }
        Ok(())
    }
}
