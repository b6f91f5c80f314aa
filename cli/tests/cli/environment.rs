//! The joined environment behaves like a virtual environment of its own.

use std::path::Path;

use fs_err as fs;
use insta::assert_snapshot;

use crate::support::Place;

fn facts(place: &Place) -> serde_json::Value {
    let mut command = place.command(&["run", "talker", "--param", "mode=env"]);
    // What must not leak in: another environment, and the launch's own variables.
    command.env("PYTHONPATH", "/nowhere").env("PYTHONHOME", "/nowhere").env("MINE", "kept");
    let ended = place.ended(command.spawn().unwrap()).expect(0);
    let line = ended.stderr.lines().find_map(|line| line.split_once("json: ")).unwrap().1;
    serde_json::from_str(line).unwrap()
}

#[test]
fn the_program_sees_a_virtual_environment_and_nothing_of_the_launcher() {
    let place = Place::with_talker();
    let facts = facts(&place);
    let prefix = facts["prefix"].as_str().unwrap();
    assert!(prefix.contains("/environments/"), "{prefix}");
    assert_ne!(facts["base_prefix"], prefix);
    assert_eq!(facts["executable"], format!("{prefix}/bin/python"));
    assert_eq!(facts["enable_user_site"], false);
    assert_eq!(facts["flags"]["dont_write_bytecode"], 1);
    let names: Vec<&str> =
        facts["environ_names"].as_array().unwrap().iter().map(|name| name.as_str().unwrap()).collect();
    assert!(names.contains(&"MINE"));
    for leaked in ["PYTHONPATH", "PYTHONHOME", "TMPL_JOB", "TMPL_BUCKET", "TMPL_CACHE_DIR"] {
        assert!(!names.contains(&leaked), "{leaked} leaked");
    }
    let path = facts["environ"]["PATH"].as_str().unwrap();
    assert!(path.starts_with(&format!("{prefix}/bin:")), "{path}");
    assert_eq!(facts["stdin"], "/dev/null");
    // Its own process group; no socket of the guard's is left open in it.
    assert_eq!(facts["process_group"], facts["pid"]);
    let files: Vec<i64> =
        facts["open_files"].as_array().unwrap().iter().map(|file| file.as_i64().unwrap()).collect();
    assert!(
        files.iter().all(|file| *file <= 3 || Path::new(&format!("/proc/self/fd/{file}")).exists()),
        "{files:?}"
    );
    assert_eq!(facts["blocked_signals"].as_array().unwrap().len(), 0);
    assert_eq!(facts["cwd"], place.path("").to_str().unwrap().trim_end_matches('/'));
    assert!(Path::new(facts["cached"].as_str().unwrap()).exists(), "bytecode came with the layer");
}

#[test]
fn processes_of_the_program_find_its_modules() {
    let place = Place::with_talker();
    let ended = place.talk("multiprocessing", &["--param", "count=4"]).expect(0);
    assert!(ended.stderr.contains("squares: [0, 1, 4, 9]"), "{}", ended.stderr);
    let ended = place.talk("subprocess-module", &["--param", "text=hi"]).expect(0);
    assert!(ended.stderr.contains("helper run as a module: hi"), "{}", ended.stderr);
}

