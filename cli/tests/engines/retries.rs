//! Jobs that are tried again: each attempt is another job on the engine, and never are there two at once.

use tmpl_testing::{Flink, FlinkVersion};

use crate::site::{Runner, Site, wait_for};

#[test]
fn another_attempt_is_another_job_after_the_first_has_ended() {
    let site = Site::with(&[Runner::Prism, Runner::Spark, Runner::Flink]);
    for runner in [Runner::Prism, Runner::Spark, Runner::Flink] {
        let name = runner.name();
        site.shop(name, "fail-once", &["--retries", "2", "--backoff", "1s"]).expect(0);
        let id = site.newest();
        let engines: Vec<String> = [1, 2]
            .map(|attempt| {
                site.record(&id, &format!("engine/{attempt}.json")).unwrap()["id"]
                    .as_str()
                    .unwrap()
                    .to_owned()
            })
            .to_vec();
        assert_ne!(engines[0], engines[1], "{name}");
        assert!(site.record(&id, "engine/3-intent.json").is_none(), "{name}");
        assert_eq!(site.output(name, "fail-once").len(), 12, "{name}");
        if runner == Runner::Flink {
            let cluster = Flink::shared(FlinkVersion::V1_19);
            // Flink shows a job as it was some seconds ago.
            let shown = |job: usize| cluster.get(&format!("/v1/jobs/{}", engines[job])).unwrap();
            wait_for("the end to be shown", || shown(1)["state"] == "FINISHED");
            let (first, second) = (shown(0), shown(1));
            assert_eq!(first["state"], "FAILED");
            assert!(first["end-time"].as_i64().unwrap() < second["start-time"].as_i64().unwrap());
        }
    }
}

#[test]
fn a_worker_that_is_killed_is_worth_another_attempt() {
    let site = Site::with(&[Runner::Prism]);
    site.shop("team-prism", "kill-once", &["--retries", "1", "--backoff", "1s"]).expect(0);
    assert_eq!(site.output("team-prism", "kill-once").len(), 12);
}

#[test]
fn two_launchers_of_one_job_submit_it_once() {
    let site = Site::with(&[Runner::Flink]);
    let id = site.shop_detached("prod-flink", &["--param", "seconds=1"]);
    // The same two words that a launcher is started with.
    let mut again = site.command(&[]);
    again.env("TMPL_BUCKET", format!("file://{}", site.place.bucket().display())).env("TMPL_JOB", &id);
    let second = again.spawn().unwrap();
    let engines = site.engine_id(&id);
    site.place.ended(second);
    site.wait_for_state(&id, "JOB_STATE_RUNNING");
    site.kill_launcher(&id);
    // Several who look for it at once bring one end about.
    let waiting: Vec<_> = (0..3).map(|_| site.command(&["wait", &id]).spawn().unwrap()).collect();
    for child in waiting {
        assert_eq!(site.place.ended(child).code, 0);
    }
    let cluster = Flink::shared(FlinkVersion::V1_19);
    let all = cluster.get("/v1/jobs/overview").unwrap();
    let ours = all["jobs"].as_array().unwrap().iter().filter(|job| job["jid"] == engines.as_str()).count();
    assert_eq!(ours, 1);
    wait_for("no job that runs", || {
        let all = cluster.get("/v1/jobs/overview").unwrap();
        all["jobs"].as_array().unwrap().iter().all(|job| job["state"] != "RUNNING")
    });
}
