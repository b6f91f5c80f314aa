//! What a worker's process is: a pure function of the program, what the runner said, and the artifacts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::{Provisioned, StagedFile};

/// The module that is Python's worker, and the class that is Java's.
const PYTHON_MODULE: &str = "apache_beam.runners.worker.sdk_worker_main";
const JAVA_CLASS: &str = "org.apache.beam.fn.harness.FnHarness";
/// The role of the program that an SDK for Go has staged: itself.
const GO_BINARY_ROLE: &str = "beam:artifact:role:go_worker_binary:v1";
/// The file of the pipeline's options.
const OPTIONS_FILE: &str = "pipeline_options.json";
/// Options that are no longer are also in a variable, for SDKs that do not know the file.
const SHORT_OPTIONS: usize = 16 * 1024;
/// Classes that Avro may make from their names, where a pipeline for Java does not say which.
const AVRO_CLASSES: &str =
    "java.math.BigDecimal,java.math.BigInteger,java.net.URI,java.net.URL,java.io.File,java.lang.Integer";

/// The program whose functions a worker runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HarnessProgram {
    /// In Python: an interpreter that finds Beam's SDK and the program's packages.
    Python {
        /// The interpreter.
        python: PathBuf,
    },
    /// In Go: the program is its own worker.
    Go {
        /// The file.
        binary: PathBuf,
    },
    /// In Java: a class path with Beam's worker in it.
    Java {
        /// The virtual machine.
        java: PathBuf,
        /// Arguments for it.
        options: Vec<String>,
        /// The class path; the artifacts come behind it.
        class_path: Vec<PathBuf>,
    },
}

/// A worker's process. Whoever starts it writes `options` to `options_file` first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Harness {
    /// The executable.
    pub program: PathBuf,
    /// Its arguments.
    pub arguments: Vec<String>,
    /// Variables that are set for it.
    pub environment: BTreeMap<String, String>,
    /// Where it reads the pipeline's options.
    pub options_file: PathBuf,
    /// The pipeline's options: JSON.
    pub options: String,
}

impl HarnessProgram {
    /// Where the worker's artifacts go. Workers in Java share the runner's folder with others, so there it has the worker's name in it.
    pub fn staged_folder(&self, provisioned: &Provisioned) -> PathBuf {
        let start = &provisioned.start;
        match self {
            Self::Java { .. } => start.folder.join(file_name(&start.id)).join("staged"),
            Self::Python { .. } | Self::Go { .. } => start.folder.join("staged"),
        }
    }

    /// Whether an artifact in this role is not needed: the program is here already.
    pub fn has_already(&self, role_urn: &str) -> bool {
        matches!(self, Self::Go { .. }) && role_urn == GO_BINARY_ROLE
    }
}

impl Harness {
    /// The process of a worker: variables and arguments are those that Beam's own containers set. The file of the pipeline's options goes
    /// into `options_folder`.
    pub fn new(
        program: &HarnessProgram,
        provisioned: &Provisioned,
        staged: &[StagedFile],
        options_folder: &Path,
    ) -> Self {
        let Provisioned { start, info } = provisioned;
        let options = provisioned.options_json();
        let options_file = options_folder.join(OPTIONS_FILE);
        let mut environment = BTreeMap::new();
        let mut set = |name: &str, value: String| {
            environment.insert(name.to_owned(), value);
        };
        set("PIPELINE_OPTIONS_FILE", options_file.display().to_string());
        if options.len() <= SHORT_OPTIONS {
            set("PIPELINE_OPTIONS", options.clone());
        }
        set("RUNNER_CAPABILITIES", info.runner_capabilities.join(" "));
        let status = info.status_endpoint.as_ref().map(|endpoint| &endpoint.url);
        if !matches!(program, HarnessProgram::Go { .. }) {
            set("LOGGING_API_SERVICE_DESCRIPTOR", descriptor(&start.logging_endpoint));
            set("CONTROL_API_SERVICE_DESCRIPTOR", descriptor(&start.control_endpoint));
            if let Some(url) = status {
                set("STATUS_API_SERVICE_DESCRIPTOR", descriptor(url));
            }
        }
        for (key, variable) in [("job_name", "JOB_NAME"), ("job_id", "JOB_ID")] {
            if let Some(value) = info.metadata.get(key) {
                set(variable, value.clone());
            }
        }
        let (program, arguments) = match program {
            HarnessProgram::Python { python } => {
                set("WORKER_ID", start.id.clone());
                set("SEMI_PERSISTENT_DIRECTORY", start.folder.display().to_string());
                (python, vec!["-m".to_owned(), PYTHON_MODULE.to_owned()])
            }
            HarnessProgram::Go { binary } => {
                if let Some(url) = status {
                    set("STATUS_ENDPOINT", url.clone());
                }
                let arguments = vec![
                    "--worker=true".to_owned(),
                    format!("--id={}", start.id),
                    format!("--logging_endpoint={}", start.logging_endpoint),
                    format!("--control_endpoint={}", start.control_endpoint),
                    format!("--semi_persist_dir={}", start.folder.display()),
                ];
                (binary, arguments)
            }
            HarnessProgram::Java { java, options, class_path } => {
                set("HARNESS_ID", start.id.clone());
                let jars = class_path.iter().chain(staged.iter().map(|file| &file.path));
                (java, java_arguments(provisioned, options, jars))
            }
        };
        Self { program: program.clone(), arguments, environment, options_file, options }
    }

