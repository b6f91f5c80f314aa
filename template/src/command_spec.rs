//! A command spec: the JSON file inside an image that `DATAFLOW_PYTHON_COMMAND_SPEC` or `DATAFLOW_JAVA_COMMAND_SPEC` names.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::FormatError;
use crate::format_error::Problem;
use crate::keys::COMMAND_SPEC;
use crate::object::{Fields, Object, Spelling};
use crate::reader::{Dialect, Reader};

/// What a launcher starts in an image that names no `FLEX_TEMPLATE_…` variables.
///
/// ```
/// use tmpl_template::{Command, CommandSpec};
///
/// let spec = CommandSpec::parse(r#"{"pyFile": "/template/main.py", "defaultParameterValues": {"case": "keep"}}"#)?;
/// assert_eq!(spec.command, Command::Python { file: "/template/main.py".to_owned() });
/// assert_eq!(spec.default_parameter_values["case"], "keep");
/// # Ok::<(), tmpl_template::FormatError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct CommandSpec {
    /// The program.
    pub command: Command,
    /// Options for launches that don't give them, by name.
    pub default_parameter_values: BTreeMap<String, String>,
    /// Other keys.
    pub other: Map<String, Value>,
    spelling: Spelling,
}

/// The program of a command spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// A Python script.
    Python {
        /// Its path in the image.
        file: String,
    },
    /// A Java class.
    Java {
        /// Its name.
        main_class: String,
        /// Where it is found, as `java -cp` takes it.
        class_path: String,
    },
}

impl CommandSpec {
    /// Reads the text of a command spec.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let mut reader = Reader::new(Dialect::Service);
        let spec = Self::read(FormatError::read_json(text)?, &mut reader);
        FormatError::first(reader.into_problems(), text)?;
        Ok(spec)
    }

    pub(crate) fn read(value: Value, reader: &mut Reader) -> Self {
        let mut keys = Object::open(value, &COMMAND_SPEC, reader);
        let (file, main_class) = (keys.text("pyFile"), keys.text("mainClass"));
        let class_path = keys.text("classPath");
        let default_parameter_values = keys.text_map("defaultParameterValues").unwrap_or_default();
        let command = match (file, main_class) {
            (Some(file), None) => Command::Python { file },
            (None, Some(main_class)) => {
                if class_path.is_none() {
                    keys.report_missing("classPath", "say where the class is found, as `java -cp` takes it");
                }
                Command::Java { main_class, class_path: class_path.unwrap_or_default() }
            }
            (file, _) => {
                let message = match file {
                    Some(_) => "both `pyFile` and `mainClass` are there",
                    None => "the key `pyFile` or `mainClass` is missing",
                };
                keys.report(Problem::new(message).hinted("a command is one Python script or one Java class"));
                Command::Python { file: String::new() }
            }
        };
        let (other, spelling) = keys.close();
        Self { command, default_parameter_values, other, spelling }
    }
}

impl Serialize for CommandSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (file, main_class, class_path) = match &self.command {
            Command::Python { file } => (Some(file), None, None),
            Command::Java { main_class, class_path } => (None, Some(main_class), Some(class_path)),
        };
        let defaults = Some(&self.default_parameter_values).filter(|values| !values.is_empty());
        Fields::new(&self.spelling)
            .add("pyFile", file)
            .add("mainClass", main_class)
            .add("classPath", class_path)
            .add("defaultParameterValues", defaults)
            .write(&self.other, serializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_read_and_write_back() {
        for text in [
            r#"{"pyFile":"m.py"}"#,
            r#"{"mainClass":"a.B","classPath":"/t/*","defaultParameterValues":{"labels":"{\"a\": \"b\"}"},"x":1}"#,
        ] {
            let spec = CommandSpec::parse(text).unwrap();
            assert_eq!(serde_json::to_string(&spec).unwrap(), text);
        }
        for (text, message) in [
            ("{}", "line 1, column 1: the key `pyFile` or `mainClass` is missing"),
            (
                r#"{"pyFile": "m", "mainClass": "A"}"#,
                "line 1, column 1: both `pyFile` and `mainClass` are there",
            ),
            (r#"{"mainClass": "A"}"#, "line 1, column 1: the key `classPath` is missing"),
            (r#"{"pyFile": 1}"#, "line 1, column 12: pyFile: expected a text, found a number"),
        ] {
            assert_eq!(CommandSpec::parse(text).unwrap_err().to_string(), message);
        }
    }
}
