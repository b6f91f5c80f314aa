//! What is in the fields of a form: defaults, what a link or an earlier job says, what was sent.

use std::borrow::Cow;
use std::collections::HashMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use tmpl_template::{Parameter, ParameterType, RawParameters, ValueFormat};

/// A field of the parameter `NAME` is sent as `p.NAME`.
pub(crate) const FIELD: &str = "p.";
/// The name of a parameter that the template does not declare. Its value follows.
pub(crate) const OTHER_NAME: &str = "other.name";
/// The value of such a parameter.
pub(crate) const OTHER_VALUE: &str = "other.value";

/// What is in the fields of a form.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Entered {
    pub(super) values: HashMap<String, String>,
    /// Names and values that the template does not declare.
    pub(crate) other: Vec<(String, String)>,
}

impl Entered {
    /// A form that nobody has filled in: the author's defaults.
    pub(crate) fn fresh(declared: &[Parameter]) -> Self {
        let mut entered = Self::default();
        for parameter in declared.iter().filter(|parameter| !parameter.secret()) {
            if let Some(default) = &parameter.default_value {
                entered.values.entry(parameter.name.clone()).or_insert_with(|| default.clone());
            }
        }
        entered
    }

    /// The values of a launch that was made before, and no others: what it left to the template is left to it again. Where the
    /// template has come to need more since, its defaults.
    pub(crate) fn of_launch(declared: &[Parameter], launch: &RawParameters) -> Self {
        let mut entered = Self::default();
        for (name, value) in launch.iter() {
            entered.put(declared, name, value.to_owned());
        }
        for parameter in declared.iter().filter(|parameter| !parameter.is_optional() && !parameter.secret()) {
            if let Some(default) = &parameter.default_value {
                entered.values.entry(parameter.name.clone()).or_insert_with(|| default.clone());
            }
        }
        entered
    }

    /// With the author's defaults of what nobody has said anything about.
    pub(crate) fn with_defaults(mut self, declared: &[Parameter], is_said: impl Fn(&str) -> bool) -> Self {
        for parameter in declared.iter().filter(|parameter| !parameter.secret() && !is_said(&parameter.name))
        {
            if let Some(default) = &parameter.default_value {
                self.values.entry(parameter.name.clone()).or_insert_with(|| default.clone());
            }
        }
        self
    }

    /// What the address says, over what is there. A secret is never taken from an address: addresses are kept in too many places.
    pub(crate) fn with_link<'a>(
        mut self,
        declared: &[Parameter],
        pairs: impl Iterator<Item = (&'a str, &'a str)>,
    ) -> Self {
        for (name, value) in pairs {
            let known = declared.iter().find(|parameter| parameter.name == name);
            if let Some(parameter) = known.filter(|parameter| !parameter.secret()) {
                self.values.insert(parameter.name.clone(), value.to_owned());
            }
        }
        self
    }

    /// What was sent.
    pub(crate) fn sent(declared: &[Parameter], fields: &[(String, String)]) -> Self {
        let mut sent: HashMap<&str, Vec<&str>> = HashMap::new();
        let mut entered = Self::default();
        let mut name = None;
        for (field, value) in fields {
            match field.as_str() {
                OTHER_NAME => name = Some(value.trim().to_owned()),
                OTHER_VALUE => {
                    let row = (name.take().unwrap_or_default(), with_plain_line_ends(value).into_owned());
                    if !(row.0.is_empty() && row.1.is_empty()) {
                        entered.other.push(row);
                    }
                }
                field => {
                    if let Some(name) = field.strip_prefix(FIELD) {
                        sent.entry(name).or_default().push(value);
                    }
                }
            }
        }
        for parameter in declared {
            if let Some(values) = sent.remove(parameter.name.as_str()) {
                entered.values.insert(parameter.name.clone(), tidied(parameter, &values));
            }
        }
        // What the template does not declare: in the order in which it was sent.
        for (field, value) in fields {
            if let Some(name) = field.strip_prefix(FIELD).filter(|name| sent.remove(name).is_some()) {
                entered.other.push((name.to_owned(), with_plain_line_ends(value).into_owned()));
            }
        }
        entered
    }

    /// Puts a value into a field.
    pub(crate) fn put(&mut self, declared: &[Parameter], name: &str, value: String) {
        if declared.iter().any(|parameter| parameter.name == name) {
            self.values.insert(name.to_owned(), value);
        } else {
            self.other.push((name.to_owned(), value));
        }
    }

    /// Puts a value in place of whatever is in a field, or empties it.
    pub(crate) fn fix(&mut self, declared: &[Parameter], name: &str, value: Option<String>) {
        self.values.remove(name);
        self.other.retain(|(other, _)| other != name);
        if let Some(value) = value {
            self.put(declared, name, value);
        }
    }

    /// What is in a parameter's field; nothing where it is empty.
    pub(crate) fn get(&self, parameter: &Parameter) -> Option<&str> {
        let value = self.values.get(&parameter.name)?;
        // An author may have a choice that is the empty text.
        let is_choice = || parameter.enum_options.iter().any(|option| option.value().is_empty());
        (!value.is_empty() || (*parameter.parameter_type() == ParameterType::Enum && is_choice()))
            .then_some(value.as_str())
    }

    /// The same, as a page may have it: without what may be a secret in clear.
    pub(crate) fn shown(&self, parameter: &Parameter) -> Option<&str> {
        self.get(parameter).filter(|value| !parameter.secret() || is_reference(value))
    }
}

