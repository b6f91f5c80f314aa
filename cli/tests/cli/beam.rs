//! The main job: the wordcount example, real Beam, built and launched.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use crate::support::{Place, copy};

/// A place whose bucket holds the wordcount template. It is built once for all tests.
pub(crate) fn built_wordcount() -> Place {
    static BUILT: OnceLock<Place> = OnceLock::new();
    let built = BUILT.get_or_init(|| {
        let place = Place::new();
        let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/wordcount");
        copy(&example, &place.path("wordcount"));
        place.tmpl(&["build", "wordcount", "--locked", "--check", "full"]).expect(0);
        place
    });
    let place = Place::new();
    copy(&built.bucket(), &place.bucket());
    place
}

fn counts(place: &Place, prefix: &str) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for entry in std::fs::read_dir(place.path("")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if name.starts_with(&format!("{prefix}-")) {
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                let (word, count) = line.split_once('\t').unwrap();
                counts.insert(word.to_owned(), count.parse().unwrap());
            }
        }
    }
    counts
}

#[test]
fn words_are_counted() {
    let place = built_wordcount();
    place.write("one.txt", "Rust rust RUST pipeline\n");
    place.write("two.txt", "a pipeline of Rust\n");
    let parameters = format!(
        "input={},output={},min_length=4,case=lower",
        place.path("*.txt").display(),
        place.path("out").display()
    );
    let ended = place.tmpl(&["run", "wordcount", "--parameters", &parameters]).expect(0);
    let expected: BTreeMap<String, u64> = [("rust".to_owned(), 4), ("pipeline".to_owned(), 2)].into();
    assert_eq!(counts(&place, "out"), expected, "{}", ended.stderr);
    let left: Vec<_> = std::fs::read_dir(place.bucket().join("tmp")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_input_that_is_not_there_is_the_cause_of_the_failure() {
    let place = built_wordcount();
    let parameters =
        format!("input={},output={}", place.path("missing").display(), place.path("out").display());
    let ended = place.tmpl(&["run", "wordcount", "--parameters", &parameters]).expect(1);
    assert!(ended.stderr.contains("caused by: ERROR:wordcount:no file matches"), "{}", ended.stderr);
}

#[test]
fn a_step_that_raises_is_named() {
    let place = built_wordcount();
    place.write("text.txt", "to be or not to be\n");
    // Nothing can be written below a file: the step that writes finds out.
    let parameters = format!("input={0},output={0}/out", place.path("text.txt").display());
    let ended = place.tmpl(&["run", "wordcount", "--parameters", &parameters]).expect(1);
    let job = place.job(&place.newest_job());
    assert!(job["end"]["cause"]["exception"].is_string(), "{}", ended.stderr);
    assert!(job["end"]["cause"]["step"].is_string(), "{job}");
}

#[test]
fn the_examples_own_tests_pass_in_the_built_environment() {
    let place = built_wordcount();
    let parameters = format!("input={0},output={0}", place.path("x").display());
    let planned =
        place.tmpl(&["run", "wordcount", "--dry-run", "--format", "json", "--parameters", &parameters]);
    let plan: serde_json::Value = serde_json::from_str(&planned.expect(0).stdout).unwrap();
    let tests = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/wordcount/tests");
    let mut unittest = std::process::Command::new(plan["invocation"]["program"].as_str().unwrap());
    unittest.args(["-B", "-m", "unittest", "discover", "-s"]).arg(tests).current_dir(place.path(""));
    unittest.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    let ended = place.ended(unittest.spawn().unwrap()).expect(0);
    assert!(ended.stderr.trim_end().ends_with("OK"), "{}", ended.stderr);
}
