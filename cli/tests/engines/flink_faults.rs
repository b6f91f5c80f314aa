//! Clusters of Flink that lose a part while a job runs, or have no room for one.

use std::time::{Duration, Instant};

use serde_json::Value;
use tmpl_testing::{Fault, Faults, Flink, FlinkVersion, Proxy};

use crate::contact::messages;
use crate::site::{Runner, Site, flink_table, wait_for};

fn site_at(url: &str) -> Site {
    let site = Site::new();
    site.place.write("config.toml", &flink_table("f", url, &site.pool()));
    site
}

/// The cause of a job's end.
fn cause(shown: &Value) -> &str {
    shown["end"]["cause"]["message"].as_str().unwrap_or_else(|| panic!("no cause: {shown}"))
}

#[test]
fn a_flink_that_answers_errors_or_nothing_for_a_while_is_waited_for() {
    let site = Site::with(&[Runner::Flink]);
    let cluster = Flink::shared(FlinkVersion::V1_19);
    let proxy = Proxy::start(cluster.rest_url());
    let id = site.shop_detached("prod-flink", &["--endpoint", proxy.endpoint(), "--param", "seconds=2"]);
    site.engine_id(&id);
    site.wait_for_state(&id, "JOB_STATE_RUNNING");
    proxy.set_faults(Faults {
        rate: 1.0,
        kinds: vec![Fault::Status(503), Fault::ResetBeforeRequest],
        seed: 1,
    });
    wait_for("silence to be told", || messages(&site, &id, "does not answer") == 1);
    std::thread::sleep(Duration::from_secs(5));
    proxy.clear_faults();
    wait_for("the answer", || messages(&site, &id, "answers again") == 1);
    proxy.block();
    std::thread::sleep(Duration::from_secs(5));
    proxy.unblock();
    site.tmpl(&["wait", &id]).expect(0);
    assert_eq!((messages(&site, &id, "does not answer"), messages(&site, &id, "answers again")), (1, 1));
    assert_eq!(site.counters(&id)["shop/orders"], "12");
}

#[test]
fn a_cluster_that_loses_its_parts() {
    let mut cluster = Flink::start_with(FlinkVersion::V1_19, &[("slot.request.timeout", "8000")]);
    let site = site_at(cluster.rest_url());

    // The TaskManager is killed in the middle, and there is no other: the job fails with that reason.
    let id = site.shop_detached("f", &["--param", "seconds=3"]);
    let engines = site.engine_id(&id);
    site.wait_for_state(&id, "JOB_STATE_RUNNING");
    wait_for("its figures", || site.record(&id, "metrics/1.json").is_some());
    cluster.kill_task_manager();
    let ended = site.tmpl(&["wait", &id]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let shown = site.show(&id);
    assert_eq!(shown["end"]["reason"], "the pipeline failed on flink (FAILED)", "{shown}");
    assert!(cause(&shown).contains("task-manager-1"), "{shown}");
    assert_eq!(cluster.state_of(&engines).unwrap(), "FAILED");

    // Now there is no slot at all: the phase that waits for one may have a limit, …
    let ended = site.shop("f", "well", &["--limit", "workers=7s"]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert!(
        ended.stderr.contains("the phase `workers` took longer than its limit of 7s"),
        "{}",
        ended.stderr
    );
    assert!(
        ended.stderr.contains("no slot of the cluster is free (0 slots on 0 TaskManagers"),
        "{}",
        ended.stderr
    );
    assert_eq!(cluster.state_of(&site.engine_id(&site.newest())).unwrap(), "CANCELED");
    // … else Flink gives it up itself.
    let ended = site.shop("f", "well", &[]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    let shown = site.show(&site.newest());
    assert!(cause(&shown).contains("NoResourceAvailableException"), "{shown}");
    assert!(shown["end"]["hint"].as_str().unwrap().contains("too few free slots"), "{shown}");

    // The JobManager is started anew, and knows nothing of what it did before.
    cluster.start_task_manager();
    let id = site.shop_detached("f", &["--param", "seconds=3"]);
    let engines = site.engine_id(&id);
    site.wait_for_state(&id, "JOB_STATE_RUNNING");
    cluster.restart_job_manager();
    let ended = site.tmpl(&["wait", &id]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    let shown = site.show(&id);
    assert_eq!(shown["end"]["reason"], "flink no longer knows the job", "{shown}");
    assert!(shown["end"]["hint"].as_str().unwrap().contains("run it again"), "{shown}");
    assert!(cluster.get(&format!("/v1/jobs/{engines}")).unwrap_err().contains("404"));
    // Its workers are gone with it.
    wait_for("the end of its workers", || workers(&id).is_empty());
}

#[test]
fn a_flink_that_starts_jobs_again_gets_over_a_worker_and_a_task_manager() {
    let settings = [
        ("restart-strategy.type", "fixed-delay"),
        ("restart-strategy.fixed-delay.attempts", "3"),
        ("restart-strategy.fixed-delay.delay", "1 s"),
    ];
    let mut cluster = Flink::start_with(FlinkVersion::V1_19, &settings);
    let site = site_at(cluster.rest_url());
    // Long enough for the job to be taken for one whose engine has not noticed.
    let begun = Instant::now();
    let ended = site.shop("f", "kill-once", &["--param", "seconds=1.5"]);
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert!(begun.elapsed() > Duration::from_secs(15));
    assert_eq!(site.output("f", "kill-once").len(), 12);
    let written = site.folder(&site.newest(), "workers");
    assert_eq!(
        written
            .iter()
            .filter(|name| std::path::Path::new(name).extension().is_some_and(|kind| kind == "json"))
            .count(),
        1,
        "{written:?}"
    );
    assert!(written.iter().any(|name| name.contains(".begun-")), "{written:?}");

    let id = site.shop_detached("f", &["--param", "seconds=2"]);
    site.engine_id(&id);
    wait_for("its figures", || site.record(&id, "metrics/1.json").is_some());
    cluster.start_task_manager();
    site.tmpl(&["wait", &id]).expect(0);
    assert_eq!(site.output("f", "well").len(), 12);

    // A pipeline that fails each time fails in the end, with its own words.
    let ended = site.shop("f", "fail", &[]);
    assert_eq!(ended.code, 1, "{}", ended.stderr);
    assert_eq!(cause(&site.show(&site.newest())), "eve does not pay");
}

/// The processes of a job's workers on this machine.
fn workers(id: &str) -> Vec<String> {
    let folders = std::fs::read_dir("/proc").unwrap().flatten().map(|entry| entry.path());
    let found = folders.filter(|folder| {
        let variables = std::fs::read(folder.join("environ")).unwrap_or_default();
        let command = std::fs::read(folder.join("cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&variables).contains(&format!("TMPL_JOB_ID={id}"))
            && String::from_utf8_lossy(&command).contains("sdk_worker_main")
    });
    found.map(|folder| folder.display().to_string()).collect()
}
