//! In which language, and with which SDK, a template's pipeline is written.

use std::fmt;

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::keys::{LANGUAGES, SDK_INFO};
use crate::object::{Fields, Object, Spelling};
use crate::reader::Reader;

/// The language of a pipeline. Names that nobody knows are kept.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are those of the languages")]
pub enum Language {
    Unknown,
    Java,
    Python,
    Go,
    Yaml,
    /// A name that is not Google's.
    Other(String),
}

impl Language {
    /// Google's languages, each at the index of its number in Google's API.
    const KNOWN: [Self; 5] = [Self::Unknown, Self::Java, Self::Python, Self::Go, Self::Yaml];

    /// The language of that name, like `PYTHON`; every name has one.
    pub fn from_name(name: &str) -> Self {
        let index = LANGUAGES.iter().position(|known| *known == name);
        index
            .and_then(|index| Self::KNOWN.get(index))
            .cloned()
            .unwrap_or_else(|| Self::Other(name.to_owned()))
    }

    /// The name as it is written in a spec.
    pub fn name(&self) -> &str {
        match self {
            Self::Unknown => "UNKNOWN",
            Self::Java => "JAVA",
            Self::Python => "PYTHON",
            Self::Go => "GO",
            Self::Yaml => "YAML",
            Self::Other(name) => name,
        }
    }
}

impl fmt::Display for Language {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

impl Serialize for Language {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

/// Google's `SDKInfo`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SdkInfo {
    /// The language; without one Google's service knows no options of the pipeline.
    pub language: Option<Language>,
    /// The SDK's version; nobody writes it.
    pub version: Option<String>,
    /// Keys that are not Google's.
    pub other: Map<String, Value>,
    spelling: Spelling,
}

impl SdkInfo {
    /// The language alone, which is what gcloud writes.
    pub fn new(language: Language) -> Self {
        Self { language: Some(language), ..Self::default() }
    }

    pub(crate) fn read(value: Value, reader: &mut Reader) -> Self {
        let mut keys = Object::open(value, &SDK_INFO, reader);
        let language = keys.name("language").map(|name| Language::from_name(&name));
        let version = keys.text("version");
        let (other, spelling) = keys.close();
        Self { language, version, other, spelling }
    }
}

impl Serialize for SdkInfo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::new(&self.spelling)
            .add("language", self.language.as_ref())
            .add("version", self.version.as_ref())
            .write(&self.other, serializer)
    }
}
