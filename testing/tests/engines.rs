//! Every engine starts, runs a graph of a real SDK, tells what it is, and ends with whoever started it.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use tmpl_testing::{Engine, Flink, FlinkVersion, SharedEngine, SparkStandalone, http};

/// Counts words by an engine, with workers in the process that builds the graph.
fn count_words(engine: &Engine) {
    let folder = tempfile::tempdir().unwrap();
    let (input, output) = (folder.path().join("input"), folder.path().join("words"));
    fs_err::write(&input, "to be or not to be\n").unwrap();
    let result = Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/beam-venv/bin/python"))
        .args(["-m", "apache_beam.examples.wordcount", "--runner=PortableRunner"])
        .arg(format!("--job_endpoint={}", engine.endpoint()))
        .args(["--environment_type=LOOPBACK", "--parallelism=1"])
        .arg(format!("--input={}", input.display()))
        .arg(format!("--output={}", output.display()))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&result.stderr);
    assert!(result.status.success(), "{said}\n{}", engine.log());
    let mut words = Vec::new();
    for shard in fs_err::read_dir(folder.path()).unwrap() {
        let shard = shard.unwrap();
        if shard.file_name().to_string_lossy().starts_with("words-") {
            words.extend(fs_err::read_to_string(shard.path()).unwrap().lines().map(str::to_owned));
        }
    }
    words.sort();
    assert_eq!(words, ["be: 2", "not: 1", "or: 1", "to: 2"], "{said}\n{}", engine.log());
}

/// Waits until something is so.
fn until(what: &str, so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !so() {
        assert!(begun.elapsed() < Duration::from_mins(1), "{what}: not within a minute");
        std::thread::sleep(Duration::from_millis(50));
    }
}

fn free_slots(cluster: &Flink) -> Option<u64> {
    cluster.get("/v1/overview").unwrap()["slots-available"].as_u64()
}

#[test]
fn prism_counts_words_and_ends_when_it_is_dropped() {
    let engine = Engine::prism();
    count_words(&engine);
    let endpoint = engine.endpoint();
    drop(engine);
    assert!(TcpStream::connect(endpoint).is_err());
    let [shared, again] = [Engine::shared(SharedEngine::Prism), Engine::shared(SharedEngine::Prism)];
    assert_eq!(shared.endpoint(), again.endpoint());
}

#[test]
fn spark_counts_words_in_the_job_server() {
    count_words(&Engine::spark_local());
}

#[test]
fn spark_counts_words_in_a_cluster() {
    let cluster = SparkStandalone::start();
    count_words(&Engine::spark(&cluster));
    let answer = http::send(&cluster.web_url(), "GET", "/json/", &[], &[]).unwrap();
    let state: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(state["url"], cluster.master_url());
    assert_eq!(state["completedapps"].as_array().unwrap().len(), 1, "{state}");
    let answer = http::send(&cluster.rest_url(), "GET", "/v1/submissions/status/none", &[], &[]).unwrap();
    assert!(answer.text().contains(r#""serverSparkVersion" : "3.5."#), "{}", answer.text());
}

#[test]
fn flink_counts_words() {
    let cluster = Flink::start(FlinkVersion::V1_19);
    count_words(&Engine::flink(&cluster));
    let jobs = cluster.get("/v1/jobs/overview").unwrap();
    assert_eq!(jobs["jobs"][0]["state"], "FINISHED", "{jobs}\n{}", cluster.logs());
}

#[test]
fn parts_of_flink_come_and_go() {
    for (version, prefix) in [(FlinkVersion::V1_19, "1.19."), (FlinkVersion::V2_2, "2.2.")] {
        let mut cluster = Flink::start_with(version, &[("cluster.intercept-user-system-exit", "THROW")]);
        let overview = cluster.get("/v1/overview").unwrap();
        assert!(overview["flink-version"].as_str().unwrap().starts_with(prefix), "{overview}");
        assert_eq!(free_slots(&cluster), Some(4));
        let settings = cluster.get("/v1/jobmanager/config").unwrap();
        assert!(settings.to_string().contains("intercept-user-system-exit"), "{settings}");

        cluster.kill_task_manager();
        until("a TaskManager is missed", || free_slots(&cluster) == Some(0));
        cluster.start_task_manager();
        assert_eq!(free_slots(&cluster), Some(4));

        cluster.kill_job_manager();
        assert!(cluster.get("/v1/overview").is_err());
        cluster.restart_job_manager();
        assert_eq!(free_slots(&cluster), Some(4));
        assert!(cluster.logs().starts_with("TaskManager, ended:"), "{}", cluster.logs());
    }
}
