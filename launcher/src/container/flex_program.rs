//! The program of an image that somebody's own Dockerfile made for Flex Templates: what Google's variables name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tmpl_template::{Command, CommandSpec, Language};

use crate::container::error::ContainerError;

const PYTHON_FILE: &str = "FLEX_TEMPLATE_PYTHON_PY_FILE";
const PYTHON_OPTIONS: &str = "FLEX_TEMPLATE_PYTHON_PY_OPTIONS";
const PYTHON_SPEC: &str = "DATAFLOW_PYTHON_COMMAND_SPEC";
const JAVA_CLASS: &str = "FLEX_TEMPLATE_JAVA_MAIN_CLASS";
const JAVA_CLASS_PATH: &str = "FLEX_TEMPLATE_JAVA_CLASSPATH";
const JAVA_OPTIONS: &str = "FLEX_TEMPLATE_JAVA_OPTIONS";
const JAVA_SPEC: &str = "DATAFLOW_JAVA_COMMAND_SPEC";
const GO_BINARY: &str = "FLEX_TEMPLATE_GO_BINARY";

/// Variables that name what Beam's stager would fetch, build and upload for remote workers when the pipeline is launched
/// (`--requirements_file=`, `--setup_file=`, `--extra_package=`). The `direct` runner has no remote workers and nothing may be
/// downloaded at launch, so they are left out: what the program imports has to be installed in the image, as it is already
/// where the same image serves workers.
pub(crate) const LEFT_OUT: [&str; 3] = [
    "FLEX_TEMPLATE_PYTHON_REQUIREMENTS_FILE",
    "FLEX_TEMPLATE_PYTHON_SETUP_FILE",
    "FLEX_TEMPLATE_PYTHON_EXTRA_PACKAGES",
];

/// A variable of this process.
pub(crate) type Variables<'a> = dyn Fn(&str) -> Option<String> + 'a;

/// A program that variables name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FlexProgram {
    pub(crate) start: FlexStart,
    /// Options for launches that don't give them.
    pub(crate) defaults: BTreeMap<String, String>,
}

/// How it is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FlexStart {
    Python { options: Vec<String>, file: PathBuf },
    Java { options: Vec<String>, class_path: String, main_class: String },
    Go { binary: PathBuf },
}

impl FlexStart {
    pub(crate) fn language(&self) -> Language {
        match self {
            Self::Python { .. } => Language::Python,
            Self::Java { .. } => Language::Java,
            Self::Go { .. } => Language::Go,
        }
    }
}

