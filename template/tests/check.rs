//! The check, table by table: what a launch may give, on which runner, and what is said of the rest.

#![expect(clippy::unwrap_used, reason = "a test stops where its case cannot be read")]

use serde_json::{Value, json};
use tmpl_template::{
    CheckRequest, Environment, ParameterValues, Pass, RawParameters, RunnerKind, TemplateSpec, Violations,
    check, check_with_account,
};

fn spec(language: &str, parameters: &Value) -> TemplateSpec {
    let mut parameters = parameters.clone();
    for parameter in parameters.as_array_mut().unwrap() {
        parameter["label"] = "L".into();
        parameter["helpText"] = "H.".into();
    }
    let spec =
        json!({"sdkInfo": {"language": language}, "metadata": {"name": "T", "parameters": parameters}});
    TemplateSpec::parse(&spec.to_string()).unwrap()
}

fn request(values: &[(&str, &str)], environment: &Value, runner: RunnerKind) -> CheckRequest {
    let mut parameters = RawParameters::new();
    for (name, value) in values {
        parameters.insert(*name, *value).unwrap();
    }
    CheckRequest { parameters, environment: Environment::parse(&environment.to_string()).unwrap(), runner }
}

fn checked(spec: &TemplateSpec, values: &[(&str, &str)]) -> Result<ParameterValues, Violations> {
    check(spec, &request(values, &json!({}), RunnerKind::Direct))
}

/// The wire texts for one value of an optional parameter with these keys.
fn wire(keys: &Value, value: &str, runner: RunnerKind) -> Vec<String> {
    let mut parameter = keys.clone();
    parameter["name"] = "p".into();
    parameter["isOptional"] = true.into();
    match check(&spec("PYTHON", &json!([parameter])), &request(&[("p", value)], &json!({}), runner)) {
        Ok(_) => Vec::new(),
        Err(violations) => violations.iter().map(tmpl_template::Violation::wire).collect(),
    }
}

#[test]
fn storage_paths_are_googles_on_dataflow_and_anybodys_elsewhere() {
    let builtin = r"^gs:\/\/[^\n\r]+$";
    let csv = r"^gs:\/\/[^\n\r]+\.csv$";
    for (regexes, value, direct, dataflow) in [
        (json!([builtin]), "gs://b/x", true, true),
        (json!([builtin]), "s3://b/x", true, false),
        (json!([builtin]), "file:///x", true, false),
        (json!([builtin]), "az://c/x", true, false),
        (json!([builtin]), "/data/x", true, false),
        (json!([builtin]), "data/x", true, false),
        (json!([builtin]), "ftp://h/x", false, false),
        (json!([builtin]), "a\nb", false, false),
        (json!([csv]), "/data/x.csv", true, false),
        (json!([csv]), "/data/x.xml", false, false),
        (json!([builtin, "csv$"]), "s3://b/x.csv", true, false),
        (json!([builtin, "csv$"]), "s3://b/x.xml", false, false),
        (json!(["^s3://"]), "gs://b", false, false),
        (json!([]), "s3://b/x", true, true),
        (json!([]), "ftp://h/x", false, false),
        (json!([]), "", true, true),
    ] {
        let keys = json!({"paramType": "GCS_READ_FILE", "regexes": regexes});
        assert_eq!(
            wire(&keys, value, RunnerKind::Direct).is_empty(),
            direct,
            "{value} for {regexes} on direct"
        );
        assert_eq!(
            wire(&keys, value, RunnerKind::Dataflow).is_empty(),
            dataflow,
            "{value} for {regexes} on dataflow"
        );
    }
    // A text is no path, whatever its regex says.
    assert!(!wire(&json!({"paramType": "TEXT", "regexes": [builtin]}), "/x", RunnerKind::Direct).is_empty());
}

#[test]
fn storage_paths_reach_the_program_in_the_sdks_spelling() {
    let spec = spec(
        "PYTHON",
        &json!([{"name": "p", "paramType": "GCS_READ_FILE"}, {"name": "t", "isOptional": true}]),
    );
    let given = [("p", "file:///a%20b,az://c/x"), ("t", "file:///x")];
    let passed = |runner| {
        check(&spec, &request(&given, &json!({}), runner))
            .map(|values| (values.get("p").unwrap().value.clone(), values.get("t").unwrap().value.clone()))
    };
    assert_eq!(passed(RunnerKind::Direct).unwrap(), ("/a b,az://c/x".to_owned(), "file:///x".to_owned()));
    assert_eq!(passed(RunnerKind::Dataflow).unwrap().0, "file:///a%20b,az://c/x", "Google decides there");
}

