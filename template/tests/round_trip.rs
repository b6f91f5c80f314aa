//! Properties that hold for every input: what is written reads back the same, and nothing panics.

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use tmpl_template::{
    DigestPrefix, JobId, JobName, Metadata, RawParameters, TemplateName, TemplateReference, TemplateSpec,
    check, parse_dictionary,
};

/// A text of the characters of template names, without the ending that they may not have.
fn template_name() -> impl Strategy<Value = String> {
    let name = "[a-z0-9][a-z0-9._-]{0,62}";
    name.prop_filter("a name does not end in .json", |name| name.strip_suffix(".json").is_none())
}

fn with_keys(mut object: Value, more: Map<String, Value>) -> Value {
    if let Value::Object(keys) = &mut object {
        keys.extend(more);
    }
    object
}

/// Any JSON value of little depth.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map(any::<String>(), inner, 0..4)
                .prop_map(|keys| Value::Object(keys.into_iter().collect())),
        ]
    })
}

/// Keys that nobody knows.
fn unknown_keys() -> impl Strategy<Value = Map<String, Value>> {
    prop::collection::btree_map("x-\\PC{0,5}", any_json(), 0..3).prop_map(|keys| keys.into_iter().collect())
}

fn parameter() -> impl Strategy<Value = Value> {
    let kinds = prop::sample::select(vec!["TEXT", "NUMBER", "ENUM", "BOOLEAN", "GCS_READ_FILE", "odd"]);
    let regexes = prop::collection::vec(prop::sample::select(vec!["^a", "[0-9]+", ".*", "^$", "é"]), 1..3);
    let pass = prop::sample::select(vec!["argument", "switch", "file"]);
    let keys = ("[a-d]", "\\PC{1,8}", any::<bool>(), kinds, regexes, pass, "[a-d]", unknown_keys());
    keys.prop_map(|(name, label, optional, kind, regexes, pass, parent, other)| {
        let parameter = json!({
            "name": name, "label": label, "helpText": label, "isOptional": optional, "paramType": kind,
            "regexes": regexes, "customMetadata": {"tmpl.pass": pass}, "parentName": parent,
            "enumOptions": [{"value": "a"}, {"value": label}], "defaultValue": label,
        });
        with_keys(parameter, other)
    })
}

fn metadata() -> impl Strategy<Value = Value> {
    let custom = (prop::sample::select(vec!["false", "true"]), "[a-z]{1,8}", unknown_keys());
    let keys = ("\\PC{1,8}", any::<bool>(), prop::collection::vec(parameter(), 1..5), custom, unknown_keys());
    keys.prop_map(|(name, streaming, parameters, (mutates, owner, foreign), other)| {
        let custom = with_keys(json!({"tmpl.mutates": mutates, "tmpl.owner": owner}), foreign);
        let metadata =
            json!({"name": name, "streaming": streaming, "parameters": parameters, "customMetadata": custom});
        with_keys(metadata, other)
    })
}