impl FlexProgram {
    /// The program that the variables name; relative paths start from `directory`. A variable of a program's own counts before
    /// the command spec of the same language: images that have both name the same script in both.
    pub(crate) fn find(variables: &Variables<'_>, directory: &Path) -> Result<Self, ContainerError> {
        let value = |name: &str| variables(name).filter(|value| !value.is_empty());
        let first = |names: [&'static str; 2]| names.into_iter().find(|name| value(name).is_some());
        let named =
            [first([PYTHON_FILE, PYTHON_SPEC]), first([JAVA_CLASS, JAVA_SPEC]), first([GO_BINARY; 2])];
        let named: Vec<&'static str> = named.into_iter().flatten().collect();
        let name = match named.as_slice() {
            [name] => *name,
            [first, second, ..] => return Err(ContainerError::TwoPrograms { names: (first, second) }),
            [] if value(JAVA_CLASS_PATH).is_some() => {
                return Err(ContainerError::HalfAProgram { present: JAVA_CLASS_PATH, missing: JAVA_CLASS });
            }
            [] => return Err(ContainerError::NoProgram),
        };
        let text = value(name).unwrap_or_default();
        let options = |name: &str| -> Vec<String> {
            value(name).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
        };
        let file = |path: &str| {
            let path = directory.join(path);
            if path.is_file() { Ok(path) } else { Err(ContainerError::Missing { variable: name, path }) }
        };
        let java = |class_path: String, main_class: String| {
            if !class_path.split(':').any(|entry| is_there(entry, directory)) {
                let variable = if name == JAVA_CLASS { JAVA_CLASS_PATH } else { name };
                return Err(ContainerError::Missing { variable, path: directory.join(class_path) });
            }
            Ok(FlexStart::Java { options: options(JAVA_OPTIONS), class_path, main_class })
        };
        let mut defaults = BTreeMap::new();
        let start = match name {
            PYTHON_FILE => FlexStart::Python { options: options(PYTHON_OPTIONS), file: file(&text)? },
            GO_BINARY => FlexStart::Go { binary: file(&text)? },
            JAVA_CLASS => match value(JAVA_CLASS_PATH) {
                Some(class_path) => java(class_path, text)?,
                None => {
                    return Err(ContainerError::HalfAProgram {
                        present: JAVA_CLASS,
                        missing: JAVA_CLASS_PATH,
                    });
                }
            },
            _ => {
                let path = directory.join(&text);
                let spec = read_command_spec(name, &path)?;
                defaults = spec.default_parameter_values;
                match spec.command {
                    Command::Python { file: script } if name == PYTHON_SPEC => {
                        FlexStart::Python { options: options(PYTHON_OPTIONS), file: file(&script)? }
                    }
                    Command::Java { main_class, class_path } if name == JAVA_SPEC => {
                        java(class_path, main_class)?
                    }
                    _ => return Err(ContainerError::OtherLanguage { variable: name, path }),
                }
            }
        };
        Ok(Self { start, defaults })
    }
}

fn read_command_spec(variable: &'static str, path: &Path) -> Result<CommandSpec, ContainerError> {
    let text = fs_err::read_to_string(path)
        .map_err(|source| ContainerError::CommandSpecFile { variable, source })?;
    CommandSpec::parse(&text).map_err(|source| ContainerError::CommandSpec {
        variable,
        path: path.to_owned(),
        source: Box::new(source),
    })
}

/// Whether an entry of a class path leads anywhere: a jar, a folder, or all jars of a folder (`/template/*`).
fn is_there(entry: &str, directory: &Path) -> bool {
    let path = directory.join(entry.strip_suffix('*').unwrap_or(entry));
    !entry.is_empty() && path.exists()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(directory: &Path, set: &[(&str, &str)]) -> Result<FlexProgram, String> {
        let variables =
            |name: &str| set.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        FlexProgram::find(&variables, directory)
            .map_err(|error| error.to_string().replace(&directory.display().to_string(), "WORKDIR"))
    }

    #[test]
    fn every_language_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (name, text) in [
            ("main.py", ""),
            ("go", ""),
            ("a.jar", ""),
            ("py.json", r#"{"pyFile": "main.py", "defaultParameterValues": {"case": "keep"}}"#),
            ("java.json", r#"{"mainClass": "a.B", "classPath": "libs/*:a.jar"}"#),
        ] {
            fs_err::write(path(name), text).unwrap();
        }
        let python = |options: &[&str]| FlexStart::Python {
            options: options.iter().map(|option| (*option).to_owned()).collect(),
            file: path("main.py"),
        };
        let java = |class_path: &str| FlexStart::Java {
            options: vec!["-Xmx1g".into()],
            class_path: class_path.into(),
            main_class: "a.B".into(),
        };
        for (set, start) in [
            (&[(PYTHON_FILE, "main.py"), (PYTHON_OPTIONS, "-O  -X dev")][..], python(&["-O", "-X", "dev"])),
            (&[(PYTHON_FILE, "main.py"), (PYTHON_SPEC, "/no/such/file")], python(&[])),
            (&[(PYTHON_SPEC, "py.json")], python(&[])),
            (&[(JAVA_CLASS, "a.B"), (JAVA_CLASS_PATH, "a.jar"), (JAVA_OPTIONS, "-Xmx1g")], java("a.jar")),
            (&[(JAVA_SPEC, "java.json"), (JAVA_OPTIONS, "-Xmx1g")], java("libs/*:a.jar")),
            (&[(GO_BINARY, "go"), (PYTHON_FILE, "")], FlexStart::Go { binary: path("go") }),
        ] {
            assert_eq!(find(folder.path(), set).unwrap().start, start, "{set:?}");
        }
        assert_eq!(find(folder.path(), &[(PYTHON_SPEC, "py.json")]).unwrap().defaults["case"], "keep");
    }

    #[test]
    fn what_is_missing_or_too_much_is_named() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("go"), "").unwrap();
        fs_err::write(folder.path().join("bad.json"), "{").unwrap();
        fs_err::write(folder.path().join("java.json"), r#"{"mainClass": "a.B", "classPath": "go"}"#).unwrap();
        for (set, message) in [
            (&[][..], "this image names no program"),
            (&[(PYTHON_FILE, "main.py")], "FLEX_TEMPLATE_PYTHON_PY_FILE: there is no file WORKDIR/main.py"),
            (
                &[(PYTHON_FILE, "main.py"), (GO_BINARY, "go")],
                "this image names two programs: FLEX_TEMPLATE_PYTHON_PY_FILE and FLEX_TEMPLATE_GO_BINARY are set",
            ),
            (
                &[(JAVA_CLASS, "a.B")],
                "FLEX_TEMPLATE_JAVA_MAIN_CLASS is set, and FLEX_TEMPLATE_JAVA_CLASSPATH is not",
            ),
            (
                &[(JAVA_CLASS_PATH, "go")],
                "FLEX_TEMPLATE_JAVA_CLASSPATH is set, and FLEX_TEMPLATE_JAVA_MAIN_CLASS is not",
            ),
            (
                &[(JAVA_CLASS, "a.B"), (JAVA_CLASS_PATH, "no/*")],
                "FLEX_TEMPLATE_JAVA_CLASSPATH: there is no file WORKDIR/no/*",
            ),
            (
                &[(PYTHON_SPEC, "bad.json")],
                "DATAFLOW_PYTHON_COMMAND_SPEC: the command spec WORKDIR/bad.json can't be read",
            ),
            (
                &[(PYTHON_SPEC, "java.json")],
                "DATAFLOW_PYTHON_COMMAND_SPEC: the command spec WORKDIR/java.json names a program in another language",
            ),
            (&[(JAVA_SPEC, "no.json")], "DATAFLOW_JAVA_COMMAND_SPEC: the command spec can't be read"),
        ] {
            assert_eq!(find(folder.path(), set).unwrap_err(), message, "{set:?}");
        }
    }
}