    /// The same for another worker that the runner wants beside this one, in the same folder.
    #[must_use]
    pub fn sibling(&self, id: &str) -> Self {
        let mut sibling = self.clone();
        for name in ["WORKER_ID", "HARNESS_ID"] {
            if let Some(value) = sibling.environment.get_mut(name) {
                id.clone_into(value);
            }
        }
        if let Some(argument) = sibling.arguments.iter_mut().find(|argument| argument.starts_with("--id=")) {
            *argument = format!("--id={id}");
        }
        sibling
    }
}

fn java_arguments<'a>(
    provisioned: &Provisioned,
    options: &[String],
    jars: impl Iterator<Item = &'a PathBuf>,
) -> Vec<String> {
    let mut arguments = vec![
        "-XX:+UseParallelGC".to_owned(),
        "-XX:+AlwaysActAsServerClassMachine".to_owned(),
        "-XX:-OmitStackTraceInFastThrow".to_owned(),
    ];
    arguments.extend(options.iter().cloned());
    for (option, flag) in [("jdk_add_open_modules", "--add-opens"), ("jdk_add_root_modules", "--add-modules")]
    {
        let modules = provisioned.option_list(option).unwrap_or_default();
        arguments.extend(modules.into_iter().map(|module| format!("{flag}={module}")));
    }
    let classes = provisioned.option_list("avro_serializable_classes").map(|classes| classes.join(","));
    let classes = classes.unwrap_or_else(|| AVRO_CLASSES.to_owned());
    if !classes.is_empty() {
        arguments.push(format!("-Dorg.apache.avro.SERIALIZABLE_CLASSES={classes}"));
    }
    let class_path: Vec<String> = jars.map(|jar| jar.display().to_string()).collect();
    arguments.extend(["-cp".to_owned(), class_path.join(":"), JAVA_CLASS.to_owned()]);
    arguments
}

/// An endpoint as SDKs read it from a variable: the text form of a protobuf message.
fn descriptor(url: &str) -> String {
    format!("url: \"{}\"", url.replace('\\', "\\\\").replace('"', "\\\""))
}

/// A runner's name for a worker as the name of a file: what could lead elsewhere is left out.
pub(crate) fn file_name(id: &str) -> String {
    let clean: String = id
        .chars()
        .map(|letter| if letter.is_ascii_alphanumeric() || "-_.".contains(letter) { letter } else { '_' })
        .collect();
    let clean = clean.trim_start_matches('.');
    if clean.is_empty() { "worker".to_owned() } else { clean.chars().take(100).collect() }
}

#[cfg(test)]
mod tests {
    use prost_types::value::Kind;
    use prost_types::{Struct, Value};

    use crate::messages::{ApiServiceDescriptor, ProvisionInfo};
    use crate::worker::WorkerStart;

    use super::*;

    fn provisioned() -> Provisioned {
        let mut options = Struct::default();
        let fast = Value { kind: Some(Kind::NumberValue(4.0)) };
        options.fields.insert("beam:option:parallelism:v1".to_owned(), fast);
        Provisioned {
            start: WorkerStart {
                id: "1-1".to_owned(),
                logging_endpoint: "localhost:1".to_owned(),
                control_endpoint: "localhost:2".to_owned(),
                folder: "/w".into(),
                ..WorkerStart::default()
            },
            info: ProvisionInfo {
                pipeline_options: Some(options),
                status_endpoint: Some(ApiServiceDescriptor { url: "localhost:3".to_owned() }),
                runner_capabilities: vec!["a:v1".to_owned(), "b:v1".to_owned()],
                metadata: [("job_id".to_owned(), "j-1".to_owned())].into(),
                ..ProvisionInfo::default()
            },
        }
    }