#[test]
fn beams_paths_of_azure_begin_with_the_account() {
    let spec = spec("PYTHON", &json!([{"name": "p", "label": "P", "paramType": "GCS_READ_FILE"}]));
    let passed = |path: &str, account: Option<&str>| {
        let asked = request(&[("p", path)], &json!({"tempLocation": path}), RunnerKind::Direct);
        let values = check_with_account(&spec, &asked, account).unwrap();
        let value = |name: &str| values.get(name).unwrap().value.clone();
        (value("p"), value("temp_location"), values.warnings().join(";"))
    };
    for (path, account, expected) in [
        ("az://c/x", Some("me"), "azfs://me/c/x"),
        ("az://c/x?account=other", Some("me"), "azfs://other/c/x"),
        ("az://c/x?account=other", None, "azfs://other/c/x"),
        ("azfs://me/c/x", None, "azfs://me/c/x"),
    ] {
        assert_eq!(passed(path, account), (expected.to_owned(), expected.to_owned(), String::new()));
    }
    // Nobody takes the container for an account.
    let (value, _, warning) = passed("az://c/x", None);
    assert_eq!(value, "az://c/x");
    assert_eq!(
        warning,
        "parameter `p` (L): Beam can't read az://c/x without Azure's account; write az://c/x?account=NAME"
    );
}

#[test]
fn types_forms_and_ranges() {
    let format = |name: &str| json!({"customMetadata": {"tmpl.type": name, "tmpl.min": null}});
    let region = "Parameter didn't match regex '[a-z]+-[a-z]+[0-9]+'";
    for (keys, value, expected) in [
        (json!({"paramType": "WORKER_REGION"}), "europe-west1", ""),
        (json!({"paramType": "WORKER_REGION"}), "Europe", region),
        (json!({"paramType": "WORKER_REGION", "regexes": ["^E"]}), "Europe", ""),
        (json!({"paramType": "WORKER_REGION"}), "", ""),
        (json!({"paramType": "KAFKA_READ_TOPIC"}), "broker:9092;topic", ""),
        (format("date"), "2026-11-21", ""),
        (format("date"), "21.11.2026", "Parameter is not a date"),
        (format("date-time"), "2026-11-21T08:00:00+01:00", ""),
        (format("date-time"), "2026-11-21", "Parameter is not a date and time with an offset"),
        (format("duration"), "1h30m", ""),
        (format("duration"), "1 fortnight", "Parameter is not a duration"),
        (format("json"), "{\"a\": [1]}", ""),
        (format("json"), "{a}", "Parameter is not JSON"),
        (format("integer"), "-3", ""),
        (format("integer"), "3.5", "Parameter didn't match regex '^-?[0-9]+$'"),
        (
            json!({"customMetadata": {"tmpl.type": "multiple-choice"}, "enumOptions": [{"value": "a"}, {"value": "b"}]}),
            "b,a",
            "",
        ),
        (
            json!({"customMetadata": {"tmpl.type": "multiple-choice"}, "enumOptions": [{"value": "a"}, {"value": "b"}]}),
            "b,c",
            "Parameter didn't match regex '^(a|b)$'",
        ),
        (json!({"paramType": "NUMBER", "customMetadata": {"tmpl.min": "1", "tmpl.max": "9.5"}}), "9.5", ""),
        (
            json!({"paramType": "NUMBER", "customMetadata": {"tmpl.min": "1", "tmpl.max": "9.5"}}),
            "10",
            "Parameter is not between 1 and 9.5",
        ),
        (
            json!({"customMetadata": {"tmpl.type": "date", "tmpl.min": "2026-01-01"}}),
            "2025-12-31",
            "Parameter is less than 2026-01-01",
        ),
        (
            json!({"customMetadata": {"tmpl.type": "duration", "tmpl.max": "2h"}}),
            "121m",
            "Parameter is more than 2h",
        ),
    ] {
        assert_eq!(wire(&keys, value, RunnerKind::Direct).join("; "), expected, "{value:?} for {keys}");
    }
}

