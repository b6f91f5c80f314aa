//! The linter as its callers see it: which file has which findings, that it agrees with the reader, and that what it mends stays
//! what it was.

#![expect(clippy::unwrap_used, reason = "a test stops where it cannot go on")]

use proptest::prelude::*;
use serde_json::{Value, json};
use tmpl_template::lint::{Code, FileKind, Severity, apply_fixes, fix, lint};
use tmpl_template::{CommandSpec, Metadata, TemplateSpec};

/// The codes and paths of what is found.
fn found(text: &str, kind: Option<FileKind>) -> Vec<String> {
    lint(text, kind).findings.iter().map(|finding| format!("{} {}", finding.code, finding.path)).collect()
}

/// What is found in metadata whose only parameters are these, given as keys beside a good name, label and help text.
fn in_parameters(parameters: &[&str]) -> Vec<String> {
    let parameter = |(index, keys): (usize, &&str)| {
        let defaults = [
            ("name", format!("p{index}")),
            ("label", "A label".to_owned()),
            ("helpText", "What.".to_owned()),
        ];
        let defaults = defaults.iter().filter(|(key, _)| !keys.contains(&format!("\"{key}\":")));
        let mut members: Vec<String> = defaults.map(|(key, text)| format!("\"{key}\": \"{text}\"")).collect();
        members.extend((!keys.is_empty()).then(|| (*keys).to_owned()));
        format!("{{{}}}", members.join(", "))
    };
    let list: Vec<String> = parameters.iter().enumerate().map(parameter).collect();
    let text = format!("{{\"name\": \"T\", \"description\": \"d\", \"parameters\": [{}]}}", list.join(", "));
    found(&text, Some(FileKind::Metadata))
}

/// Holds the linter to what it should find in parameters.
fn assert_found(table: &[(&[&str], &[&str])]) {
    for (parameters, expected) in table {
        assert_eq!(in_parameters(parameters), *expected, "{parameters:?}");
    }
}

const ENUM: &str = "\"paramType\": \"ENUM\", \"enumOptions\": [{\"value\": \"a\"}, {\"value\": \"b\"}]";

#[test]
fn rules_for_names_and_regexes_fire_on_their_cause_and_not_beside_it() {
    assert_found(&[
        (&["\"name\": \"x\"", "\"name\": \"x\""], &["duplicate-name parameters[1].name"]),
        (&["\"name\": \"a b\""], &["parameter-name parameters[0].name"]),
        (&["\"name\": \"input-csv.x\""], &[]),
        (&["\"name\": \"job_name\""], &["builtin-option parameters[0].name"]),
        (&["\"name\": \"region\""], &["builtin-option parameters[0].name"]),
        (&["\"name\": \"workers\""], &[]),
        (&["\"regexes\": [\"a\", \"^a$\"]"], &["unanchored-regex parameters[0].regexes[0]"]),
        (&["\"regexes\": [\"^a$\", \"a\"]"], &["unanchored-regex parameters[0].regexes[1]"]),
        (&["\"regexes\": \"a\""], &["unanchored-regex parameters[0].regexes"]),
        (
            &["\"regexes\": [\"(\", \"a\"]"],
            &["invalid-regex parameters[0].regexes[0]", "unanchored-regex parameters[0].regexes[1]"],
        ),
        (&["\"regexes\": [\"a\"], \"customMetadata\": {\"tmpl.match\": \"full\"}"], &[]),
        (
            &["\"regexes\": [\".*\"], \"customMetadata\": {\"tmpl.match\": \"full\"}"],
            &["regex-matches-all parameters[0].regexes[0]"],
        ),
        (&["\"regexes\": [\"[a-z]*\"]"], &["regex-matches-all parameters[0].regexes[0]"]),
        (&["\"regexes\": [\".+\"]"], &[]),
        (
            &["\"regexes\": [\"^\\\\d$\"]", "\"regexes\": [\"^\\\\d$\"]"],
            &["regex-dialect parameters[0].regexes[0]", "regex-dialect parameters[1].regexes[0]"],
        ),
    ]);
}