proptest! {
    #[test]
    fn names_are_written_as_they_are_read(text in template_name()) {
        prop_assert_eq!(text.parse::<TemplateName>().unwrap().to_string(), text);
    }

    #[test]
    fn accepted_names_are_harmless_path_segments(text in "\\PC{0,70}|[./a-z0-9_-]{0,70}") {
        if let Ok(name) = text.parse::<TemplateName>() {
            prop_assert_eq!(name.as_str(), &text);
            prop_assert!(!text.is_empty() && text.len() <= 63 && text.is_ascii());
            prop_assert!(!text.contains(['/', '\\']) && !text.starts_with('.') && text.strip_suffix(".json").is_none());
        } else if let Some(hint) = text.parse::<TemplateName>().unwrap_err().hint() {
            let near = hint.split('`').nth(1).unwrap();
            prop_assert!(near.parse::<TemplateName>().is_ok(), "{}", near);
        }
    }

    #[test]
    fn references_are_written_as_they_are_read(name in template_name(), prefix in "[0-9a-f]{1,64}") {
        prop_assert!(prefix.parse::<DigestPrefix>().is_ok());
        let text = format!("{name}@{prefix}");
        let reference: TemplateReference = text.parse().unwrap();
        prop_assert_eq!(reference.to_string(), text.clone());
        let json = serde_json::to_string(&reference).unwrap();
        prop_assert_eq!(serde_json::from_str::<TemplateReference>(&json).unwrap(), reference);
    }

    #[test]
    fn ids_read_back_and_sort_by_time(
        seconds in prop::collection::vec(-100_000_000_000_i64..253_000_000_000, 2),
        random in any::<u64>(),
    ) {
        let times: Vec<_> = seconds.iter().map(|&second| jiff::Timestamp::from_second(second).unwrap()).collect();
        let ids: Vec<_> = times.iter().map(|&time| JobId::new(time, random)).collect();
        prop_assert_eq!(&ids[0].to_string().parse::<JobId>().unwrap(), &ids[0]);
        let since_1970 = |second: i64| second.max(0);
        prop_assert_eq!(ids[0].cmp(&ids[1]), since_1970(seconds[0]).cmp(&since_1970(seconds[1])));
    }

    #[test]
    fn every_template_can_name_its_jobs(
        name in template_name(), second in -100_000_000_000_i64..253_000_000_000, random in any::<u16>(),
    ) {
        let launched = jiff::Timestamp::from_second(second).unwrap();
        let job = JobName::for_template(&name.parse().unwrap(), launched, random);
        prop_assert_eq!(job.to_string().parse::<JobName>().unwrap(), job);
    }

    #[test]
    fn a_spec_is_written_as_it_is_read(
        image in prop::option::of(any::<String>()),
        metadata in prop::option::of(metadata()),
        environment in unknown_keys(),
        other in unknown_keys(),
    ) {
        let mut value = json!({"defaultEnvironment": environment, "sdkInfo": {"language": "PYTHON"}});
        if let Some(image) = image {
            value["image"] = image.into();
        }
        if let Some(metadata) = metadata {
            value["metadata"] = metadata;
        }
        let value = with_keys(value, other);

        let spec = TemplateSpec::parse(&value.to_string()).unwrap();
        let written = spec.to_canonical_json();
        prop_assert!(written.is_ascii() && !written.ends_with('\n'));
        prop_assert_eq!(serde_json::from_str::<Value>(&written).unwrap(), value);
        let again = TemplateSpec::parse(&written).unwrap();
        prop_assert_eq!(again.digest(), spec.digest());
        prop_assert_eq!(again, spec);
    }

    #[test]
    fn no_text_and_no_value_makes_a_reader_panic(text in any::<String>(), value in any_json(), metadata in metadata()) {
        for text in [text, value.to_string(), json!({"metadata": value}).to_string(), json!({"tmpl": value}).to_string()] {
            if let Err(error) = TemplateSpec::parse(&text) {
                prop_assert!(error.line() >= 1 && error.column() >= 1, "{}", error);
            }
            let _ = Metadata::parse(&text);
            let _ = parse_dictionary(&[&text]);
        }
        // One key of good metadata replaced by anything.
        for key in ["name", "label", "isOptional", "regexes", "customMetadata", "enumOptions", "paramType"] {
            let mut damaged = metadata.clone();
            damaged["parameters"][0][key] = value.clone();
            if let Err(error) = Metadata::parse(&damaged.to_string()) {
                prop_assert!(error.path().is_some_and(|path| path.starts_with("parameters[0]")), "{}", error);
            }
        }
    }

    #[test]
    fn a_check_accepts_what_it_was_given_or_says_why(
        metadata in metadata(),
        given in prop::collection::btree_map("[a-e]|\\PC{0,4}", "a?[0-9]{0,2}|true|\\PC{0,9}", 0..5),
    ) {
        let metadata = Metadata::parse(&metadata.to_string()).unwrap();
        let mut raw = RawParameters::new();
        for (name, value) in &given {
            raw.insert(name, value).unwrap();
        }
        let spec: TemplateSpec = metadata.into();
        match check(&spec, &raw.clone().into()) {
            Ok(values) => {
                prop_assert_eq!(values.as_slice().len(), given.len());
                for value in &values {
                    prop_assert_eq!(Some(&value.value), given.get(&value.name));
                }
            }
            Err(violations) => {
                prop_assert!(!violations.as_slice().is_empty());
                let lines = violations.to_string().lines().count();
                prop_assert_eq!(lines, violations.as_slice().len() + 1, "one line for each");
            }
        }
        let json = serde_json::to_string(&raw).unwrap();
        prop_assert_eq!(serde_json::from_str::<RawParameters>(&json).unwrap(), raw);
    }
}
