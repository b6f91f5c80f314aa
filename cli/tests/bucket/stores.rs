//! The whole way on every store: build, launch, follow, rows, history, collection.

use std::io::{BufRead, BufReader};
use std::process::Stdio;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tmpl_testing::Store;

use crate::remote::Remote;
use crate::support::until;

/// How late a line may be that somebody watches for.
const LAG: SignedDuration = SignedDuration::from_secs(1);

fn the_whole_way(store: Store) {
    let remote = Remote::of(store);
    let built = remote.build("rows").expect(0);
    let name = remote.url.split('?').next().unwrap();
    assert_eq!(built.stdout, format!("{name}/templates/rows.json\n{name}/templates/rows-required.json\n"));
    assert!(remote.build("rows").expect(0).stderr.contains("0 B written"), "nothing is sent twice");
    // The program finds the store, and is let in, by its environment alone.
    let ended = remote.tmpl(&["run", "rows", "--param", "rows=text", "--job-name", "nightly"]).expect(0);
    assert_eq!(ended.stdout, "SUCCESS: 2\ngrüße, world\n");
    let id = remote.newest_job();
    let rows = remote.tmpl(&["jobs", "results", &id, "--format", "json"]).expect(0).json();
    assert_eq!(rows[0]["stdout"], "SUCCESS: 2");
    remote.tmpl(&["run", "rows-required", "--param", "rows=none"]).expect(1).says("no result reported");
    let logs = remote.tmpl(&["jobs", "logs", &id]).expect(0).stdout;
    assert!(logs.contains("reported: 2"), "{logs}");
    // Once under a key, once more by hand, and once while another has the name.
    remote.build("talker").expect(0);
    let keyed = ["--launch-key", "k", "--retries", "1", "--backoff", "10ms"];
    remote.talk("fail", &keyed).expect(1);
    let failed = remote.newest_job();
    remote.talk("fail", &keyed).expect(1).says("launched before under this key");
    assert_eq!(remote.newest_job(), failed);
    remote.talk("ok", &keyed).expect(6).says("parameters.mode was `fail`");
    remote.tmpl(&["jobs", "rerun", &failed, "--param", "mode=ok"]).expect(0);
    let launched = remote.talk("hang", &["--job-name", "nightly", "--detach"]).expect(0);
    let runs = launched.stdout.trim_end();
    until("it runs", || remote.state(runs) == "JOB_STATE_RUNNING");
    remote.talk("ok", &["--job-name", "nightly"]).expect(6);
    remote.tmpl(&["jobs", "cancel", runs]).expect(0);
    remote.tmpl(&["wait", runs]).expect(4);
    let listed = remote.tmpl(&["jobs", "list", "--format", "json"]).expect(0).json();
    let states: Vec<&str> = listed
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["state"].as_str().unwrap().trim_start_matches("JOB_STATE_"))
        .collect();
    assert_eq!(states, ["CANCELLED", "DONE", "FAILED", "FAILED", "DONE"]);
    remote.tmpl(&["jobs", "delete", &failed]).expect(0);
    remote.tmpl(&["doctor", "--rebuild-index"]).expect(0).says("the index has 4 jobs");
    remote.tmpl(&["gc", "--grace", "0"]).expect(0);
    remote.place.tmpl(&["cache", "show"]).expect(0);
    remote.tmpl(&["run", "rows", "--param", "rows=text"]).expect(0);
}

#[test]
fn minio() {
    the_whole_way(Store::Minio);
}

#[test]
fn moto() {
    the_whole_way(Store::Moto);
}

#[test]
fn google() {
    the_whole_way(Store::FakeGcs);
}

#[test]
fn azure() {
    the_whole_way(Store::Azurite);
}

