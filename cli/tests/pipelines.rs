//! The build pipelines of Cloud Build and of GitHub Actions hold together: what they name is there.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that can't go on fails")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use regex::Regex;
use serde_json::Value;

const CLOUD_BUILD: &str = "cloudbuild.yaml";
const ACTIONS: &str = ".github/workflows/ci.yml";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn text(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap()
}

fn yaml(path: &str) -> Value {
    serde_saphyr::from_str(&text(path)).unwrap()
}

/// Everything that the pattern's group matches.
fn found(pattern: &str, text: &str) -> BTreeSet<String> {
    let pattern = Regex::new(pattern).unwrap();
    pattern.captures_iter(text).map(|found| found[1].to_owned()).collect()
}

/// The commands of a pipeline, without its comments.
fn commands(path: &str) -> String {
    text(path).lines().filter(|line| !line.trim_start().starts_with('#')).collect::<Vec<_>>().join("\n")
}

fn strings<'a>(value: &'a Value, key: &str) -> Vec<&'a str> {
    value[key].as_array().unwrap().iter().map(|word| word.as_str().unwrap()).collect()
}

/// The words that follow `make` in each of a pipeline's commands.
fn made(path: &str) -> Vec<Vec<String>> {
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect();
    let mut made: Vec<Vec<String>> = found(r"(?m)^\s*(?:- )?(?:run: )?make ([^\n|&;]*)", &commands(path))
        .iter()
        .map(|line| words(line))
        .collect();
    if path == CLOUD_BUILD {
        let build = yaml(path);
        let steps = build["steps"].as_array().unwrap().iter().filter(|step| step["entrypoint"] == "make");
        made.extend(steps.map(|step| strings(step, "args").into_iter().map(str::to_owned).collect()));
    }
    made
}

#[test]
fn make_targets_and_dockerfiles_that_are_named_exist() {
    let makefile = text("Makefile");
    let targets = found(r"(?m)^([a-z][a-z-]*):", &makefile);
    for (pipeline, count) in [(CLOUD_BUILD, 2), (ACTIONS, 4), (".ci/run", 2)] {
        let made = made(pipeline);
        assert_eq!(made.len(), count, "{pipeline}: {made:?}");
        for word in made.iter().flatten() {
            match word.split_once('=') {
                Some((variable, _)) => {
                    assert!(makefile.contains(&format!("$({variable})")), "{pipeline}: {word}");
                }
                None => assert!(targets.contains(word), "{pipeline}: `make {word}` is no target"),
            }
        }
        for file in found(r"--file=(\S+)", &commands(pipeline)) {
            assert!(root().join(&file).is_file(), "{pipeline}: there is no {file}");
        }
    }
}

#[test]
fn every_argument_of_a_dockerfile_that_is_given_is_taken() {
    for step in yaml(CLOUD_BUILD)["steps"].as_array().unwrap() {
        let Some(arguments) = step["args"].as_array() else { continue };
        let arguments: Vec<&str> = arguments.iter().map(|word| word.as_str().unwrap()).collect();
        let Some(file) = arguments.iter().find_map(|word| word.strip_prefix("--file=")) else { continue };
        let taken = found(r"(?m)^ARG ([A-Z]+)", &text(file));
        for given in arguments.iter().filter_map(|word| word.strip_prefix("--build-arg=")) {
            let name = given.split('=').next().unwrap();
            assert!(taken.contains(name), "{file} takes no {name}");
        }
    }
}

#[test]
fn cloud_build_declares_what_it_substitutes_and_uses_what_it_declares() {
    let build = yaml(CLOUD_BUILD);
    let declared: BTreeSet<String> = build["substitutions"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(found(r"\$\{(_[A-Z_]+)\}", &commands(CLOUD_BUILD)), declared);
    // In Cloud Build's texts a dollar that is the shell's is doubled; every other names a substitution.
    let others = found(r"(?:^|[^$])\$\{?([A-Za-z][A-Z_a-z]*)", &commands(CLOUD_BUILD));
    assert_eq!(others, BTreeSet::from(["COMMIT_SHA".to_owned()]));
    let ids: BTreeSet<&str> =
        build["steps"].as_array().unwrap().iter().map(|step| step["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), build["steps"].as_array().unwrap().len(), "two steps have one id");
    for step in build["steps"].as_array().unwrap() {
        assert!(step["name"].is_string(), "{step} has no image");
        assert!(!strings(step, "args").is_empty());
    }
}

#[test]
fn actions_are_of_a_version_and_jobs_wait_for_jobs_that_exist() {
    let workflow = yaml(ACTIONS);
    let jobs = workflow["jobs"].as_object().unwrap();
    for (name, job) in jobs {
        assert!(job["runs-on"].is_string(), "{name} runs nowhere");
        if job["needs"].is_array() {
            for needed in strings(job, "needs") {
                assert!(jobs.contains_key(needed), "{name} waits for {needed}, which is no job");
            }
        }
        for step in job["steps"].as_array().unwrap() {
            match (step["uses"].as_str(), step["run"].as_str()) {
                (Some(action), None) => assert!(action.contains("@v"), "{name}: {action} has no version"),
                (None, Some(_)) => {}
                _ => panic!("{name}: a step either uses an action or runs a command: {step}"),
            }
        }
    }
}

/// The version of Beam is said in places that can't read it from each other.
#[test]
fn one_version_of_beam_is_named_everywhere() {
    let version = found(r"(?m)^apache-beam==(\S+)", &text("examples/wordcount/requirements.txt"));
    assert_eq!(version.len(), 1);
    for (file, pattern) in [
        ("sdk-image/requirements.in", r"(?m)^apache-beam==(\S+)"),
        ("sdk-image/requirements.txt", r"(?m)^apache-beam==(\S+)"),
        ("examples/report-yaml/requirements.txt", r"(?m)^apache-beam\[yaml\]==(\S+)"),
        ("examples/words-go/go.mod", r"beam/sdks/v2 v(\S+)"),
    ] {
        assert_eq!(found(pattern, &text(file)), version, "{file}");
    }
}

/// The programs of the pipelines' shell texts are syntactically right.
#[test]
fn shell_texts_are_read_by_the_shell() {
    let mut texts: Vec<String> = Vec::new();
    for job in yaml(ACTIONS)["jobs"].as_object().unwrap().values() {
        let steps = job["steps"].as_array().unwrap();
        texts.extend(steps.iter().filter_map(|step| step["run"].as_str().map(str::to_owned)));
    }
    for step in yaml(CLOUD_BUILD)["steps"].as_array().unwrap() {
        let words = strings(step, "args");
        let script = words.iter().position(|word| *word == "-c").map(|at| words[at + 1].replace("$$", "$"));
        texts.extend(script);
    }
    assert!(texts.len() > 5, "{texts:?}");
    for text in texts {
        let read = std::process::Command::new("bash").args(["-n", "-c", &text]).output().unwrap();
        assert!(read.status.success(), "{text}\n{}", String::from_utf8_lossy(&read.stderr));
    }
}