    fn listed(harness: &Harness) -> String {
        let variables = harness.environment.iter().map(|(name, value)| format!("{name}={value}\n"));
        format!(
            "{}{} {}",
            variables.collect::<String>(),
            harness.program.display(),
            harness.arguments.join(" ")
        )
    }

    #[test]
    fn a_worker_in_python_is_told_everything_in_variables() {
        let harness = Harness::new(
            &HarnessProgram::Python { python: "/t/bin/python".into() },
            &provisioned(),
            &[],
            Path::new("/w"),
        );
        assert_eq!(
            listed(&harness),
            "CONTROL_API_SERVICE_DESCRIPTOR=url: \"localhost:2\"\n\
             JOB_ID=j-1\n\
             LOGGING_API_SERVICE_DESCRIPTOR=url: \"localhost:1\"\n\
             PIPELINE_OPTIONS={\"beam:option:parallelism:v1\":4}\n\
             PIPELINE_OPTIONS_FILE=/w/pipeline_options.json\n\
             RUNNER_CAPABILITIES=a:v1 b:v1\n\
             SEMI_PERSISTENT_DIRECTORY=/w\n\
             STATUS_API_SERVICE_DESCRIPTOR=url: \"localhost:3\"\n\
             WORKER_ID=1-1\n\
             /t/bin/python -m apache_beam.runners.worker.sdk_worker_main"
        );
        assert_eq!(harness.sibling("1-2").environment["WORKER_ID"], "1-2");
    }

    #[test]
    fn a_program_in_go_is_its_own_worker() {
        let harness = Harness::new(
            &HarnessProgram::Go { binary: "/t/app/words".into() },
            &provisioned(),
            &[],
            Path::new("/w"),
        );
        assert_eq!(
            listed(&harness),
            "JOB_ID=j-1\n\
             PIPELINE_OPTIONS={\"beam:option:parallelism:v1\":4}\n\
             PIPELINE_OPTIONS_FILE=/w/pipeline_options.json\n\
             RUNNER_CAPABILITIES=a:v1 b:v1\n\
             STATUS_ENDPOINT=localhost:3\n\
             /t/app/words --worker=true --id=1-1 --logging_endpoint=localhost:1 --control_endpoint=localhost:2 --semi_persist_dir=/w"
        );
        assert!(harness.sibling("1-2").arguments.contains(&"--id=1-2".to_owned()));
    }

    #[test]
    fn a_worker_in_java_has_the_programs_jars_and_the_staged_ones() {
        let program = HarnessProgram::Java {
            java: "/jdk/bin/java".into(),
            options: vec!["-Xmx1g".to_owned()],
            class_path: vec!["/t/app/a.jar".into()],
        };
        let staged = [StagedFile {
            name: "b.jar".into(),
            path: "/w/1-1/staged/b.jar".into(),
            role_urn: String::new(),
        }];
        let harness = Harness::new(&program, &provisioned(), &staged, Path::new("/w"));
        assert_eq!(program.staged_folder(&provisioned()), Path::new("/w/1-1/staged"));
        assert_eq!(harness.environment["HARNESS_ID"], "1-1");
        let arguments = harness.arguments.join(" ");
        assert!(arguments.contains("-Xmx1g"), "{arguments}");
        assert!(
            arguments.ends_with(&format!(
                "-Dorg.apache.avro.SERIALIZABLE_CLASSES={AVRO_CLASSES} -cp /t/app/a.jar:/w/1-1/staged/b.jar {JAVA_CLASS}"
            )),
            "{arguments}"
        );
    }

    #[test]
    fn long_options_are_in_the_file_only() {
        let mut provisioned = provisioned();
        let long = Value { kind: Some(Kind::StringValue("x".repeat(SHORT_OPTIONS))) };
        provisioned.info.pipeline_options.as_mut().unwrap().fields.insert("long".to_owned(), long);
        let harness =
            Harness::new(&HarnessProgram::Python { python: "p".into() }, &provisioned, &[], Path::new("/w"));
        assert!(!harness.environment.contains_key("PIPELINE_OPTIONS"));
        assert!(harness.options.len() > SHORT_OPTIONS);
    }

    #[test]
    fn a_workers_name_makes_a_name_of_a_file() {
        for (id, name) in [("1-1", "1-1"), ("../../etc", "_.._etc"), ("", "worker"), ("a b/c", "a_b_c")] {
            assert_eq!(file_name(id), name);
        }
    }
}
