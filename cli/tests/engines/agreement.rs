//! Every engine gives the same output and the same counters as `direct`.

use crate::site::{Runner, Site};

#[test]
fn every_engine_agrees_with_direct() {
    let site = Site::with(&Runner::ALL);
    site.shop("direct", "well", &[]).expect(0);
    let expected = site.output("direct", "well");
    assert_eq!(expected.len(), 12);
    for runner in Runner::ALL {
        let name = runner.name();
        let ended = site.shop(name, "well", &[]).expect(0);
        assert_eq!(site.output(name, "well"), expected, "{name}: {}", ended.stderr);
        let id = site.newest();
        let counted = site.counters(&id);
        assert_eq!(counted["shop/orders"], "12", "{name}");
        assert_eq!(counted["shop/prices"], "12 48 2 7", "{name}");
        let shown = site.show(&id);
        assert_eq!(shown["state"], "JOB_STATE_DONE", "{shown}");
        let events = shown["events"].as_array().unwrap();
        assert!(events.iter().any(|event| event["native"].is_string()), "{name}: {shown}");
        // What was kept of it: the graph, its options, the engine's id.
        assert!(site.record(&id, "options.json").is_some());
        assert!(site.engine_id(&id).len() > 3);
    }
}
