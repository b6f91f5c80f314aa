//! `direct`: the pipeline's own program, on this machine, reaching for no network of its own accord.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tmpl_template::{
    Entry, JobId, JobName, ParameterValue, ParameterValues, Pass, PythonMain, is_pipeline_option,
};

use super::{Launch, Runner};
use crate::environment;
use crate::invocation::{ArgumentValue, FilePlan, Invocation};
use crate::job_places::JobPlaces;
use crate::runtime::Runtime;

/// Beam's in-process runner by its own name. Plain `DirectRunner` first tries to download Prism and falls back in silence; where
/// packets are dropped instead of refused, that is a hang of minutes.
const BEAM_RUNNER: &str = "FnApiRunner";

/// Names the file into which a program writes what it counts.
const METRICS_VARIABLE: &str = "TMPL_METRICS";

/// The module that runs pipelines in YAML.
const BEAM_YAML: &str = "apache_beam.yaml.main";

/// Runs the program itself.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Direct;

impl Runner for Direct {
    fn plan(&self, launch: &Launch<'_>) -> Invocation {
        let options = |sdk: BeamSdk| sdk.options(launch.values, &launch.places.temporary, launch.name);
        let mut invocation = program_with(launch, &options);
        if let Some(metrics) = launch.metrics {
            set(&mut invocation, METRICS_VARIABLE, &metrics.display().to_string());
        }
        invocation
    }
}

/// The program of a launch, with `options` for a pipeline of Beam's.
pub(super) fn program_with(launch: &Launch<'_>, options: &dyn Fn(BeamSdk) -> Vec<String>) -> Invocation {
    let mut invocation = Invocation {
        program: program(launch),
        arguments: Vec::new(),
        environment: job_variables(launch.id, launch.name, launch.values, launch.places),
        removed: vec!["TMPL_*".to_owned()],
        search_path: vec![launch.environment.join("bin")],
        directory: launch.directory.to_owned(),
        files: Vec::new(),
    };
    if launch.entry.is_python() {
        prepare_python(&mut invocation, launch.environment);
    }
    match launch.entry {
        Entry::Python { main: PythonMain::Module(module), .. } => {
            // The folder a launch is made from must not lend modules to a program that is run with -m.
            set(&mut invocation, "PYTHONSAFEPATH", "1");
            invocation.arguments.extend(["-m".to_owned(), module.clone()]);
        }
        Entry::Python { main: PythonMain::File(file), .. } => {
            invocation.arguments.push(app(launch, file));
        }
        Entry::Yaml { pipeline, .. } => {
            set(&mut invocation, "PYTHONSAFEPATH", "1");
            invocation.arguments.extend(["-m".to_owned(), BEAM_YAML.to_owned()]);
            invocation.arguments.push(format!("--yaml_pipeline_file={}", app(launch, pipeline)));
        }
        Entry::Java { main_class, jars, .. } => {
            let jars: Vec<String> = jars.iter().map(|jar| app(launch, jar)).collect();
            invocation.arguments.extend(["-cp".to_owned(), jars.join(":"), main_class.clone()]);
        }
        Entry::Go { .. } | Entry::Binary { .. } => {}
    }
    if let Entry::Yaml { .. } = launch.entry {
        pass_to_yaml(launch, &mut invocation);
    } else {
        launch.values.iter().for_each(|value| pass(value, launch.files, &mut invocation));
    }
    // After the parameters: of an option given twice, argparse takes the last.
    if let Some(sdk) = BeamSdk::of(launch.entry) {
        invocation.arguments.extend(options(sdk));
    }
    invocation
}

/// The file that is executed.
pub(super) fn program(launch: &Launch<'_>) -> PathBuf {
    match (launch.entry, launch.runtime) {
        (Entry::Java { .. }, Runtime::Java(java)) => java.clone(),
        (Entry::Java { .. }, _) => PathBuf::from("java"),
        (Entry::Go { binary } | Entry::Binary { binary }, _) => launch.environment.join("app").join(binary),
        (Entry::Python { .. } | Entry::Yaml { .. }, _) => environment::python(launch.environment),
    }
}

/// A file of the program's own.
fn app(launch: &Launch<'_>, file: &str) -> String {
    launch.environment.join("app").join(file).display().to_string()
}