#[test]
fn rules_for_values_and_choices_fire_on_their_cause_and_not_beside_it() {
    assert_found(&[
        (&["\"paramType\": \"text\""], &["unknown-type parameters[0].paramType"]),
        (&["\"paramType\": [\"TEXT\"]"], &["unknown-type parameters[0].paramType"]),
        (&["\"paramType\": 1"], &[]),
        (&["\"paramType\": null"], &[]),
        (
            &["\"paramType\": \"NUMBER\", \"defaultValue\": \"many\""],
            &["default-fails parameters[0].defaultValue"],
        ),
        (&["\"paramType\": \"NUMBER\", \"defaultValue\": \"\""], &[]),
        (
            &["\"paramType\": \"BOOLEAN\", \"defaultValue\": \"True\""],
            &["default-fails parameters[0].defaultValue"],
        ),
        (
            &["\"customMetadata\": {\"tmpl.type\": \"date\", \"tmpl.example\": \"today\"}"],
            &["example-fails parameters[0].customMetadata[\"tmpl.example\"]"],
        ),
        (&[ENUM], &[]),
        (&["\"paramType\": \"ENUM\""], &["enum-without-options parameters[0].paramType"]),
        (
            &[
                "\"enumOptions\": [{\"value\": \"a\"}], \"customMetadata\": {\"tmpl.type\": \"multiple-choice\"}",
            ],
            &[],
        ),
        (
            &["\"paramType\": \"TEXT\", \"enumOptions\": [{\"value\": \"a\"}]"],
            &["enum-options-unused parameters[0].enumOptions"],
        ),
        (
            &["\"paramType\": \"ENUM\", \"enumOptions\": [{\"value\": \"\"}, {\"value\": \"\"}]"],
            &["enum-option-twice parameters[0].enumOptions[1].value"],
        ),
        (&["\"paramType\": \"ENUM\", \"enumOptions\": [{}]"], &["empty-text parameters[0].enumOptions[0]"]),
        (&["\"paramType\": \"ENUM\", \"enumOptions\": {\"value\": \"a\"}"], &[]),
        (
            &[
                "\"paramType\": \"ENUM\", \"enumOptions\": [{\"value\": \"a\"}, {\"value\": \"b\"}], \"regexes\": [\"^a$\"]",
            ],
            &["enum-option-fails parameters[0].enumOptions[1].value"],
        ),
    ]);
}

#[test]
fn rules_for_parents_fire_on_their_cause_and_not_beside_it() {
    assert_found(&[
        (&["\"parentName\": \"p9\", \"isOptional\": true"], &["unknown-parent parameters[0].parentName"]),
        (&["\"parentName\": \"\", \"parentTriggerValues\": [\"\"]"], &[]),
        (
            &["\"parentTriggerValues\": [\"x\"]"],
            &["triggers-without-parent parameters[0].parentTriggerValues"],
        ),
        (
            &[
                ENUM,
                "\"parentName\": \"p0\", \"isOptional\": true, \"parentTriggerValues\": [\"a\", \"\", \"c\"]",
            ],
            &["parent-never-triggers parameters[1].parentTriggerValues[2]"],
        ),
        (
            &[
                "\"paramType\": \"BOOLEAN\"",
                "\"parentName\": \"p0\", \"isOptional\": true, \"parentTriggerValues\": [\"yes\"]",
            ],
            &["parent-never-triggers parameters[1].parentTriggerValues[0]"],
        ),
        (&["", "\"parentName\": \"p0\""], &["required-child parameters[1].parentName"]),
        (
            &["", "\"parentName\": \"p0\", \"isOptional\": false"],
            &["required-child parameters[1].isOptional"],
        ),
        (
            &["", "\"parentName\": \"p0\", \"isOptional\": true, \"groupName\": \"G\""],
            &["group-beside-parent parameters[1].groupName"],
        ),
        (&["\"parentName\": \"p0\", \"isOptional\": true"], &["parent-cycle parameters[0].parentName"]),
        (
            &[
                "\"parentName\": \"p2\", \"isOptional\": true",
                "\"parentName\": \"p0\", \"isOptional\": true",
                "\"parentName\": \"p1\", \"isOptional\": true",
                "\"parentName\": \"p1\", \"isOptional\": true",
            ],
            &["parent-cycle parameters[0].parentName"],
        ),
    ]);
}

