//! `direct`: the pipeline's own program, on this machine, reaching for no network of its own accord.

use std::collections::BTreeMap;

use tmpl_template::{Entry, ParameterValue, Pass, PythonMain};

use super::{Launch, Runner};
use crate::invocation::{ArgumentValue, FilePlan, Invocation};

/// Beam's in-process runner by its own name. Plain `DirectRunner` first tries to download Prism and falls back in silence; where
/// packets are dropped instead of refused, that is a hang of minutes.
const BEAM_RUNNER: &str = "FnApiRunner";

/// Runs the program itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Direct;

impl Runner for Direct {
    fn plan(&self, launch: &Launch<'_>) -> Invocation {
        let Entry::Python { main, beam } = launch.entry;
        let mut environment: BTreeMap<String, ArgumentValue> = [
            // Lines come when they are written, not when a buffer is full.
            ("PYTHONUNBUFFERED", "1".to_owned()),
            // The tree is shared by all jobs and read-only; its bytecode is there already.
            ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
            ("PYTHONNOUSERSITE", "1".to_owned()),
            ("VIRTUAL_ENV", launch.environment.display().to_string()),
            ("TMPL_JOB_ID", launch.id.to_string()),
            ("TMPL_JOB_NAME", launch.name.to_string()),
            (
                "TMPL_TEMP_LOCATION",
                launch.values.get("temp_location").map_or(launch.temporary, |value| &value.value).to_owned(),
            ),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), ArgumentValue::Plain(value)))
        .collect();
        let mut arguments = match main {
            PythonMain::Module(module) => {
                // The folder a launch is made from must not lend modules to a program that is run with -m.
                environment.insert("PYTHONSAFEPATH".to_owned(), ArgumentValue::Plain("1".to_owned()));
                vec!["-m".to_owned(), module.clone()]
            }
            PythonMain::File(file) => vec![launch.environment.join("app").join(file).display().to_string()],
        };
        let mut files = Vec::new();
        for value in launch.values {
            pass(value, launch, &mut arguments, &mut environment, &mut files);
        }
        if beam.is_some() {
            // After the parameters: of an option given twice, argparse takes the last.
            arguments.push(format!("--runner={BEAM_RUNNER}"));
            for (name, value) in [("temp_location", launch.temporary), ("job_name", launch.name.as_str())] {
                if launch.values.get(name).is_none() {
                    arguments.push(format!("--{name}={value}"));
                }
            }
        }
        Invocation {
            program: launch.environment.join("bin/python"),
            arguments,
            environment,
            // PYTHONPATH and its like would mix another environment into this one.
            removed: vec!["PYTHON*".to_owned(), "TMPL_*".to_owned(), "__PYVENV_LAUNCHER__".to_owned()],
            search_path: vec![launch.environment.join("bin")],
            directory: launch.directory.to_owned(),
            files,
        }
    }
}

/// Hands one value to the program the way its metadata says.
fn pass(
    parameter: &ParameterValue,
    launch: &Launch<'_>,
    arguments: &mut Vec<String>,
    environment: &mut BTreeMap<String, ArgumentValue>,
    files: &mut Vec<FilePlan>,
) {
    let name = &parameter.name;
    let value = || {
        let value = parameter.value.clone();
        if parameter.secret { ArgumentValue::Secret(value) } else { ArgumentValue::Plain(value) }
    };
    match &parameter.pass {
        Pass::Argument => arguments.push(format!("--{name}={}", parameter.value)),
        Pass::Switch if parameter.value == "true" => arguments.push(format!("--{name}")),
        Pass::Switch => {}
        Pass::Environment { name: variable } => {
            environment.insert(variable.clone(), value());
        }
        Pass::File => {
            let path = launch.files.join(name);
            arguments.push(format!("--{name}={}", path.display()));
            files.push(FilePlan { parameter: name.clone(), path, content: value() });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use tmpl_template::{Metadata, RawParameters, check};

    use super::*;

    const METADATA: &str = r#"{"name": "t", "parameters": [
        {"name": "input", "label": "Input", "helpText": "What to read"},
        {"name": "fast", "label": "Fast", "helpText": "Skip checks", "paramType": "BOOLEAN", "customMetadata": {"tmpl.pass": "switch"}},
        {"name": "token", "label": "Token", "helpText": "For the API", "customMetadata": {"tmpl.secret": "true", "tmpl.pass": "env"}},
        {"name": "query", "label": "Query", "helpText": "SQL", "customMetadata": {"tmpl.pass": "file"}}]}"#;

    fn plan(main: PythonMain, beam: Option<&str>) -> Invocation {
        let mut raw = RawParameters::default();
        for (name, value) in
            [("input", "--a=b \"c\"\n$HOME"), ("fast", "true"), ("token", "env:TOKEN"), ("query", "select 1")]
        {
            raw.insert(name, value).unwrap();
        }
        let values = check(&Metadata::parse(METADATA).unwrap().into(), &raw.into()).unwrap();
        Direct.plan(&Launch {
            id: &"2026-11-21_08_00_00-0000000000000000001".parse().unwrap(),
            name: &"t-1".parse().unwrap(),
            entry: &Entry::Python { main, beam: beam.map(str::to_owned) },
            values: &values,
            environment: Path::new("/cache/environments/e"),
            directory: Path::new("/home/ann"),
            temporary: "/bucket/tmp/j",
            files: Path::new("/run/j"),
        })
    }

    #[test]
    fn values_reach_a_beam_module_untouched_and_secrets_stay_out_of_the_arguments() {
        let plan = plan(PythonMain::Module("wordcount".into()), Some("2.77.0"));
        assert_eq!(
            plan.arguments,
            [
                "-m",
                "wordcount",
                "--input=--a=b \"c\"\n$HOME",
                "--fast",
                "--query=/run/j/query",
                "--runner=FnApiRunner",
                "--temp_location=/bucket/tmp/j",
                "--job_name=t-1",
            ]
        );
        assert_eq!(plan.environment["TOKEN"], ArgumentValue::Secret("env:TOKEN".into()));
        assert_eq!(plan.environment["PYTHONSAFEPATH"], ArgumentValue::Plain("1".into()));
        assert_eq!(plan.files[0].content, ArgumentValue::Plain("select 1".into()));
    }

    #[test]
    fn a_plain_script_gets_its_parameters_alone() {
        let plan = plan(PythonMain::File("main.py".into()), None);
        assert_eq!(plan.arguments[0], "/cache/environments/e/app/main.py");
        assert!(
            !plan.arguments.iter().any(|argument| argument.starts_with("--runner")),
            "{:?}",
            plan.arguments
        );
        assert!(!plan.environment.contains_key("PYTHONSAFEPATH"));
    }
}
