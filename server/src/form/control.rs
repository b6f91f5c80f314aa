//! What a value is entered with.

use tmpl_template::{Parameter, ParameterType, Pass, ValueFormat};

use super::choice::{self, Choice};
use super::entered::without_zone;

/// More answers than these are not laid out but picked from a list.
const MOST_RADIOS: usize = 5;
/// A longer value has more than one line.
const LONGEST_LINE: usize = 100;

/// What a value is entered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Control {
    /// A line; `mode` says which keys a telephone shows.
    Text { mode: &'static str },
    /// Several lines; of code or not.
    LongText { code: bool, rows: usize },
    /// A day: what the browser has for it.
    Date,
    /// A day and a time: likewise, in UTC.
    DateTime { value: String },
    /// The place of a file or a folder, which can be looked for.
    Path,
    /// Where a secret is kept.
    Secret,
    /// One of a few answers.
    Radios(Vec<Choice>),
    /// One of many answers.
    Select(Vec<Choice>),
    /// Some of the answers.
    Checkboxes(Vec<Choice>),
}

impl Control {
    /// The control for a parameter with this value.
    pub(crate) fn of(parameter: &Parameter, value: Option<&str>) -> Self {
        let kind = parameter.parameter_type();
        let has_options = !parameter.enum_options.is_empty();
        if parameter.secret() {
            return Self::Secret;
        }
        if parameter.pass() == Pass::Switch || *kind == ParameterType::Boolean {
            return Self::Radios(choice::yes_or_no(parameter, value));
        }
        if *kind == ParameterType::Enum
            && has_options
            && parameter.format() != Some(ValueFormat::MultipleChoice)
        {
            let choices = choice::one_of(parameter, value);
            let few = parameter.enum_options.len() <= MOST_RADIOS;
            return if few { Self::Radios(choices) } else { Self::Select(choices) };
        }
        match parameter.format() {
            Some(ValueFormat::MultipleChoice) if has_options => {
                Self::Checkboxes(choice::some_of(parameter, value))
            }
            Some(ValueFormat::Json) => Self::LongText { code: true, rows: rows(value) },
            Some(ValueFormat::Date) if value.is_none_or(is_day) => Self::Date,
            Some(ValueFormat::DateTime) => match value.map(without_zone) {
                None => Self::DateTime { value: String::new() },
                Some(Some(value)) => Self::DateTime { value },
                // A browser would not show it.
                Some(None) => Self::Text { mode: "text" },
            },
            Some(ValueFormat::Integer) => Self::Text { mode: keys(parameter, "numeric") },
            None if *kind == ParameterType::Number => Self::Text { mode: keys(parameter, "decimal") },
            None if kind.is_storage_path() => Self::Path,
            None if is_long(parameter, value) => Self::LongText { code: false, rows: rows(value) },
            _ => Self::Text { mode: "text" },
        }
    }

    /// Whether it is several controls under one question.
    pub(crate) fn is_group(&self) -> bool {
        matches!(self, Self::Radios(_) | Self::Checkboxes(_))
    }

    /// Whether something is chosen, not typed.
    pub(crate) fn is_choice(&self) -> bool {
        matches!(self, Self::Radios(_) | Self::Select(_) | Self::Checkboxes(_))
    }

    /// The answers, where there are some.
    pub(crate) fn choices(&self) -> &[Choice] {
        match self {
            Self::Radios(choices) | Self::Select(choices) | Self::Checkboxes(choices) => choices,
            _ => &[],
        }
    }
}

