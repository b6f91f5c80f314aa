//! The graph: drawn, and handed to an engine again.

use crate::site::{Runner, Site};

#[test]
fn a_graph_is_drawn_and_replayed_without_the_program() {
    let site = Site::with(&[Runner::Prism]);
    site.shop("team-prism", "well", &[]).expect(0);
    let first = site.newest();
    let tree = site.tmpl(&["jobs", "graph", &first]).expect(0);
    for step in ["Orders", "Number", "Price", "Write"] {
        assert!(tree.stdout.contains(step), "{}", tree.stdout);
    }
    let svg = site.tmpl(&["jobs", "graph", &first, "--format", "svg"]).expect(0);
    assert!(svg.stdout.starts_with("<svg"), "{}", svg.stdout);
    let output = site.place.path("team-prism-well-00000-of-00001");
    std::fs::remove_file(&output).unwrap();
    let replayed = site.tmpl(&["jobs", "rerun", &first, "--replay"]).expect(0);
    assert!(!replayed.stderr.contains("builds its graph"), "{}", replayed.stderr);
    let second = site.newest();
    assert_ne!(first, second);
    assert_eq!(site.counters(&second)["shop/orders"], "12");
    assert_eq!(site.output("team-prism", "well").len(), 12);
    // It is told which job it was made of, and can be replayed itself.
    assert_eq!(site.record(&second, "job.json").unwrap()["replayOf"], first.as_str());
    site.tmpl(&["jobs", "rerun", &second, "--replay"]).expect(0);
}

#[test]
fn a_job_without_a_graph_can_not_be_replayed() {
    let site = Site::with(&[]);
    site.shop("direct", "well", &[]).expect(0);
    let refused = site.tmpl(&["jobs", "rerun", &site.newest(), "--replay"]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("has no graph"), "{}", refused.stderr);
}

#[test]
fn a_dry_run_draws_the_graph_and_leaves_nothing_behind() {
    let site = Site::with(&[]);
    // No engine is asked: there need be none.
    let tried = site.shop("spark", "own-name", &["--endpoint", "127.0.0.1:1", "--dry-run"]).expect(0);
    for step in ["Orders", "Number", "Price", "Write"] {
        assert!(tried.stdout.contains(step), "{}", tried.stdout);
    }
    assert!(tried.stderr.contains("it sets job_name itself"), "{}", tried.stderr);
    assert!(site.jobs().is_empty());
    assert!(site.output("spark", "own-name").is_empty());
    let refused = site.shop("spark", "twice", &["--endpoint", "127.0.0.1:1", "--dry-run"]);
    assert_eq!(refused.code, 1);
    assert!(refused.stderr.contains("a second pipeline"), "{}", refused.stderr);
    let failed = site.shop("spark", "early", &["--endpoint", "127.0.0.1:1", "--dry-run"]);
    assert_eq!(failed.code, 1);
    assert!(failed.stderr.contains("RuntimeError: the graph can't be built"), "{}", failed.stderr);
}
