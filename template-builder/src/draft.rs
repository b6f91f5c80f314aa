//! A template's spec as far as options and description files decide it: everything but the program's layers.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use fs_err as fs;
use tmpl_template::{Environment, FormatError, Metadata, SdkInfo, TemplateName, TemplateSpec};

use crate::program_source::ProgramSource;
use crate::project_error::ProjectError;
use crate::project_template::ProjectTemplate;
use crate::reports::Reports;
use crate::runners::Runners;
use crate::spec_options::{OptionProblem, SpecOptions};

/// What the command line says instead of `tmpl.toml`.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// Options that end in the spec.
    pub options: SpecOptions,
    /// The file that says what the template asks for.
    pub metadata_file: Option<PathBuf>,
    /// The pipeline of a template in Beam YAML.
    pub yaml_pipeline_path: Option<PathBuf>,
    /// The name of a template of an image, where no `tmpl.toml` gives one.
    pub name: Option<TemplateName>,
}

impl Overrides {
    /// Whether they are enough for a template without a `tmpl.toml`.
    pub(crate) fn name_an_image(&self) -> bool {
        self.options.image.is_some() || self.options.yaml_image.is_some() || self.yaml_pipeline_path.is_some()
    }

    /// The flag that is for one template alone, if there is one.
    pub(crate) fn for_one_template(&self) -> Option<&'static str> {
        let flags = [
            ("--image", self.options.image.is_some()),
            ("--yaml-image", self.options.yaml_image.is_some()),
            ("--metadata-file", self.metadata_file.is_some()),
            ("--yaml-pipeline-path", self.yaml_pipeline_path.is_some()),
        ];
        flags.into_iter().find_map(|(flag, is_given)| is_given.then_some(flag))
    }

    pub(crate) fn check(&self) -> Result<(), ProjectError> {
        self.options.check().map_err(flag_error)
    }

    /// The template that they describe alone.
    pub(crate) fn template(&self) -> Result<ProjectTemplate, ProjectError> {
        let Some(name) = self.name.clone() else {
            return Err(flag_error(OptionProblem {
                key: "name",
                message: "a template without a tmpl.toml has no name".to_owned(),
                remedy: "give `--name NAME`".to_owned(),
            }));
        };
        let draft = Draft {
            program: None,
            options: &SpecOptions::default(),
            environment: Environment::default(),
            texts: SpecTexts::default(),
        };
        let spec = draft.spec(self).map_err(|problem| match problem {
            DraftError::Project(error) => error,
            DraftError::Option(problem) => flag_error(problem),
        })?;
        Ok(ProjectTemplate {
            name,
            program: None,
            spec,
            reports: Reports::default(),
            runners: Runners::default(),
        })
    }

    /// The texts of the files that are named here.
    fn texts(&self) -> Result<SpecTexts, ProjectError> {
        let read = |path: &Option<PathBuf>| {
            let Some(path) = path else { return Ok(None) };
            let file = path.display().to_string();
            // gcloud's name of the standard input.
            let read = if file == "-" { bounded(std::io::stdin()) } else { read_description(path) };
            match read {
                Ok(text) => Ok(Some(Described { file, text })),
                Err(source) => Err(ProjectError::Unreadable { file, source }),
            }
        };
        Ok(SpecTexts { metadata: read(&self.metadata_file)?, yaml_pipeline: read(&self.yaml_pipeline_path)? })
    }
}

/// Reads a file that describes a template, and a little more than may be in one: whoever reads the text then says that it is too long.
pub(crate) fn read_description(path: &Path) -> io::Result<String> {
    bounded(fs::File::open(path)?)
}

fn bounded(reader: impl Read) -> io::Result<String> {
    let mut text = String::new();
    reader.take(FormatError::LONGEST_TEXT as u64 + 1).read_to_string(&mut text)?;
    Ok(text)
}

fn flag_error(problem: OptionProblem) -> ProjectError {
    ProjectError::Flag { flag: problem.flag(), message: problem.message, remedy: problem.remedy }
}

/// A file that describes a template.
#[derive(Debug)]
pub(crate) struct Described {
    /// Its name, as it is shown.
    pub(crate) file: String,
    pub(crate) text: String,
}

/// The files that describe a template.
#[derive(Debug, Default)]
pub(crate) struct SpecTexts {
    pub(crate) metadata: Option<Described>,
    pub(crate) yaml_pipeline: Option<Described>,
}