#[test]
fn options_of_every_pipeline_need_no_declaration() {
    let declared = json!([{"name": "input"}]);
    for (language, given, passed, pass) in [
        ("PYTHON", ("numWorkers", "3"), Some("num_workers"), Pass::Argument),
        ("PYTHON", ("num_workers", "3"), Some("num_workers"), Pass::Argument),
        ("PYTHON", ("save_main_session", "true"), Some("save_main_session"), Pass::Switch),
        ("JAVA", ("num_workers", "3"), Some("numWorkers"), Pass::Argument),
        ("JAVA", ("enable_streaming_engine", "true"), Some("enableStreamingEngine"), Pass::Argument),
        ("JAVA", ("save_main_session", "true"), None, Pass::Argument),
        ("PYTHON", ("num_workers", "many"), None, Pass::Argument),
        ("PYTHON", ("save_main_session", "yes"), None, Pass::Argument),
        ("PYTHON", ("runner", "DirectRunner"), None, Pass::Argument),
        ("PYTHON", ("job_name", "x"), None, Pass::Argument),
    ] {
        let found = checked(&spec(language, &declared), &[("input", "x"), given]);
        match (&found, passed) {
            (Ok(values), Some(passed)) => {
                assert_eq!(values.get(passed).map(|value| value.pass.clone()), Some(pass), "{given:?}");
            }
            (Err(_), None) => {}
            _ => panic!("{given:?} of {language}: {found:?}"),
        }
    }
    let twice =
        checked(&spec("PYTHON", &declared), &[("input", "x"), ("num_workers", "1"), ("numWorkers", "2")]);
    assert!(twice.unwrap_err().to_string().contains("is the same option as `num_workers`"));
    let runner =
        checked(&spec("PYTHON", &declared), &[("input", "x"), ("runner", "FlinkRunner")]).unwrap_err();
    assert!(runner.to_string().contains("the runner is chosen where a job is launched"), "{runner}");
    // Without Beam there are no such options.
    let mut plain = spec("PYTHON", &declared);
    let extension = json!({"tmpl": {"format": 1, "entry": {"kind": "python", "main": {"file": "m.py"}}, "platforms": {}}});
    plain.tmpl = TemplateSpec::parse(&extension.to_string()).unwrap().tmpl;
    assert!(checked(&plain, &[("input", "x"), ("num_workers", "1")]).is_err());
}

#[test]
fn what_is_in_the_environment_too_gets_googles_text() {
    let spec = spec("JAVA", &json!([{"name": "input"}]));
    let asked = request(
        &[("workerMachineType", "n1-standard-1")],
        &json!({"machineType": "n1-standard-2"}),
        RunnerKind::Dataflow,
    );
    let body = check(&spec, &asked).unwrap_err().to_error_body();
    let expected = "Runtime parameter workerMachineType should not be specified in both parameters field and environment \
        field. Specifying runtime parameters in environment field is recommended.";
    assert_eq!(body, json!({"error": {"code": 400, "message": expected, "status": "INVALID_ARGUMENT"}}));
}

#[test]
fn the_error_body_is_googles() {
    let spec = spec("PYTHON", &json!([{"name": "A"}, {"name": "C", "isOptional": true, "regexes": ["^x$"]}]));
    let body = checked(&spec, &[("B", "1"), ("C", "y")]).unwrap_err().to_error_body();
    assert_eq!(
        body,
        json!({"error": {
            "code": 400,
            "message": "The template parameters are invalid. Details: \nA: Missing required parameter\nB: Unrecognized parameter\nC: Parameter didn't match regex '^x$'",
            "status": "INVALID_ARGUMENT",
            "details": [{
                "@type": "type.googleapis.com/google.dataflow.v1beta3.InvalidTemplateParameters",
                "parameterViolations": [
                    {"parameter": "A", "description": "Missing required parameter"},
                    {"parameter": "B", "description": "Unrecognized parameter"},
                    {"parameter": "C", "description": "Parameter didn't match regex '^x$'"},
                ],
            }],
        }})
    );
}

