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