/// Why there is no spec.
#[derive(Debug)]
pub(crate) enum DraftError {
    Project(ProjectError),
    Option(OptionProblem),
}

/// What is known of a template before its program is built.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    /// Its program, if it has one.
    pub(crate) program: Option<&'a ProgramSource>,
    pub(crate) options: &'a SpecOptions,
    /// `default_environment`, under the names of Google's API.
    pub(crate) environment: Environment,
    pub(crate) texts: SpecTexts,
}

impl Draft<'_> {
    /// The spec, with what the command line says instead.
    pub(crate) fn spec(self, overrides: &Overrides) -> Result<TemplateSpec, DraftError> {
        let options = self.options.overridden_by(&overrides.options);
        options.check().map_err(DraftError::Option)?;
        options.check_with(&self.environment).map_err(DraftError::Option)?;
        let texts = overrides.texts().map_err(DraftError::Project)?;
        let metadata = texts.metadata.or(self.texts.metadata);
        let yaml = texts.yaml_pipeline.or(self.texts.yaml_pipeline);
        match self.program {
            Some(program) => refuse_with_program(program, &options),
            None => refuse(&options, yaml.is_some(), metadata.is_some()),
        }
        .map_err(DraftError::Option)?;

        let mut spec = TemplateSpec::default();
        spec.default_environment = self.environment;
        let written = options.write(&mut spec);
        written.map_err(|error| {
            DraftError::Option(problem("default_environment", error.message(), "leave the option out"))
        })?;
        if let Some(program) = self.program {
            spec.sdk_info = program.language().map(SdkInfo::new);
        }
        // gcloud takes an empty file for none.
        if let Some(Described { file, text }) = metadata.filter(|described| !described.text.is_empty()) {
            let metadata = Metadata::parse(&text);
            let metadata =
                metadata.map_err(|problem| DraftError::Project(ProjectError::Metadata { file, problem }))?;
            spec.metadata = Some(metadata);
        }
        if let (Some(metadata), Some(yaml)) = (&mut spec.metadata, yaml) {
            metadata.yaml_definition = Some(yaml.text.replace("\r\n", "\n"));
        }
        Ok(spec)
    }
}

/// Options that don't go together with a program.
fn refuse_with_program(program: &ProgramSource, options: &SpecOptions) -> Result<(), OptionProblem> {
    let (key, kind, language) = match program {
        ProgramSource::Python(_) => ("main", "a Python program", "PYTHON"),
        ProgramSource::Yaml { .. } => ("yaml_pipeline_path", "a pipeline in YAML", "YAML"),
        ProgramSource::Java { .. } => ("jars", "a Java program", "JAVA"),
        ProgramSource::Go { .. } => ("binary", "a Go program", "GO"),
        ProgramSource::Binary { .. } => ("binary", "any program", "BINARY"),
    };
    let other = if options.sdk_language.as_ref().is_some_and(|given| given != language) {
        "sdk_language"
    } else if options.yaml_image.is_some() {
        "yaml_image"
    } else {
        return Ok(());
    };
    Err(problem(other, &format!("`{key}` is {kind}"), &format!("leave `{other}` out, or `{key}`")))
}

/// Options of a template without a program that don't go together.
fn refuse(options: &SpecOptions, yaml: bool, metadata: bool) -> Result<(), OptionProblem> {
    let language = options.sdk_language.as_deref();
    let found = match () {
        () if yaml && options.image.is_some() => {
            Some(("image", "a pipeline in YAML has its own image", "give `yaml_image` instead"))
        }
        () if yaml && options.yaml_image.is_none() => Some((
            "yaml_image",
            "the image that runs a pipeline in YAML is not said",
            "give `yaml_image`; Google's is the `image` of gs://dataflow-templates-REGION/latest/flex/Yaml_Template",
        )),
        () if options.image.is_none() && options.yaml_image.is_none() => Some((
            "image",
            "there is neither a program nor an image",
            "give `main` (a module like `package.module`, or a file like `main.py`), `binary`, `jars`, or `image`",
        )),
        () if language == Some("BINARY") => Some((
            "sdk_language",
            "`BINARY` is the language of a template with a `binary`",
            "write `PYTHON`, `JAVA`, `GO` or `YAML`",
        )),
        () if language.is_none() => Some((
            "sdk_language",
            "the language of an image is not said",
            "write `PYTHON`, `JAVA`, `GO` or `YAML`",
        )),
        () if options.yaml_image.is_some() && !yaml => {
            Some(("yaml_image", "there is no pipeline for it", "give `yaml_pipeline_path`"))
        }
        () if yaml && language != Some("YAML") => {
            Some(("sdk_language", "a pipeline in YAML is of the language YAML", "write `YAML`"))
        }
        () if language == Some("YAML") && !yaml => {
            Some(("yaml_pipeline_path", "the pipeline in YAML is not said", "give `yaml_pipeline_path`"))
        }
        () if yaml && !metadata => {
            Some(("metadata_file", "a pipeline in YAML goes into metadata", "give `metadata_file`"))
        }
        () => None,
    };
    found.map_or(Ok(()), |(key, message, remedy)| Err(problem(key, message, remedy)))
}

