//! A template's metadata: the `metadata.json` that an author writes and a spec carries.

use std::collections::HashMap;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::format_error::Problem;
use crate::key_path::Step;
use crate::keys::METADATA;
use crate::object::{Fields, Object, Spelling};
use crate::reader::{Dialect, Reader};
use crate::{FormatError, Parameter, Pass, template_keys};

/// What a template is called, does and asks for: Google's `TemplateMetadata`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Metadata {
    /// A name for people; the template's own name is that of its file.
    pub name: String,
    /// What the template does.
    pub description: Option<String>,
    /// What it asks for, in the order of display.
    pub parameters: Vec<Parameter>,
    /// Whether its jobs run until somebody ends them; see [`is_streaming`](Self::is_streaming).
    pub streaming: Option<bool>,
    /// Whether it can process a record more than once.
    pub supports_at_least_once: Option<bool>,
    /// Whether it can process every record exactly once.
    pub supports_exactly_once: Option<bool>,
    /// `UNSPECIFIED`, `EXACTLY_ONCE` or `AT_LEAST_ONCE`.
    pub default_streaming_mode: Option<String>,
    /// The pipeline itself, of templates written in Beam YAML.
    pub yaml_definition: Option<String>,
    /// Keys for clients, ours among them. Google has none here: whatever it is, it is kept.
    pub custom_metadata: Option<Value>,
    /// Keys that are not Google's.
    pub other: Map<String, Value>,
    spelling: Spelling,
}

impl Metadata {
    /// How many parameters a template may have.
    pub const MOST_PARAMETERS: usize = 10_000;

    /// Reads the text of a metadata file, as `gcloud dataflow flex-template build` reads it: what gcloud refuses is refused.
    ///
    /// ```
    /// use tmpl_template::Metadata;
    ///
    /// let text = "{\"name\": \"Word count\", \"parameters\": [\n  {\"name\": \"input\", \"label\": \"Input\"}]}";
    /// let error = Metadata::parse(text).unwrap_err();
    /// assert_eq!(error.to_string(), "line 2, column 3: parameters[0]: the key `helpText` is missing");
    /// ```
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let mut reader = Reader::new(Dialect::Author);
        let metadata = Self::read(FormatError::read_json(text)?, &mut reader);
        FormatError::first(reader.into_problems(), text)?;
        Ok(metadata)
    }

    /// Whether its jobs run until somebody ends them; by default they end by themselves.
    pub fn is_streaming(&self) -> bool {
        self.streaming.unwrap_or(false)
    }

    /// Whom to ask about it (`tmpl.owner`).
    pub fn owner(&self) -> Option<&str> {
        self.custom_key("tmpl.owner")
    }

    /// Whether its jobs change data that others use (`tmpl.mutates` = `true`).
    pub fn mutates(&self) -> bool {
        self.custom_key("tmpl.mutates") == Some("true")
    }

    /// What to do if a job stops half-way, in the author's own words (`tmpl.ifItFails`).
    pub fn if_it_fails(&self) -> Option<&str> {
        self.custom_key("tmpl.ifItFails")
    }

    /// A text in `customMetadata`.
    pub fn custom_key(&self, key: &str) -> Option<&str> {
        self.custom_metadata.as_ref()?.get(key)?.as_str()
    }

    /// The parameter of that name.
    pub fn parameter(&self, name: &str) -> Option<&Parameter> {
        self.parameters.iter().find(|parameter| parameter.name == name)
    }

    pub(crate) fn read(value: Value, reader: &mut Reader) -> Self {
        let is_object = value.is_object();
        let mut keys = Object::open(value, &METADATA, reader);
        if !is_object {
            return Self::default();
        }
        let name = keys.required_text("name", "give the template a `name` that people understand");
        let mut count = 0_usize;
        let parameters = keys.list("parameters", |value, reader| {
            count += 1;
            // One word about it is enough, and the rest is not worth the time.
            if count == Self::MOST_PARAMETERS + 1 {
                reader.report(Problem::new(format!(
                    "a template has at most {} parameters",
                    Self::MOST_PARAMETERS
                )));
            }
            if count > Self::MOST_PARAMETERS { Parameter::default() } else { Parameter::read(value, reader) }
        });
        keys.inside("parameters", |reader| one_value_per_variable(&parameters, reader));
        let metadata = Self {
            name,
            description: keys.text("description"),
            parameters,
            streaming: keys.flag("streaming"),
            supports_at_least_once: keys.flag("supportsAtLeastOnce"),
            supports_exactly_once: keys.flag("supportsExactlyOnce"),
            default_streaming_mode: keys.name("defaultStreamingMode"),
            yaml_definition: keys.text("yamlDefinition"),
            custom_metadata: keys.take("customMetadata", |value, reader| {
                template_keys::check(&value, reader);
                Some(value)
            }),
            ..Self::default()
        };
        let (other, spelling) = keys.close();
        Self { other, spelling, ..metadata }
    }
}

