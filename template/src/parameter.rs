//! One parameter of a template, as its metadata declares it.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::bounds::Bounds;
use crate::custom_keys::CustomKeys;
use crate::format_error::Problem;
use crate::key_path::Step;
use crate::keys::PARAMETER;
use crate::object::{Fields, Object, Spelling};
use crate::reader::{Dialect, Reader};
use crate::{EnumOption, ParameterType, Pass, Pattern, PatternError, ValueFormat};

/// What a template asks for: Google's `ParameterMetadata`, with our keys in its `customMetadata`.
///
/// It is only made by reading metadata, so its regexes compile and its `tmpl.` keys mean something. Keys that were
/// absent stay absent when it is written, keys that are not Google's are kept in [`other`](Self::other).
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Parameter {
    /// The key in the launch parameters, and the option's name: `--name=value`.
    pub name: String,
    /// A form's title of the field.
    pub label: String,
    /// What a person should know to fill it in.
    pub help_text: String,
    /// Whether a launch can leave it out; see [`is_optional`](Self::is_optional).
    pub is_optional: Option<bool>,
    /// What a value must match, all of them.
    pub regexes: Vec<Pattern>,
    /// What kind of value it is; see [`parameter_type`](Self::parameter_type).
    pub param_type: Option<ParameterType>,
    /// Keys for clients, ours among them.
    pub custom_metadata: Option<BTreeMap<String, String>>,
    /// A form's section; counts only without a parent.
    pub group_name: Option<String>,
    /// The parameter that decides whether this one is asked for.
    pub parent_name: Option<String>,
    /// The parent's values that do so; none means every value but the empty one.
    pub parent_trigger_values: Vec<String>,
    /// The values of an ENUM.
    pub enum_options: Vec<EnumOption>,
    /// What a form is pre-filled with. A launch does not add it: the program has its own defaults.
    pub default_value: Option<String>,
    /// Whether forms leave it out.
    pub hidden_ui: Option<bool>,
    /// Keys that are not Google's.
    pub other: Map<String, Value>,
    custom: CustomKeys,
    spelling: Spelling,
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
        self.custom.pass.clone()
    }

    /// Whether it is only given as a reference to a secret and appears nowhere (`tmpl.secret` = `true`).
    pub fn secret(&self) -> bool {
        self.custom.secret
    }

    /// A value for people to see how one looks (`tmpl.example`).
    pub fn example(&self) -> Option<&str> {
        self.custom_key("tmpl.example")
    }

    /// What to say of a value that is refused, in the author's own words (`tmpl.message`).
    pub fn message(&self) -> Option<&str> {
        self.custom_key("tmpl.message")
    }

    /// What a number counts (`tmpl.unit`).
    pub fn unit(&self) -> Option<&str> {
        self.custom_key("tmpl.unit")
    }

    /// What a value must be, finer than its type says it (`tmpl.type`).
    pub fn format(&self) -> Option<ValueFormat> {
        self.custom.format
    }

    /// The least value (`tmpl.min`), as it is written.
    pub fn min(&self) -> Option<&str> {
        self.custom.bounds.min.as_ref().map(|(text, _)| text.as_str())
    }

    /// The greatest value (`tmpl.max`), as it is written.
    pub fn max(&self) -> Option<&str> {
        self.custom.bounds.max.as_ref().map(|(text, _)| text.as_str())
    }

    /// A key of `customMetadata`.
    pub fn custom_key(&self, key: &str) -> Option<&str> {
        self.custom_metadata.as_ref()?.get(key).map(String::as_str)
    }

    pub(crate) fn bounds(&self) -> &Bounds {
        &self.custom.bounds
    }

    pub(crate) fn read(value: Value, reader: &mut Reader) -> Self {
        const REQUIRED: &str = "gcloud wants a `name`, a `label` and a `helpText` of every parameter";
        let is_object = value.is_object();
        let mut keys = Object::open(value, &PARAMETER, reader);
        if !is_object {
            return Self::default();
        }
        let name = keys.required_text("name", REQUIRED);
        if name.is_empty() && keys.dialect() == Dialect::Service {
            keys.report(
                Problem::new("the key `name` is missing")
                    .hinted("nothing can be given to a parameter without a name"),
            );
        }
        let param_type = keys.type_name().map(|name| ParameterType::from_name(&name));
        let is_number = param_type == Some(ParameterType::Number);
        let custom_metadata = keys.text_map("customMetadata");
        let custom = match &custom_metadata {
            Some(metadata) => {
                keys.inside("customMetadata", |reader| CustomKeys::read(metadata, &name, is_number, reader))
            }
            None => CustomKeys::default(),
        };
        let regexes = keys.texts("regexes", |text, reader| match reader.pattern(&text, custom.whole_match) {
            Ok(pattern) => Some(pattern),
            Err(error) => {
                reader.report(regex_problem(&error, &name));
                None
            }
        });
        let enum_options = keys.list("enumOptions", EnumOption::read);
        if custom.format == Some(ValueFormat::MultipleChoice) && enum_options.is_empty() {
            let problem =
                Problem::new("there is nothing to choose from").hinted("list the values in `enumOptions`");
            keys.inside("customMetadata", |reader| reader.report_at("tmpl.type", problem));
        }
        let with_comma = enum_options.iter().position(|option| option.value().contains(','));
        if let (Some(ValueFormat::MultipleChoice), Some(index)) = (custom.format, with_comma) {
            let problem = Problem::new("a value with a comma can't be chosen among several")
                .hinted("give it a value without one");
            keys.inside("enumOptions", |reader| {
                reader.inside(Step::Index(index), |reader| reader.report_at("value", problem));
            });
        }
        let parameter = Self {
            label: keys.required_text("label", REQUIRED),
            help_text: keys.required_text("helpText", REQUIRED),
            is_optional: keys.flag("isOptional"),
            regexes,
            param_type,
            custom_metadata,
            group_name: keys.text("groupName"),
            parent_name: keys.text("parentName"),
            parent_trigger_values: keys.texts("parentTriggerValues", |text, _| Some(text)),
            enum_options,
            default_value: keys.text("defaultValue"),
            hidden_ui: keys.flag("hiddenUi"),
            custom,
            name,
            ..Self::default()
        };
        let (other, spelling) = keys.close();
        Self { other, spelling, ..parameter }
    }
}

impl Serialize for Parameter {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::new(&self.spelling)
            .text("name", &self.name)
            .text("label", &self.label)
            .text("helpText", &self.help_text)
            .add("isOptional", self.is_optional.as_ref())
            .list("regexes", &self.regexes)
            .add("paramType", self.param_type.as_ref())
            .add("customMetadata", self.custom_metadata.as_ref())
            .add("groupName", self.group_name.as_ref())
            .add("parentName", self.parent_name.as_ref())
            .list("parentTriggerValues", &self.parent_trigger_values)
            .list("enumOptions", &self.enum_options)
            .add("defaultValue", self.default_value.as_ref())
            .add("hiddenUi", self.hidden_ui.as_ref())
            .write(&self.other, serializer)
    }
}

fn regex_problem(error: &PatternError, parameter: &str) -> Problem {
    let problem = Problem::new(format!("parameter `{parameter}`: {error}"));
    match error.hint() {
        Some(hint) => problem.hinted(hint),
        None => problem,
    }
}
