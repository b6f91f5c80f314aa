//! What is wrong with a launch parameter, in plain words and with what to type instead.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};
use thiserror::Error;

use crate::option_name::is_option_name;
use crate::pipeline_options::reserved;
use crate::shorten::shorten;
use crate::type_rules::type_rule;
use crate::{OtherPlace, Parameter, Rule};

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
    /// What the author says of a value that is refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// A value as one should look.
    #[serde(skip_serializing_if = "Option::is_none")]
    example: Option<String>,
}

impl Violation {
    const LONGEST_VALUE: usize = 200;

    /// A parameter that the template does not declare.
    pub(crate) fn undeclared(name: &str, rule: Rule) -> Self {
        Self {
            parameter: shorten(name, Self::LONGEST_VALUE),
            label: None,
            rule,
            value: None,
            message: None,
            example: None,
        }
    }

    /// A declared parameter that is missing or has a wrong value.
    pub(crate) fn declared(parameter: &Parameter, rule: Rule, value: Option<&str>) -> Self {
        let shown = value.filter(|_| !parameter.secret());
        let mut violation = Self::undeclared(&parameter.name, rule).with_value(shown);
        violation.label = Some(parameter.label.clone());
        violation.message = parameter.message().filter(|_| violation.rule.is_of_value()).map(str::to_owned);
        violation.example = match parameter.example() {
            Some(example) => Some(example.to_owned()),
            None => match parameter.enum_options.first() {
                Some(option) => Some(option.value().to_owned()),
                None if parameter.regexes.is_empty() => {
                    type_rule(parameter.parameter_type()).map(|rule| rule.example.to_owned())
                }
                None => None,
            },
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

    /// A value as one should look, where one is known.
    pub fn example(&self) -> Option<&str> {
        self.example.as_deref()
    }

    /// What to type instead, in the author's words where there are some.
    pub fn remedy(&self) -> String {
        if let Some(message) = &self.message {
            return one_line(message).into_owned();
        }
        let name = self.parameter.escape_debug();
        match &self.rule {
            Rule::Required => {
                format!("give `--param {name}={}`", self.example.as_deref().unwrap_or("VALUE").escape_debug())
            }
            Rule::Recognized { nearest: Some(nearest), .. } => format!("did you mean `{}`?", nearest.escape_debug()),
            Rule::Recognized { .. } if reserved(&self.parameter).is_some() => {
                reserved(&self.parameter).unwrap_or_default().to_owned()
            }
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
            Rule::Type { example, .. } => {
                format!("write it like `{}`", self.example.as_ref().unwrap_or(example).escape_debug())
            }
            Rule::StoragePath => match &self.example {
                Some(example) => format!("write it like `{}`", example.escape_debug()),
                None => "give a path, or a URL like `s3://bucket/path`".to_owned(),
            },
            Rule::Format { format } => {
                format!("write it like `{}`", self.example.as_deref().unwrap_or(format.example()).escape_debug())
            }
            Rule::Range { min, max, unit } => {
                let unit = unit.as_ref().map(|unit| format!(" {}", unit.escape_debug())).unwrap_or_default();
                match (min, max) {
                    (Some(min), Some(max)) => format!("give a value from {min} to {max}{unit}"),
                    (Some(min), None) => format!("give at least {min}{unit}"),
                    (None, max) => format!("give at most {}{unit}", max.as_deref().unwrap_or_default()),
                }
            }
            Rule::Once { also: OtherPlace::Parameter(other) } => format!("leave out `{}`", other.escape_debug()),
            Rule::Once { also: OtherPlace::Environment(_) } => "leave it out of the parameters".to_owned(),
            Rule::NotAsOption => format!("give `--param {name}=…`"),
            Rule::Together { .. } => {
                "have the template take the long ones from files: `\"customMetadata\": {\"tmpl.pass\": \"file\"}` in its metadata"
                    .to_owned()
            }
            Rule::Length { limit, .. } if *limit > Rule::LONGEST_ARGUMENT => {
                "put the value into a file, and have the pipeline read that".to_owned()
            }
            Rule::Length { .. } => {
                "have the template take it from a file: `\"customMetadata\": {\"tmpl.pass\": \"file\"}` in its metadata"
                    .to_owned()
            }
            Rule::SecretReference => format!("give `--param {name}=env:NAME` or `--param {name}=file:PATH`"),
            Rule::SetByCard => "leave it out".to_owned(),
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
            None if matches!(
                self.rule,
                Rule::Required
                    | Rule::Recognized { .. }
                    | Rule::NameShape
                    | Rule::Once { .. }
                    | Rule::NotAsOption
                    | Rule::SetByCard
            ) =>
            {
                formatter.write_str(" ")?;
            }
            None => formatter.write_str(": the value ")?,
        }
        match &self.rule {
            Rule::Required => formatter.write_str("is required and missing"),
            Rule::Recognized { .. } => formatter.write_str("is not one of this template"),
            Rule::NameShape => formatter.write_str("has a name that no option can have"),
            Rule::NoNul => formatter.write_str("has a NUL character, which no program can be given"),
            Rule::Regex { regex, whole: false } => {
                write!(formatter, "does not match the regex `{}`", one_line(regex))
            }
            Rule::Regex { regex, whole: true } => {
                write!(formatter, "does not match the whole regex `{}`", one_line(regex))
            }
            Rule::Enumeration { .. } => formatter.write_str("is not one of those that can be chosen"),
            Rule::Boolean => formatter.write_str("is neither `true` nor `false`"),
            Rule::Number => formatter.write_str("is not a number"),
            Rule::Type { expected, .. } => write!(formatter, "is not {expected}"),
            Rule::StoragePath => formatter.write_str("is not a path of a file, folder or bucket"),
            Rule::Format { format } => write!(formatter, "is not {format}"),
            Rule::Range { .. } => formatter.write_str("is out of range"),
            Rule::Once { also: OtherPlace::Parameter(other) } => {
                write!(formatter, "is the same option as `{}`, which is given too", other.escape_debug())
            }
            Rule::Once { also: OtherPlace::Environment(field) } => {
                write!(formatter, "is also given in the launch environment, as `{field}`")
            }
            Rule::NotAsOption => {
                formatter.write_str("is given among the pipeline options of the launch environment")
            }
            Rule::Together { bytes, limit } => {
                write!(
                    formatter,
                    "is the longest of values that take {bytes} bytes, and a program is given at most {limit}"
                )
            }
            Rule::Length { bytes, limit } if *limit > Rule::LONGEST_ARGUMENT => {
                write!(formatter, "has {bytes} bytes, and at most {limit} are taken")
            }
            Rule::Length { bytes, limit } => {
                write!(
                    formatter,
                    "takes {bytes} bytes with its name, and Linux passes at most {limit} at once"
                )
            }
            Rule::SecretReference => {
                formatter.write_str("is a secret in clear, and only a reference is accepted")
            }
            Rule::SetByCard => formatter.write_str("is set by the card and can't be changed"),
        }
    }
}

/// A text with its line breaks and other control characters as escapes: every violation is one line.
fn one_line(text: &str) -> Cow<'_, str> {
    if !text.contains(char::is_control) {
        return Cow::Borrowed(text);
    }
    let escaped = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(escaped).collect())
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