#[test]
fn rules_for_texts_and_secrets_fire_on_their_cause_and_not_beside_it() {
    assert_found(&[
        (&["\"label\": \" \""], &["empty-text parameters[0].label"]),
        (&["\"label\": \"\""], &["format parameters[0].label"]),
        (
            &[
                "\"label\": \"A rather long label, which somebody wrote below the title, not into it\", \"helpText\": \"Input\"",
            ],
            &["swapped-texts parameters[0].label"],
        ),
        (
            &[
                "\"label\": \"A rather long label, which somebody wrote below the title, not into it\", \"helpText\": \"Read it.\"",
            ],
            &[],
        ),
        (&["\"name\": \"password\""], &["secret-in-clear parameters[0].name"]),
        (&["\"name\": \"password\", \"customMetadata\": {\"tmpl.secret\": \"false\"}"], &[]),
        (&["\"name\": \"token\", \"regexes\": [\"^projects/.+/secrets/.+$\"]"], &[]),
        (&["\"name\": \"token\", \"paramType\": \"GCS_READ_FILE\""], &[]),
        (
            &[
                "\"name\": \"token\", \"defaultValue\": \"x\", \"customMetadata\": {\"tmpl.secret\": \"true\", \"tmpl.pass\": \"env\"}",
            ],
            &["secret-in-clear parameters[0].defaultValue"],
        ),
        (
            &[
                "\"name\": \"token\", \"defaultValue\": \"env:T\", \"customMetadata\": {\"tmpl.secret\": \"true\", \"tmpl.pass\": \"env\"}",
            ],
            &[],
        ),
        (&["\"defaultValue\": \"AKIAIOSFODNN7EXAMPLE\""], &["secret-in-clear parameters[0].defaultValue"]),
        (&["\"label\": \"For ${project}\""], &["placeholder parameters[0].label"]),
        (&["\"defaultValue\": \"gs://your-bucket/x\""], &["placeholder parameters[0].defaultValue"]),
        (&["\"helpText\": \"Like gs://your-bucket/<name>.\""], &[]),
    ]);
}

