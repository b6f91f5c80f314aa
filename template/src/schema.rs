//! The format as JSON Schemas, so that editors complete and check what is written: the tables of the reader in other words.

use serde_json::{Map, Value, json};

use crate::custom_keys::CustomKey;
use crate::keys::{Key, Kind, METADATA, SPEC, Table};

/// The JSON Schema (draft 2020-12) of a `metadata.json`, as gcloud wants it.
///
/// Keys that nobody knows are allowed, as Google allows them.
pub fn metadata_schema() -> Value {
    document(&METADATA, Strictness::Author)
}

/// The JSON Schema (draft 2020-12) of a template's spec, as Google's service reads it.
pub fn spec_schema() -> Value {
    document(&SPEC, Strictness::Service)
}

/// Whose demands a schema makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Strictness {
    /// gcloud's: texts for people must be there.
    Author,
    /// The service's: a parameter has a name, and that is all.
    Service,
}

fn document(table: &'static Table, strictness: Strictness) -> Value {
    let mut schema = message(table, strictness);
    schema.insert("$schema".to_owned(), "https://json-schema.org/draft/2020-12/schema".into());
    Value::Object(schema)
}

fn message(table: &'static Table, strictness: Strictness) -> Map<String, Value> {
    let properties: Map<String, Value> =
        table.keys.iter().map(|key| (key.name.to_owned(), property(key, strictness))).collect();
    let mut schema = Map::new();
    schema.insert("title".to_owned(), table.title.into());
    schema.insert("type".to_owned(), "object".into());
    schema.insert("properties".to_owned(), properties.into());
    let required = table.keys.iter().filter(|key| is_demanded(table, key, strictness));
    let required: Vec<Value> = required.map(|key| key.name.into()).collect();
    if !required.is_empty() {
        schema.insert("required".to_owned(), required.into());
    }
    schema
}

fn is_demanded(table: &'static Table, key: &Key, strictness: Strictness) -> bool {
    let is_parameters_name = std::ptr::eq(table, &raw const crate::keys::PARAMETER) && key.name == "name";
    match strictness {
        Strictness::Author => key.required,
        Strictness::Service => is_parameters_name,
    }
}

fn property(key: &Key, strictness: Strictness) -> Value {
    let text = json!({"type": "string"});
    let mut schema = match key.kind {
        // The value of an option can be empty.
        Kind::Text if key.required && key.name != "value" && strictness == Strictness::Author => {
            json!({"type": "string", "minLength": 1})
        }
        Kind::Text => text,
        Kind::Flag => json!({"type": "boolean"}),
        // Google's JSON also writes a number as a text.
        Kind::Integer => json!({"type": ["integer", "string"], "pattern": "^-?[0-9]+$"}),
        Kind::Texts if key.name == "regexes" => {
            json!({"type": "array", "items": {"type": "string", "format": "regex"}})
        }
        Kind::Texts => json!({"type": "array", "items": text}),
        Kind::CustomMetadata { own, is_googles } => custom_metadata(own, is_googles),
        Kind::TextMap => json!({"type": "object", "additionalProperties": text}),
        // A name's number is its index.
        Kind::Name(names) => {
            json!({"anyOf": [{"enum": names}, {"type": "integer", "minimum": 0, "exclusiveMaximum": names.len()}]})
        }
        // An editor offers the names and takes any other.
        Kind::OpenName(names) => json!({"anyOf": [{"enum": names}, {"type": "string", "minLength": 1}]}),
        Kind::Object(table) => message(table, strictness).into(),
        Kind::Objects(table) => json!({"type": "array", "items": message(table, strictness)}),
        Kind::Extension => json!({"type": "object"}),
    };
    schema["description"] = key.help.into();
    schema
}

fn custom_metadata(own: &[CustomKey], is_googles: bool) -> Value {
    let property = |key: &CustomKey| {
        let schema = match key.values {
            [] => json!({"type": "string", "description": key.help}),
            values => json!({"enum": values, "description": key.help}),
        };
        (key.name.to_owned(), schema)
    };
    let properties: Map<String, Value> = own.iter().map(property).collect();
    let mut schema = json!({"type": "object", "properties": properties});
    if is_googles {
        schema["additionalProperties"] = json!({"type": "string"});
    }
    schema
}
