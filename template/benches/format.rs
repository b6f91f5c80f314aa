//! How long the format takes with a template of 1,000 parameters, far more than any real one has.
//!
//! `cargo bench -p tmpl-template`

#![expect(clippy::unwrap_used, reason = "a benchmark stops where it cannot go on")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use serde_json::{Value, json};
use tmpl_template::lint::{FileKind, lint};
use tmpl_template::{CheckRequest, Metadata, RawParameters, TemplateSpec, check};

const PARAMETERS: usize = 1000;

/// A parameter, and a value for it: the types in the mix of real templates, about 200 different regexes among all.
fn parameter(index: usize) -> (Value, String) {
    let name = format!("parameter_{index}");
    let mut parameter = json!({
        "name": name, "label": format!("Parameter {index}"), "isOptional": !index.is_multiple_of(3),
        "helpText": format!("What a person should know to fill in the field {index}. For example, value-{index}."),
    });
    let limit = index / 10 % 50 + 2;
    let (keys, value) = match index % 10 {
        0 => (
            json!({"paramType": "GCS_READ_FILE", "regexes": ["^gs:\\/\\/[^\\n\\r]+$"]}),
            "gs://bucket/a*.csv".to_owned(),
        ),
        1 => (
            json!({"paramType": "TEXT", "regexes": [format!("^[a-z][a-z0-9-]{{0,{limit}}}$")], "defaultValue": "a-1"}),
            "b-2".to_owned(),
        ),
        2 => (
            json!({"paramType": "NUMBER", "regexes": [format!("^[0-9]{{1,{limit}}}$")], "defaultValue": "7"}),
            "12".to_owned(),
        ),
        3 => {
            let options: Vec<Value> = (0..4)
                .map(|option| json!({"value": format!("choice-{option}"), "label": "A choice"}))
                .collect();
            let regex = format!("^(choice-0|choice-1|choice-2|choice-3|legacy-{limit})$");
            (
                json!({"paramType": "ENUM", "enumOptions": options, "regexes": [regex], "defaultValue": "choice-1"}),
                "choice-2".to_owned(),
            )
        }
        4 => (
            json!({"paramType": "BOOLEAN", "regexes": ["^(true|false)$"], "defaultValue": "false"}),
            "true".to_owned(),
        ),
        5 => (
            json!({"paramType": "PUBSUB_TOPIC", "regexes": ["^projects\\/[^\\n\\r\\/]+\\/topics\\/[^\\n\\r\\/]+$|^$"]}),
            "projects/p/topics/t".to_owned(),
        ),
        6 => (
            json!({"paramType": "TEXT", "parentName": format!("parameter_{}", index - 3), "parentTriggerValues": ["choice-2"], "isOptional": true}),
            "any text".to_owned(),
        ),
        7 => (
            json!({"paramType": "TEXT", "regexes": [format!("[a-zA-Z0-9_.]{{{limit}}}")]}),
            "x".repeat(limit),
        ),
        8 => (
            json!({"paramType": "BIGQUERY_TABLE", "regexes": [".+[\\.:].+\\..+"]}),
            "project:data.table".to_owned(),
        ),
        _ => (
            json!({"paramType": "NUMBER", "customMetadata": {"tmpl.min": "1", "tmpl.max": "100", "tmpl.unit": "MB"}}),
            "50".to_owned(),
        ),
    };
    for (key, value) in keys.as_object().unwrap() {
        parameter[key] = value.clone();
    }
    (parameter, value)
}

fn benchmarks(criterion: &mut Criterion) {
    let (parameters, values): (Vec<Value>, Vec<String>) = (0..PARAMETERS).map(parameter).unzip();
    let metadata = json!({"name": "Large", "description": "A large template.", "parameters": parameters});
    let text = serde_json::to_string_pretty(&metadata).unwrap();
    let mut raw = RawParameters::new();
    for (index, value) in values.iter().enumerate() {
        raw.insert(format!("parameter_{index}"), value).unwrap();
    }
    let request = CheckRequest::from(raw);
    let spec = || TemplateSpec::from(Metadata::parse(&text).unwrap());

    criterion
        .bench_function("parse/1000", |bencher| bencher.iter(|| Metadata::parse(black_box(&text)).unwrap()));
    criterion.bench_function("lint/1000", |bencher| {
        bencher.iter(|| lint(black_box(&text), Some(FileKind::Metadata)));
    });
    let warm = spec();
    check(&warm, &request).unwrap();
    criterion
        .bench_function("check/1000", |bencher| bencher.iter(|| check(black_box(&warm), &request).unwrap()));
    criterion.bench_function("check first/1000", |bencher| {
        // The first check of a spec compiles its regexes.
        bencher.iter_batched(spec, |spec| check(&spec, &request).unwrap(), BatchSize::LargeInput);
    });
}

criterion_group!(all, benchmarks);
criterion_main!(all);
