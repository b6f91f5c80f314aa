//! Rules for what a parameter's own rules say of its default and its example, and for its type.

use crate::lint::context::{Context, Declared};
use crate::lint::findings::{Draft, Findings};
use crate::lint::place::Place;
use crate::lint::{Code, Fix, SHOWN};
use crate::shorten::shorten;
use crate::value_rules::broken_rules;
use crate::{Parameter, ParameterType, Rule, RunnerKind, nearest};

pub(super) fn check(context: &Context<'_>, findings: &mut Findings) {
    for declared in &context.parameters {
        let parameter = declared.parameter;
        check_type(declared, findings);
        // A secret is given as a reference, which says nothing about its value.
        if parameter.secret() {
            continue;
        }
        // An empty default is none.
        if let Some(default) = parameter.default_value.as_deref().filter(|default| !default.is_empty()) {
            let place = || declared.key("defaultValue");
            check_value(Code::DefaultFails, "default", default, parameter, place, findings);
        }
        if let Some(example) = parameter.example() {
            let place = || declared.custom("tmpl.example");
            check_value(Code::ExampleFails, "example", example, parameter, place, findings);
        }
    }
}

fn check_value<'a>(
    code: Code,
    what: &str,
    value: &str,
    parameter: &Parameter,
    place: impl Fn() -> Place<'a>,
    findings: &mut Findings,
) {
    let Some(refusal) = refusal(parameter, value) else { return };
    let message = format!("the {what} {:?} {refusal}", shorten(value, SHOWN));
    let hint = format!("a launch that gives the {what} would be refused: change it, or the rule");
    findings.add(Draft::at(code, &place(), message).hint(hint));
}

/// Why a parameter's rules refuse a value, if they do, as in "`x` is not a number".
pub(super) fn refusal(parameter: &Parameter, value: &str) -> Option<String> {
    let broken = broken_rules(parameter, value, RunnerKind::Dataflow);
    broken.into_iter().find_map(|rule| {
        Some(match rule {
            Rule::Regex { regex, whole: false } => {
                format!("does not match the regex `{}`", shorten(&regex, SHOWN))
            }
            Rule::Regex { regex, whole: true } => {
                format!("does not match the whole regex `{}`", shorten(&regex, SHOWN))
            }
            Rule::Enumeration { .. } => "is not among the `enumOptions`".to_owned(),
            Rule::Boolean => "is neither `true` nor `false`".to_owned(),
            Rule::Number => "is not a number".to_owned(),
            Rule::Type { expected, .. } => format!("is not {expected}"),
            Rule::StoragePath => "is not a path of a file, folder or bucket".to_owned(),
            Rule::Format { format } => format!("is not {format}"),
            Rule::Range { .. } => "is out of range".to_owned(),
            Rule::NoNul => "has a NUL character".to_owned(),
            Rule::Length { limit, .. } => format!("takes more than {limit} bytes"),
            // What is wrong with the parameter, not with the value.
            Rule::Required
            | Rule::Recognized { .. }
            | Rule::NameShape
            | Rule::Once { .. }
            | Rule::NotAsOption
            | Rule::Together { .. }
            | Rule::SecretReference
            | Rule::SetByCard => return None,
        })
    })
}

fn check_type(declared: &Declared<'_>, findings: &mut Findings) {
    let name = match (&declared.parameter.param_type, declared.parameter.other.get("paramType")) {
        (Some(ParameterType::Other(name)), _) => name.clone(),
        (None, Some(other)) if !other.is_null() => other.to_string(),
        _ => return,
    };
    let Some(place) = declared.place.get("paramType") else { return };
    let known = || crate::keys::PARAMETER_TYPES.into_iter();
    let letters = |name: &str| name.replace(['_', '-', ' '], "").to_ascii_uppercase();
    let same = known().find(|known| letters(known) == letters(&name));
    let fix = same
        .filter(|_| place.is_text())
        .map(|same| Fix::replace(format!("write `{same}`"), place.span(), format!("\"{same}\"")));
    let hint = match same.or_else(|| other_word(&letters(&name))).or_else(|| nearest(&name, known())) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => "write `TEXT`, or leave it out".to_owned(),
    };
    let message = format!(
        "Google has no type `{}`: it is passed on, and forms show a field for any text",
        shorten(&name, SHOWN)
    );
    findings.add(Draft::at(Code::UnknownType, &place, message).hint(hint).fix(fix));
}

/// The type that other formats call so.
fn other_word(letters: &str) -> Option<&'static str> {
    Some(match letters {
        "STRING" | "STR" | "PASSWORD" | "DATE" | "DATETIME" | "DURATION" => "TEXT",
        "INTEGER" | "INT" | "LONG" | "FLOAT" | "DOUBLE" => "NUMBER",
        "BOOL" | "SWITCH" => "BOOLEAN",
        "CHOICE" | "SELECT" => "ENUM",
        "FILE" | "GCSFILE" => "GCS_READ_FILE",
        "FOLDER" | "GCSFOLDER" => "GCS_READ_FOLDER",
        "BUCKET" | "GCSBUCKET" => "GCS_READ_BUCKET",
        "TABLE" | "BQTABLE" => "BIGQUERY_TABLE",
        "TOPIC" => "PUBSUB_TOPIC",
        "SUBSCRIPTION" => "PUBSUB_SUBSCRIPTION",
        "REGION" => "WORKER_REGION",
        "ZONE" => "WORKER_ZONE",
        _ => return None,
    })
}
