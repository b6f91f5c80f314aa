//! One example in each language: built, launched, its result looked at.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::dockerd::{Dockerd, made};
use crate::support::{Place, copy};

/// A copy of an example, with what its own build makes.
fn example(place: &Place, name: &str, made_file: &str) -> PathBuf {
    made(&format!("examples/{name}/{made_file}"), "examples");
    let folder = place.path(name);
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name), &folder);
    folder
}

/// Two files to read.
fn input(place: &Place) -> String {
    place.write("input/one.txt", "the quick brown fox\njumps over the lazy dog\n");
    place.write("input/two.txt", "the end\n");
    place.path("input/*.txt").display().to_string()
}

/// Builds an example, launches it and gives what it wrote.
fn launched(place: &Place, project: &Path, parameters: &[String]) -> String {
    let name = project.file_name().unwrap().to_str().unwrap();
    place.tmpl(&["build", project.to_str().unwrap(), "--check", "static"]).expect(0);
    let output = place.path("out");
    std::fs::create_dir_all(&output).unwrap();
    let mut arguments = vec!["run", name];
    for parameter in parameters {
        arguments.extend(["--param", parameter]);
    }
    let ended = place.tmpl(&arguments).expect(0);
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(&output).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    let texts = files.iter().filter(|file| file.is_file()).map(|file| std::fs::read_to_string(file).unwrap());
    texts.collect::<String>() + &ended.stderr
}

fn io(place: &Place) -> [String; 2] {
    [format!("input={}", input(place)), format!("output={}", place.path("out/result").display())]
}

#[test]
fn a_beam_pipeline_in_go() {
    let place = Place::new();
    let project = example(&place, "words-go", "build/words");
    let result = launched(&place, &project, &io(&place));
    assert!(result.contains("the") && result.contains('3'), "{result}");
    let spec = std::fs::read_to_string(place.bucket().join("templates/words-go.json")).unwrap();
    let spec: Value = serde_json::from_str(&spec).unwrap();
    assert_eq!(spec["sdkInfo"]["language"], "GO");
    assert_eq!(spec["tmpl"]["entry"]["kind"], "go");
}

#[test]
fn a_beam_pipeline_in_java() {
    let place = Place::new();
    let project = example(&place, "lines-java", "target/lines.jar");
    let result = launched(&place, &project, &io(&place));
    assert!(result.contains('3'), "{result}");
}

#[test]
fn a_pipeline_in_yaml() {
    let place = Place::new();
    let project = example(&place, "report-yaml", "pipeline.yaml");
    let orders = place.write("orders.csv", "category,amount\nbooks,10\nbooks,5\ntea,7\n");
    let parameters =
        [format!("input={}", orders.display()), format!("output={}", place.path("out/result").display())];
    let result = launched(&place, &project, &parameters);
    assert!(result.contains("15"), "{result}");
}

#[test]
fn any_binary_runs_here_and_in_an_image_of_its_own() {
    let place = Place::new();
    let project = example(&place, "files-binary", "count-lines");
    let [_, output] = io(&place);
    let folder = format!("input={}", place.path("input").display());
    let result = launched(&place, &project, &[folder, output]);
    assert!(result.contains("2\tone.txt") && result.contains("1\ttwo.txt"), "{result}");

    // A Go program is one static file: it needs no base at all.
    let go = example(&place, "words-go", "build/words");
    let engine = Dockerd::start();
    let mut command =
        place.command(&["build", go.to_str().unwrap(), "--base", "scratch", "--output", "docker"]);
    command.env("DOCKER_HOST", engine.host());
    place.ended(command.spawn().unwrap()).expect(0);
    let folder = place.path("in-image");
    std::fs::create_dir(&folder).unwrap();
    std::fs::set_permissions(&folder, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    let mount = |from: &Path, to: &str| format!("{}:{to}", from.display());
    engine.docker(&[
        "run",
        "--rm",
        "--network=none",
        "-v",
        &mount(&place.path("input"), "/in:ro"),
        "-v",
        &mount(&folder, "/out"),
        "words-go:latest",
        "--param",
        "input=/in/*.txt",
        "--param",
        "output=/out/result",
    ]);
    assert!(std::fs::read_dir(&folder).unwrap().count() > 0);
}
