//! A pipeline on the wire: its environments replaced, every other byte as it came.
//!
//! A protobuf message is a row of fields, each a key and a value; a message within a message is a value with its length before it.
//! So a pipeline is walked field by field down to its environments, what is not one is copied, and the lengths above are
//! written anew. What a newer SDK adds anywhere stays.

use bytes::{Buf, Bytes};
use prost::Message;
use prost::encoding::{WireType, decode_key, decode_varint, encode_key, encode_varint};

use crate::messages::{ArtifactInformation, Environment};

/// `Pipeline.components`.
const COMPONENTS: u32 = 1;
/// `Components.environments`, a map: entries with key 1 and value 2.
const ENVIRONMENTS: u32 = 5;
const ENTRY_KEY: u32 = 1;
const ENTRY_VALUE: u32 = 2;
/// What is replaced in an `Environment`: its kind, what belongs to that, the artifacts it needs.
const ENVIRONMENT_URN: u32 = 2;
const ENVIRONMENT_PAYLOAD: u32 = 3;
const ENVIRONMENT_DEPENDENCIES: u32 = 6;

/// Bytes that are no pipeline.
#[derive(Debug, thiserror::Error)]
#[error("the pipeline can't be read: {what}")]
pub struct WireError {
    what: String,
}

impl WireError {
    fn new(what: impl std::fmt::Display) -> Self {
        Self { what: what.to_string() }
    }
}

impl From<prost::DecodeError> for WireError {
    fn from(error: prost::DecodeError) -> Self {
        Self::new(error)
    }
}

/// What an environment becomes. Its capabilities, display data and resource hints stay.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewEnvironment {
    /// The kind.
    pub urn: String,
    /// What belongs to the kind, encoded.
    pub payload: Bytes,
    /// The artifacts that a worker needs.
    pub dependencies: Vec<ArtifactInformation>,
}

/// The environments of a pipeline, by their ids.
pub fn environments(pipeline: &Bytes) -> Result<Vec<(String, Environment)>, WireError> {
    let mut found = Vec::new();
    replace_environments(pipeline, |id, environment| {
        found.push((id.to_owned(), environment.clone()));
        None
    })?;
    Ok(found)
}

/// The pipeline with other environments: `replace` is asked for each, and gives nothing for one that stays as it is.
pub fn replace_environments(
    pipeline: &Bytes,
    mut replace: impl FnMut(&str, &Environment) -> Option<NewEnvironment>,
) -> Result<Bytes, WireError> {
    let written = rewrite(pipeline, COMPONENTS, |components| {
        rewrite(components, ENVIRONMENTS, |entry| {
            let id = match value_of(entry, ENTRY_KEY)? {
                Some(id) => String::from_utf8(id.to_vec()).map_err(WireError::new)?,
                None => String::new(),
            };
            rewrite(entry, ENTRY_VALUE, |environment| {
                let read = Environment::decode(environment.clone())?;
                match replace(&id, &read) {
                    Some(new) => write_environment(environment, &new),
                    None => Ok(environment.to_vec()),
                }
            })
        })
    })?;
    Ok(written.into())
}

fn write_environment(old: &Bytes, new: &NewEnvironment) -> Result<Vec<u8>, WireError> {
    let mut written = Vec::with_capacity(old.len());
    for field in Fields::of(old) {
        let field = field?;
        if ![ENVIRONMENT_URN, ENVIRONMENT_PAYLOAD, ENVIRONMENT_DEPENDENCIES].contains(&field.tag) {
            written.extend_from_slice(&field.whole);
        }
    }
    write_value(&mut written, ENVIRONMENT_URN, new.urn.as_bytes());
    write_value(&mut written, ENVIRONMENT_PAYLOAD, &new.payload);
    for dependency in &new.dependencies {
        write_value(&mut written, ENVIRONMENT_DEPENDENCIES, &dependency.encode_to_vec());
    }
    Ok(written)
}

/// A message with the values of one field made anew, and all else copied.
fn rewrite(
    message: &Bytes,
    tag: u32,
    mut change: impl FnMut(&Bytes) -> Result<Vec<u8>, WireError>,
) -> Result<Vec<u8>, WireError> {
    let mut written = Vec::with_capacity(message.len());
    for field in Fields::of(message) {
        let field = field?;
        match &field.value {
            Some(value) if field.tag == tag => write_value(&mut written, tag, &change(value)?),
            _ => written.extend_from_slice(&field.whole),
        }
    }
    Ok(written)
}

/// The last value of a field, as protobuf counts when one is given twice.
fn value_of(message: &Bytes, tag: u32) -> Result<Option<Bytes>, WireError> {
    let mut found = None;
    for field in Fields::of(message) {
        let field = field?;
        if field.tag == tag {
            found = field.value;
        }
    }
    Ok(found)
}