fn problem(key: &'static str, message: &str, remedy: &str) -> OptionProblem {
    OptionProblem { key, message: message.to_owned(), remedy: remedy.to_owned() }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use serde_json::{Value, json};
    use tmpl_template::PythonMain;

    use super::*;
    use crate::manifest::{FILE, Manifest, Source};
    use crate::manifest_keys::{PYTHON, TEMPLATE};

    /// The spec of an image whose table has this key besides.
    fn spec(key: &str, value: &str) -> Value {
        let mut text = "[[template]]\nname = \"a\"\n".to_owned();
        for (needed, usual) in [("image", "\"i\""), ("sdk_language", "\"JAVA\""), (key, value)] {
            if needed != key || usual == value {
                let _ = writeln!(text, "{needed} = {usual}");
            }
        }
        let manifest = Manifest::parse(Source { file: FILE, text: &text }).unwrap();
        let draft = Draft {
            program: None,
            options: &manifest.options[0],
            environment: Environment::default(),
            texts: SpecTexts::default(),
        };
        serde_json::to_value(draft.spec(&Overrides::default()).unwrap()).unwrap()
    }

    #[test]
    fn every_key_that_the_table_has_is_written() {
        let plain = spec("max_workers", "1");
        for key in TEMPLATE.iter().map(|key| key.name) {
            let value = match key {
                // What is not an option of the spec, and what needs more than itself.
                "name"
                | "main"
                | "binary"
                | "jars"
                | "main_class"
                | "beam"
                | "metadata_file"
                | "yaml_pipeline_path"
                | "yaml_image"
                | "results"
                | "notify"
                | "runners"
                | "default_runner"
                | "default_environment" => continue,
                "max_workers" | "num_workers" => "7",
                "disable_public_ips" | "enable_streaming_engine" => "true",
                "additional_experiments" => "[\"x\"]",
                "additional_user_labels" => "{a = \"b\"}",
                "sdk_language" => "\"GO\"",
                "service_account_email" => "\"a@b.c\"",
                "image_repository_username_secret_id" | "image_repository_password_secret_id" => {
                    "\"projects/p/secrets/s\""
                }
                _ => "\"gs://x\"",
            };
            let mut changed = spec(key, value);
            assert_ne!(changed, plain, "{key} is read and forgotten");
            assert_ne!(changed["sdkInfo"].take(), json!(null));
        }
        assert!(PYTHON.iter().any(|key| key.name == "version"));
    }

    #[test]
    fn options_and_the_default_environment_agree() {
        let merged = |environment: &str, options: SpecOptions| {
            let environment = Environment::parse(environment).unwrap();
            let program = ProgramSource::Python(PythonMain::Module("m".to_owned()));
            let draft = Draft {
                program: Some(&program),
                options: &options,
                environment,
                texts: SpecTexts::default(),
            };
            draft
                .spec(&Overrides::default())
                .map(|spec| serde_json::to_value(spec.default_environment).unwrap())
        };
        let staging = SpecOptions { staging_location: Some("gs://s".to_owned()), ..SpecOptions::default() };
        let expected = json!({"tempLocation": "gs://t", "stagingLocation": "gs://s"});
        assert_eq!(merged(r#"{"tempLocation": "gs://t"}"#, staging).unwrap(), expected);
        let public = SpecOptions { disable_public_ips: Some(false), ..SpecOptions::default() };
        assert_eq!(merged(r#"{"ipConfiguration": "WORKER_IP_PRIVATE"}"#, public).unwrap(), json!({}));
        let region = SpecOptions { worker_region: Some("r".to_owned()), ..SpecOptions::default() };
        assert!(merged(r#"{"workerZone": "z"}"#, region).is_err());
        let yaml = SpecOptions { yaml_image: Some("y".to_owned()), ..SpecOptions::default() };
        assert!(merged("{}", yaml).is_err());
    }
}