#[test]
fn files_are_looked_at_as_what_they_are() {
    const SPEC: &str = "\"image\": \"gcr.io/p/i\", \"sdkInfo\": {\"language\": \"PYTHON\"}";
    let spec = |keys: &str| format!("{{{SPEC}, {keys}}}");
    let metadata = |keys: &str| format!("{{\"name\": \"T\", \"description\": \"d\", {keys}}}");
    let parameter = "{\"name\": \"input-csv\", \"label\": \"l\", \"helpText\": \"h\", \"is_optional\": true}";
    let java = format!(
        "{{\"image\": \"gcr.io/p/i\", \"sdkInfo\": {{\"language\": \"JAVA\"}}, \
         \"metadata\": {{\"name\": \"T\", \"description\": \"d\", \"parameters\": [{parameter}]}}}}"
    );
    for (text, expected) in [
        (java.clone(), vec!["parameter-name metadata.parameters[0].name"]),
        (java.replace("JAVA", "GO"), vec![]),
        (java.replace("JAVA", "java"), vec!["no-language sdkInfo.language"]),
        (java.replace("\"label\": \"l\"", "\"label\": \"\""), vec!["parameter-name metadata.parameters[0].name"]),
        (spec("\"parameters\": []"), vec!["misplaced-key parameters"]),
        (spec("\"default_environment\": {\"max_workers\": 2, \"maxNumWorkers\": 2}"), vec![]),
        (spec("\"defaultEnvironment\": {\"maxNumWorkers\": 2}"), vec!["misspelt-key defaultEnvironment.maxNumWorkers"]),
        (spec("\"defaultEnvironment\": {\"maxWorkers\": \"many\"}"), vec!["format defaultEnvironment.maxWorkers"]),
        (spec("\"defaultEnvironment\": {\"tempLocation\": \"gs://$BUCKET/x\"}"), vec!["placeholder defaultEnvironment.tempLocation"]),
        ("{\"tmpl\": {\"format\": 9}}".to_owned(), vec!["no-language ", "format tmpl.format"]),
        ("{\"image\": \"\"}".to_owned(), vec!["no-language ", "no-image-no-layers "]),
        ("{\"pyFile\": \"${main}.py\"}".to_owned(), vec!["placeholder pyFile"]),
        ("{\"mainClass\": \"A\"}".to_owned(), vec!["format "]),
        (
            "{\"mainClass\": \"A\", \"classPath\": \"/t/*\", \"defaultParameterValues\": {\"apiKey\": \"x\", \"max\": \"1\"}}".to_owned(),
            vec!["secret-in-clear defaultParameterValues.apiKey"],
        ),
        (metadata("\"streaming\": true"), vec![]),
        (metadata("\"defaultStreamingMode\": \"UNSPECIFIED\""), vec![]),
        (metadata("\"streaming\": true, \"defaultStreamingMode\": \"EXACTLY\""), vec!["streaming-modes defaultStreamingMode"]),
        (metadata("\"streaming\": true, \"defaultStreamingMode\": \"EXACTLY_ONCE\""), vec!["streaming-modes defaultStreamingMode"]),
        (metadata("\"streaming\": true, \"supportsAtLeastOnce\": true, \"defaultStreamingMode\": \"EXACTLY_ONCE\""), vec![]),
        (metadata("\"streaming\": true, \"supportsExactlyOnce\": false"), vec!["streaming-modes supportsExactlyOnce"]),
        (metadata("\"supportsAtLeastOnce\": true"), vec!["streaming-modes supportsAtLeastOnce"]),
        ("{\"name\": \"T\"}".to_owned(), vec!["description-missing "]),
        ("{\"name\": \"T\", \"description\": 1}".to_owned(), vec!["format description"]),
        ("{\"name\": \"T\", \"description\": \"\"}".to_owned(), vec!["empty-text description"]),
        (metadata("\"_comment\": {\"a\": 1, \"a\": 2}"), vec!["duplicate-key _comment.a"]),
        ("[]".to_owned(), vec!["format "]),
        ("3".to_owned(), vec!["format "]),
    ] {
        assert_eq!(found(&text, None), expected, "{text}");
    }
}

#[test]
fn what_is_certain_is_mended_and_the_rest_of_the_text_stays() {
    let parameter = |keys: &str| {
        format!(
            "{{\r\n\t\"name\": \"T\",\r\n\t\"description\": \"ä \\u00e4\",\"parameters\": [\r\n{{\"name\":\"a\" ,\"label\":\"l\", {keys}}}]\r\n}}\r\n"
        )
    };
    for (before, after) in [
        ("\"help_text\": \"h\", \"is_optional\":true", "\"helpText\": \"h\", \"isOptional\":true"),
        ("\"helptext\": \"h\"", "\"helpText\": \"h\""),
        ("\"helpText\": 1.50", "\"helpText\": \"1.50\""),
        ("\"helpText\": \"h\", \"isOptional\": \"false\"", "\"helpText\": \"h\", \"isOptional\": false"),
        ("\"helpText\": \"h\", \"optional\": \"true\"", "\"helpText\": \"h\", \"optional\": \"true\""),
        (
            "\"helpText\": \"h\", \"paramType\": \"enum\", \"enumOptions\": [\"x\", {\"value\": 1}]",
            "\"helpText\": \"h\", \"paramType\": \"ENUM\", \"enumOptions\": [{\"value\": \"x\"}, {\"value\": \"1\"}]",
        ),
        ("\"helpText\": \"h\",  \"helpText\": \"h\"", "\"helpText\": \"h\""),
        ("\"helpText\": \"g\", \"helpText\": \"h\"", "\"helpText\": \"g\", \"helpText\": \"h\""),
        (
            "\"helpText\": \"h\", \"customMetadata\": {\"x\": true}",
            "\"helpText\": \"h\", \"customMetadata\": {\"x\": \"true\"}",
        ),
        // Its text would be no text.
        ("\"help_text\": {}", "\"help_text\": {}"),
    ] {
        assert_eq!(fix(&parameter(before), None).0, parameter(after), "{before}");
    }
    let template = |custom: &str| format!("{{\"name\": \"T\", \"description\": \"d\", {custom}}}");
    for (before, after) in [
        ("\"customMetadata\": {\"tmpl.mutates\": true}", "\"customMetadata\": {\"tmpl.mutates\": \"true\"}"),
        ("\"custom_metadata\": {\"mine\": [1]}", "\"customMetadata\": {\"mine\": [1]}"),
    ] {
        assert_eq!(fix(&template(before), None).0, template(after), "{before}");
    }
    let (mended, report) = fix("\u{feff}{\"name\": \"T\", \"description\": \"d\"\r\n,\n }", None);
    assert_eq!(
        (mended.as_str(), report.findings.len()),
        ("{\"name\": \"T\", \"description\": \"d\"\r\n\n }", 0)
    );
}