impl Serialize for Metadata {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::new(&self.spelling)
            .text("name", &self.name)
            // gcloud leaves these two out when they are empty.
            .add("description", self.description.as_ref().filter(|text| !text.is_empty()))
            .list("parameters", &self.parameters)
            .add("streaming", self.streaming.as_ref())
            .add("supportsAtLeastOnce", self.supports_at_least_once.as_ref())
            .add("supportsExactlyOnce", self.supports_exactly_once.as_ref())
            .add("defaultStreamingMode", self.default_streaming_mode.as_ref())
            .add("yamlDefinition", self.yaml_definition.as_ref().filter(|text| !text.is_empty()))
            .add("customMetadata", self.custom_metadata.as_ref())
            .write(&self.other, serializer)
    }
}

/// Two parameters in one environment variable would lose one of the values without a word.
fn one_value_per_variable(parameters: &[Parameter], reader: &mut Reader) {
    let mut owners: HashMap<String, &str> = HashMap::new();
    for (index, parameter) in parameters.iter().enumerate() {
        let Pass::Environment { name: variable } = parameter.pass() else { continue };
        match owners.get(&variable) {
            Some(owner) if *owner != parameter.name => {
                let problem = Problem::new(format!(
                    "parameters `{owner}` and `{}` are both passed in the environment variable `{variable}`",
                    parameter.name
                ))
                .hinted("name another variable: `env:NAME`")
                .under_key("tmpl.pass")
                .under_key("customMetadata");
                reader.inside(Step::Index(index), |reader| reader.report(problem));
            }
            _ => drop(owners.insert(variable, &parameter.name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::ParameterType;

    /// Metadata with one parameter that has these keys besides the required ones.
    fn with_keys(keys: &str) -> String {
        format!(
            "{{\n\"name\": \"T\",\n\"parameters\": [{{\n\"name\": \"a-b\",\n\"label\": \"A\",\n\"helpText\": \"h\",\n{keys}\n}}]\n}}"
        )
    }

    #[test]
    fn every_key_is_read_and_written_back() {
        let value = json!({
            "name": "T", "description": "d", "streaming": true, "supportsAtLeastOnce": false,
            "supportsExactlyOnce": true, "defaultStreamingMode": "EXACTLY_ONCE", "yamlDefinition": "pipeline:",
            "_comment": {"kept": [1, 2.5, null]},
            "parameters": [{
                "name": "case", "label": "Case", "helpText": "How.", "isOptional": false, "regexes": ["^k", "p$"],
                "paramType": "ENUM", "customMetadata": {"tmpl.example": "keep", "mine": "x"}, "groupName": "G",
                "parentName": "p", "parentTriggerValues": ["", "x"], "defaultValue": "", "hiddenUi": true,
                "enumOptions": [{"value": "keep", "label": "Keep", "description": "as is", "new": 1}, {"value": ""}],
                "is_optional": true, "nested": {"a": []}
            }]
        });
        let metadata = Metadata::parse(&value.to_string()).unwrap();
        assert_eq!(serde_json::to_value(&metadata).unwrap(), value);
        assert!(metadata.is_streaming());
        let parameter = metadata.parameter("case").unwrap();
        assert!(!parameter.is_optional(), "a misspelt key is kept and means nothing");
        assert_eq!(parameter.parameter_type(), &ParameterType::Enum);
        assert_eq!(parameter.example(), Some("keep"));
        assert_eq!((parameter.pass(), parameter.secret()), (Pass::Argument, false));
    }

    #[test]
    fn what_gcloud_tolerates_is_tolerated() {
        for (keys, key, expected) in [
            ("\"paramType\": 1", "paramType", json!("TEXT")),
            ("\"paramType\": \"text\"", "paramType", json!("text")),
            ("\"regexes\": \"x\"", "regexes", json!(["x"])),
            ("\"regexes\": null", "regexes", Value::Null),
            ("\"regexes\": []", "regexes", Value::Null),
            ("\"isOptional\": true, \"isOptional\": false", "isOptional", json!(false)),
            ("\"isOptional\": null", "isOptional", Value::Null),
        ] {
            let text = with_keys(keys).replace('\n', "\r\n");
            let metadata = Metadata::parse(&text).unwrap();
            assert_eq!(serde_json::to_value(&metadata.parameters[0]).unwrap()[key], expected, "{keys}");
        }
        for text in ["{\"name\": \"T\"}", "{\"name\": \"T\", \"parameters\": null}"] {
            assert_eq!(Metadata::parse(text).unwrap().parameters, []);
        }
    }

    #[test]
    fn our_own_keys_are_read() {
        let parameter = |keys: &str| {
            let text = with_keys(&format!("\"customMetadata\": {{{keys}}}, \"regexes\": [\"b\"]"));
            Metadata::parse(&text).unwrap().parameters.remove(0)
        };
        let variable = |name: &str| Pass::Environment { name: name.to_owned() };
        assert_eq!(parameter("").pass(), Pass::Argument);
        assert_eq!(parameter("\"tmpl.pass\": \"switch\"").pass(), Pass::Switch);
        assert_eq!(parameter("\"tmpl.pass\": \"env\"").pass(), variable("A_B"));
        let secret = parameter("\"tmpl.secret\": \"true\", \"tmpl.pass\": \"env:TOKEN\"");
        assert_eq!((secret.secret(), secret.pass()), (true, variable("TOKEN")));
        assert!(!parameter("\"tmpl.secret\": \"false\"").secret());
        assert!(parameter("\"tmpl.match\": \"search\"").regexes[0].accepts("abc"));
        assert!(!parameter("\"tmpl.match\": \"full\"").regexes[0].accepts("abc"));
    }

    #[test]
    fn errors_say_place_key_and_remedy() {
        for (keys, expected, hint) in [
            ("\"label\": \"\"", "line 7, column 10: parameters[0].label: the text is empty", "gcloud wants"),
            (
                "\"helpText\": null",
                "line 3, column 16: parameters[0]: the key `helpText` is missing",
                "gcloud wants",
            ),
            (
                "\"isOptional\": \"true\"",
                "line 7, column 15: parameters[0].isOptional: expected true or false, found a text",
                "leave the quotes out",
            ),
            (
                "\"defaultValue\": 5",
                "line 7, column 17: parameters[0].defaultValue: expected a text, found a number",
                "put it in quotes: \"5\"",
            ),
            (
                "\"regexes\": [\"ok\",\n \"(\"]",
                "line 8, column 2: parameters[0].regexes[1]: parameter `a-b`: the regex `(` is not valid: unclosed group",
                "",
            ),
            (
                "\"regexes\": [\"(?!a)\"]",
                "line 7, column 13: parameters[0].regexes[0]: parameter `a-b`: the regex `(?!a)` is not valid: \
                 look-around, including look-ahead and look-behind, is not supported",
                "Google's engine has neither",
            ),
            (
                "\"enumOptions\": [\"A\"]",
                "line 7, column 17: parameters[0].enumOptions[0]: expected an object, found a text",
                "write {\"value\": \"A\"}",
            ),
            (
                "\"paramType\": 0",
                "line 7, column 14: parameters[0].paramType: gcloud takes no empty type",
                "leave the key out",
            ),
            (
                "\"customMetadata\": {\"x\": 1}",
                "line 7, column 25: parameters[0].customMetadata.x: expected a text, found a number",
                "put it in quotes: \"1\"",
            ),
            (
                "\"customMetadata\": {\"tmpl.pass\": \"arg\"}",
                "line 7, column 33: parameters[0].customMetadata[\"tmpl.pass\"]: \"arg\" is no way to pass a value",
                "write `argument`, `switch`, `env`, `env:NAME` or `file`",
            ),
            (
                "\"customMetadata\": {\"tmpl.secret\": \"yes\"}",
                "line 7, column 35: parameters[0].customMetadata[\"tmpl.secret\"]: \"yes\" is no value of `tmpl.secret`",
                "write `false` or `true`",
            ),
            (
                "\"customMetadata\": {\"tmpl.secret\": \"true\"}",
                "line 7, column 35: parameters[0].customMetadata[\"tmpl.secret\"]: \
                 the secret parameter `a-b` would be passed as an argument",
                "set `tmpl.pass` to `env` or `file`",
            ),
        ] {
            let error = Metadata::parse(&with_keys(keys)).unwrap_err();
            assert_eq!(error.to_string(), expected);
            let found = error.hint().unwrap_or_default();
            assert!(found.starts_with(hint) && found.is_empty() == hint.is_empty(), "{keys}: {found}");
        }
    }

    #[test]
    fn errors_outside_the_parameters() {
        for (text, expected) in [
            ("[]", "line 1, column 1: expected an object, found a list"),
            ("{}", "line 1, column 1: the key `name` is missing"),
            ("{\"name\": \"\"}", "line 1, column 10: name: the text is empty"),
            (
                "{\"name\": \"T\", \"parameters\": \"a\"}",
                "line 1, column 29: parameters: expected a list, found a text",
            ),
            (
                "{\"name\": \"T\", \"parameters\": [1]}",
                "line 1, column 30: parameters[0]: expected an object, found a number",
            ),
            (
                "{\"name\": \"T\", \"streaming\": 1}",
                "line 1, column 28: streaming: expected true or false, found a number",
            ),
        ] {
            assert_eq!(Metadata::parse(text).unwrap_err().to_string(), expected);
        }
    }

    #[test]
    fn two_parameters_do_not_share_a_variable() {
        let parameter = |name: &str| json!({"name": name, "label": "l", "helpText": "h", "customMetadata": {"tmpl.pass": "env"}});
        let text = json!({"name": "T", "parameters": [parameter("a-b"), parameter("a.b")]}).to_string();
        let error = Metadata::parse(&text).unwrap_err();
        assert_eq!(error.path(), Some("parameters[1].customMetadata[\"tmpl.pass\"]"));
        assert_eq!(
            error.message(),
            "parameters `a-b` and `a.b` are both passed in the environment variable `A_B`"
        );
    }
}
