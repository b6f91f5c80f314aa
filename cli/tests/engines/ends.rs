//! How jobs end: by a failure, by a wish, and what the engine says of that.

use std::process::Command;
use std::time::Duration;

use tmpl_testing::{Flink, FlinkVersion};

use crate::site::{Runner, Site, wait_for};

#[test]
fn the_first_cause_of_a_failure_is_told_on_every_engine() {
    let site = Site::with(&Runner::ALL);
    for runner in Runner::ALL {
        let name = runner.name();
        let ended = site.shop(name, "fail", &[]);
        assert_eq!(ended.code, 1, "{name}: {}", ended.stderr);
        let end = site.show(&site.newest())["end"].clone();
        assert_eq!(end["cause"]["exception"], "ValueError", "{name}: {end}");
        assert_eq!(end["cause"]["message"], "eve does not pay", "{name}: {end}");
        assert_eq!(end["cause"]["step"], "Price", "{name}: {end}");
    }
}

#[test]
fn a_cancelled_job_is_cancelled_on_the_engine_itself() {
    let site = Site::with(&[Runner::Prism, Runner::Spark, Runner::Flink]);
    for runner in [Runner::Prism, Runner::Spark, Runner::Flink] {
        let name = runner.name();
        let id = site.shop_detached(name, &["--param", "seconds=5"]);
        let engines = site.engine_id(&id);
        site.wait_for_state(&id, "JOB_STATE_RUNNING");
        site.tmpl(&["jobs", "cancel", &id]).expect(0);
        let shown = site.show(&id);
        assert_eq!(shown["state"], "JOB_STATE_CANCELLED", "{name}: {shown}");
        let natives: Vec<&str> =
            shown["events"].as_array().unwrap().iter().filter_map(|event| event["native"].as_str()).collect();
        let last = natives.last().unwrap();
        assert!(["CANCELLED", "CANCELED"].contains(last), "{name}: {natives:?}");
        if runner == Runner::Flink {
            assert_eq!(Flink::shared(FlinkVersion::V1_19).state_of(&engines).unwrap(), "CANCELED");
        }
        // Once more: it has ended.
        let again = site.tmpl(&["jobs", "cancel", &id]);
        assert_eq!(again.code, 2, "{}", again.stderr);
        assert!(again.stderr.contains("has already ended"), "{}", again.stderr);
    }
}

#[test]
fn a_job_is_cancelled_while_its_graph_is_still_being_built() {
    let site = Site::with(&[Runner::OwnPrism]);
    let output = format!("output={}", site.place.path("x").display());
    let arguments = [
        "run",
        "shop",
        "--runner",
        "own-prism",
        "--param",
        &output,
        "--param",
        "mode=build-slowly",
        "--detach",
    ];
    site.tmpl(&arguments).expect(0);
    let id = site.newest();
    site.wait_for_state(&id, "JOB_STATE_PENDING");
    site.tmpl(&["jobs", "cancel", &id]).expect(0);
    assert_eq!(site.show(&id)["state"], "JOB_STATE_CANCELLED");
    assert!(site.record(&id, "engine/1-intent.json").is_none(), "nothing was submitted");
}

#[test]
fn two_who_cancel_at_once_are_both_right() {
    let site = Site::with(&[Runner::Prism]);
    let id = site.shop_detached("team-prism", &["--param", "seconds=5"]);
    site.wait_for_state(&id, "JOB_STATE_RUNNING");
    let [first, second] = [0, 1].map(|_| site.command(&["jobs", "cancel", &id]).spawn().unwrap());
    let codes = [first, second].map(|child| site.place.ended(child).code);
    assert!(codes.contains(&0) && codes.iter().all(|code| [0, 2].contains(code)), "{codes:?}");
    assert_eq!(site.show(&id)["state"], "JOB_STATE_CANCELLED");
}

