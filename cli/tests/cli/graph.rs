//! `tmpl jobs graph`: what a job is made of, drawn from what the bucket has.

use std::path::PathBuf;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::Place;

/// A job that ended, and its folder in the bucket.
fn job(place: &Place) -> (String, PathBuf) {
    place.talk("ok", &[]).expect(0);
    let id = place.newest_job();
    let day = id[..10].to_owned();
    let folder = place.bucket().join("staging/jobs").join(day).join(&id);
    (id, folder)
}

/// A job that has the graph of a word count, as if an engine had run it.
fn job_with_graph(place: &Place) -> (String, PathBuf) {
    let (id, folder) = job(place);
    let graph = concat!(env!("CARGO_MANIFEST_DIR"), "/../beam/tests/graphs/python-wordcount.pb");
    std::fs::copy(graph, folder.join("pipeline.pb")).unwrap();
    (id, folder)
}

fn write_metrics(folder: &std::path::Path, metrics: &Value) {
    std::fs::create_dir_all(folder.join("metrics")).unwrap();
    std::fs::write(folder.join("metrics/1.json"), metrics.to_string()).unwrap();
}

#[test]
fn a_graph_is_a_tree_a_picture_or_data() {
    let place = Place::with_talker();
    let (id, folder) = job_with_graph(&place);
    write_metrics(
        &folder,
        &json!({ "elements": [{ "step": "Split", "collection": "output", "count": 1234 }] }),
    );
    assert_snapshot!(place.tmpl(&["jobs", "graph", &id]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    Read
    └─ Read        read, 3 steps
    Split          ParDo ← Read/Read  [1,234 elements]
    PairWithOne    ParDo ← Split
    GroupAndSum    combine
    ├─ GroupByKey  GroupByKey ← PairWithOne
    └─ Combine     combine, 1 step ← GroupByKey
    Format         ParDo ← GroupAndSum/Combine
    Write
    └─ Write       12 steps ← Format
    --- stderr
    20 steps in 9 groups, bounded
    ");
    let shallow = place.tmpl(&["jobs", "graph", &id, "--depth", "1", "--format", "tree", "-q"]).expect(0);
    assert_eq!(shallow.stdout.lines().count(), 6, "{}", shallow.stdout);
    assert_eq!(shallow.stderr, "");

    let json: Value =
        serde_json::from_str(&place.tmpl(&["jobs", "graph", &id, "--format", "json"]).expect(0).stdout)
            .unwrap();
    assert_eq!(json["steps"].as_array().unwrap().len(), 29);
    let dot = place.tmpl(&["jobs", "graph", &id, "--format", "dot"]).expect(0);
    assert!(dot.stdout.starts_with("digraph pipeline {\n") && dot.stderr.is_empty(), "{}", dot.stdout);
    let drawn = place.tmpl(&["jobs", "graph", &id, "--format", "svg", "--output", "graph.svg"]).expect(0);
    assert_eq!(drawn.stdout, "");
    let svg = std::fs::read_to_string(place.path("graph.svg")).unwrap();
    assert!(svg.starts_with("<svg ") && svg.contains("1,234 elements") && svg.contains(&id), "{svg}");
}

#[test]
fn what_has_no_graph_says_so_and_why() {
    let place = Place::with_talker();
    let (id, folder) = job(&place);
    assert_snapshot!(place.tmpl(&["jobs", "graph", &id]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: job [JOB] has no graph: it ran on `direct`, where the program keeps it to itself
    hint: a job on an engine has one: `tmpl run … --runner prism`; with --dry-run the graph is drawn and nothing runs
    ");
    std::fs::write(folder.join("pipeline.pb"), b"\xff\xff").unwrap();
    assert_snapshot!(place.tmpl(&["jobs", "graph", &id]).expect(3).whole(), @r"
    exit: 3
    --- stdout
    --- stderr
    error: the graph of job [JOB] can't be read
      caused by: these bytes are no Beam pipeline: failed to decode Protobuf message: invalid varint
    hint: it was damaged in the bucket; launch the job again
    ");
    assert_snapshot!(place.tmpl(&["jobs", "list", "--format", "svg"]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: this command's data is no graph
    hint: --format text and --format json are for every command; tree, dot and svg for `tmpl jobs graph`
    ");
    let graph = concat!(env!("CARGO_MANIFEST_DIR"), "/../beam/tests/graphs/python-wordcount.pb");
    std::fs::copy(graph, folder.join("pipeline.pb")).unwrap();
    assert_snapshot!(place.tmpl(&["jobs", "graph", &id, "--output", "no/such/folder.svg"]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: the picture can't be written
      caused by: failed to create file `no/such/folder.svg`: No such file or directory (os error 2)
    ");
}

#[test]
fn what_a_job_has_counted_is_shown() {
    let place = Place::with_talker();
    let (id, folder) = job(&place);
    write_metrics(
        &folder,
        &json!({
            "time": "2026-11-21T08:00:00Z",
            "counters": [{ "step": "Split", "namespace": "words", "name": "empty\u{1b}[2J lines", "value": 3 }],
            "distributions": [
                { "step": "Split", "namespace": "words", "name": "lengths", "count": 2, "sum": 7, "min": 3, "max": 4 }
            ],
            "elements": [{ "step": "Split", "collection": "output", "count": 1234 }],
            "unreadable": [{ "urn": "x", "reason": "y" }],
            "of tomorrow": 1
        }),
    );
    let shown = place.tmpl(&["jobs", "show", &id]).expect(0).stdout;
    let counters: Vec<&str> = shown.lines().skip_while(|line| !line.starts_with("  counters")).collect();
    assert_eq!(
        counters,
        [
            "  counters   as of 2026-11-21 08:00:00 UTC",
            "    words/empty�[2J lines  3  (Split)",
            "    words/lengths          2 values: sum 7, min 3, mean 3.50, max 4  (Split)",
            "    1 can't be read: --format json says which",
        ],
        "{shown}"
    );
    assert_eq!(place.job(&id)["metrics"]["elements"][0]["count"], 1234);
    // Figures that nobody can read do not hide the job.
    std::fs::write(folder.join("metrics/1.json"), "{").unwrap();
    let shown = place.tmpl(&["jobs", "show", &id]).expect(0);
    assert!(shown.stderr.contains("the job's figures can't be read: "), "{}", shown.stderr);
    assert!(place.job(&id)["metrics"].is_null());
}
