//! One parameter of a template, as its metadata declares it.

use std::collections::BTreeMap;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::format_error::Problem;
use crate::nearest::nearest;
use crate::object::Object;
use crate::{EnumOption, ParameterType, Pass, Pattern, PatternError};

/// What a template asks for: Google's `ParameterMetadata`, with our keys in its `customMetadata`.
///
/// It is only made by reading metadata, so its regexes compile and its `tmpl.` keys mean something. Keys that were
/// absent stay absent when it is written, keys that are not Google's are kept in [`other`](Self::other).
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Parameter {
    /// The key in the launch parameters, and the option's name: `--name=value`.
    pub name: String,
    /// A form's title of the field.
    pub label: String,
    /// What a person should know to fill it in.
    pub help_text: String,
    /// Whether a launch can leave it out; see [`is_optional`](Self::is_optional).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_optional: Option<bool>,
    /// What a value must match, all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub regexes: Vec<Pattern>,
    /// What kind of value it is; see [`parameter_type`](Self::parameter_type).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub param_type: Option<ParameterType>,
    /// Keys for clients, ours among them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub custom_metadata: BTreeMap<String, String>,
    /// A form's section; counts only without a parent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    /// The parameter that decides whether this one is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent_name: Option<String>,
    /// The parent's values that do so; none means every value but the empty one.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub parent_trigger_values: Vec<String>,
    /// The values of an ENUM.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub enum_options: Vec<EnumOption>,
    /// What a form is pre-filled with. A launch does not add it: the program has its own defaults.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_value: Option<String>,
    /// Whether forms leave it out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hidden_ui: Option<bool>,
    /// Keys that are not Google's.
    #[serde(flatten)]
    pub other: Map<String, Value>,
    #[serde(skip)]
    pass: Pass,
    #[serde(skip)]
    secret: bool,
}

impl Parameter {
    /// Whether a launch can leave it out; by default it cannot.
    pub fn is_optional(&self) -> bool {
        self.is_optional.unwrap_or(false)
    }

    /// The type of its values; [`ParameterType::Default`] if none is said.
    pub fn parameter_type(&self) -> &ParameterType {
        self.param_type.as_ref().unwrap_or(&ParameterType::Default)
    }

    /// How a value reaches the program (`tmpl.pass`).
    pub fn pass(&self) -> Pass {
        self.pass.clone()
    }

    /// Whether it is only given as a reference to a secret and appears nowhere (`tmpl.secret` = `true`).
    pub fn secret(&self) -> bool {
        self.secret
    }

    /// A value for people to see how one looks (`tmpl.example`).
    pub fn example(&self) -> Option<&str> {
        self.custom_metadata.get("tmpl.example").map(String::as_str)
    }

    pub(crate) fn read(value: Value) -> Result<Self, Problem> {
        const REQUIRED: &str = "gcloud wants a `name`, a `label` and a `helpText` of every parameter";
        let mut keys = Object::new(value)?;
        let mut required = |key| keys.required_text(key).map_err(|problem| problem.hinted(REQUIRED));
        let name = required("name")?;
        let label = required("label")?;
        let help_text = required("helpText")?;
        let custom_metadata = keys.text_map("customMetadata")?;
        let own =
            OwnKeys::read(&custom_metadata, &name).map_err(|problem| problem.under_key("customMetadata"))?;
        let compile = if own.whole_match { Pattern::whole } else { Pattern::search };
        let regexes =
            keys.texts("regexes", |text| compile(&text).map_err(|error| regex_problem(&error, &name)))?;
        Ok(Self {
            label,
            help_text,
            is_optional: keys.flag("isOptional")?,
            regexes,
            param_type: keys.take("paramType", |value| read_type(&value))?,
            custom_metadata,
            group_name: keys.text("groupName")?,
            parent_name: keys.text("parentName")?,
            parent_trigger_values: keys.texts("parentTriggerValues", Ok)?,
            enum_options: keys.list("enumOptions", EnumOption::read)?,
            default_value: keys.text("defaultValue")?,
            hidden_ui: keys.flag("hiddenUi")?,
            other: keys.rest(),
            pass: own.pass,
            secret: own.secret,
            name,
        })
    }
}

