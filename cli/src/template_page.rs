//! A template as people read it: what it does, what it asks for, how to launch it.

use std::fmt::Write as _;

use tmpl_template::{
    Extension, Language, Metadata, Parameter, ParameterType, Pass, RunnerName, TemplateName, TemplateSpec,
    ValueFormat,
};

use crate::printer::printable;

/// On which runners its jobs run, where it says something of that.
fn runners(extension: &Extension) -> Option<String> {
    let allowed: Vec<&str> = extension.runners.iter().map(RunnerName::as_str).collect();
    let usual = extension.default_runner.as_ref().map_or("direct", RunnerName::as_str);
    match (allowed.as_slice(), &extension.default_runner) {
        ([], None) => None,
        ([], Some(_)) => Some(format!("{usual} where a launch names none")),
        (allowed, None) if !allowed.contains(&usual) => {
            Some(format!("{}: a launch names one of them", allowed.join(", ")))
        }
        (allowed, _) => Some(format!("{}; {usual} where a launch names none", allowed.join(", "))),
    }
}

/// The lines of the page.
pub(crate) fn page(name: &TemplateName, spec: &TemplateSpec, facts: &[(&str, String)]) -> Vec<String> {
    let metadata = spec.metadata.as_ref();
    let title = metadata.map(|metadata| metadata.name.as_str()).filter(|title| !title.is_empty());
    let mut lines = vec![match title {
        Some(title) => format!("{} ({name})", printable(title)),
        None => name.to_string(),
    }];
    if let Some(description) = metadata.and_then(|metadata| metadata.description.as_deref()) {
        lines.extend(wrapped(description, 2));
    }
    lines.push(String::new());
    let mut fact = |key: &str, value: &str| lines.push(format!("  {key:<10} {}", printable(value)));
    for (key, value) in facts {
        fact(key, value);
    }
    if let Some(language) = language(spec) {
        fact("language", &language);
    }
    if metadata.is_some_and(Metadata::is_streaming) {
        fact("kind", "streaming: its jobs run until somebody ends them");
    }
    if let Some(owner) = metadata.and_then(Metadata::owner) {
        fact("owner", owner);
    }
    if metadata.is_some_and(Metadata::mutates) {
        fact("changes", "its jobs change data that others use");
    }
    if let Some(advice) = metadata.and_then(Metadata::if_it_fails) {
        fact("if it fails", advice);
    }
    for (platform, build) in spec.tmpl.iter().flat_map(|extension| &extension.platforms) {
        let interpreter =
            build.interpreter.iter().map(|found| format!("{} {}", found.implementation, found.version));
        let needed: Vec<String> =
            interpreter.chain(build.libc.iter().map(|libc| format!("{libc} or newer"))).collect();
        let with = if needed.is_empty() { "" } else { " with " };
        fact("runs on", &format!("{platform}{with}{}", needed.join(" and ")));
    }
    if let Some(runners) = spec.tmpl.as_ref().and_then(runners) {
        fact("runner", &runners);
    }
    if let Some(image) = &spec.image {
        fact("image", image);
    }
    for (field, value) in spec.default_environment.iter() {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        fact("default", &format!("{field} = {value}"));
    }
    let parameters = metadata.map_or(&[][..], |metadata| &metadata.parameters);
    if parameters.is_empty() {
        lines.push(String::new());
        lines.push("It declares no parameters and takes any.".to_owned());
    }
    let (required, optional): (Vec<_>, Vec<_>) =
        parameters.iter().partition(|parameter| !parameter.is_optional() && parameter.parent_name.is_none());
    section(&mut lines, "It asks for", &required);
    section(&mut lines, "It also takes", &optional);
    lines.push(String::new());
    lines.push(format!("  {}", command(name, &required)));
    lines
}

fn language(spec: &TemplateSpec) -> Option<String> {
    let sdk = spec.sdk_info.as_ref()?;
    let language = match sdk.language.as_ref()? {
        Language::Python => "Python".to_owned(),
        Language::Java => "Java".to_owned(),
        Language::Go => "Go".to_owned(),
        Language::Yaml => "Beam YAML".to_owned(),
        other => other.to_string(),
    };
    let beam = spec.tmpl.as_ref().map(|extension| match &extension.entry {
        entry if !entry.is_beam() => ", without Beam".to_owned(),
        entry => entry.beam_version().map_or(String::new(), |beam| format!(", Apache Beam {beam}")),
    });
    Some(language + &beam.unwrap_or_default())
}

fn section(lines: &mut Vec<String>, title: &str, parameters: &[&Parameter]) {
    if parameters.is_empty() {
        return;
    }
    lines.push(String::new());
    lines.push(title.to_owned());
    let mut group: Option<&str> = None;
    for parameter in parameters {
        let its = parameter.group_name.as_deref().filter(|_| parameter.parent_name.is_none());
        if its != group && its.is_some_and(|group| !group.is_empty()) {
            lines.push(format!("  [{}]", printable(its.unwrap_or_default())));
        }
        group = its;
        lines.push(format!("  {}  {}", printable(&parameter.name), printable(&parameter.label)));
        lines.extend(wrapped(&parameter.help_text, 6));
        lines.extend(wrapped(&what(parameter), 6));
    }
}