    /// These violations and some more.
    pub(crate) fn and(mut self, more: Vec<Violation>) -> Self {
        self.0.extend(more);
        self
    }

    /// The violations.
    pub fn as_slice(&self) -> &[Violation] {
        &self.0
    }

    /// The error body that Google's REST API answers with, status 400.
    ///
    /// ```
    /// use tmpl_template::{CheckRequest, TemplateSpec, check};
    ///
    /// let spec = r#"{"metadata": {"name": "T", "parameters": [{"name": "input", "label": "I", "helpText": "h"}]}}"#;
    /// let violations = check(&TemplateSpec::parse(spec)?, &CheckRequest::default()).unwrap_err();
    /// let body = violations.to_error_body();
    /// assert_eq!(body["error"]["message"], "The template parameters are invalid. Details: \ninput: Missing required parameter");
    /// # Ok::<(), tmpl_template::FormatError>(())
    /// ```
    pub fn to_error_body(&self) -> Value {
        const INVALID: &str = "type.googleapis.com/google.dataflow.v1beta3.InvalidTemplateParameters";
        let twice =
            self.iter().find(|found| matches!(found.rule, Rule::Once { also: OtherPlace::Environment(_) }));
        if let Some(twice) = twice {
            let message = format!("Runtime parameter {} {}", twice.parameter, twice.wire());
            return json!({"error": {"code": 400, "message": message, "status": "INVALID_ARGUMENT"}});
        }
        let lines: Vec<_> =
            self.iter().map(|found| format!("{}: {}", found.parameter, found.wire())).collect();
        let violations =
            self.iter().map(|found| json!({"parameter": found.parameter, "description": found.wire()}));
        json!({"error": {
            "code": 400,
            "message": format!("The template parameters are invalid. Details: \n{}", lines.join("\n")),
            "status": "INVALID_ARGUMENT",
            "details": [{"@type": INVALID, "parameterViolations": violations.collect::<Vec<_>>()}],
        }})
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
        let whose = if self.iter().all(|found| found.rule == Rule::SetByCard) { "card" } else { "template" };
        match self.0.len() {
            1 => write!(formatter, "the parameters break a rule of the {whose}")?,
            count => write!(formatter, "the parameters break {count} rules of the {whose}")?,
        }
        for violation in self {
            write!(formatter, "\n  {violation}; {}", violation.remedy())?;
        }
        Ok(())
    }
}