#[test]
fn a_signal_cancels_on_the_engine() {
    let site = Site::with(&[Runner::Prism]);
    let output = format!("output={}", site.place.path("x").display());
    let arguments = ["run", "shop", "--runner", "team-prism", "--param", &output, "--param", "seconds=5"];
    let child = site.command(&arguments).spawn().unwrap();
    let pid = child.id().to_string();
    wait_for("a job", || !site.jobs().is_empty());
    let id = site.newest();
    site.wait_for_state(&id, "JOB_STATE_RUNNING");
    assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert_eq!(site.place.ended(child).code, 143);
    assert_eq!(site.show(&id)["state"], "JOB_STATE_CANCELLED");
}

#[test]
fn what_has_an_end_is_not_drained() {
    let site = Site::with(&[Runner::Prism]);
    let id = site.shop_detached("team-prism", &["--param", "seconds=1"]);
    site.wait_for_state(&id, "JOB_STATE_RUNNING");
    let refused = site.tmpl(&["jobs", "drain", &id]);
    assert_eq!(refused.code, 2);
    assert!(refused.stderr.contains("it ends by itself"), "{}", refused.stderr);
    site.tmpl(&["wait", &id]).expect(0);
}

/// A pipeline without an end, at work on a Flink.
fn endless(site: &Site) -> String {
    site.shop("prod-flink", "endless", &["--detach"]).expect(0);
    let id = site.newest();
    let engines = site.engine_id(&id);
    let flink = Flink::shared(FlinkVersion::V1_19);
    wait_for("all of it to run", || {
        let job = flink.get(&format!("/v1/jobs/{engines}")).unwrap();
        job["vertices"].as_array().unwrap().iter().all(|vertex| vertex["status"] == "RUNNING")
    });
    // What it has read Flink tells at the end only.
    std::thread::sleep(Duration::from_secs(2));
    id
}

#[test]
fn what_has_no_end_is_drained_where_the_engine_can() {
    let site = Site::with(&[Runner::Flink]);
    let id = endless(&site);
    // Flink keeps no savepoints: it says so, and so does whoever asked. The job goes on.
    for _ in 0..2 {
        let refused = site.tmpl(&["jobs", "drain", &id]);
        assert_eq!(refused.code, 3, "{}", refused.stderr);
        for words in
            ["can't be drained, and goes on", "state.savepoints.dir", "`savepointDirectory`", "jobs cancel"]
        {
            assert!(refused.stderr.contains(words), "{}", refused.stderr);
        }
    }
    assert_eq!(site.show(&id)["state"], "JOB_STATE_RUNNING");
    site.tmpl(&["jobs", "cancel", &id]).expect(0);

    let configuration = std::fs::read_to_string(site.place.path("config.toml")).unwrap();
    let savepoints = site.place.path("savepoints");
    site.place.write(
        "config.toml",
        &format!("{configuration}savepoint_directory = \"{}\"\n", savepoints.display()),
    );
    for launcher_dies in [false, true] {
        let id = endless(&site);
        if launcher_dies {
            site.kill_launcher(&id);
        }
        site.tmpl(&["jobs", "drain", &id]).expect(0);
        let shown = site.show(&id);
        assert_eq!(
            (&shown["state"], &shown["end"]["exitCode"]),
            (&"JOB_STATE_DRAINED".into(), &4.into()),
            "{shown}"
        );
        let flink = Flink::shared(FlinkVersion::V1_19);
        assert_eq!(flink.state_of(&site.engine_id(&id)).unwrap(), "FINISHED");
        assert!(site.counters(&id)["shop/loads"].parse::<u64>().unwrap() > 0);
    }
    assert_eq!(std::fs::read_dir(savepoints).unwrap().count(), 2);
}

#[test]
fn a_phase_that_takes_too_long_is_named() {
    let site = Site::with(&[Runner::OwnPrism, Runner::Prism]);
    let slow = site.shop("own-prism", "build-slowly", &["--limit", "graph=2s"]);
    assert_eq!(slow.code, 1);
    assert!(slow.stderr.contains("the phase `graph` took longer than its limit of 2s"), "{}", slow.stderr);
    let slow = site.shop("team-prism", "well", &["--param", "seconds=5", "--limit", "run=3s"]);
    assert_eq!(slow.code, 1);
    assert!(slow.stderr.contains("the phase `run` took longer than its limit of 3s"), "{}", slow.stderr);
}
