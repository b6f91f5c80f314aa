//! The one validator: what was asked for against what the template declares.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::environment_options::EnvironmentOptions;
use crate::nearest::nearest;
use crate::option_name::is_option_name;
use crate::pipeline_options::{PipelineOption, Takes, reserved};
use crate::sdk::Sdk;
use crate::storage_path::{as_sdk_spells_it, without_account};
use crate::triggers::Triggers;
use crate::value_rules::{broken_length, broken_rules};
use crate::{
    Environment, OtherPlace, Parameter, ParameterValue, ParameterValues, Pass, RawParameters, Rule,
    RunnerKind, TemplateSpec, ValueFormat, Violation, Violations,
};

/// What a launch asks of a template.
#[derive(Debug, Clone, Default)]
pub struct CheckRequest {
    /// The parameters, as they were given.
    pub parameters: RawParameters,
    /// The environment, as it was given; the template's defaults are not in it.
    pub environment: Environment,
    /// The engine that is to run the pipeline.
    pub runner: RunnerKind,
}

impl From<RawParameters> for CheckRequest {
    fn from(parameters: RawParameters) -> Self {
        Self { parameters, ..Self::default() }
    }
}

/// How many unknown names are compared with the declared ones: who has more has another template in mind.
const MOST_GUESSES: usize = 100;
/// How many declared names go with an unknown one: more than is shown.
const MOST_NAMES: usize = 21;

/// Checks a launch and finds everything that is wrong with it at once, in Google's order: what is missing, what is unknown,
/// then wrong values.
///
/// A template that declares no parameters takes any, each as an argument. Defaults are not added: the program has
/// its own. Options that every pipeline of the SDK has need no declaration.
///
/// ```
/// use tmpl_template::{RawParameters, TemplateSpec, check};
///
/// let spec = TemplateSpec::parse(r#"{"metadata": {"name": "Word count", "parameters": [
///     {"name": "input", "label": "Input", "helpText": "Files to read.", "regexes": ["^/.+"]},
///     {"name": "case", "label": "Case", "helpText": "Of the words.", "isOptional": true,
///      "paramType": "ENUM", "enumOptions": [{"value": "keep"}, {"value": "lower"}]}
/// ]}}"#)?;
///
/// let mut raw = RawParameters::new();
/// raw.insert("csae", "LOWER")?;
/// let violations = check(&spec, &raw.into()).unwrap_err();
/// assert_eq!(violations.to_string(), "the parameters break 2 rules of the template
///   parameter `input` (Input) is required and missing; give `--param input=VALUE`
///   parameter `csae` is not one of this template; did you mean `case`?");
///
/// let mut raw = RawParameters::new();
/// raw.insert("input", "/data/a.txt")?;
/// let values = check(&spec, &raw.into())?;
/// assert_eq!(values.get("input").map(|input| input.value.as_str()), Some("/data/a.txt"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn check(spec: &TemplateSpec, request: &CheckRequest) -> Result<ParameterValues, Violations> {
    check_with_account(spec, request, None)
}

/// The same for whoever knows an account of Azure's (`AZURE_STORAGE_ACCOUNT_NAME`): it is that of paths `az://CONTAINER/…` which
/// name none themselves, as `az://CONTAINER/…?account=NAME` does. Beam's paths begin with it.
pub fn check_with_account(
    spec: &TemplateSpec,
    request: &CheckRequest,
    account: Option<&str>,
) -> Result<ParameterValues, Violations> {
    let declared = spec.metadata.as_ref().map_or(&[][..], |metadata| &metadata.parameters);
    let context = Context { sdk: Sdk::of(spec), request, account };
    let checked =
        if declared.is_empty() { context.check_undeclared() } else { context.check_declared(declared) };
    let options = if request.runner == RunnerKind::Dataflow {
        EnvironmentOptions::default()
    } else if context.sdk.is_beam() {
        EnvironmentOptions::of(request, &spec.default_environment, context.sdk.language(), declared, account)
    } else if request.environment.is_empty() {
        EnvironmentOptions::default()
    } else {
        let warning = "the launch environment means nothing to a program without Beam".to_owned();
        EnvironmentOptions { warnings: vec![warning], ..EnvironmentOptions::default() }
    };
    let mut found = match checked {
        Ok(found) => {
            Violations::unless_empty(options.violations)?;
            found
        }
        Err(violations) => return Err(violations.and(options.violations)),
    };
    found.add(options.values);
    found.warn(options.warnings);
    Violations::unless_empty(broken_together(&found, declared).into_iter().collect())?;
    Ok(found)
}