fn write_value(written: &mut Vec<u8>, tag: u32, value: &[u8]) {
    encode_key(tag, WireType::LengthDelimited, written);
    encode_varint(value.len() as u64, written);
    written.extend_from_slice(value);
}

/// A field as it stands on the wire.
struct Field {
    tag: u32,
    /// The whole of it, key and length included.
    whole: Bytes,
    /// The value of one that has a length.
    value: Option<Bytes>,
}

/// The fields of a message, in their order.
struct Fields {
    rest: Bytes,
}

impl Fields {
    fn of(message: &Bytes) -> Self {
        Self { rest: message.clone() }
    }

    fn read(&mut self) -> Result<Field, WireError> {
        let start = self.rest.clone();
        let (tag, wire_type) = decode_key(&mut self.rest)?;
        let length = match wire_type {
            WireType::Varint => {
                decode_varint(&mut self.rest)?;
                0
            }
            WireType::SixtyFourBit => 8,
            WireType::ThirtyTwoBit => 4,
            WireType::LengthDelimited => {
                usize::try_from(decode_varint(&mut self.rest)?).map_err(WireError::new)?
            }
            // Nothing of Beam's has groups.
            WireType::StartGroup | WireType::EndGroup => return Err(WireError::new("a field is a group")),
        };
        if length > self.rest.len() {
            return Err(WireError::new("it is cut off"));
        }
        let value = (wire_type == WireType::LengthDelimited).then(|| self.rest.slice(..length));
        self.rest.advance(length);
        let whole = start.slice(..start.len() - self.rest.len());
        Ok(Field { tag, whole, value })
    }
}

impl Iterator for Fields {
    type Item = Result<Field, WireError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let read = self.read();
        if read.is_err() {
            self.rest.clear();
        }
        Some(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::messages::{ApiServiceDescriptor, ExternalPayload};

    /// A pipeline with an environment, and with fields everywhere that are not declared here.
    fn pipeline() -> Bytes {
        let environment = Environment {
            urn: Environment::DOCKER.to_owned(),
            payload: Bytes::from_static(b"old"),
            capabilities: vec!["can".to_owned()],
            dependencies: vec![ArtifactInformation::default()],
        };
        let mut inner = environment.encode_to_vec();
        write_value(&mut inner, 99, b"newer");
        let mut entry = Vec::new();
        write_value(&mut entry, ENTRY_KEY, b"env");
        write_value(&mut entry, ENTRY_VALUE, &inner);
        let mut components = Vec::new();
        write_value(&mut components, 1, b"transforms");
        write_value(&mut components, ENVIRONMENTS, &entry);
        encode_key(77, WireType::Varint, &mut components);
        encode_varint(300, &mut components);
        let mut pipeline = Vec::new();
        write_value(&mut pipeline, COMPONENTS, &components);
        write_value(&mut pipeline, 2, b"root");
        encode_key(98, WireType::SixtyFourBit, &mut pipeline);
        pipeline.extend_from_slice(&[1; 8]);
        pipeline.into()
    }

    #[test]
    fn only_the_environment_changes() {
        let payload = ExternalPayload {
            endpoint: Some(ApiServiceDescriptor { url: "localhost:50000".to_owned() }),
            params: [("a".to_owned(), "b".to_owned())].into(),
        };
        let new = NewEnvironment {
            urn: Environment::EXTERNAL.to_owned(),
            payload: payload.encode_to_vec().into(),
            dependencies: vec![],
        };
        let changed = replace_environments(&pipeline(), |id, old| {
            assert_eq!((id, old.urn.as_str()), ("env", Environment::DOCKER));
            Some(new.clone())
        })
        .unwrap();
        let (_, environment) = environments(&changed).unwrap().remove(0);
        assert_eq!(environment.urn, Environment::EXTERNAL);
        assert_eq!(ExternalPayload::decode(environment.payload).unwrap(), payload);
        assert_eq!(environment.capabilities, ["can"]);
        assert_eq!(environment.dependencies, []);
        let holds = |bytes: &[u8]| changed.windows(bytes.len()).any(|window| window == bytes);
        assert!(holds(b"newer") && holds(b"transforms") && holds(b"root") && holds(&[1; 8]));
        assert!(!holds(b"old"));
    }

    #[test]
    fn what_is_not_replaced_is_the_same_bytes() {
        assert_eq!(replace_environments(&pipeline(), |_, _| None).unwrap(), pipeline());
    }

    #[test]
    fn what_is_cut_off_is_refused() {
        let whole = pipeline();
        for length in 1..whole.len() {
            let cut = whole.slice(..length);
            // Some cuts fall between two fields, and leave a message.
            if let Ok(read) = replace_environments(&cut, |_, _| None) {
                assert_eq!(read, cut);
            }
        }
        assert!(environments(&Bytes::from_static(&[0x0b])).is_err());
        assert!(environments(&Bytes::from_static(&[0x0a, 0xff, 0xff, 0xff, 0x7f])).is_err());
    }
}
