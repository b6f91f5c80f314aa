//! What a program counts on `direct`: seen while the job runs, and kept when it has ended.

use crate::beam::built_wordcount;
use crate::support::{Place, until};

/// A program of nobody's SDK that counts, waits to be told to end, and leaves.
const PROGRAM: &str = r#"
import argparse, json, os, pathlib, time

parser = argparse.ArgumentParser()
parser.add_argument("--end", type=pathlib.Path)
end = parser.parse_args().end

def count(number):
    path = pathlib.Path(os.environ["TMPL_METRICS"])
    part = path.with_suffix(".part")
    counter = {"step": "", "namespace": "mine", "name": "seen by " + os.environ["TOKEN"], "value": number}
    part.write_text(json.dumps({"counters": [counter], "distributions": "none" if number == 3 else []}))
    part.replace(path)

count(1)
while not end.exists():
    time.sleep(0.05)
count(2)
print("folder:", os.path.dirname(os.environ["TMPL_METRICS"]))
"#;
const METADATA: &str = r#"{"name": "Counter", "parameters": [
    {"name": "end", "label": "End", "helpText": "The file that ends it."},
    {"name": "token", "label": "Token", "helpText": "A secret.",
     "customMetadata": {"tmpl.secret": "true", "tmpl.pass": "env"}}]}"#;
const PROJECT: &str = "[python]\nversion = \"3.11\"\n\n[[template]]\nname = \"counter\"\nmain = \"main.py\"\n\
                       metadata_file = \"metadata.json\"\n";

#[test]
fn any_program_may_count_and_is_seen_while_it_runs() {
    let place = Place::new();
    for (name, text) in [("main.py", PROGRAM), ("metadata.json", METADATA), ("tmpl.toml", PROJECT)] {
        place.write(&format!("counter/{name}"), text);
    }
    place.tmpl(&["build", "counter", "--check", "static"]).expect(0);
    let secret = place.write("token", "hunter2-and-more");
    let end = place.path("end");
    let parameters = [format!("end={}", end.display()), format!("token=file:{}", secret.display())];
    let launched =
        place.tmpl(&["run", "counter", "--detach", "--param", &parameters[0], "--param", &parameters[1]]);
    let id = launched.expect(0).stdout.trim_end().to_owned();
    let seen = || place.job(&id)["metrics"]["counters"][0].clone();
    until("the first count is seen", || seen()["value"] == 1);
    assert_eq!(place.job(&id)["state"], "JOB_STATE_RUNNING");
    assert_eq!(seen()["name"], "seen by [secret]");
    place.write("end", "");
    place.tmpl(&["wait", &id]).expect(0);
    assert_eq!(seen()["value"], 2);
    assert!(place.job(&id)["metrics"]["time"].as_str().unwrap() > "2026");
    // Nothing is left on the machine.
    let log = place.tmpl(&["jobs", "logs", &id]).expect(0).stdout;
    let folder = log.lines().find_map(|line| Some(line.split_once("folder: ")?.1)).unwrap();
    assert!(!std::path::Path::new(folder).exists(), "{folder}");
}

#[test]
fn counters_of_a_pipeline_are_shown_with_its_job() {
    let place = built_wordcount();
    place.write("one.txt", "Rust rust RUST pipeline\n\na pipeline of Rust\n");
    let files = format!("input={},output={}", place.path("one.txt").display(), place.path("out").display());
    place.tmpl(&["run", "wordcount", "--parameters", &format!("{files},min_length=4")]).expect(0);
    let id = place.newest_job();
    let shown = place.tmpl(&["jobs", "show", &id]).expect(0).stdout;
    let mut lines = shown.lines().skip_while(|line| !line.starts_with("  counters   as of ")).skip(1);
    for line in [
        "    wordcount/lines          3  (Count words/Extract words)",
        "    wordcount/words_counted  6  (Count words/Extract words)",
        "    wordcount/words_skipped  2  (Count words/Extract words)",
    ] {
        assert_eq!(lines.next(), Some(line), "{shown}");
    }
    let metrics = &place.job(&id)["metrics"];
    let made = metrics["elements"].as_array().unwrap();
    let of = |step: &str| made.iter().find(|one| one["step"] == step).unwrap()["count"].clone();
    assert_eq!(of("Count words/Extract words"), 6, "{metrics}");
    assert_eq!(of("Format"), 2, "{metrics}");
}