#[test]
fn a_log_is_followed_with_less_than_a_second_between() {
    for store in [Store::Minio, Store::Azurite] {
        let remote = Remote::of(store);
        remote.build("talker").expect(0);
        let launched = remote.talk("sleep", &["--param", "count=7", "--detach"]).expect(0);
        let id = launched.stdout.trim_end().to_owned();
        let mut follower = remote.command(&["jobs", "logs", &id, "--follow", "--format", "json"]);
        let mut follower = follower.stdout(Stdio::piped()).stderr(Stdio::inherit()).spawn().unwrap();
        let mut lags = Vec::new();
        for line in BufReader::new(follower.stdout.take().unwrap()).lines() {
            let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
            let said: Timestamp = line["time"].as_str().unwrap().parse().unwrap();
            if line["message"].as_str().unwrap().starts_with("second") {
                lags.push(Timestamp::now().duration_since(said));
            }
        }
        assert!(follower.wait().unwrap().success());
        assert_eq!(lags.len(), 7, "{lags:?}");
        // It takes a moment until it is seen that somebody watches.
        let watched = &lags[2..];
        assert!(watched.iter().all(|lag| *lag < LAG), "{store:?}: {watched:?}");
        until("the job is done", || remote.state(&id) == "JOB_STATE_DONE");
    }
}

#[test]
fn the_program_is_told_which_store_it_is() {
    let remote = Remote::of(Store::Minio);
    remote.build("talker").expect(0);
    let run = |address: &str| {
        let ended =
            remote.talk("env", &["--dry-run", "--bucket", address, "--format", "json"]).expect(0).json();
        ended["invocation"]["environment"].clone()
    };
    let endpoint = remote.url.split("endpoint=").nth(1).unwrap().split('&').next().unwrap();
    let base = remote.url.split('?').next().unwrap();
    let said = run(&remote.url);
    for (name, value) in
        [("AWS_ENDPOINT_URL_S3", endpoint), ("AWS_REGION", "us-east-1"), ("AWS_DEFAULT_REGION", "us-east-1")]
    {
        assert_eq!(said[name]["plain"], value, "{said}");
    }
    assert!(
        said["TMPL_RESULTS"]["plain"].as_str().unwrap().starts_with(&format!("{base}/staging/jobs/")),
        "{said}"
    );
    assert!(
        said["TMPL_TEMP_LOCATION"]["plain"].as_str().unwrap().starts_with(&format!("{base}/tmp/")),
        "{said}"
    );
    // A store without regions has one all the same: clients insist.
    assert_eq!(run(&format!("{base}?endpoint={endpoint}"))["AWS_REGION"]["plain"], "us-east-1");
    assert_eq!(
        run(&format!("{base}?endpoint={endpoint}&region=eu-west-1"))["AWS_REGION"]["plain"],
        "eu-west-1"
    );
    // Secrets are in the environment that the program inherits, and in no plan and no record.
    let secret = tmpl_testing::shared(Store::Minio).server.credentials().unwrap().secret;
    assert!(!said.to_string().contains(secret));
    remote.talk("env", &[]).expect(0).says("\"AWS_SECRET_ACCESS_KEY\"");
    let id = remote.newest_job();
    for command in [&["jobs", "show", &id, "--format", "json"][..], &["jobs", "logs", &id]] {
        assert!(!remote.tmpl(command).expect(0).stdout.contains(secret));
    }
}

#[test]
fn a_launcher_that_was_killed_is_found_out_by_the_stores_clock() {
    let remote = Remote::of(Store::Minio);
    remote.build("talker").expect(0);
    let mut command = remote.command(&["run", "talker", "--param", "mode=hang", "--detach"]);
    command.env("TMPL_CONFIG", remote.place.write("config.toml", "lease = '6s'"));
    let launched = remote.place.ended(command.spawn().unwrap()).expect(0);
    let id = launched.stdout.trim_end();
    until("it runs", || remote.state(id) == "JOB_STATE_RUNNING");
    let shown = remote.tmpl(&["jobs", "show", id, "--format", "json"]).expect(0).json();
    crate::support::send("KILL", &shown["attempts"][0]["pid"].to_string());
    let begun = std::time::Instant::now();
    remote.tmpl(&["wait", id]).expect(3).says("launcher lost");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
}
