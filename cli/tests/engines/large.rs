//! Pipelines that are large, or odd: graphs of many megabytes, very long names, figures that no counter holds.

use crate::site::{Runner, Site};

#[test]
fn a_graph_of_several_megabytes_goes_to_every_engine() {
    let site = Site::with(&Runner::ALL);
    for runner in Runner::ALL {
        let name = runner.name();
        site.shop(name, "well", &["--param", "megabytes=6"]).expect(0);
        let id = site.newest();
        assert_eq!(site.counters(&id)["shop/loads"], "6", "{name}");
        let graph = site.place.bucket().join("staging/jobs").join(&id[..10]).join(&id).join("pipeline.pb");
        assert!(graph.metadata().unwrap().len() > 6 << 20);
    }
}

/// The name of a step that is longer than most would think of.
const LONG: usize = 10_000;

#[test]
fn a_name_of_ten_kilobytes_is_a_name() {
    let site = Site::with(&Runner::ALL);
    let name = "n".repeat(LONG);
    for runner in Runner::ALL {
        let ended = site.shop(runner.name(), "long-name", &[]).expect(0);
        assert!(!ended.stderr.contains(&name), "{}: nobody reads that", runner.name());
        let id = site.newest();
        assert_eq!(site.counters(&id)["shop/loads"], "2", "{}", runner.name());
        let graph = site.tmpl(&["jobs", "graph", &id, "--format", "json"]).expect(0);
        assert!(graph.stdout.contains(&name));
        site.tmpl(&["jobs", "graph", &id]).expect(0);
        site.tmpl(&["jobs", "show", &id]).expect(0);
    }
}

#[test]
fn a_counter_that_overflows_is_what_64_bits_hold_everywhere() {
    let site = Site::with(&Runner::ALL);
    for runner in ["direct"].into_iter().chain(Runner::ALL.map(Runner::name)) {
        site.shop(runner, "overflow", &[]).expect(0);
        let id = site.newest();
        // Twelve times 2^61 + 1. Beam's SDKs count in 64 bits and start again from below.
        assert_eq!(site.counters(&id)["shop/much"], (12 - (1_i128 << 63)).to_string(), "{runner}");
        site.tmpl(&["jobs", "show", &id]).expect(0);
        assert_eq!(site.output(runner, "overflow").len(), 12, "{runner}");
    }
}
