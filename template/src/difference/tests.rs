//! Two versions of a template, and what is said of their difference.

use serde_json::{Value, json};

use super::*;
use crate::TemplateSpec;

mod program;

/// A template with these parameters, each with a label and a help text, and these keys besides.
fn spec(mut parameters: Value, more: Value) -> TemplateSpec {
    for parameter in parameters.as_array_mut().unwrap() {
        for key in ["label", "helpText"] {
            if parameter.get(key).is_none() {
                parameter[key] = "x".into();
            }
        }
    }
    let mut spec =
        json!({"metadata": {"name": "T", "parameters": parameters}, "sdkInfo": {"language": "PYTHON"}});
    let Value::Object(more) = more else { panic!("keys") };
    for (key, value) in more {
        if key == "metadata" {
            spec["metadata"].as_object_mut().unwrap().extend(value.as_object().unwrap().clone());
        } else {
            spec[key] = value;
        }
    }
    TemplateSpec::parse(&spec.to_string()).unwrap()
}

/// One line for each change: its kind, with `!` if it breaks, and its sentence.
fn lines(found: &Difference) -> Vec<String> {
    let line = |change: &Change| {
        let kind = serde_json::to_value(change.kind).unwrap();
        format!("{}{} {change}", kind.as_str().unwrap(), if change.breaking { "!" } else { ":" })
    };
    found.changes.iter().map(line).collect()
}

/// The lines of one optional parameter `p` between two sets of keys.
fn of_keys(old: &Value, new: &Value) -> Vec<String> {
    let version = |keys: &Value| {
        let mut keys = keys.clone();
        keys["name"] = "p".into();
        if keys.get("isOptional").is_none() {
            keys["isOptional"] = true.into();
        }
        spec(json!([keys]), json!({}))
    };
    lines(&difference(&version(old), &version(new)))
}

fn custom(keys: &Value) -> Value {
    json!({"customMetadata": keys})
}

fn number(keys: &Value) -> Value {
    json!({"paramType": "NUMBER", "customMetadata": keys})
}