/// Whether everything that a program is given as arguments and variables is too much for Linux.
fn broken_together(values: &ParameterValues, declared: &[Parameter]) -> Option<Violation> {
    // A quarter of the usual stack of 8 MiB, less what the environment of the launcher may take.
    const LIMIT: usize = (2 << 20) - (512 << 10);
    const AROUND: usize = "--=\0".len() + size_of::<usize>();
    let given =
        || values.iter().filter(|value| matches!(value.pass, Pass::Argument | Pass::Environment { .. }));
    let bytes: usize = given().map(|value| value.name.len() + value.value.len() + AROUND).sum();
    if bytes <= LIMIT {
        return None;
    }
    let longest = given().max_by_key(|value| value.value.len())?;
    let rule = Rule::Together { bytes, limit: LIMIT };
    let declared = declared.iter().find(|parameter| parameter.name == longest.name);
    Some(match declared {
        Some(parameter) => Violation::declared(parameter, rule, None),
        None => Violation::undeclared(&longest.name, rule),
    })
}

struct Context<'a> {
    sdk: Sdk<'a>,
    request: &'a CheckRequest,
    /// Of Azure's.
    account: Option<&'a str>,
}

impl Context<'_> {
    fn check_declared(&self, declared: &[Parameter]) -> Result<ParameterValues, Violations> {
        let raw = &self.request.parameters;
        let triggers = Triggers::new(declared, raw);
        let mut names = HashSet::new();
        let mut warnings = Vec::new();
        let (mut missing, mut wrong, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for parameter in declared {
            if !names.insert(parameter.name.as_str()) {
                warnings.push(format!(
                    "the template declares `{}` twice; the first declaration counts",
                    parameter.name
                ));
                continue;
            }
            let broken_link = triggers.broken_link(parameter);
            let Some(value) = raw.get(&parameter.name) else {
                if !parameter.is_optional() && broken_link.is_none() {
                    missing.push(Violation::declared(parameter, Rule::Required, None));
                }
                continue;
            };
            if let Some((child, parent)) = broken_link {
                warnings.push(unasked(parameter, child, parent));
            }
            if let Some(field) = self.field_given_too(&parameter.name) {
                let rule = Rule::Once { also: OtherPlace::Environment(field.to_owned()) };
                wrong.push(Violation::declared(parameter, rule, None));
            }
            let broken = broken_rules(parameter, value, self.request.runner).into_iter();
            wrong.extend(broken.map(|rule| Violation::declared(parameter, rule, Some(value))));
            let value = self.value_of(parameter, value);
            warnings.extend(self.lacks_account(parameter, &value));
            values.push(value);
        }
        let mut options = Options::default();
        for (name, value) in raw.iter().filter(|(name, _)| !names.contains(name)) {
            match self.sdk.option(name) {
                // A declared name has its own rules, in whichever spelling it is given.
                Some(option) if !option.names().any(|known| names.contains(known)) => {
                    options.add(self, name, option, value);
                }
                _ => {
                    let guess = missing.len() < MOST_GUESSES;
                    missing.push(Violation::undeclared(name, unrecognized(name, declared, raw, guess)));
                }
            }
        }
        missing.extend(wrong);
        missing.extend(options.violations);
        Violations::unless_empty(missing)?;
        values.extend(options.values);
        Ok(ParameterValues::new(values, warnings))
    }

    /// The field of the launch environment that says the same as an option of that name, where it is set too.
    fn field_given_too(&self, name: &str) -> Option<&'static str> {
        // Of whatever SDK: a launch must not depend on which one a version of the template uses.
        let field = PipelineOption::named(name, None)?.environment_field()?;
        self.request.environment.get(field).map(|_| field)
    }

    /// Whether a value is a path that the program gets in its own spelling.
    fn is_rewritten(&self, parameter: &Parameter) -> bool {
        self.request.runner != RunnerKind::Dataflow
            && parameter.parameter_type().is_storage_path()
            && !parameter.secret()
    }

    /// The warning that Beam will not find a path.
    fn lacks_account(&self, parameter: &Parameter, value: &ParameterValue) -> Option<String> {
        let is_path = self.sdk.is_beam() && self.is_rewritten(parameter);
        let path = without_account(&value.value).filter(|_| is_path)?;
        Some(format!(
            "parameter `{}` ({}): Beam can't read {path} without Azure's account; write {path}?account=NAME",
            parameter.name, parameter.label
        ))
    }

    /// The value in the spelling that the program understands.
    fn value_of(&self, parameter: &Parameter, value: &str) -> ParameterValue {
        let is_rewritten = self.is_rewritten(parameter);
        ParameterValue {
            name: parameter.name.clone(),
            value: if is_rewritten {
                as_sdk_spells_it(value, self.account).into_owned()
            } else {
                value.to_owned()
            },
            pass: parameter.pass(),
            secret: parameter.secret(),
        }
    }

    fn check_undeclared(&self) -> Result<ParameterValues, Violations> {
        let (mut misnamed, mut wrong, mut values) = (Vec::new(), Vec::new(), Vec::new());
        let mut options = Options::default();
        for (name, value) in self.request.parameters.iter() {
            if let Some(option) = self.sdk.option(name) {
                options.add(self, name, option, value);
                continue;
            }
            if !is_option_name(name) {
                misnamed.push(Violation::undeclared(name, Rule::NameShape));
            } else if self.sdk.is_beam() && reserved(name).is_some() {
                misnamed.push(Violation::undeclared(
                    name,
                    Rule::Recognized { nearest: None, declared: Vec::new() },
                ));
            }
            let nul = value.contains('\0').then_some(Rule::NoNul);
            let broken = nul.into_iter().chain(broken_length(name, value, &Pass::Argument));
            wrong.extend(broken.map(|rule| Violation::undeclared(name, rule).with_value(Some(value))));
            values.push(ParameterValue {
                name: name.to_owned(),
                value: value.to_owned(),
                pass: Pass::Argument,
                secret: false,
            });
        }
        misnamed.extend(wrong);
        misnamed.extend(options.violations);
        Violations::unless_empty(misnamed)?;
        values.extend(options.values);
        Ok(ParameterValues::new(values, Vec::new()))
    }
}