/// The variables that every program has.
pub(crate) fn job_variables(
    id: &JobId,
    name: &JobName,
    values: &ParameterValues,
    places: &JobPlaces,
) -> BTreeMap<String, ArgumentValue> {
    let temporary = values.get("temp_location").map_or(&places.temporary, |value| &value.value);
    let own = [
        ("TMPL_JOB_ID", Some(id.to_string())),
        ("TMPL_JOB_NAME", Some(name.to_string())),
        ("TMPL_TEMP_LOCATION", Some(temporary.clone())),
        ("TMPL_RESULTS", places.results.clone()),
        ("TMPL_ARTIFACTS", places.artifacts.clone()),
    ];
    // The store that the bucket is in is the one that the pipeline reads and writes.
    let store = places.variables.iter().map(|(name, value)| (*name, Some(value.clone())));
    let all = own.into_iter().chain(store);
    all.filter_map(|(name, value)| Some((name.to_owned(), ArgumentValue::Plain(value?)))).collect()
}

fn prepare_python(invocation: &mut Invocation, environment: &Path) {
    // Lines come when they are written, not when a buffer is full.
    set(invocation, "PYTHONUNBUFFERED", "1");
    // The tree is shared by all jobs and read-only; its bytecode is there already.
    set(invocation, "PYTHONDONTWRITEBYTECODE", "1");
    set(invocation, "PYTHONNOUSERSITE", "1");
    set(invocation, "VIRTUAL_ENV", &environment.display().to_string());
    // PYTHONPATH and its like would mix another environment into this one.
    invocation.removed.extend(["PYTHON*".to_owned(), "__PYVENV_LAUNCHER__".to_owned()]);
}

fn set(invocation: &mut Invocation, name: &str, value: &str) {
    invocation.environment.insert(name.to_owned(), ArgumentValue::Plain(value.to_owned()));
}

/// A Beam SDK, as far as its command line differs from the others'.
#[derive(Clone, Copy, Debug)]
pub(crate) enum BeamSdk {
    Python,
    Java,
    Go,
}

impl BeamSdk {
    fn of(entry: &Entry) -> Option<Self> {
        match entry {
            entry if !entry.is_beam() => None,
            Entry::Java { .. } => Some(Self::Java),
            Entry::Go { .. } => Some(Self::Go),
            _ => Some(Self::Python),
        }
    }

    /// What a pipeline is told besides its parameters, as the SDK spells it.
    pub(crate) fn options(self, values: &ParameterValues, temporary: &str, name: &JobName) -> Vec<String> {
        let runner = match self {
            Self::Java => "DirectRunner",
            Self::Go => "direct",
            Self::Python => BEAM_RUNNER,
        };
        let mut options = vec![format!("--runner={runner}")];
        options.extend(self.own_options(values, temporary, name));
        options
    }

    /// The job's own options, which every runner is told.
    pub(super) fn own_options(
        self,
        values: &ParameterValues,
        temporary: &str,
        name: &JobName,
    ) -> Vec<String> {
        let names: &[&str] = match self {
            Self::Java => &["tempLocation", "jobName"],
            // A flag that a program does not define ends it, and these not every pipeline of Go has.
            Self::Go => &[],
            Self::Python => &["temp_location", "job_name"],
        };
        let told = names.iter().zip([temporary, name.as_str()]);
        told.filter(|(option, _)| values.get(option).is_none())
            .map(|(option, value)| format!("--{option}={value}"))
            .collect()
    }
}

/// A pipeline in YAML gets its parameters as variables of its template language, all in one argument; options of every pipeline
/// stay arguments.
fn pass_to_yaml(launch: &Launch<'_>, invocation: &mut Invocation) {
    let is_variable =
        |value: &&ParameterValue| value.pass == Pass::Argument && !is_pipeline_option(&value.name);
    let (variables, others): (Vec<&ParameterValue>, Vec<_>) = launch.values.iter().partition(is_variable);
    let variables: serde_json::Map<String, serde_json::Value> =
        variables.into_iter().map(|value| (value.name.clone(), value.value.clone().into())).collect();
    if !variables.is_empty() {
        invocation.arguments.push(format!("--jinja_variables={}", serde_json::Value::Object(variables)));
    }
    for value in others {
        pass(value, launch.files, invocation);
    }
}

/// Hands one value to the program the way its metadata says.
pub(crate) fn pass(parameter: &ParameterValue, folder: &Path, invocation: &mut Invocation) {
    let Invocation { arguments, environment, files, .. } = invocation;
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
            let path = folder.join(name);
            arguments.push(format!("--{name}={}", path.display()));
            files.push(FilePlan { parameter: name.clone(), path, content: value() });
        }
    }
}