/// The keys of a telephone that shows digits have no minus on some.
fn keys(parameter: &Parameter, digits: &'static str) -> &'static str {
    let is_positive = parameter.min().is_some_and(|min| !min.starts_with('-'));
    if is_positive { digits } else { "text" }
}

fn is_day(value: &str) -> bool {
    value.len() == "2026-11-21".len() && value.parse::<jiff::civil::Date>().is_ok()
}

/// Whether a value may have several lines. A field of one line would lose their ends.
fn is_long(parameter: &Parameter, value: Option<&str>) -> bool {
    let looks_long = |text: &str| text.contains('\n') || text.chars().count() > LONGEST_LINE;
    parameter.pass() == Pass::File
        || [value, parameter.default_value.as_deref(), parameter.example()]
            .into_iter()
            .flatten()
            .any(looks_long)
}

fn rows(value: Option<&str>) -> usize {
    value.map_or(0, |value| value.lines().count()).clamp(4, 20)
}

#[cfg(test)]
mod tests {
    use tmpl_template::Metadata;

    use super::*;

    fn control(keys: &str, value: Option<&str>) -> Control {
        let text = format!(
            r#"{{"name": "T", "parameters": [{{"name": "a", "label": "A", "helpText": "h"{keys}}}]}}"#
        );
        Control::of(&Metadata::parse(&text).unwrap().parameters[0], value)
    }

    fn of_format(format: &str, value: Option<&str>) -> Control {
        control(&format!(", \"customMetadata\": {{\"tmpl.type\": \"{format}\"}}"), value)
    }

    #[test]
    fn every_kind_of_value_has_its_control() {
        let text = || Control::Text { mode: "text" };
        let kind = |name: &str| control(&format!(", \"paramType\": \"{name}\""), None);
        for name in ["TEXT", "DEFAULT", "PUBSUB_TOPIC", "ENUM", "MACHINE_TYPE", "whatever"] {
            assert_eq!(kind(name), text(), "{name}");
        }
        assert_eq!(kind("GCS_READ_FILE"), Control::Path);
        assert_eq!(kind("GCS_WRITE_FOLDER"), Control::Path);
        assert_eq!(kind("NUMBER"), text());
        let positive = ", \"paramType\": \"NUMBER\", \"customMetadata\": {\"tmpl.min\": \"0\"}";
        assert_eq!(control(positive, None), Control::Text { mode: "decimal" });
        assert_eq!(of_format("date", None), Control::Date);
        assert_eq!(of_format("date", Some("tomorrow")), text());
        assert_eq!(of_format("date-time", None), Control::DateTime { value: String::new() });
        assert_eq!(
            of_format("date-time", Some("2026-11-21T08:00:00Z")),
            Control::DateTime { value: "2026-11-21T08:00:00".to_owned() }
        );
        assert_eq!(of_format("date-time", Some("noon")), text());
        assert_eq!(of_format("duration", None), text());
        assert_eq!(of_format("json", Some("{\n}")), Control::LongText { code: true, rows: 4 });
        let secret = ", \"customMetadata\": {\"tmpl.secret\": \"true\", \"tmpl.pass\": \"env\"}, \"paramType\": \"ENUM\"";
        assert_eq!(control(secret, None), Control::Secret);
    }

    #[test]
    fn lines_are_never_lost() {
        let long = |rows| Control::LongText { code: false, rows };
        assert_eq!(control("", Some("a\nb")), long(4));
        assert_eq!(control("", Some(&"x\n".repeat(100))), long(20));
        assert_eq!(control(", \"defaultValue\": \"SELECT 1\\nFROM t\"", Some("x")), long(4));
        assert_eq!(control(", \"customMetadata\": {\"tmpl.pass\": \"file\"}", None), long(4));
        assert_eq!(control("", Some(&"x".repeat(101))), long(4));
    }

    #[test]
    fn answers_are_laid_out_or_picked() {
        let options = |count: usize| {
            let options: Vec<String> = (0..count).map(|n| format!("{{\"value\": \"{n}\"}}")).collect();
            format!(", \"enumOptions\": [{}]", options.join(","))
        };
        let of_enum = |count| control(&format!(", \"paramType\": \"ENUM\"{}", options(count)), None);
        assert!(matches!(of_enum(5), Control::Radios(choices) if choices.len() == 5));
        assert!(matches!(of_enum(6), Control::Select(choices) if choices.len() == 6));
        let several = format!(", \"customMetadata\": {{\"tmpl.type\": \"multiple-choice\"}}{}", options(3));
        assert!(matches!(control(&several, None), Control::Checkboxes(_)));
        assert!(matches!(control(", \"paramType\": \"BOOLEAN\"", None), Control::Radios(_)));
        assert!(matches!(
            control(", \"customMetadata\": {\"tmpl.pass\": \"switch\"}", None),
            Control::Radios(_)
        ));
    }
}