/// What our keys in `customMetadata` say.
struct OwnKeys {
    pass: Pass,
    secret: bool,
    whole_match: bool,
}

impl OwnKeys {
    fn read(metadata: &BTreeMap<String, String>, parameter: &str) -> Result<Self, Problem> {
        if let Some((written, meant)) = metadata.keys().find_map(|key| Some((key, misspelt(key)?))) {
            let problem = Problem::new(format!("`{written}` is no key of tmpl"));
            return Err(problem.hinted(format!("did you mean `{meant}`?")).under_key(written));
        }
        let secret = choice(metadata, "tmpl.secret", ["false", "true"])?;
        let whole_match = choice(metadata, "tmpl.match", ["search", "full"])?;
        let pass = match metadata.get("tmpl.pass") {
            None => Pass::default(),
            Some(text) => Pass::read(text, parameter).map_err(|problem| problem.under_key("tmpl.pass"))?,
        };
        if secret && matches!(pass, Pass::Argument | Pass::Switch) {
            // Arguments are seen by every user of the machine.
            let key = if metadata.contains_key("tmpl.pass") { "tmpl.pass" } else { "tmpl.secret" };
            return Err(Problem::new(format!(
                "the secret parameter `{parameter}` would be passed as an argument"
            ))
            .hinted("set `tmpl.pass` to `env` or `file`")
            .under_key(key));
        }
        Ok(Self { pass, secret, whole_match })
    }
}

/// The key of ours that somebody meant who wrote another one. Keys that are like none of ours may be those of a later version.
fn misspelt(key: &str) -> Option<&'static str> {
    const OWN: [&str; 5] = ["tmpl.pass", "tmpl.secret", "tmpl.match", "tmpl.example", "tmpl.existing"];
    if !key.starts_with("tmpl.") || OWN.contains(&key) {
        return None;
    }
    let name = |key: &'static str| key.strip_prefix("tmpl.").unwrap_or(key);
    let meant = nearest(key.strip_prefix("tmpl.")?, OWN.into_iter().map(name))?;
    OWN.into_iter().find(|own| name(own) == meant)
}

/// Whether a key has the second of two texts; without the key the first is meant.
fn choice(metadata: &BTreeMap<String, String>, key: &str, texts: [&str; 2]) -> Result<bool, Problem> {
    match metadata.get(key).map(String::as_str) {
        None => Ok(false),
        Some(text) if text == texts[0] => Ok(false),
        Some(text) if text == texts[1] => Ok(true),
        Some(text) => Err(Problem::new(format!("{text:?} is no value of `{key}`"))
            .hinted(format!("write `{}` or `{}`", texts[0], texts[1]))
            .under_key(key)),
    }
}

/// A type by name, or by its number in Google's API, as gcloud takes it.
fn read_type(value: &Value) -> Result<ParameterType, Problem> {
    match value {
        Value::String(name) => Ok(ParameterType::from_name(name)),
        Value::Number(number) => number
            .as_u64()
            .and_then(ParameterType::from_number)
            .ok_or_else(|| Problem::new(format!("no parameter type has the number {number}"))),
        other => Err(Problem::kind("the name of a type", other)),
    }
}

fn regex_problem(error: &PatternError, parameter: &str) -> Problem {
    let problem = Problem::new(format!("parameter `{parameter}`: {error}"));
    match error.hint() {
        Some(hint) => problem.hinted(hint),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_of_ours_is_not_taken_for_somebody_elses() {
        for (key, meant) in [
            ("tmpl.secert", Some("tmpl.secret")),
            ("tmpl.pas", Some("tmpl.pass")),
            ("tmpl.secret", None),
            ("tmpl.unit", None),
            ("other.secert", None),
        ] {
            assert_eq!(misspelt(key), meant, "{key}");
        }
    }
}