/// The undeclared options of a launch.
#[derive(Default)]
struct Options {
    values: Vec<ParameterValue>,
    violations: Vec<Violation>,
    /// The names they were given under, by the names they are passed under.
    names: HashMap<String, String>,
}

impl Options {
    fn add(&mut self, context: &Context<'_>, name: &str, option: &'static PipelineOption, value: &str) {
        let is_location = matches!(option.environment_field(), Some("tempLocation" | "stagingLocation"));
        let written = if is_location && context.request.runner != RunnerKind::Dataflow {
            as_sdk_spells_it(value, context.account)
        } else {
            Cow::Borrowed(value)
        };
        let passed = option.value(context.sdk.language(), &written);
        let mut rules: Vec<Rule> = value.contains('\0').then_some(Rule::NoNul).into_iter().collect();
        rules.extend(broken_length(&passed.name, value, &passed.pass));
        match option.takes {
            Takes::Nothing if !matches!(value, "true" | "false") => rules.push(Rule::Boolean),
            Takes::Integer if !ValueFormat::Integer.accepts(value) => {
                rules.push(Rule::Format { format: ValueFormat::Integer });
            }
            _ => {}
        }
        if let Some(field) = context.field_given_too(name) {
            rules.push(Rule::Once { also: OtherPlace::Environment(field.to_owned()) });
        }
        if let Some(other) = self.names.insert(passed.name.clone(), name.to_owned()) {
            rules.push(Rule::Once { also: OtherPlace::Parameter(other) });
        }
        let rules = rules.into_iter();
        self.violations.extend(rules.map(|rule| Violation::undeclared(name, rule).with_value(Some(value))));
        self.values.push(passed);
    }
}