#[test]
fn an_environment_becomes_options_or_is_told_to_mean_nothing() {
    let mut spec = spec("PYTHON", &json!([{"name": "input"}]));
    spec.default_environment.set("additionalExperiments", json!(["shuffle"])).unwrap();
    spec.default_environment.set("tempLocation", "gs://google/only").unwrap();
    let environment =
        json!({"tempLocation": "/tmp/x", "maxWorkers": 2, "additionalPipelineOptions": ["my_option=a=b"]});
    let values = check(&spec, &request(&[("input", "x")], &environment, RunnerKind::Direct)).unwrap();
    let passed: Vec<_> = values.iter().map(|value| format!("{}={}", value.name, value.value)).collect();
    assert_eq!(passed, ["input=x", "experiments=shuffle", "my_option=a=b", "temp_location=/tmp/x"]);
    assert_eq!(values.warnings(), ["`maxWorkers` means nothing to the runner direct"]);
}

#[test]
fn texts_without_end_are_refused_in_time() {
    let long = "x".repeat(20 << 20);
    for text in [format!("{{\"image\": \"{long}\"}}"), format!("{}1{}", "[".repeat(200), "]".repeat(200))] {
        assert!(TemplateSpec::parse(&text).is_err());
    }
    let parameter = json!({"name": "a", "regexes": ["(a{1,300}){1,300}"]});
    let text = json!({"metadata": {"name": "T", "parameters": [parameter]}}).to_string();
    let error = TemplateSpec::parse(&text).unwrap_err();
    assert!(error.message().contains("states, and at most 50000 are compiled"), "{error}");
    let many: Vec<_> = (0..10_001).map(|number| json!({"name": format!("p{number}")})).collect();
    let error =
        TemplateSpec::parse(&json!({"metadata": {"name": "T", "parameters": many}}).to_string()).unwrap_err();
    assert_eq!(error.message(), "a template has at most 10000 parameters");
    // Parents of parents without end.
    let chain: Vec<_> = (0..10_000)
        .map(|number| json!({"name": format!("p{number}"), "parentName": format!("p{}", number + 1)}))
        .collect();
    let spec = spec("PYTHON", &Value::from(chain));
    assert!(checked(&spec, &[]).is_err());
}

#[test]
fn a_declared_name_keeps_its_rules_in_every_spelling_and_place() {
    let declared = json!([
        {"name": "input"},
        {"name": "num_workers", "isOptional": true, "paramType": "NUMBER", "customMetadata": {"tmpl.max": "5"}},
        {"name": "service_account_email", "isOptional": true, "customMetadata": {"tmpl.secret": "true", "tmpl.pass": "env"}},
    ]);
    let spec = spec("PYTHON", &declared);
    for given in [("numWorkers", "100"), ("num_workers", "100"), ("serviceAccount", "hunter2")] {
        let refused = checked(&spec, &[("input", "x"), given]).unwrap_err();
        assert!(!format!("{refused:?} {refused}").contains("hunter2"), "{refused}");
    }
    for option in [
        "num_workers=100",
        "numWorkers=100",
        "--serviceAccount=hunter2",
        "runner=x",
        "bad name=1",
        "a=\0",
        "",
    ] {
        let environment = json!({"additionalPipelineOptions": [option]});
        let refused =
            check(&spec, &request(&[("input", "x")], &environment, RunnerKind::Direct)).unwrap_err();
        assert!(!format!("{refused:?} {refused}").contains("hunter2"), "{refused}");
        assert_eq!(refused.as_slice().len(), 1, "{option:?}");
        // Of a template's own defaults they are left out, and that is told.
        let mut careless = spec.clone();
        careless.default_environment.set("additionalPipelineOptions", json!([option])).unwrap();
        let values = checked(&careless, &[("input", "x")]).unwrap();
        assert_eq!((values.as_slice().len(), values.warnings().len()), (1, 1), "{option:?}");
    }
    let twice =
        request(&[("input", "x"), ("num_workers", "3")], &json!({"numWorkers": 4}), RunnerKind::Direct);
    assert!(check(&spec, &twice).unwrap_err().to_string().contains("also given in the launch environment"));
}

