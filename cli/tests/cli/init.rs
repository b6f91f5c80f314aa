//! `tmpl init`: a new project that builds and runs at once, and a manifest for a folder as people have it.

use insta::assert_snapshot;

use crate::support::Place;

#[test]
fn a_new_project_builds_and_runs_at_once() {
    let place = Place::new();
    assert_snapshot!(place.tmpl(&["init", "fresh"]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    fresh/tmpl.toml
    fresh/main.py
    fresh/requirements.txt
    fresh/metadata.json
    fresh/README.md
    fresh/.gitignore
    --- stderr
    next: tmpl build fresh --bucket ./bucket && tmpl run fresh --bucket ./bucket …
    ");
    place.tmpl(&["build", "fresh"]).expect(0);
    let built = std::fs::read_dir(place.bucket().join("templates")).unwrap();
    let mut names = built.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let name = names.find_map(|name| name.strip_suffix(".json").map(str::to_owned)).unwrap();
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
    assert_snapshot!(place.tmpl(&["init", "existing"]).expect(0).whole(), @r#"
    exit: 0
    --- stdout
    existing/metadata.json
    existing/tmpl.toml
    --- stderr
    found      version = "3.11" (the base image in Dockerfile)
    found      requirements = ["requirements.txt"] (FLEX_TEMPLATE_PYTHON_REQUIREMENTS_FILE in Dockerfile)
    found      packages = ["."] (FLEX_TEMPLATE_PYTHON_SETUP_FILE in Dockerfile)
    found      name = "existing" (the folder's name)
    found      main = "main.py" (FLEX_TEMPLATE_PYTHON_PY_FILE in Dockerfile)
    found      metadata_file = "metadata.json" (the options in main.py: look it over)
    warning: main.py:57: legacy is positional and left out: a template passes --name=value
    warning: main.py:69: --tag takes several values, but a parameter gives it one
    warning: main.py:70: default of --region_code is made as the program runs and left out
    warning: main.py:71: --password seems to be a secret, and arguments can be read by others on the machine: let the program read it from its environment, and set tmpl.secret and tmpl.pass
    warning: main.py:77: the name of this option is made as the program runs: add its parameter by hand
    next: tmpl build existing --bucket ./bucket && tmpl run existing --bucket ./bucket …
    "#);
    assert_snapshot!(std::fs::read_to_string(project.join("tmpl.toml")).unwrap(), @r#"
    # What `tmpl build` makes templates of. Paths are relative to this file.

    [python]
    # from the base image in Dockerfile
    version = "3.11"
    # from FLEX_TEMPLATE_PYTHON_REQUIREMENTS_FILE in Dockerfile
    requirements = ["requirements.txt"]
    # from FLEX_TEMPLATE_PYTHON_SETUP_FILE in Dockerfile
    packages = ["."]

    [[template]]
    # from the folder's name
    name = "existing"
    # from FLEX_TEMPLATE_PYTHON_PY_FILE in Dockerfile
    main = "main.py"
    # from the options in main.py: look it over
    metadata_file = "metadata.json"
    "#);
    let metadata = std::fs::read_to_string(project.join("metadata.json")).unwrap();
    let metadata: serde_json::Value = serde_json::from_str(&metadata).unwrap();
    assert!(metadata["parameters"].as_array().unwrap().len() > 3, "{metadata}");
    // A second time nothing is overwritten.
    let again = place.tmpl(&["init", "existing"]).expect(2);
    assert!(again.stderr.contains("tmpl.toml"), "{}", again.stderr);
}