#[test]
fn scripts_namespaces_data_and_metadata_work() {
    let place = Place::new();
    place.project("console");
    place.tmpl(&["build", "console", "--check", "full"]).expect(0);
    let ended = place.tmpl(&["run", "console"]).expect(0);
    let line = ended
        .stderr
        .lines()
        .find_map(|line| line.split_once(" {").map(|(_, rest)| format!("{{{rest}")))
        .expect("one JSON line");
    let told: serde_json::Value = serde_json::from_str(&line).unwrap();
    assert_snapshot!(place.filtered(&serde_json::to_string_pretty(&told).unwrap()), @r#"
    exit: 0
    --- stdout
    {
      "data": [
        "well begun is half done",
        "ende gut, alles gut – größer als ASCII"
      ],
      "distributions": [
        "greetings-english 1.0.0",
        "greetings-german 1.1.0",
        "salute 2.5.0"
      ],
      "greetings": [
        "Hello, you!",
        "Grüß Gott, you!"
      ],
      "is_virtual": true,
      "missing_files": [],
      "module": [
        "Hello, you!",
        "Grüß Gott, you!"
      ],
      "namespace_portions": 2,
      "on_path": true,
      "pth_code_ran": true,
      "script": [
        "Hello, you!",
        "Grüß Gott, you!"
      ],
      "version": "2.5.0"
    }--- stderr
    "#);
}

#[test]
fn the_folder_a_launch_is_made_from_lends_no_modules() {
    let place = Place::new();
    place.project("console");
    place.tmpl(&["build", "console", "--check", "static"]).expect(0);
    place.write("salute/__init__.py", "raise SystemExit('the wrong module')");
    place.write("json.py", "raise SystemExit('the wrong module')");
    place.tmpl(&["run", "console"]).expect(0);
}

#[test]
fn another_interpreter_is_refused() {
    let place = Place::with_talker();
    assert_snapshot!(place.talk("ok", &["--python", "/bin/true"]).expect(3).whole(), @r"
    exit: 3
    --- stdout
    --- stderr
    error: no Python 3.11 (cp311) was found; looked at /bin/true (it is no Python 3)
    hint: install it, for instance with `uv python install 3.11`, or name one with --python PATH
    ");
    let shim = place.write("shim", "#!/bin/sh\nexec python3 \"$@\"\n");
    std::process::Command::new("chmod").arg("+x").arg(&shim).status().unwrap();
    place.talk("ok", &["--python", "./shim"]).expect(0);
}

#[test]
fn a_pruned_cache_is_made_anew() {
    let place = Place::with_talker();
    let with_cache = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        command.env("TMPL_CACHE_DIR", place.path("cache"));
        place.ended(command.spawn().unwrap()).expect(0)
    };
    with_cache(&["run", "talker", "--param", "mode=ok"]);
    let shown = with_cache(&["cache", "show", "--format", "json"]);
    let shown: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert!(shown["bytes"].as_u64().unwrap() > 1000);
    let pruned = with_cache(&["cache", "prune", "--format", "json"]);
    let pruned: serde_json::Value = serde_json::from_str(&pruned.stdout).unwrap();
    assert_eq!(
        (&pruned["layers"], &pruned["environments"], &pruned["kept"]),
        (&1.into(), &1.into(), &0.into())
    );
    with_cache(&["run", "talker", "--param", "mode=ok"]);
}

#[test]
fn a_pruned_cache_of_builds_is_made_anew() {
    let place = Place::with_talker();
    let with_cache = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        command.env("TMPL_CACHE_DIR", place.path("cache"));
        place.ended(command.spawn().unwrap()).expect(0)
    };
    let json = |arguments: &[&str]| -> serde_json::Value {
        serde_json::from_str(&with_cache(&[arguments, &["--format", "json"]].concat()).stdout).unwrap()
    };
    let bucket = place.path("another-bucket").display().to_string();
    let project = place.project("talker").display().to_string();
    let build = ["build", &project, "--check", "static", "--bucket", &bucket];
    with_cache(&build);
    let shown = json(&["cache", "show"]);
    let blobs = shown["blob_bytes"].as_u64().unwrap();
    assert!(blobs > 100, "{shown}");
    assert_eq!(shown["bytes"].as_u64().unwrap(), blobs + shown["layer_bytes"].as_u64().unwrap());
    // All of it is less than a megabyte, and stays.
    assert_eq!(json(&["cache", "prune", "--keep", "1000"])["blobs"], 0);
    let pruned = json(&["cache", "prune"]);
    assert!(pruned["blobs"].as_u64().unwrap() > 0, "{pruned}");
    assert_eq!((&pruned["kept"], &json(&["cache", "show"])["bytes"]), (&0.into(), &0.into()));
    fs::remove_dir_all(place.path("another-bucket")).unwrap();
    let report: serde_json::Value =
        serde_json::from_str(&with_cache(&[&build[..], &["--format", "json"]].concat()).stdout).unwrap();
    let origins: Vec<&serde_json::Value> =
        report["layers"].as_array().unwrap().iter().map(|layer| &layer["origin"]).collect();
    assert!(!origins.is_empty() && origins.iter().all(|origin| **origin == "made"), "{report}");
}