#[cfg(test)]
mod tests {
    use tmpl_template::{Metadata, RawParameters, check};

    use super::*;

    const METADATA: &str = r#"{"name": "t", "parameters": [
        {"name": "input", "label": "Input", "helpText": "What to read"},
        {"name": "fast", "label": "Fast", "helpText": "Skip checks", "paramType": "BOOLEAN", "customMetadata": {"tmpl.pass": "switch"}},
        {"name": "token", "label": "Token", "helpText": "For the API", "customMetadata": {"tmpl.secret": "true", "tmpl.pass": "env"}},
        {"name": "query", "label": "Query", "helpText": "SQL", "customMetadata": {"tmpl.pass": "file"}}]}"#;

    fn python(main: PythonMain, beam: Option<&str>) -> Invocation {
        plan(&Entry::Python { main, beam: beam.map(str::to_owned) }, &Runtime::Native)
    }

    fn plan(entry: &Entry, runtime: &Runtime) -> Invocation {
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
            entry,
            runtime,
            values: &values,
            environment: Path::new("/cache/environments/e"),
            directory: Path::new("/home/ann"),
            places: &JobPlaces::temporary("/bucket/tmp/j".to_owned()),
            files: Path::new("/run/j"),
            metrics: Some(Path::new("/cache/metrics/j/1.json")),
        })
    }

    #[test]
    fn values_reach_a_beam_module_untouched_and_secrets_stay_out_of_the_arguments() {
        let plan = python(PythonMain::Module("wordcount".into()), Some("2.77.0"));
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
        let plan = python(PythonMain::File("main.py".into()), None);
        assert_eq!(plan.arguments[0], "/cache/environments/e/app/main.py");
        assert!(
            !plan.arguments.iter().any(|argument| argument.starts_with("--runner")),
            "{:?}",
            plan.arguments
        );
        assert!(!plan.environment.contains_key("PYTHONSAFEPATH"));
    }

    #[test]
    fn every_kind_of_program_is_told_in_its_own_way() {
        let jars = vec!["a.jar".to_owned(), "lib/b.jar".to_owned()];
        let java = |beam| Entry::Java { main_class: "org.Main".into(), jars: jars.clone(), beam };
        let value = "--input=--a=b \"c\"\n$HOME";
        let file = "--query=/run/j/query";
        let class_path = "/cache/environments/e/app/a.jar:/cache/environments/e/app/lib/b.jar";
        for (entry, program, arguments) in [
            (
                java(true),
                "/jdk/bin/java",
                &[
                    "-cp",
                    class_path,
                    "org.Main",
                    value,
                    "--fast",
                    file,
                    "--runner=DirectRunner",
                    "--tempLocation=/bucket/tmp/j",
                    "--jobName=t-1",
                ][..],
            ),
            (java(false), "/jdk/bin/java", &["-cp", class_path, "org.Main", value, "--fast", file]),
            (
                Entry::Go { binary: "words".into() },
                "/cache/environments/e/app/words",
                &[value, "--fast", file, "--runner=direct"],
            ),
            (
                Entry::Binary { binary: "bin/count".into() },
                "/cache/environments/e/app/bin/count",
                &[value, "--fast", file],
            ),
            (
                Entry::Yaml { pipeline: "p.yaml".into(), beam: "2.77.0".into() },
                "/cache/environments/e/bin/python",
                &[
                    "-m",
                    "apache_beam.yaml.main",
                    "--yaml_pipeline_file=/cache/environments/e/app/p.yaml",
                    r#"--jinja_variables={"input":"--a=b \"c\"\n$HOME"}"#,
                    "--fast",
                    file,
                    "--runner=FnApiRunner",
                    "--temp_location=/bucket/tmp/j",
                    "--job_name=t-1",
                ],
            ),
        ] {
            let plan = plan(&entry, &Runtime::Java("/jdk/bin/java".into()));
            assert_eq!(plan.program, Path::new(program));
            assert_eq!(plan.arguments, arguments, "{entry}");
            assert_eq!(plan.environment["TOKEN"], ArgumentValue::Secret("env:TOKEN".into()));
            assert_eq!(plan.removed.iter().any(|name| name == "PYTHON*"), entry.is_python());
        }
    }
}
