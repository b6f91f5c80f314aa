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
    assert_snapshot!(place.tmpl(&["template", "lint", "good.json"]).whole(), @"");
    assert_snapshot!(place.tmpl(&["template", "lint", "doubtful.json"]).whole(), @"");
    assert_snapshot!(place.tmpl(&["template", "lint", "bad.json", "doubtful.json", "--github"]).whole(), @"");
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
    assert_snapshot!(place.tmpl(&["template", "lint", "--explain", "unanchored"]).whole(), @"");
    assert_snapshot!(place.tmpl(&["template", "lint", "gone.json"]).whole(), @"");
}

#[test]
fn schemas_are_those_in_the_repository() {
    let place = Place::new();
    let schemas = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../template/schema");
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