#[test]
fn a_finding_says_all_a_person_needs() {
    let text = "{\"name\": \"T\", \"description\": \"d\", \"parameters\": [\n  {\"name\": \"ä\", \"label\": \"l\", \"helpText\": \"h\", \"is_optional\": true}]}";
    let report = serde_json::to_value(lint(text, None)).unwrap();
    assert_eq!(report["kind"], "metadata");
    assert_eq!(
        report["findings"][1],
        json!({
            "code": "snake-case-key", "severity": "warning", "line": 2, "column": 48, "endLine": 2, "endColumn": 61,
            "path": "parameters[0].is_optional",
            "message": "`is_optional` is read by Google's service, but to gcloud it is a key that means nothing",
            "hint": "write `isOptional`",
            "fix": {"description": "write `isOptional`", "edits": [{"range": {"start": 98, "end": 111}, "replacement": "\"isOptional\""}]},
        })
    );
    assert_eq!(
        lint(text, None).findings[1].to_string(),
        "2:48: warning[snake-case-key]: parameters[0].is_optional: `is_optional` is read by Google's service, but to gcloud \
         it is a key that means nothing"
    );
}

/// Metadata with all kinds of slips.
fn metadata() -> impl Strategy<Value = Value> {
    let keys = prop::sample::select(vec![
        "isOptional",
        "is_optional",
        "optional",
        "helpText",
        "help_text",
        "helptext",
        "label",
        "regexes",
        "regex",
        "paramType",
        "enumOptions",
        "enum_options",
        "defaultValue",
        "parentName",
        "parentTriggerValues",
        "customMetadata",
        "groupName",
        "hiddenUi",
        "_note",
        "odd",
    ]);
    let values = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        Just(Value::Null),
        prop::sample::select(vec![
            "a", "b", "true", "", "text", "ENUM", "^a$", "a|b", "(", "\\d", "${x}", "é\"\\"
        ])
        .prop_map(Value::from),
        prop::collection::vec(prop::sample::select(vec!["a", "b", "(", "[A-z]", ".*"]), 0..3)
            .prop_map(Value::from),
        Just(json!([{"value": "a"}, {"value": 1}, {"label": "x"}, "b"])),
        Just(json!({"tmpl.secret": "true", "tmpl.pass": "env", "n": 1})),
        Just(json!({"tmpl.type": "date", "tmpl.example": "x"})),
    ];
    let parameter = prop::collection::btree_map(keys, values, 0..8);
    let parameters = prop::collection::vec(("[a-c]?", parameter), 0..5);
    parameters.prop_map(|parameters| {
        let parameter = |(name, keys): (String, std::collections::BTreeMap<&str, Value>)| {
            let mut parameter = json!({"name": name, "label": "l", "helpText": "h"});
            for (key, value) in keys {
                parameter[key] = value;
            }
            parameter
        };
        json!({"name": "T", "parameters": parameters.into_iter().map(parameter).collect::<Vec<_>>()})
    })
}

