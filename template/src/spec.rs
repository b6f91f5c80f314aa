//! A template as it lies in the bucket: Google's container spec, with our key `tmpl` beside Google's.

use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use crate::canonical_json::to_canonical_json;
use crate::digest::sha256_of;
use crate::keys::SPEC;
use crate::object::{Fields, Object, Spelling};
use crate::reader::{Dialect, Reader};
use crate::{Digest, Environment, Extension, FormatError, Metadata, SdkInfo};

/// A container spec. Reading keeps every key, writing is canonical: the file that
/// `gcloud dataflow flex-template build` would upload, when only Google's features are used.
///
/// ```
/// use tmpl_template::{Language, SdkInfo, TemplateSpec};
///
/// let spec = TemplateSpec::parse(r#"{"sdk_info": {"language": 2}, "image": "gcr.io/p/i", "mine": [1]}"#)?;
/// assert_eq!(spec.sdk_info.as_ref().and_then(|sdk| sdk.language.clone()), Some(Language::Python));
/// assert!(spec.to_canonical_json().contains("\"mine\""));
/// # Ok::<(), tmpl_template::FormatError>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TemplateSpec {
    /// The launcher image; a template without one runs only here.
    pub image: Option<String>,
    /// What the template asks for; without it any parameter is accepted.
    pub metadata: Option<Metadata>,
    /// The language of the pipeline.
    pub sdk_info: Option<SdkInfo>,
    /// Defaults of the launch environment; written even when empty, as gcloud does.
    pub default_environment: Environment,
    /// The secret with the user of a private registry.
    pub image_repository_username_secret_id: Option<String>,
    /// The secret with the password of a private registry.
    pub image_repository_password_secret_id: Option<String>,
    /// The certificate of a private registry.
    pub image_repository_cert_path: Option<String>,
    /// What the spec says to `tmpl`.
    pub tmpl: Option<Extension>,
    /// Every other key.
    pub other: Map<String, Value>,
    spelling: Spelling,
}

impl TemplateSpec {
    /// Reads the text of a template file, as Google's service reads it: both spellings of every key, and little that must be there.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        let mut reader = Reader::new(Dialect::Service);
        let spec = Self::read(FormatError::read_json(text)?, &mut reader);
        FormatError::first(reader.into_problems(), text)?;
        Ok(spec)
    }

    /// The text of the template file: sorted keys, 4 spaces, ASCII, no newline at the end.
    pub fn to_canonical_json(&self) -> String {
        match serde_json::to_value(self) {
            Ok(value) => to_canonical_json(value),
            Err(_) => unreachable!("every key of a spec is a text"),
        }
    }

    /// The version's name: the SHA-256 digest of the canonical text.
    pub fn digest(&self) -> Digest {
        sha256_of(self.to_canonical_json().as_bytes())
    }

    pub(crate) fn read(value: Value, reader: &mut Reader) -> Self {
        let is_object = value.is_object();
        let mut keys = Object::open(value, &SPEC, reader);
        if !is_object {
            return Self::default();
        }
        let tmpl = keys.take("tmpl", |value, reader| match Extension::read(value) {
            Ok(extension) => Some(extension),
            Err(problem) => {
                reader.report(problem);
                None
            }
        });
        let spec = Self {
            tmpl,
            image: keys.text("image"),
            metadata: keys.take("metadata", |value, reader| Some(Metadata::read(value, reader))),
            sdk_info: keys.take("sdkInfo", |value, reader| Some(SdkInfo::read(value, reader))),
            default_environment: keys
                .take("defaultEnvironment", |value, reader| Some(Environment::read(value, reader)))
                .unwrap_or_default(),
            image_repository_username_secret_id: keys.text("imageRepositoryUsernameSecretId"),
            image_repository_password_secret_id: keys.text("imageRepositoryPasswordSecretId"),
            image_repository_cert_path: keys.text("imageRepositoryCertPath"),
            ..Self::default()
        };
        let (other, spelling) = keys.close();
        Self { other, spelling, ..spec }
    }
}

/// A template of which nothing is known but what it asks for.
impl From<Metadata> for TemplateSpec {
    fn from(metadata: Metadata) -> Self {
        Self { metadata: Some(metadata), ..Self::default() }
    }
}

impl Serialize for TemplateSpec {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Fields::new(&self.spelling)
            .add("image", self.image.as_ref())
            .add("metadata", self.metadata.as_ref())
            .add("sdkInfo", self.sdk_info.as_ref())
            .add("defaultEnvironment", Some(&self.default_environment))
            .add("imageRepositoryUsernameSecretId", self.image_repository_username_secret_id.as_ref())
            .add("imageRepositoryPasswordSecretId", self.image_repository_password_secret_id.as_ref())
            .add("imageRepositoryCertPath", self.image_repository_cert_path.as_ref())
            .add("tmpl", self.tmpl.as_ref())
            .write(&self.other, serializer)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{Entry, Language, PythonMain};

