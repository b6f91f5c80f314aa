//! What gcloud 578 made of files and flags, against what we make of them. The cases are our own; the answers were recorded by
//! running gcloud's code on each.

use serde::Deserialize;
use serde_json::Value;
use tmpl_template::{Language, Metadata, SdkInfo, TemplateSpec, parse_dictionary, parse_list};

#[derive(Deserialize)]
struct MetadataCase {
    name: String,
    metadata: String,
    /// What gcloud uploads.
    output: Option<String>,
    /// Why gcloud refuses.
    refused: Option<String>,
}

/// Where we differ on purpose, and why.
const DIFFERENT: [(&str, &str); 12] = [
    ("param/regexes_invalid", "a launch could never be checked: better said when the template is built"),
    ("param/customMetadata_null_value", "a text that is null is no text: it is left out"),
    ("param/customMetadata_additionalProperties", "gcloud's crash, not a rule"),
    ("param/unknown_bigint", "numbers over 64 bits lose digits, in keys that nobody reads"),
    ("param/unknown_nested_bigint", "numbers over 64 bits lose digits, in keys that nobody reads"),
    ("param/unknown_floats", "1e400 is no number in JSON's readers outside Python"),
    ("param/unknown_nan", "NaN is not JSON"),
    ("param/unknown_inf", "Infinity is not JSON"),
    ("top/unknown_top_nan", "NaN is not JSON"),
    ("top/lone_surrogate_name", "half a character is not Unicode"),
    ("top/lone_surrogate_param", "half a character is not Unicode"),
    ("top/lone_surrogate_unknown", "half a character is not Unicode"),
];

#[test]
fn metadata_files_become_gclouds_bytes_or_are_refused() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for line in include_str!("gcloud/metadata.jsonl").lines() {
        let case: MetadataCase = serde_json::from_str(line).unwrap();
        count += 1;
        // gcloud takes an empty file for none.
        let metadata =
            if case.metadata.is_empty() { Ok(None) } else { Metadata::parse(&case.metadata).map(Some) };
        let difference = match (metadata.map(written), case.output) {
            (Ok(written), Some(output)) if written != output => {
                Some(format!("written as\n{written}\ninstead of\n{output}"))
            }
            (Ok(_), None) => Some(format!("accepted, and gcloud says {}", case.refused.unwrap_or_default())),
            (Err(error), Some(_)) => Some(format!("refused: {error}")),
            _ => None,
        };
        let on_purpose = DIFFERENT.iter().any(|(name, _)| *name == case.name);
        match difference {
            Some(difference) if !on_purpose => wrong.push(format!("{}: {difference}", case.name)),
            None if on_purpose => wrong.push(format!("{}: no longer different", case.name)),
            _ => {}
        }
    }
    assert!(wrong.is_empty(), "{} of {count} cases:\n{}", wrong.len(), wrong.join("\n"));
    assert!(count > 150, "the cases are gone");
}

/// The spec of an image with that metadata, without what gcloud loses and we keep.
fn written(metadata: Option<Metadata>) -> String {
    let mut spec = TemplateSpec::default();
    spec.image = Some("reg.io/p/i:1".to_owned());
    spec.sdk_info = Some(SdkInfo::new(Language::Python));
    spec.metadata = metadata.map(|mut metadata| {
        metadata.streaming = None;
        metadata.supports_at_least_once = None;
        metadata.supports_exactly_once = None;
        metadata.default_streaming_mode = None;
        metadata.other.clear();
        metadata
    });
    spec.to_canonical_json()
}

#[derive(Deserialize)]
struct FlagCase {
    kind: String,
    values: Vec<String>,
    result: Option<Value>,
    refused: Option<String>,
}

#[test]
fn flag_values_are_read_as_gcloud_reads_them() {
    for line in include_str!("gcloud/flag_values.jsonl").lines() {
        let case: FlagCase = serde_json::from_str(line).unwrap();
        let found = match case.kind.as_str() {
            "dictionary" => {
                parse_dictionary(&case.values).map(|entries| serde_json::to_value(entries).unwrap())
            }
            _ => parse_list(&case.values).map(|items| serde_json::to_value(items).unwrap()),
        };
        assert_eq!(found.as_ref().ok(), case.result.as_ref(), "{line}");
        assert_eq!(found.is_err(), case.refused.is_some(), "{line}");
    }
}
