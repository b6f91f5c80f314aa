//! `tmpl template lint` and `schema`.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Place;

const DOUBTFUL: &str = r#"{
  "name": "Doubtful",
  "description": "Counts.",
  "parameters": [
    {"name": "input", "label": "Input", "helpText": "Files to read.", "is_optional": true, "regexes": ["[0-9]+"]}
  ]
}
"#;

#[test]
fn findings_have_a_place_a_code_and_a_remedy() {
    let place = Place::new();
    place.write("good.json", r#"{"name": "Good", "description": "Does no harm.", "parameters": []}"#);
    place.write("doubtful.json", DOUBTFUL);
    place.write(
        "bad.json",
        "{\"name\": \"\", \"parameters\": [{\"name\": \"a\", \"label\": 1}, {\"label\": \"B\"}]}",
    );
    assert_snapshot!(place.tmpl(&["template", "lint", "good.json"]).whole(), @r#"
    exit: 0
    --- stdout
    --- stderr
    0 errors, 0 warnings in 1 file
    "#);
    assert_snapshot!(place.tmpl(&["template", "lint", "doubtful.json"]).whole(), @r#"
    exit: 0
    --- stdout
    doubtful.json:5:71: warning[snake-case-key]: parameters[0].is_optional: `is_optional` is read by Google's service, but to gcloud it is a key that means nothing
        {"name": "input", "label": "Input", "helpText": "Files to read.", "is_optional": true, "regexes": ["
                                                                          ^^^^^^^^^^^^^
        hint: write `isOptional`
    doubtful.json:5:104: warning[unanchored-regex]: parameters[0].regexes[0]: `[0-9]+` is not anchored: it accepts every value in which it occurs
        Files to read.", "is_optional": true, "regexes": ["[0-9]+"]}
                                                          ^^^^^^^^
        hint: write `^[0-9]+$`
    --- stderr
    0 errors, 2 warnings in 1 file; --fix mends 1
    "#);
    assert_snapshot!(place.tmpl(&["template", "lint", "bad.json", "doubtful.json", "--github"]).whole(), @r#"
    exit: 1
    --- stdout
    ::error file=bad.json,line=1,endLine=1,col=10,endColumn=12,title=format::name: the text is empty%0Ahint: give the template a `name` that people understand
    ::warning file=bad.json,line=1,endLine=1,col=10,endColumn=12,title=description-missing::nothing says what the template does: lists and forms show its name alone%0Ahint: add a `description`
    ::error file=bad.json,line=1,endLine=1,col=29,endColumn=30,title=format::parameters[0]: the key `helpText` is missing%0Ahint: gcloud wants a `name`, a `label` and a `helpText` of every parameter
    ::error file=bad.json,line=1,endLine=1,col=52,endColumn=53,title=format::parameters[0].label: expected a text, found a number%0Ahint: put it in quotes: "1"
    ::error file=bad.json,line=1,endLine=1,col=56,endColumn=57,title=format::parameters[1]: the key `name` is missing%0Ahint: gcloud wants a `name`, a `label` and a `helpText` of every parameter
    ::error file=bad.json,line=1,endLine=1,col=56,endColumn=57,title=format::parameters[1]: the key `helpText` is missing%0Ahint: gcloud wants a `name`, a `label` and a `helpText` of every parameter
    ::warning file=doubtful.json,line=5,endLine=5,col=71,endColumn=84,title=snake-case-key::parameters[0].is_optional: `is_optional` is read by Google's service, but to gcloud it is a key that means nothing%0Ahint: write `isOptional`
    ::warning file=doubtful.json,line=5,endLine=5,col=104,endColumn=112,title=unanchored-regex::parameters[0].regexes[0]: `[0-9]+` is not anchored: it accepts every value in which it occurs%0Ahint: write `^[0-9]+$`
    --- stderr
    5 errors, 3 warnings in 2 files; --fix mends 2
    "#);
    assert_eq!(place.tmpl(&["template", "lint", "doubtful.json", "--strict"]).code, 1);
    let json = place.tmpl(&["template", "lint", "doubtful.json", "--format", "json"]).expect(0);
    let json: Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(
        (&json[0]["kind"], &json[0]["findings"][0]["line"]),
        (&Value::from("metadata"), &Value::from(5))
    );
}

#[test]
fn what_is_certain_is_mended() {
    let place = Place::new();
    let file = place.write("doubtful.json", DOUBTFUL);
    place.tmpl(&["template", "lint", "doubtful.json", "--fix"]).expect(0);
    let mended = std::fs::read_to_string(file).unwrap();
    assert_eq!(mended, DOUBTFUL.replace("is_optional", "isOptional"));
}

#[test]
fn codes_are_explained() {
    let place = Place::new();
    let page = place.tmpl(&["template", "lint", "--explain", "unanchored-regex"]).expect(0);
    assert!(page.stdout.starts_with("# unanchored-regex"), "{page:?}");
    assert_snapshot!(place.tmpl(&["template", "lint", "--explain", "unanchored"]).whole(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: unanchored is no code of the linter
    hint: did you mean `unanchored-regex`?
    "#);
    assert_snapshot!(place.tmpl(&["template", "lint", "gone.json"]).whole(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: failed to open file `gone.json`: No such file or directory (os error 2)
    hint: give a metadata file, a spec or a command spec
    "#);
}

#[test]
fn schemas_are_those_in_the_repository() {
    let place = Place::new();
    let schemas = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../schema");
    for (of, file) in [("metadata", "metadata"), ("spec", "spec"), ("project", "tmpl-toml")] {
        let printed = place.tmpl(&["template", "schema", of]).expect(0).stdout;
        let committed = schemas.join(format!("{file}.schema.json"));
        if std::env::var_os("TMPL_UPDATE_SCHEMA").is_some() {
            std::fs::write(&committed, &printed).unwrap();
        }
        let found = std::fs::read_to_string(&committed).unwrap_or_default();
        let values = [printed, found].map(|text| serde_json::from_str::<Value>(&text).unwrap_or_default());
        assert_eq!(
            values[0],
            values[1],
            "run this test with TMPL_UPDATE_SCHEMA=1 to write {}",
            committed.display()
        );
    }
}