    const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    fn extension() -> Value {
        json!({
            "format": 1,
            "entry": {"kind": "python", "main": {"module": "wordcount"}, "beam": "2.77.0"},
            "lock": DIGEST,
            "platforms": {"linux/amd64": {
                "interpreter": {"implementation": "cpython", "version": "3.11", "abi": "cp311"},
                "libc": "glibc 2.28",
                "layers": [{
                    "title": "app", "digest": DIGEST, "diffId": DIGEST, "size": 3,
                    "mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "key": "k"
                }]
            }}
        })
    }

    #[test]
    fn the_least_spec_is_gclouds() {
        let spec = TemplateSpec {
            image: Some("gcr.io/p/i".to_owned()),
            sdk_info: Some(SdkInfo::new(Language::Python)),
            ..TemplateSpec::default()
        };
        let expected = "{\n    \"defaultEnvironment\": {},\n    \"image\": \"gcr.io/p/i\",\n    \"sdkInfo\": {\n        \"language\": \"PYTHON\"\n    }\n}";
        assert_eq!(spec.to_canonical_json(), expected);
        // Of the same bytes, by sha256sum.
        assert_eq!(
            spec.digest().to_string(),
            "sha256:a781c6e87193f3be7d3d1b20bedadc713ceb374c4702481ef2435a9af390aa36"
        );
        assert_eq!(TemplateSpec::parse(expected).unwrap(), spec);
    }

    #[test]
    fn every_key_is_kept() {
        let value = json!({
            "image": "i", "metadata": {"name": "T", "x": 1}, "sdkInfo": {"language": "JAVA", "version": "2", "y": 1},
            "defaultEnvironment": {"maxWorkers": 3, "additionalUserLabels": {"a": "b"}},
            "imageRepositoryCertPath": "gs://b/c", "docker_template_spec": {"docker_image": "d"},
            "tmpl": extension(),
        });
        let spec = TemplateSpec::parse(&value.to_string()).unwrap();
        let written = spec.to_canonical_json();
        assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
        assert_eq!(TemplateSpec::parse(&written).unwrap(), spec);
    }

    #[test]
    fn the_extension_says_how_to_run() {
        let extension = Extension::read(extension()).unwrap();
        let main = PythonMain::Module("wordcount".to_owned());
        assert_eq!(extension.entry, Entry::Python { main, beam: Some("2.77.0".to_owned()) });
        let layers = &extension.platforms["linux/amd64"].layers;
        assert_eq!((layers[0].title.as_str(), layers[0].size), ("app", 3));
        let file: PythonMain = serde_json::from_value(json!({"file": "main.py"})).unwrap();
        assert_eq!(file, PythonMain::File("main.py".to_owned()));
        let without_beam = Entry::Python { main: file, beam: None };
        assert_eq!(
            serde_json::to_value(&without_beam).unwrap(),
            json!({"kind": "python", "main": {"file": "main.py"}})
        );
    }

    #[test]
    fn other_extensions_are_refused() {
        let changed = |pointer: &str, key: &str, value: Value| {
            let mut changed = extension();
            changed.pointer_mut(pointer).unwrap()[key] = value;
            format!("{{\"tmpl\":\n{changed}}}")
        };
        for (text, expected, hint) in [
            (
                changed("", "format", json!(5)),
                "tmpl.format: the template is in format 5, newer than 4",
                "update `tmpl`",
            ),
            (
                changed("", "format", json!(0)),
                "tmpl.format: no template has the format 0",
                "build the template again",
            ),
            (
                changed("", "format", json!("1")),
                "tmpl: the number `format` is missing",
                "build the template again",
            ),
            (
                changed("/entry", "kind", json!("cobol")),
                "tmpl: unknown variant `cobol`, expected one of `python`, `yaml`, `java`, `go`, `binary`",
                "update `tmpl`, or build the template again",
            ),
            (
                changed("/entry", "more", json!(1)),
                "tmpl: unknown field `more`, expected `main` or `beam`",
                "update `tmpl`, or build the template again",
            ),
            (
                changed("/platforms/linux~1amd64/layers/0", "zip", json!(1)),
                "tmpl: unknown field `zip`, expected one of `title`, `digest`, `diffId`, `size`, `mediaType`, `key`",
                "update `tmpl`, or build the template again",
            ),
        ] {
            let error = TemplateSpec::parse(&text).unwrap_err();
            assert_eq!(format!("{}: {}", error.path().unwrap(), error.message()), expected);
            assert_eq!(error.hint().as_deref(), Some(hint));
            assert_eq!(error.line(), 2);
        }
    }

    #[test]
    fn errors_of_the_parts_have_their_path() {
        for (text, expected) in [
            (
                "{\"sdkInfo\": {\"language\": 9}}",
                "line 1, column 26: sdkInfo.language: there is no name for the number 9",
            ),
            (
                "{\"metadata\": {\"name\": \"T\", \"parameters\": [{}]}}",
                "line 1, column 43: metadata.parameters[0]: the key `name` is missing",
            ),
            (
                "{\"defaultEnvironment\": []}",
                "line 1, column 24: defaultEnvironment: expected an object, found a list",
            ),
            ("{\"image\": 1}", "line 1, column 11: image: expected a text, found a number"),
        ] {
            assert_eq!(TemplateSpec::parse(text).unwrap_err().to_string(), expected);
        }
    }
}
