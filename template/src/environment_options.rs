//! The options that a launch environment means on a runner that is not Google's.

use crate::option_name::is_option_name;
use crate::pipeline_options::{PipelineOption, Takes, reserved};
use crate::storage_path::as_sdk_spells_it;
use crate::value_rules::broken_length;
use crate::{
    CheckRequest, Environment, Language, Parameter, ParameterValue, Pass, Rule, ValueFormat, Violation,
};

/// What became of an environment.
#[derive(Debug, Default)]
pub(crate) struct EnvironmentOptions {
    pub(crate) values: Vec<ParameterValue>,
    pub(crate) violations: Vec<Violation>,
    pub(crate) warnings: Vec<String>,
}

impl EnvironmentOptions {
    /// Of a template's defaults only experiments and further options count: the rest was written for Google's workers.
    pub(crate) fn of(
        request: &CheckRequest,
        defaults: &Environment,
        language: Option<&Language>,
        declared: &[Parameter],
        account: Option<&str>,
    ) -> Self {
        let mut found = Self::default();
        let asked = &request.environment;
        let either = |field: &str| if asked.texts(field).is_empty() { defaults } else { asked };
        let experiments = either("additionalExperiments").texts("additionalExperiments");
        if !experiments.is_empty()
            && let Some(option) = PipelineOption::named("experiments", language)
        {
            found.values.push(option.value(language, &experiments.join(",")));
        }
        let of_the_launch = !asked.texts("additionalPipelineOptions").is_empty();
        for option in either("additionalPipelineOptions").texts("additionalPipelineOptions") {
            let option = option.trim_start_matches('-');
            let (name, value) = option.split_once('=').unwrap_or((option, "true"));
            let known = PipelineOption::named(name, language);
            match (broken(name, value, known, declared), known) {
                // The author's mistake is not the launcher's to mend.
                (Some(_), _) if !of_the_launch => {
                    found.warnings.push(format!(
                        "the template's default option {name:?} can't be passed and is left out"
                    ));
                }
                (Some(rule), _) => found.violations.push(Violation::undeclared(name, rule)),
                (None, Some(known)) => found.values.push(known.value(language, value)),
                (None, None) => {
                    let (name, value) = (name.to_owned(), value.to_owned());
                    found.values.push(ParameterValue { name, value, pass: Pass::Argument, secret: false });
                }
            }
        }
        for (field, value) in asked.iter() {
            match field {
                "additionalExperiments" | "additionalPipelineOptions" => {}
                "tempLocation" | "stagingLocation" => {
                    let option =
                        PipelineOption::all().find(|option| option.environment_field() == Some(field));
                    if let (Some(option), Some(text)) = (option, value.as_str()) {
                        found.values.push(option.value(language, &as_sdk_spells_it(text, account)));
                    }
                }
                _ => found.warnings.push(format!("`{field}` means nothing to the runner {}", request.runner)),
            }
        }
        found
    }
}

/// The rule that an option breaks. What a template declares has rules of its own and is checked as a parameter alone.
fn broken(name: &str, value: &str, known: Option<&PipelineOption>, declared: &[Parameter]) -> Option<Rule> {
    let is_declared = |name: &str| declared.iter().any(|parameter| parameter.name == name);
    if is_declared(name) || known.is_some_and(|known| known.names().any(is_declared)) {
        return Some(Rule::NotAsOption);
    }
    if !is_option_name(name) {
        return Some(Rule::NameShape);
    }
    if reserved(name).is_some() {
        return Some(Rule::Recognized { nearest: None, declared: Vec::new() });
    }
    if value.contains('\0') {
        return Some(Rule::NoNul);
    }
    match known.map(|known| known.takes) {
        Some(Takes::Nothing) if !matches!(value, "true" | "false") => Some(Rule::Boolean),
        Some(Takes::Integer) if !ValueFormat::Integer.accepts(value) => {
            Some(Rule::Format { format: ValueFormat::Integer })
        }
        _ => broken_length(name, value, &Pass::Argument),
    }
}
