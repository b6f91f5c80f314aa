//! One of the values that an ENUM parameter can have.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::format_error::Problem;
use crate::keys::ENUM_OPTION;
use crate::object::{Fields, Object, Spelling};
use crate::reader::Reader;

/// A value to choose.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct EnumOption {
    /// What the program gets; gcloud takes an option without one, too.
    pub value: Option<String>,
    /// What a form shows; the value itself without one.
    pub label: Option<String>,
    /// What choosing it means.
    pub description: Option<String>,
    /// Keys that are not Google's.
    pub other: Map<String, Value>,
    spelling: Spelling,
}

impl EnumOption {
    /// What the program gets.
    pub fn value(&self) -> &str {
        self.value.as_deref().unwrap_or_default()
    }

    pub(crate) fn read(value: Value, reader: &mut Reader) -> Self {
        if let Value::String(_) = &value {
            let remedy = format!("write {{\"value\": {value}}}");
            reader.report(Problem::kind("an object", &value).hinted(remedy));
            return Self::default();
        }
        let mut keys = Object::open(value, &ENUM_OPTION, reader);
        let value = keys.text("value");
        let (label, description) = (keys.text("label"), keys.text("description"));
        let (other, spelling) = keys.close();
        Self { value, label, description, other, spelling }
    }
}

impl Serialize for EnumOption {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::new(&self.spelling)
            .add("value", self.value.as_ref())
            .add("label", self.label.as_ref())
            .add("description", self.description.as_ref())
            .write(&self.other, serializer)
    }
}