#[test]
fn what_is_too_much_is_refused_and_what_is_slow_is_not_done() {
    let open = TemplateSpec::default();
    let long = "x".repeat(100_000);
    let names: Vec<String> = (0..30).map(|number| format!("p{number}")).collect();
    let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), long.as_str())).collect();
    let refused = checked(&open, &many).unwrap_err();
    assert!(refused.to_string().contains("is the longest of values that take"), "{refused}");
    // Thousands of unknown names beside thousands of declared ones.
    let declared: Vec<Value> =
        (0..5_000).map(|number| json!({"name": format!("parameter_{number}")})).collect();
    let spec = spec("PYTHON", &Value::from(declared));
    let names: Vec<String> = (0..3_000).map(|number| format!("unknown_{number}")).collect();
    let unknown: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "1")).collect();
    assert_eq!(checked(&spec, &unknown).unwrap_err().as_slice().len(), 8_000);
    for regex in ["\\w".repeat(300_000), "a".repeat(10_001)] {
        let text =
            json!({"metadata": {"name": "T", "parameters": [{"name": "a", "regexes": [regex]}]}}).to_string();
        assert!(TemplateSpec::parse(&text).unwrap_err().message().contains("at most 10000 are read"));
    }
    for (value, refused) in [("1e999", true), ("9".repeat(400).as_str(), true), ("9", false)] {
        let keys = json!({"paramType": "NUMBER", "customMetadata": {"tmpl.max": "10"}});
        assert_eq!(!wire(&keys, value, RunnerKind::Direct).is_empty(), refused, "{value}");
    }
}

#[test]
fn a_key_that_says_nothing_does_not_hide_its_other_spelling() {
    let text = r#"{"metadata": {"name": "T", "parameters": [
        {"name": "a", "isOptional": null, "is_optional": true, "enumOptions": [], "enum_options": [{"value": "x"}]}]}}"#;
    let read = TemplateSpec::parse(text).unwrap();
    let parameter = &read.metadata.as_ref().unwrap().parameters[0];
    assert!(parameter.is_optional() && parameter.enum_options.len() == 1);
    assert_eq!(TemplateSpec::parse(&read.to_canonical_json()).unwrap(), read);
    // Half a character in an escape is an error with a place, whatever stands around it.
    assert!(TemplateSpec::parse("{\"name\": \"\\u00é\"}").is_err());
}

#[test]
fn every_violation_is_one_line() {
    let odd = "a\n\u{85}\u{2028}\u{c}b";
    let regex = format!("^[{odd}]x$");
    let parameter = json!({"name": "p", "regexes": [regex], "customMetadata": {"tmpl.example": odd, "tmpl.unit": odd, "tmpl.min": "5"},
        "paramType": "NUMBER"});
    let mut spec = spec(
        "PYTHON",
        &json!([parameter, {"name": odd, "enumOptions": [{"value": odd}], "paramType": "ENUM"}]),
    );
    for parameter in &mut spec.metadata.as_mut().unwrap().parameters {
        parameter.label = odd.to_owned();
    }
    for given in [vec![], vec![("p", odd), (odd, odd)], vec![("p", "1"), (odd, ""), ("unknown\n", odd)]] {
        let violations = checked(&spec, &given).unwrap_err();
        let text = violations.to_string();
        assert_eq!(text.lines().count(), violations.as_slice().len() + 1, "{text}");
    }
}

#[test]
fn authors_say_what_is_wrong_in_their_own_words() {
    let spec = TemplateSpec::parse(
        r#"{"metadata": {"name": "T", "parameters": [{"name": "month", "label": "Month", "helpText": "h", "regexes": ["^[0-9]{4}-[0-9]{2}$"],
            "customMetadata": {"tmpl.message": "Give the month\nlike 2026-11."}}]}}"#,
    )
    .unwrap();
    let mut raw = RawParameters::new();
    raw.insert("month", "November").unwrap();
    let violations = check(&spec, &raw.into()).unwrap_err();
    assert_eq!(violations.as_slice()[0].remedy(), r"Give the month\nlike 2026-11.");
    let violations = check(&spec, &RawParameters::new().into()).unwrap_err();
    assert_eq!(
        violations.as_slice()[0].remedy(),
        "give `--param month=VALUE`",
        "a missing value is not a wrong one"
    );
}