/// `env:…` or `file:…`: where a secret is, not the secret.
fn is_reference(value: &str) -> bool {
    value.starts_with("env:") || value.starts_with("file:")
}

/// What was sent for a parameter, without what browsers add and people don't see.
fn tidied(parameter: &Parameter, values: &[&str]) -> String {
    if parameter.format() == Some(ValueFormat::MultipleChoice) {
        let chosen: Vec<&str> = values.iter().copied().filter(|value| !value.is_empty()).collect();
        return chosen.join(",");
    }
    let value = with_plain_line_ends(values.first().copied().unwrap_or_default());
    let is_number = *parameter.parameter_type() == ParameterType::Number;
    match parameter.format() {
        Some(ValueFormat::DateTime) => in_utc(value.trim()),
        Some(ValueFormat::Date | ValueFormat::Duration | ValueFormat::Integer) => value.trim().to_owned(),
        None if is_number => value.trim().to_owned(),
        _ => value.into_owned(),
    }
}

/// Browsers send line ends as two characters.
fn with_plain_line_ends(value: &str) -> Cow<'_, str> {
    if value.contains('\r') { Cow::Owned(value.replace("\r\n", "\n")) } else { Cow::Borrowed(value) }
}

/// A day and time as browsers send them, which is meant as UTC here; other texts as they are.
fn in_utc(value: &str) -> String {
    let is_local = value.parse::<Timestamp>().is_err() && value.contains('T');
    match value.parse::<DateTime>() {
        Ok(time) if is_local => format!("{}Z", time.strftime("%Y-%m-%dT%H:%M:%S")),
        _ => value.to_owned(),
    }
}

/// A day and time as browsers want it, where nothing of the value is lost.
pub(super) fn without_zone(value: &str) -> Option<String> {
    let time: Timestamp = value.parse().ok()?;
    let text = time.strftime("%Y-%m-%dT%H:%M:%S").to_string();
    (value.ends_with('Z') && time.subsec_nanosecond() == 0 && text.len() == 19).then_some(text)
}

#[cfg(test)]
mod tests {
    use tmpl_template::Metadata;

    use super::*;