/// The same value as a text, in one of several hands.
fn written(value: &Value, hand: u8) -> String {
    match hand % 4 {
        0 => value.to_string(),
        1 => serde_json::to_string_pretty(value).unwrap(),
        2 => serde_json::to_string_pretty(value).unwrap().replace('\n', "\r\n"),
        // A slip that makes it no JSON.
        _ => serde_json::to_string_pretty(value).unwrap().replacen("\n    }", ",\n    }", 1),
    }
}

const KINDS: [FileKind; 3] = [FileKind::Metadata, FileKind::Spec, FileKind::CommandSpec];

fn is_read(text: &str, kind: FileKind) -> Result<(), (usize, usize, String)> {
    let error = match kind {
        FileKind::Metadata => Metadata::parse(text).err(),
        FileKind::Spec => TemplateSpec::parse(text).err(),
        FileKind::CommandSpec => CommandSpec::parse(text).err(),
    };
    error.map_or(Ok(()), |error| Err((error.line(), error.column(), error.message().to_owned())))
}

/// The linter refuses what the reader refuses, for the same reason at the same place.
fn agrees(text: &str, kind: FileKind) -> Result<(), TestCaseError> {
    let report = lint(text, Some(kind));
    let mut errors = report.findings.iter().filter(|finding| finding.severity == Severity::Error);
    match is_read(text, kind) {
        Ok(()) => prop_assert_eq!(errors.next(), None),
        Err((line, column, message)) => {
            let found =
                errors.any(|error| (error.line, error.column, &error.message) == (line, column, &message));
            prop_assert!(found, "{}:{}: {} is not in {:?}", line, column, message, report);
        }
    }
    for finding in &report.findings {
        prop_assert!(
            (finding.line, finding.column) <= (finding.end_line, finding.end_column),
            "{:?}",
            finding
        );
        prop_assert!(finding.line >= 1 && finding.column >= 1 && !finding.message.is_empty());
        for edit in finding.fix.iter().flat_map(|fix| &fix.edits) {
            prop_assert!(text.get(edit.range.clone()).is_some(), "{:?}", finding);
        }
    }
    Ok(())
}

proptest! {
    #[test]
    fn the_verdict_is_the_readers(value in metadata(), hand in any::<u8>(), text in any::<String>()) {
        for kind in KINDS {
            agrees(&text, kind)?;
            agrees(&written(&value, hand), kind)?;
            agrees(&written(&json!({"image": "i", "metadata": value}), hand), kind)?;
        }
    }

    #[test]
    fn a_fix_makes_nothing_worse(value in metadata(), hand in any::<u8>()) {
        let text = written(&value, hand);
        let before = lint(&text, Some(FileKind::Metadata));
        let once = apply_fixes(&text, &before);
        prop_assert_eq!(text.matches('\r').count(), once.matches('\r').count());
        let (mended, report) = fix(&text, Some(FileKind::Metadata));
        prop_assert_eq!(&lint(&mended, Some(FileKind::Metadata)), &report);
        if serde_json::from_str::<Value>(&text).is_ok() {
            prop_assert!(serde_json::from_str::<Value>(&once).is_ok(), "{}", once);
            prop_assert!(lint(&once, Some(FileKind::Metadata)).errors() <= before.errors());
            prop_assert!(report.errors() <= before.errors());
        }
        // What is mended stays mended.
        prop_assert_eq!(fix(&mended, Some(FileKind::Metadata)).0, mended);
    }
}

#[test]
fn every_code_can_be_found_by_its_name() {
    let names: std::collections::BTreeSet<&str> = Code::ALL.iter().map(|code| code.name()).collect();
    assert_eq!(names.len(), Code::ALL.len());
}
