//! Pipeline options as they travel: a `google.protobuf.Struct` whose keys are `beam:option:<name>:v1`.

use bytes::Bytes;
use prost::Message;
use prost_types::value::Kind;
use prost_types::{ListValue, Struct, Value as Wire};
use serde_json::{Map, Number, Value};

use crate::BeamError;
use crate::wire::WireError;

/// The options of a pipeline, by the keys that they travel under.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PipelineOptions(Map<String, Value>);

impl PipelineOptions {
    /// Reads an encoded `Struct`.
    pub fn decode(bytes: &Bytes) -> Result<Self, BeamError> {
        let read = Struct::decode(bytes.clone()).map_err(WireError::from)?;
        Ok(Self(read.fields.into_iter().map(|(name, value)| (name, to_json(value))).collect()))
    }

    /// Writes an encoded `Struct`.
    pub fn encode(&self) -> Bytes {
        let fields = self.0.iter().map(|(name, value)| (name.clone(), from_json(value))).collect();
        Struct { fields }.encode_to_vec().into()
    }

    /// Options that were written as JSON.
    pub fn from_json(value: Value) -> Self {
        match value {
            Value::Object(map) => Self(map),
            _ => Self::default(),
        }
    }

    /// The options as JSON, under the same keys.
    pub fn to_json(&self) -> Value {
        Value::Object(self.0.clone())
    }

    /// The value of an option, by its own name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(&key(name))
    }

    /// Sets an option.
    pub fn set(&mut self, name: &str, value: Value) {
        self.0.insert(key(name), value);
    }

    /// The names of the options that are set, without what is around them on the wire.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().filter_map(|key| key.strip_prefix("beam:option:")?.strip_suffix(":v1"))
    }
}

fn key(name: &str) -> String {
    format!("beam:option:{name}:v1")
}

/// A value as people write it on a command line: numbers and switches are what they look like.
pub fn typed(text: &str) -> Value {
    match text {
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        _ => match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => number.into(),
            _ => text.into(),
        },
    }
}

fn to_json(value: Wire) -> Value {
    match value.kind {
        None | Some(Kind::NullValue(_)) => Value::Null,
        Some(Kind::BoolValue(value)) => value.into(),
        Some(Kind::StringValue(value)) => value.into(),
        Some(Kind::NumberValue(value)) => number(value),
        Some(Kind::ListValue(list)) => list.values.into_iter().map(to_json).collect(),
        Some(Kind::StructValue(fields)) => {
            Value::Object(fields.fields.into_iter().map(|(name, value)| (name, to_json(value))).collect())
        }
    }
}

/// On the wire every number is a double; one that is whole is written without a point.
fn number(value: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "looked at just before")]
    if value.fract() == 0.0 && value.abs() < 9e15 {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

fn from_json(value: &Value) -> Wire {
    let kind = match value {
        Value::Null => Kind::NullValue(0),
        Value::Bool(value) => Kind::BoolValue(*value),
        Value::Number(value) => Kind::NumberValue(value.as_f64().unwrap_or_default()),
        Value::String(value) => Kind::StringValue(value.clone()),
        Value::Array(items) => Kind::ListValue(ListValue { values: items.iter().map(from_json).collect() }),
        Value::Object(map) => Kind::StructValue(Struct {
            fields: map.iter().map(|(name, value)| (name.clone(), from_json(value))).collect(),
        }),
    };
    Wire { kind: Some(kind) }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn options_travel_there_and_back() {
        let written = json!({
            "beam:option:job_name:v1": "x", "beam:option:parallelism:v1": 4, "beam:option:streaming:v1": false,
            "beam:option:experiments:v1": ["a", "b"], "beam:option:rate:v1": 0.5, "beam:option:none:v1": null,
            "other": {"a": {"b": [1, {"c": "d"}]}},
        });
        let options = PipelineOptions::from_json(written.clone());
        let read = PipelineOptions::decode(&options.encode()).unwrap();
        assert_eq!(read.to_json(), written);
        assert_eq!(read.get("parallelism"), Some(&json!(4)));
        assert!(read.names().any(|name| name == "streaming") && !read.names().any(|name| name == "other"));
        assert!(PipelineOptions::decode(&Bytes::from_static(&[0x0a, 0xff])).is_err());
    }

    #[test]
    fn values_are_what_they_look_like() {
        for (text, value) in [
            ("4", json!(4)),
            ("true", json!(true)),
            ("04", json!("04")),
            ("-1", json!(-1)),
            ("a", json!("a")),
        ] {
            assert_eq!(typed(text), value, "{text}");
        }
    }
}
