//! The words of the form.

use std::fmt::Write as _;

use tmpl_template::{OtherPlace, Rule, ValueFormat};

pub(crate) const YES: &str = "Yes";
pub(crate) const NO: &str = "No";
pub(crate) const LEAVE: &str = "Leave it to the template";
pub(crate) const CHOOSE_ONE: &str = "Choose one";
pub(crate) const NO_CHOICE: &str = "not one of the choices";
pub(crate) const NO_VALUE: &str = "(nothing)";
pub(crate) const OPTIONAL: &str = "Optional settings";
pub(crate) const CHOOSE_SEVERAL: &str = "You can choose more than one.";
pub(crate) const DATE: &str = "A day.";
pub(crate) const DATE_TIME: &str = "A day and a time in UTC, the time of London without summer time.";
pub(crate) const DURATION: &str = "A length of time, like 90s, 5m, 1h30m or 2d.";
pub(crate) const JSON: &str = "Text in JSON, like {\"key\": 1}.";
pub(crate) const SECRET: &str = "Never the secret itself: say where it is kept on the server. Write env:NAME for a variable, or file:/path for a file.";
pub(crate) const SECRET_NOT_KEPT: &str =
    "What you entered was not kept, as it may have been the secret itself.";
pub(crate) const OTHER: &str = "Other options";
pub(crate) const OTHER_HELP: &str =
    "Options that the template does not ask for, each with a name and a value. Most launches need none.";
pub(crate) const ANY_HELP: &str =
    "This template does not say what it needs. Enter each parameter with its name and its value.";

/// What must be so that a field is asked for.
pub(crate) fn only_if(parent: &str, values: &[String]) -> String {
    match values.split_last() {
        None => format!("Only if “{parent}” is filled in."),
        Some((only, [])) => format!("Only if “{parent}” is {}.", quoted(only)),
        Some((last, rest)) => {
            let rest: Vec<String> = rest.iter().map(|value| quoted(value)).collect();
            format!("Only if “{parent}” is {} or {}.", rest.join(", "), quoted(last))
        }
    }
}

fn quoted(value: &str) -> String {
    if value.is_empty() { "empty".to_owned() } else { format!("“{value}”") }
}

/// The numbers, dates or lengths of time that are taken.
pub(crate) fn bounds(min: Option<&str>, max: Option<&str>, unit: Option<&str>) -> Option<String> {
    let unit = unit.map(|unit| format!(" {unit}")).unwrap_or_default();
    Some(match (min, max) {
        (Some(min), Some(max)) => format!("From {min} to {max}{unit}."),
        (Some(min), None) => format!("At least {min}{unit}."),
        (None, Some(max)) => format!("At most {max}{unit}."),
        (None, None) => return None,
    })
}

/// What is said beside a value that nobody sees all of.
pub(crate) fn unseen(c: char) -> String {
    format!(
        "The value has characters that can't be seen, such as {}. Type it anew if you don't know why.",
        c.escape_unicode()
    )
}

/// The summary of an optional part: how many fields it has.
pub(crate) fn folded(count: usize) -> String {
    match count {
        1 => "1 optional setting".to_owned(),
        count => format!("{count} optional settings"),
    }
}

/// How many of them have another value than usual.
pub(crate) fn changed(count: usize) -> String {
    format!("{count} changed")
}

/// Whether a field is filled in by choosing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filling {
    /// Something is typed.
    Typing,
    /// Something is chosen.
    Choosing,
}

/// What is wrong with a field, and what to do: in the author's words, where there are some.
pub(crate) fn problem(
    rule: &Rule,
    label: &str,
    filling: Filling,
    example: Option<&str>,
    author: Option<&str>,
) -> String {
    if let Some(author) = author {
        return author.to_owned();
    }
    let like = |fallback: Option<&str>| {
        example.or(fallback).map(|example| format!(", like {example}")).unwrap_or_default()
    };
    match rule {
        Rule::Required if filling == Filling::Choosing => format!("Choose an answer for “{label}”."),
        Rule::Required => format!("Enter a value for “{label}”{}.", like(None)),
        Rule::Recognized { nearest: Some(nearest), .. } => {
            format!("The template has no “{label}”. Did you mean “{nearest}”?")
        }
        Rule::Recognized { .. } => format!("The template has no “{label}”. Remove it."),
        Rule::NameShape => format!(
            "“{label}” can't be a name. A name has letters, digits, and the signs _ . -, and begins with a letter or _."
        ),
        Rule::NoNul => format!("“{label}” has a character that no program can be given (NUL). Remove it."),
        Rule::Regex { .. } => match example {
            Some(example) => format!("“{label}” does not look right. Write it like {example}."),
            None => format!("“{label}” does not look right. Read the help above it for how it is written."),
        },
        Rule::Enumeration { .. } | Rule::Boolean => format!("Choose one of the answers for “{label}”."),
        Rule::Number => format!("“{label}” must be a number{}.", like(None)),
        Rule::Type { expected, example: usual, .. } => {
            format!("“{label}” must be {expected}{}.", like(Some(usual)))
        }
        Rule::StoragePath => {
            format!(
                "“{label}” must be the place of a file or folder{}.",
                like(Some("s3://bucket/folder/file"))
            )
        }
        Rule::Format { format } => {
            format!("“{label}” must be {}{}.", kind(*format), like(Some(format.example())))
        }
        Rule::Range { min, max, unit } => {
            let unit = unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
            match (min, max) {
                (Some(min), Some(max)) => format!("“{label}” must be from {min} to {max}{unit}."),
                (Some(min), None) => format!("“{label}” must be at least {min}{unit}."),
                (None, max) => {
                    format!("“{label}” must be at most {}{unit}.", max.as_deref().unwrap_or_default())
                }
            }
        }
        Rule::Once { also: OtherPlace::Parameter(other) } => {
            format!("“{label}” is the same as “{other}”, which is filled in too. Remove one of them.")
        }
        Rule::Once { also: OtherPlace::Environment(_) } | Rule::NotAsOption => {
            format!("“{label}” is given in another place too. Remove it here.")
        }
        Rule::Together { .. } => {
            format!(
                "The values are too long together. “{label}” is the longest: shorten it, or put it into a file."
            )
        }
        Rule::Length { bytes, limit } => {
            format!(
                "“{label}” is too long: {bytes} bytes, and at most {limit} can be taken. Put it into a file."
            )
        }
        Rule::SetByCard => format!("“{label}” is set by the card and can't be changed here."),
        Rule::SecretReference => {
            format!("“{label}” must say where the secret is kept: env:NAME or file:/path. {SECRET_NOT_KEPT}")
        }
    }
}

fn kind(format: ValueFormat) -> &'static str {
    match format {
        ValueFormat::Date => "a day",
        ValueFormat::DateTime => "a day and a time",
        ValueFormat::Duration => "a length of time",
        ValueFormat::Json => "text in JSON",
        ValueFormat::Integer => "a whole number",
        ValueFormat::MultipleChoice => "some of the choices",
    }
}

/// A name that was entered twice.
pub(crate) fn twice(name: &str) -> String {
    format!("“{name}” is entered twice. Remove one of them.")
}

/// A value without a name.
pub(crate) fn nameless(value: &str) -> String {
    let mut text = String::from("Enter a name for the value");
    if !value.is_empty() {
        let _ = write!(text, " “{value}”");
    }
    text + ", or remove it."
}
