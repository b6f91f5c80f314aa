//! What goes wrong before and at the engine: one clear message, the right exit code, nothing left behind.

use std::io::{Read, Write};
use std::net::TcpListener;

use tmpl_testing::{Engine, Flink, FlinkVersion, SharedEngine};

use crate::site::{Runner, Site};

#[test]
fn programs_that_submit_nothing_or_too_much_are_told_so() {
    let site = Site::with(&[Runner::OwnPrism]);
    for (mode, said) in [
        ("nothing", "without submitting a pipeline"),
        ("own-runner", "whether it sets the runner itself"),
        ("twice", "submitted a second pipeline, and a launch runs one: nothing was run"),
        ("early", "RuntimeError: the graph can't be built"),
    ] {
        let ended = site.shop("own-prism", mode, &[]);
        assert_eq!(ended.code, 1, "{mode}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{mode}: {}", ended.stderr);
        assert!(
            site.record(&site.newest(), "engine/1-intent.json").is_none(),
            "{mode}: nothing was submitted"
        );
        assert_eq!(site.output("own-prism", mode).len(), if mode == "own-runner" { 12 } else { 0 }, "{mode}");
    }
    // What a program names itself is told, and changes nothing; what it does after its pipeline may fail.
    let named = site.shop("own-prism", "own-name", &[]).expect(0);
    assert!(named.stderr.contains("named the job `my-own-name` itself"), "{}", named.stderr);
    let after = site.shop("own-prism", "after", &[]).expect(0);
    assert!(after.stderr.contains("failed after it had submitted its pipeline"), "{}", after.stderr);
}

#[test]
fn an_engine_that_is_not_there_or_is_another_one_is_named() {
    let site = Site::with(&[Runner::Flink]);
    // A port that nobody is given: one that is free now somebody else may have in a moment.
    let free = "127.0.0.1:1";
    let prism = Engine::shared(SharedEngine::Prism).endpoint();
    let flink = Flink::shared(FlinkVersion::V1_19).rest_url();
    let flink_port = flink.trim_start_matches("http://");
    for (arguments, code, said) in [
        (["portable", free], 75, "nothing answers at"),
        (["prod-flink", &format!("http://{free}")], 75, free),
        (["portable", flink_port], 3, flink_port),
        (["prod-flink", &format!("http://{prism}")], 3, &prism),
    ] {
        let ended = site.shop(arguments[0], "well", &["--endpoint", arguments[1]]);
        assert_eq!(ended.code, code, "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(said), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("hint:"), "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
fn an_engine_that_never_answers_is_given_up() {
    let site = Site::with(&[]);
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = listener.local_addr().unwrap().to_string();
    std::thread::spawn(move || {
        for connection in listener.incoming() {
            std::thread::spawn(move || {
                let mut connection = connection.unwrap();
                let mut bytes = [0; 1024];
                while connection.read(&mut bytes).is_ok_and(|read| read > 0) {}
                let _ = connection.flush();
            });
        }
    });
    let ended = site.shop("portable", "well", &["--endpoint", &endpoint, "--limit", "submission=4s"]);
    assert_ne!(ended.code, 0);
    let told = ended.stderr.contains("the phase `submission`") || ended.stderr.contains("did not answer");
    assert!(told, "{}", ended.stderr);
}