/// What a value is, in a sentence or two.
fn what(parameter: &Parameter) -> String {
    let mut text = kind(parameter);
    if let Some(unit) = parameter.unit() {
        let _ = write!(text, " in {unit}");
    }
    match (parameter.min(), parameter.max()) {
        (Some(min), Some(max)) => {
            let _ = write!(text, ", from {min} to {max}");
        }
        (Some(min), None) => {
            let _ = write!(text, ", at least {min}");
        }
        (None, Some(max)) => {
            let _ = write!(text, ", at most {max}");
        }
        (None, None) => {}
    }
    for regex in &parameter.regexes {
        let _ = write!(text, ", matching {regex}");
    }
    if parameter.secret() {
        text += ", given as env:NAME or file:PATH";
    }
    if let Some(parent) = &parameter.parent_name {
        let values = &parameter.parent_trigger_values;
        let _ = match values.as_slice() {
            [] => write!(text, "; asked for with {parent}"),
            values => write!(text, "; asked for where {parent} is {}", values.join(" or ")),
        };
    }
    // What is written there of a secret may be one.
    if parameter.secret() {
        return text;
    }
    if let Some(default) = parameter.default_value.as_ref().filter(|default| !default.is_empty()) {
        let _ = write!(text, "; forms fill in {default}");
    }
    if let Some(example) = parameter.example() {
        let _ = write!(text, "; for example {example}");
    }
    text
}

fn kind(parameter: &Parameter) -> String {
    let options = || {
        let shown = parameter.enum_options.iter().map(|option| match &option.label {
            Some(label) if label != option.value() => format!("{} ({label})", option.value()),
            _ => option.value().to_owned(),
        });
        shown.collect::<Vec<_>>().join(", ")
    };
    if let Some(format) = parameter.format() {
        return match format {
            ValueFormat::MultipleChoice => format!("some of {}", options()),
            format => format.to_string(),
        };
    }
    if parameter.pass() == Pass::Switch {
        return "true or false".to_owned();
    }
    match parameter.parameter_type() {
        ParameterType::GcsReadBucket | ParameterType::GcsWriteBucket => "a bucket".to_owned(),
        ParameterType::GcsReadFile => "a file to read".to_owned(),
        ParameterType::GcsWriteFile => "a file to write".to_owned(),
        ParameterType::GcsReadFolder => "a folder to read".to_owned(),
        ParameterType::GcsWriteFolder => "a folder to write".to_owned(),
        ParameterType::PubsubTopic => "a Pub/Sub topic".to_owned(),
        ParameterType::PubsubSubscription => "a Pub/Sub subscription".to_owned(),
        ParameterType::BigqueryTable => "a BigQuery table".to_owned(),
        ParameterType::JavascriptUdfFile => "a JavaScript file".to_owned(),
        ParameterType::ServiceAccount => "a service account".to_owned(),
        ParameterType::MachineType => "a machine type".to_owned(),
        ParameterType::KmsKeyName => "a KMS key".to_owned(),
        ParameterType::WorkerRegion => "a region".to_owned(),
        ParameterType::WorkerZone => "a zone".to_owned(),
        ParameterType::Boolean => "true or false".to_owned(),
        ParameterType::Enum if !parameter.enum_options.is_empty() => format!("one of {}", options()),
        ParameterType::Number => "a number".to_owned(),
        ParameterType::KafkaTopic | ParameterType::KafkaReadTopic | ParameterType::KafkaWriteTopic => {
            "a Kafka topic".to_owned()
        }
        _ => "a text".to_owned(),
    }
}

/// The launch with its required parameters, to copy.
fn command(name: &TemplateName, required: &[&Parameter]) -> String {
    let mut command = format!("tmpl run {name}");
    for parameter in required {
        let example = if parameter.secret() { Some("env:NAME") } else { parameter.example() };
        let value = example.unwrap_or("…");
        let plain =
            |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ':' | '=' | '@' | '…');
        let quoted = if value.chars().all(plain) {
            value.to_owned()
        } else {
            format!("'{}'", value.replace('\'', r"'\''"))
        };
        let _ = write!(command, " --param {}={}", printable(&parameter.name), printable(&quoted));
    }
    command
}

/// A text in lines of at most 96 characters, indented.
fn wrapped(text: &str, indent: usize) -> Vec<String> {
    const WIDTH: usize = 96;
    let mut lines = Vec::new();
    for paragraph in printable(text).lines() {
        let mut line = String::new();
        for word in paragraph.split_whitespace() {
            if !line.is_empty() && indent + line.chars().count() + 1 + word.chars().count() > WIDTH {
                lines.push(format!("{:indent$}{line}", ""));
                line.clear();
            }
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        }
        if !line.is_empty() {
            lines.push(format!("{:indent$}{line}", ""));
        }
    }
    lines
}