/// The rule that an unknown name breaks. A parameter that was given besides is not what was meant.
pub(crate) fn unrecognized(name: &str, declared: &[Parameter], raw: &RawParameters, guess: bool) -> Rule {
    if reserved(name).is_some() {
        return Rule::Recognized { nearest: None, declared: Vec::new() };
    }
    let free =
        declared.iter().map(|parameter| parameter.name.as_str()).filter(|known| raw.get(known).is_none());
    let nearest = if guess { nearest(name, free).map(str::to_owned) } else { None };
    if nearest.is_none() && !is_option_name(name) {
        return Rule::NameShape;
    }
    Rule::Recognized {
        nearest,
        declared: declared.iter().take(MOST_NAMES).map(|parameter| parameter.name.clone()).collect(),
    }
}

/// The warning that a parameter is given and nothing asks for it, because `parent` does not ask for `child`.
fn unasked(parameter: &Parameter, child: &Parameter, parent: &Parameter) -> String {
    let triggers = &child.parent_trigger_values;
    let condition = if triggers.is_empty() {
        "has a value".to_owned()
    } else {
        format!("is {}", triggers.iter().map(|value| format!("{value:?}")).collect::<Vec<_>>().join(" or "))
    };
    format!(
        "parameter `{}` ({}) is only used when `{}` {condition}",
        parameter.name, parameter.label, parent.name
    )
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::Metadata;

    /// Metadata of parameters that have these keys besides a label and a help text.
    fn metadata(parameters: Value) -> Metadata {
        let Value::Array(mut parameters) = parameters else { panic!("a list") };
        for parameter in &mut parameters {
            let label = parameter["name"].as_str().unwrap().to_uppercase();
            parameter["label"] = label.into();
            parameter["helpText"] = "h".into();
        }
        Metadata::parse(&json!({"name": "T", "parameters": parameters}).to_string()).unwrap()
    }

    fn raw(entries: &[(&str, &str)]) -> RawParameters {
        let mut raw = RawParameters::new();
        for (name, value) in entries {
            raw.insert(*name, *value).unwrap();
        }
        raw
    }

    fn checked(metadata: &Metadata, raw: &RawParameters) -> Result<ParameterValues, Violations> {
        check(&metadata.clone().into(), &raw.clone().into())
    }

    /// Name and wire text of each violation.
    fn wire(metadata: &Metadata, entries: &[(&str, &str)]) -> Vec<String> {
        match checked(metadata, &raw(entries)) {
            Ok(_) => Vec::new(),
            Err(violations) => {
                violations.iter().map(|found| format!("{}: {}", found.parameter, found.wire())).collect()
            }
        }
    }

    /// The lines of the error for one optional parameter `p` with these keys and a value.
    fn lines(mut keys: Value, value: &str) -> Vec<String> {
        keys["name"] = "p".into();
        match checked(&metadata(json!([keys])), &raw(&[("p", value)])) {
            Ok(_) => Vec::new(),
            Err(violations) => {
                violations.to_string().lines().skip(1).map(|line| line.trim().to_owned()).collect()
            }
        }
    }

    #[test]
    fn everything_is_reported_at_once_in_googles_order() {
        let metadata = metadata(json!([
            {"name": "number", "paramType": "NUMBER"},
            {"name": "first"},
            {"name": "match", "regexes": ["^a", "b$"]},
            {"name": "second"},
            {"name": "optional", "isOptional": true},
        ]));
        let found = wire(&metadata, &[("zzz", "1"), ("match", "x"), ("frist", "1"), ("number", "x")]);
        assert_eq!(
            found,
            [
                "first: Missing required parameter",
                "second: Missing required parameter",
                "zzz: Unrecognized parameter",
                "frist: Unrecognized parameter",
                r"number: Parameter didn't match regex '^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?$'",
                "match: Parameter didn't match regex '^a'",
                "match: Parameter didn't match regex 'b$'",
            ]
        );
    }

    #[test]
    fn each_rule_has_its_sentence_and_remedy() {
        let long = "ä".repeat(201);
        for (keys, value, expected) in [
            (json!({}), "any, = \"'\n--thing", ""),
            (json!({}), "", ""),
            (
                json!({"regexes": ["."]}),
                "",
                "parameter `p` (P): the value \"\" does not match the regex `.`; give a value that matches",
            ),
            (json!({"regexes": ["^$"]}), "", ""),
            (json!({"regexes": ["b"]}), "abc", ""),
            (
                json!({"regexes": ["b"], "customMetadata": {"tmpl.match": "full", "tmpl.example": "b"}}),
                "abc",
                "parameter `p` (P): the value \"abc\" does not match the whole regex `b`; write it like `b`",
            ),
            (
                json!({"regexes": ["^gs://"]}),
                long.as_str(),
                &format!(
                    "parameter `p` (P): the value \"{}… (201 characters)\" does not match the regex `^gs://`; give a value that matches",
                    "ä".repeat(200)
                ),
            ),
            (json!({"paramType": "BOOLEAN"}), "true", ""),
            (
                json!({"paramType": "BOOLEAN", "regexes": ["^(true|false)$"]}),
                "True",
                "parameter `p` (P): the value \"True\" is neither `true` nor `false`; give `true` or `false`",
            ),
            (
                json!({"customMetadata": {"tmpl.pass": "switch"}}),
                "",
                "parameter `p` (P): the value \"\" is neither `true` nor `false`; give `true` or `false`",
            ),
            (json!({"paramType": "NUMBER"}), "-1.5e3", ""),
            (
                json!({"paramType": "NUMBER", "customMetadata": {"tmpl.example": "3"}}),
                "three",
                "parameter `p` (P): the value \"three\" is not a number; give a number like `3`",
            ),
            (json!({"paramType": "ENUM", "enumOptions": [{"value": "a"}, {"value": "b"}]}), "b", ""),
            (
                json!({"paramType": "ENUM", "enumOptions": [{"value": "a"}, {"value": "b"}], "regexes": ["^(a|b)$"]}),
                "c",
                "parameter `p` (P): the value \"c\" is not one of those that can be chosen; give one of `a`, `b`",
            ),
            (json!({"paramType": "ENUM"}), "anything", ""),
            (json!({"paramType": "UNHEARD_OF"}), "anything", ""),
            (
                json!({}),
                "a\0b",
                "parameter `p` (P): the value \"a\\0b\" has a NUL character, which no program can be given; leave out the NUL character",
            ),
        ] {
            assert_eq!(lines(keys.clone(), value).join("\n"), expected, "{keys} {value}");
        }
    }

    #[test]
    fn unknown_names_are_compared_with_those_not_given() {
        let metadata = metadata(json!([{"name": "input"}, {"name": "case", "isOptional": true}]));
        for (name, expected) in [
            ("inputs", "parameter `inputs` is not one of this template; the template takes `input`, `case`"),
            ("Case", "parameter `Case` is not one of this template; did you mean `case`?"),
            ("--case", "parameter `--case` is not one of this template; did you mean `case`?"),
            (
                "--region",
                "parameter `--region` has a name that no option can have; leave out the dashes: `--param region=VALUE`",
            ),
            (
                "\n",
                "parameter `\\n` has a name that no option can have; a name is letters, digits, `_`, `.` and `-`, the first one a letter or `_`",
            ),
        ] {
            let violations = checked(&metadata, &raw(&[("input", "i"), (name, "v")])).unwrap_err();
            let text = violations.to_string();
            assert_eq!(text, format!("the parameters break a rule of the template\n  {expected}"));
        }
    }

    #[test]
    fn a_secret_is_given_by_reference_and_never_repeated() {
        let keys = json!({"regexes": ["^x$"], "paramType": "NUMBER",
            "customMetadata": {"tmpl.secret": "true", "tmpl.pass": "env", "tmpl.example": "hunter1"}});
        for reference in ["env:TOKEN", "file:/run/token"] {
            assert_eq!(lines(keys.clone(), reference), [""; 0]);
        }
        for secret in ["hunter2", "hunter\0two"] {
            let mut declared = keys.clone();
            declared["name"] = "p".into();
            let violations = checked(&metadata(json!([declared])), &raw(&[("p", secret)])).unwrap_err();
            let everything =
                format!("{violations} {violations:?} {}", serde_json::to_string(&violations).unwrap());
            assert!(!everything.contains("hunter"), "{everything}");
        }
        assert_eq!(
            lines(keys, "hunter2"),
            ["parameter `p` (P): the value is a secret in clear, and only a reference is accepted; \
              give `--param p=env:NAME` or `--param p=file:PATH`"]
        );
    }

    #[test]
    fn a_child_is_asked_for_when_its_parent_triggers_it() {
        let trigger_values = |values: Value, keys: Value| {
            let mut child = json!({"name": "child", "parentName": "parent", "parentTriggerValues": values});
            if let Value::Object(more) = keys {
                child.as_object_mut().unwrap().extend(more);
            }
            child
        };
        let parent = json!({"name": "parent", "isOptional": true});
        let defaulted = json!({"name": "parent", "isOptional": true, "defaultValue": "x"});
        let switch = json!({"name": "parent", "isOptional": true, "paramType": "BOOLEAN"});
        for (parent, child, given, required) in [
            (&parent, trigger_values(json!(["x"]), json!({})), Some("x"), true),
            (&parent, trigger_values(json!(["x", "y"]), json!({})), Some("y"), true),
            (&parent, trigger_values(json!(["x"]), json!({})), Some("z"), false),
            (&parent, trigger_values(json!(["x"]), json!({})), None, false),
            (&parent, trigger_values(json!([]), json!({})), Some("z"), true),
            (&parent, trigger_values(json!([]), json!({})), Some(""), false),
            (&parent, trigger_values(json!([]), json!({})), None, false),
            (&defaulted, trigger_values(json!(["x"]), json!({})), None, true),
            (&defaulted, trigger_values(json!(["x"]), json!({})), Some("z"), false),
            (&switch, trigger_values(json!(["false"]), json!({})), None, true),
            (&switch, trigger_values(json!(["true"]), json!({})), None, false),
            (&parent, trigger_values(json!(["x"]), json!({"isOptional": true})), Some("x"), false),
            (&parent, trigger_values(json!(["x"]), json!({"parentName": "nobody"})), None, true),
            (&parent, trigger_values(json!([""]), json!({"parentName": null})), None, true),
        ] {
            let metadata = metadata(json!([parent, child]));
            let given: Vec<_> = given.map(|value| ("parent", value)).into_iter().collect();
            let missing = wire(&metadata, &given) == ["child: Missing required parameter"];
            assert_eq!(missing, required, "{child} when {given:?}");
        }
    }

    #[test]
    fn a_child_nobody_asks_for_is_accepted_with_a_warning() {
        let metadata = metadata(json!([
            {"name": "format", "isOptional": true},
            {"name": "schema", "parentName": "format", "parentTriggerValues": ["AVRO", "JSON"]},
            {"name": "field", "parentName": "schema"},
        ]));
        let values = checked(&metadata, &raw(&[("field", "f"), ("format", "TEXT")])).unwrap();
        let warnings = ["parameter `field` (FIELD) is only used when `schema` has a value"];
        assert_eq!(values.warnings(), warnings);
        let values = checked(&metadata, &raw(&[("field", "f"), ("schema", "s")])).unwrap();
        let condition = "is only used when `format` is \"AVRO\" or \"JSON\"";
        let warnings = [
            format!("parameter `schema` (SCHEMA) {condition}"),
            format!("parameter `field` (FIELD) {condition}"),
        ];
        assert_eq!(values.warnings(), warnings);
        let values =
            checked(&metadata, &raw(&[("field", "f"), ("schema", "s"), ("format", "AVRO")])).unwrap();
        assert_eq!(values.warnings(), [""; 0]);
    }

    #[test]
    fn parents_in_a_circle_and_names_declared_twice_do_no_harm() {
        let circle = metadata(json!([{"name": "a", "parentName": "b"}, {"name": "b", "parentName": "a"}]));
        assert!(checked(&circle, &raw(&[("a", "1"), ("b", "1")])).is_ok());
        assert!(checked(&circle, &raw(&[])).is_ok());
        let twice = metadata(json!([{"name": "a"}, {"name": "a", "regexes": ["x"]}]));
        let values = checked(&twice, &raw(&[("a", "1")])).unwrap();
        assert_eq!(values.as_slice().len(), 1);
        assert_eq!(values.warnings(), ["the template declares `a` twice; the first declaration counts"]);
        assert_eq!(wire(&twice, &[]), ["a: Missing required parameter"]);
    }

    #[test]
    fn values_come_in_the_order_of_the_metadata_with_their_way() {
        let pass = |pass: &str| json!({"tmpl.pass": pass});
        let metadata = metadata(json!([
            {"name": "a"},
            {"name": "b", "customMetadata": pass("switch")},
            {"name": "c-d", "customMetadata": {"tmpl.pass": "env", "tmpl.secret": "true"}},
            {"name": "e", "customMetadata": pass("file")},
            {"name": "left-out", "isOptional": true, "defaultValue": "not injected"},
        ]));
        let big = "x".repeat(1 << 20);
        let entries = [("e", big.as_str()), ("c-d", "env:T"), ("b", "true"), ("a", "=,")];
        let values = checked(&metadata, &raw(&entries)).unwrap();
        let found: Vec<_> = values
            .iter()
            .map(|value| (value.name.as_str(), value.value.as_str(), value.pass.clone(), value.secret))
            .collect();
        assert_eq!(
            found,
            [
                ("a", "=,", Pass::Argument, false),
                ("b", "true", Pass::Switch, false),
                ("c-d", "env:T", Pass::Environment { name: "C_D".to_owned() }, true),
                ("e", big.as_str(), Pass::File, false),
            ]
        );
    }

    #[test]
    fn without_declarations_anything_that_can_be_an_argument_is_accepted() {
        let empty = Metadata::parse("{\"name\": \"T\", \"parameters\": []}").unwrap();
        for metadata in [None, Some(empty)] {
            let spec: TemplateSpec = metadata.map(Into::into).unwrap_or_default();
            let check = |raw: RawParameters| check(&spec, &raw.into());
            let values = check(raw(&[("z.y-x_1", ""), ("_a", "--b")])).unwrap();
            let names: Vec<_> =
                values.iter().map(|value| (value.name.as_str(), value.pass.clone())).collect();
            assert_eq!(names, [("z.y-x_1", Pass::Argument), ("_a", Pass::Argument)]);
            let entries = [("n", "\0"), ("a b", "1"), ("", "1"), ("1", "1"), ("l", &"x".repeat(131_072 - 4))];
            let violations = check(raw(&entries)).unwrap_err();
            let rules: Vec<_> =
                violations.iter().map(|found| (found.parameter.as_str(), &found.rule)).collect();
            let length = Rule::Length { bytes: 131_073, limit: 131_072 };
            assert_eq!(
                rules,
                [
                    ("a b", &Rule::NameShape),
                    ("", &Rule::NameShape),
                    ("1", &Rule::NameShape),
                    ("n", &Rule::NoNul),
                    ("l", &length)
                ]
            );
            assert!(violations.as_slice()[4].remedy().contains("\"tmpl.pass\": \"file\""));
        }
    }
}