    fn declared() -> Vec<Parameter> {
        let text = r#"{"name": "T", "parameters": [
            {"name": "input", "label": "I", "helpText": "h", "defaultValue": "a.txt"},
            {"name": "note", "label": "N", "helpText": "h", "isOptional": true, "defaultValue": "none"},
            {"name": "at", "label": "A", "helpText": "h", "customMetadata": {"tmpl.type": "date-time"}},
            {"name": "many", "label": "M", "helpText": "h", "customMetadata": {"tmpl.type": "multiple-choice"},
             "enumOptions": [{"value": "a"}, {"value": "b"}]},
            {"name": "count", "label": "C", "helpText": "h", "paramType": "NUMBER"},
            {"name": "case", "label": "C", "helpText": "h", "paramType": "ENUM", "enumOptions": [{"value": ""}, {"value": "x"}]},
            {"name": "key", "label": "K", "helpText": "h", "customMetadata": {"tmpl.secret": "true", "tmpl.pass": "env"}}
        ]}"#;
        Metadata::parse(text).unwrap().parameters
    }

    fn sent(fields: &[(&str, &str)]) -> Entered {
        let fields: Vec<_> = fields.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Entered::sent(&declared(), &fields)
    }

    fn values(entered: &Entered) -> Vec<(String, String)> {
        let value =
            |parameter: &Parameter| Some((parameter.name.clone(), entered.get(parameter)?.to_owned()));
        declared().iter().filter_map(value).collect()
    }

    fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
        of.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect()
    }

    #[test]
    fn a_form_begins_with_the_authors_defaults_and_what_a_link_says() {
        let fresh = Entered::fresh(&declared());
        assert_eq!(values(&fresh), pairs(&[("input", "a.txt"), ("note", "none")]));
        let link = [("input", "b.txt"), ("key", "env:STOLEN"), ("nobody", "x")];
        let linked = fresh.with_link(&declared(), link.into_iter());
        assert_eq!(values(&linked), pairs(&[("input", "b.txt"), ("note", "none")]));
        assert!(linked.other.is_empty());
    }

    #[test]
    fn running_again_means_the_same_values() {
        let mut launch = RawParameters::new();
        for (name, value) in [("numWorkers", "3"), ("key", "env:TOKEN"), ("count", "5")] {
            launch.insert(name, value).unwrap();
        }
        let entered = Entered::of_launch(&declared(), &launch);
        assert_eq!(values(&entered), pairs(&[("input", "a.txt"), ("count", "5"), ("key", "env:TOKEN")]));
        assert_eq!(entered.other, pairs(&[("numWorkers", "3")]));
    }

    #[test]
    fn what_browsers_send_is_tidied() {
        let entered = sent(&[
            ("csrf", "x"),
            ("p.input", " two\r\nlines "),
            ("p.note", ""),
            ("p.at", " 2026-11-21T08:00 "),
            ("p.many", "a"),
            ("p.many", "b"),
            ("p.count", " 12 "),
            ("p.case", ""),
            ("p.gone", "kept"),
            ("other.name", " numWorkers "),
            ("other.value", "3"),
            ("other.name", ""),
            ("other.value", ""),
        ]);
        let expected = [
            ("input", " two\nlines "),
            ("at", "2026-11-21T08:00:00Z"),
            ("many", "a,b"),
            ("count", "12"),
            ("case", ""),
        ];
        assert_eq!(values(&entered), pairs(&expected));
        assert_eq!(entered.other, pairs(&[("numWorkers", "3"), ("gone", "kept")]));
    }

    #[test]
    fn times_are_kept_as_they_are_where_they_say_their_zone() {
        for (value, expected) in [
            ("2026-11-21T08:00:30", "2026-11-21T08:00:30Z"),
            ("2026-11-21T08:00:00+01:00", "2026-11-21T08:00:00+01:00"),
            ("2026-11-21T08:00:00Z", "2026-11-21T08:00:00Z"),
            ("2026-11-21", "2026-11-21"),
            ("soon", "soon"),
        ] {
            assert_eq!(in_utc(value), expected);
        }
        assert_eq!(without_zone("2026-11-21T08:00:00Z").as_deref(), Some("2026-11-21T08:00:00"));
        for value in ["2026-11-21T08:00:00+01:00", "2026-11-21T08:00:00.5Z", "x", ""] {
            assert_eq!(without_zone(value), None, "{value}");
        }
    }

    #[test]
    fn a_secret_in_clear_is_checked_and_not_shown() {
        let key = declared().into_iter().find(|parameter| parameter.name == "key").unwrap();
        let clear = sent(&[("p.key", "hunter2")]);
        assert_eq!((clear.get(&key), clear.shown(&key)), (Some("hunter2"), None));
        assert_eq!(sent(&[("p.key", "env:TOKEN")]).shown(&key), Some("env:TOKEN"));
    }
}
