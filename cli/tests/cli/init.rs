//! `tmpl init`: a new project that builds and runs at once, and a manifest for a folder as people have it.

use insta::assert_snapshot;

use crate::support::Place;

#[test]
fn a_new_project_builds_and_runs_at_once() {
    let place = Place::new();
    assert_snapshot!(place.tmpl(&["init", "fresh"]).expect(0).whole(), @"");
    place.tmpl(&["build", "fresh"]).expect(0);
    let built = std::fs::read_dir(place.bucket().join("templates")).unwrap();
    let names = built.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let name = names.filter_map(|name| name.strip_suffix(".json").map(str::to_owned)).next().unwrap();
    let spec = std::fs::read_to_string(place.bucket().join(format!("templates/{name}.json"))).unwrap();
    let spec: serde_json::Value = serde_json::from_str(&spec).unwrap();
    assert!(!spec["metadata"]["parameters"].as_array().unwrap().is_empty());
    place.write("text.txt", "hello world\n");
    let parameters =
        format!("input={},output={}", place.path("text.txt").display(), place.path("out").display());
    place.tmpl(&["run", &name, "--parameters", &parameters]).expect(0);
}

#[test]
fn a_folder_with_a_pipeline_gets_a_manifest_from_what_is_there() {
    let place = Place::new();
    let project = place.project("existing");
    assert_snapshot!(place.tmpl(&["init", "existing"]).expect(0).whole(), @"");
    assert_snapshot!(std::fs::read_to_string(project.join("tmpl.toml")).unwrap(), @"");
    let metadata = std::fs::read_to_string(project.join("metadata.json")).unwrap();
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    assert!(metadata["parameters"].as_array().unwrap().len() > 3, "{metadata}");
    // A second time nothing is overwritten.
    let again = place.tmpl(&["init", "existing"]).expect(2);
    assert!(again.stderr.contains("tmpl.toml"), "{}", again.stderr);
}