fn choice(values: &[&str]) -> Value {
    let options: Vec<_> = values.iter().map(|value| json!({"value": value})).collect();
    json!({"paramType": "ENUM", "enumOptions": options})
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn each_key_of_a_parameter_has_its_sentence() {
    for (old, new, expected) in [
        (json!({}), json!({"isOptional": false}), "required! parameter `p` is required and was optional"),
        (json!({"isOptional": false}), json!({}), "optional: parameter `p` is optional and was required"),
        (
            json!({"paramType": "TEXT", "defaultValue": "all"}),
            json!({"paramType": "NUMBER", "defaultValue": "all"}),
            "type! parameter `p`: the type was `TEXT` and is `NUMBER`; the former default \"all\" is refused",
        ),
        (
            number(&json!({})),
            json!({"paramType": "TEXT"}),
            "type: parameter `p`: the type was `NUMBER` and is `TEXT`",
        ),
        (
            json!({"paramType": "GCS_READ_FILE", "regexes": ["^gs://"]}),
            json!({"paramType": "GCS_READ_FOLDER", "regexes": ["^gs://"]}),
            "type: parameter `p`: the type was `GCS_READ_FILE` and is `GCS_READ_FOLDER`",
        ),
        (
            json!({"paramType": "GCS_READ_FILE", "regexes": ["^gs://"]}),
            json!({"paramType": "TEXT", "regexes": ["^gs://"]}),
            "type! parameter `p`: the type was `GCS_READ_FILE` and is `TEXT`; \"a\" is refused",
        ),
        (
            json!({"paramType": "BOOLEAN"}),
            json!({"paramType": "ENUM", "enumOptions": [{"value": "true"}, {"value": "false"}]}),
            "type: parameter `p`: the type was `BOOLEAN` and is `ENUM`|option-added: parameter `p`: \"false\" can be chosen|option-added: parameter `p`: \"true\" can be chosen",
        ),
        (
            json!({"customMetadata": {"tmpl.example": "x"}}),
            json!({"customMetadata": {"tmpl.example": "x"}, "regexes": ["^a"]}),
            "regex-added! parameter `p`: the regex `^a` is new; the former example \"x\" is refused",
        ),
        (
            json!({"regexes": ["^ab$"]}),
            json!({"regexes": ["^(ab|cd)$"]}),
            "regex-added! parameter `p`: the regex `^(ab|cd)$` is new; values that were accepted may be refused|regex-removed: parameter `p`: the regex `^ab$` is gone",
        ),
        (json!({}), json!({"regexes": [".*"]}), "regex-added: parameter `p`: the regex `.*` is new"),
        (
            json!({}),
            json!({"regexes": ["^.*$"]}),
            "regex-added! parameter `p`: the regex `^.*$` is new; \"a\\nb\" is refused",
        ),
        (
            number(&json!({})),
            json!({"paramType": "NUMBER", "regexes": ["^.*$"]}),
            "regex-added: parameter `p`: the regex `^.*$` is new",
        ),
        (
            json!({"regexes": ["^a", "b"]}),
            json!({"regexes": ["b"]}),
            "regex-removed: parameter `p`: the regex `^a` is gone",
        ),
        (json!({"regexes": ["^a", "b"]}), json!({"regexes": ["b", "^a"]}), ""),
        (
            json!({"paramType": "WORKER_REGION", "regexes": ["."]}),
            json!({"paramType": "WORKER_REGION"}),
            "regex-removed! parameter `p`: the regex `.` is gone; \"a\" is refused",
        ),
        (
            json!({"regexes": ["a"]}),
            json!({"regexes": ["a"], "customMetadata": {"tmpl.match": "full"}}),
            "match! parameter `p`: `tmpl.match` was `search` and is `full`; \"a b\" is refused",
        ),
        (
            json!({"regexes": ["a"], "customMetadata": {"tmpl.match": "full"}}),
            json!({"regexes": ["a"], "customMetadata": {"tmpl.match": "search"}}),
            "match: parameter `p`: `tmpl.match` was `full` and is `search`",
        ),
        (
            custom(&json!({"tmpl.type": "date"})),
            custom(&json!({"tmpl.type": "date-time"})),
            "format! parameter `p`: `tmpl.type` was `date` and is `date-time`; \"2026-11-21\" is refused",
        ),
        (
            custom(&json!({"tmpl.type": "date"})),
            json!({}),
            "format: parameter `p`: `tmpl.type` was `date` and is gone",
        ),
        (choice(&["a", "b"]), choice(&["a"]), "option-removed! parameter `p`: \"b\" can no longer be chosen"),
        (choice(&["a"]), choice(&["a", "b"]), "option-added: parameter `p`: \"b\" can be chosen"),
        (choice(&[]), choice(&["a"]), "option-added! parameter `p`: \"a\" can be chosen; \"0\" is refused"),
        (
            json!({"enumOptions": [{"value": "a"}]}),
            json!({"enumOptions": [{"value": "b"}]}),
            "option-removed: parameter `p`: \"a\" can no longer be chosen|option-added: parameter `p`: \"b\" can be chosen",
        ),
        (
            json!({"enumOptions": [{"value": "a"}, {"value": "b"}], "customMetadata": {"tmpl.type": "multiple-choice"}}),
            json!({"enumOptions": [{"value": "b"}], "customMetadata": {"tmpl.type": "multiple-choice"}}),
            "option-removed! parameter `p`: \"a\" can no longer be chosen",
        ),
        (
            number(&json!({"tmpl.min": "1"})),
            number(&json!({"tmpl.min": "2"})),
            "minimum! parameter `p`: the least value was `1` and is `2`; the former least value \"1\" is refused",
        ),
        (
            number(&json!({"tmpl.min": "2"})),
            number(&json!({"tmpl.min": "1"})),
            "minimum: parameter `p`: the least value was `2` and is `1`",
        ),
        (
            number(&json!({"tmpl.max": "1e2"})),
            number(&json!({"tmpl.max": "100"})),
            "maximum: parameter `p`: the greatest value was `1e2` and is `100`",
        ),
        (
            number(&json!({})),
            number(&json!({"tmpl.max": "-9"})),
            "maximum! parameter `p`: the greatest value is now `-9`; \"0\" is refused",
        ),
        (
            custom(&json!({"tmpl.type": "duration", "tmpl.max": "2h"})),
            custom(&json!({"tmpl.type": "duration", "tmpl.max": "90m"})),
            "maximum! parameter `p`: the greatest value was `2h` and is `90m`; the former greatest value \"2h\" is refused",
        ),
        (
            custom(&json!({"tmpl.type": "integer"})),
            json!({"paramType": "NUMBER", "customMetadata": {"tmpl.type": "integer"}}),
            "type: parameter `p`: the type was `DEFAULT` and is `NUMBER`|empty! parameter `p`: the empty text was accepted and is refused",
        ),
        (
            custom(&json!({"tmpl.pass": "env"})),
            custom(&json!({"tmpl.pass": "env", "tmpl.secret": "true"})),
            "secret! parameter `p` is a secret now; values in clear are refused",
        ),
        (
            custom(&json!({"tmpl.pass": "file", "tmpl.secret": "true"})),
            json!({}),
            "secret! parameter `p` is no secret any more; a reference would reach the program as text|pass: parameter `p`: the way to the program was `file` and is `argument`",
        ),
        (
            json!({}),
            custom(&json!({"tmpl.pass": "env"})),
            "pass: parameter `p`: the way to the program was `argument` and is `env:P`",
        ),
        (
            json!({}),
            custom(&json!({"tmpl.pass": "switch"})),
            "pass! parameter `p`: the way to the program was `argument` and is `switch`; \"a\" is refused",
        ),
        (
            json!({"paramType": "BOOLEAN"}),
            json!({"paramType": "BOOLEAN", "customMetadata": {"tmpl.pass": "switch"}}),
            "pass: parameter `p`: the way to the program was `argument` and is `switch`",
        ),
        (
            custom(&json!({"tmpl.pass": "file"})),
            json!({}),
            "pass! parameter `p`: the way to the program was `file` and is `argument`; values that were accepted may be refused",
        ),
        (
            json!({"paramType": "GCS_WRITE_FILE", "customMetadata": {"tmpl.existing": "allow"}}),
            json!({"paramType": "GCS_WRITE_FILE"}),
            "existing! parameter `p`: an output that exists is refused unless the launch says `--overwrite`",
        ),
        (
            json!({"paramType": "GCS_WRITE_FILE"}),
            json!({"paramType": "GCS_WRITE_FILE", "customMetadata": {"tmpl.existing": "allow"}}),
            "existing: parameter `p`: an output that exists is written over",
        ),
        (
            json!({"parentName": "q"}),
            json!({"parentName": "q", "parentTriggerValues": ["a"]}),
            "parent: parameter `p`: the parent was `q` and is `q: a`",
        ),
        (
            json!({"defaultValue": "3"}),
            json!({"defaultValue": "4"}),
            "default: parameter `p`: the default was \"3\" and is \"4\"",
        ),
        (
            json!({"defaultValue": "3"}),
            json!({}),
            "default: parameter `p`: the default was \"3\" and is gone",
        ),
        (
            json!({"label": "L", "groupName": "G", "customMetadata": {"tmpl.unit": "MB"}}),
            json!({"label": "M", "hiddenUi": true}),
            "presentation: parameter `p`: what people see changed: label, group, visibility, unit",
        ),
        (
            json!({"customMetadata": {"mine": "1"}, "more": 1}),
            json!({"customMetadata": {"mine": "2"}, "more": [2]}),
            "other: parameter `p`: other keys changed: `mine`, `more`",
        ),
        (json!({"hiddenUi": false, "customMetadata": {"tmpl.pass": "argument"}}), json!({}), ""),
    ] {
        assert_eq!(of_keys(&old, &new).join("|"), expected, "{old} {new}");
    }
}

#[test]
fn what_an_author_says_of_the_template_itself_is_compared() {
    let metadata = |custom: Value| json!({"metadata": {"name": "T", "customMetadata": custom}}).to_string();
    let of = |old: Value, new: Value| {
        let read = |custom| TemplateSpec::parse(&metadata(custom)).unwrap();
        let found = difference(&read(old), &read(new));
        found.changes.iter().map(|change| (change.breaking, change.to_string())).collect::<Vec<_>>()
    };
    for (old, new, expected) in [
        (
            json!({}),
            json!({"tmpl.owner": "Finance", "tmpl.mutates": "true", "tmpl.ifItFails": "Call."}),
            &[
                "`tmpl.owner` is now `Finance`",
                "`tmpl.mutates` was `false` and is `true`",
                "`tmpl.ifItFails` changed",
            ][..],
        ),
        (json!({"tmpl.mutates": "false"}), Value::Null, &[]),
        (json!({"mine": 1}), json!({"mine": 2}), &["other keys of the metadata changed: `mine`"]),
        (json!(["odd"]), json!({}), &["other keys of the metadata changed: `customMetadata`"]),
    ] {
        let expected: Vec<_> = expected.iter().map(|text| (false, (*text).to_owned())).collect();
        assert_eq!(of(old.clone(), new.clone()), expected, "{old} {new}");
    }
}

#[test]
fn the_values_of_secrets_are_not_repeated() {
    let secret = |default: &str| json!({"defaultValue": default, "customMetadata": {"tmpl.pass": "env", "tmpl.secret": "true"}});
    let clear = json!({"defaultValue": "hunter1", "customMetadata": {"tmpl.pass": "env"}});
    for (old, new) in [(secret("hunter1"), secret("hunter2")), (clear, secret("hunter2"))] {
        let found = of_keys(&old, &new);
        assert!(found.contains(&"default: parameter `p`: the default changed".to_owned()), "{found:?}");
        assert!(!found.concat().contains("hunter"), "{found:?}");
    }
}

#[test]
fn parameters_come_and_go() {
    let optional = |name: &str| json!({"name": name, "isOptional": true});
    let child = json!({"name": "child", "parentName": "mode", "parentTriggerValues": ["b"]});
    let mode = |values: &[&str]| {
        let mut mode = choice(values);
        mode["name"] = "mode".into();
        mode["isOptional"] = true.into();
        mode
    };
    let defaulted = || {
        let mut mode = mode(&["a", "b"]);
        mode["defaultValue"] = "b".into();
        mode
    };
    for (old, new, expected) in [
        (json!([optional("a")]), json!([optional("a"), optional("b")]), "added: parameter `b` is new"),
        (
            json!([optional("a")]),
            json!([optional("a"), {"name": "b"}]),
            "added! parameter `b` is new and required",
        ),
        (
            json!([optional("a"), optional("inptu")]),
            json!([optional("a"), optional("input")]),
            "added: parameter `input` is new|removed! parameter `inptu` is no longer declared and is refused; is its name `input` now?",
        ),
        (
            json!([optional("a"), optional("B")]),
            json!([optional("a"), optional("b")]),
            "added: parameter `b` is new|removed! parameter `B` is no longer declared and is refused; is its name `b` now?",
        ),
        (
            json!([optional("a")]),
            json!([]),
            "undeclared: the template declares no parameters any more; any are accepted|removed: parameter `a` is no longer declared and goes on to be accepted",
        ),
        (
            json!([]),
            json!([optional("a")]),
            "declared! the template declares its parameters; any were accepted, and now only the declared are|added: parameter `a` is new",
        ),
        (
            json!([optional("a"), optional("b")]),
            json!([optional("b"), optional("a")]),
            "order: the parameters stand in another order",
        ),
        // Options of every pipeline are accepted without a declaration.
        (
            json!([optional("a")]),
            json!([optional("a"), {"name": "num_workers", "isOptional": true, "paramType": "NUMBER"}]),
            "added: parameter `num_workers` is new; it could be given as an option of every pipeline",
        ),
        (
            json!([optional("a")]),
            json!([optional("a"), {"name": "region", "isOptional": true, "paramType": "WORKER_REGION"}]),
            "added! parameter `region` is new; it could be given as an option of every pipeline; \"a\" is refused",
        ),
        (
            json!([optional("a"), optional("hdfs_host")]),
            json!([optional("a")]),
            "removed: parameter `hdfs_host` is no longer declared and goes on to be accepted",
        ),
        (
            json!([optional("a"), optional("hdfs_port")]),
            json!([optional("a")]),
            "removed! parameter `hdfs_port` is no longer declared and goes on to be accepted; \"a\" is refused",
        ),
        (
            json!([optional("a"), optional("network")]),
            json!([optional("a")]),
            "removed! parameter `network` is no longer declared and goes on to be accepted as an option of every pipeline, but no longer together with what means the same",
        ),
        // A child is asked for when its parent says so.
        (
            json!([mode(&["a"])]),
            json!([mode(&["a", "b"]), child]),
            "option-added: parameter `mode`: \"b\" can be chosen|added: parameter `child` is new and required when `mode` is \"b\", which no launch so far could ask for",
        ),
        (
            json!([mode(&["a", "b"])]),
            json!([mode(&["a", "b"]), child]),
            "added! parameter `child` is new and required when `mode` is \"b\"",
        ),
        (
            json!([mode(&["a", "b"]), child]),
            json!([defaulted(), child]),
            "default: parameter `mode`: the default is now \"b\"|asked-for! parameter `child` is required when `mode` is \"b\" in launches that were not asked for it",
        ),
        (
            json!([mode(&["a", "b"]), {"name": "child", "parentName": "mode", "parentTriggerValues": ["a", "b"]}]),
            json!([mode(&["a", "b"]), child]),
            "parent: parameter `child`: the parent was `mode: a, b` and is `mode: b`",
        ),
        (
            json!([mode(&["a", "b"]), child]),
            json!([mode(&["a", "b"]), {"name": "child"}]),
            "parent! parameter `child`: the parent was `mode: b` and is gone; launches that were not asked for it are now",
        ),
    ] {
        let found = difference(&spec(old.clone(), json!({})), &spec(new.clone(), json!({})));
        assert_eq!(lines(&found).join("|"), expected, "{old} {new}");
    }
}
