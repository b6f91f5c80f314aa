//! Engines that die, hang, forget, or do not do as they are told.

use std::process::Command;
use std::time::{Duration, Instant};

use tmpl_beam::messages::JobState;
use tmpl_testing::Engine;

use crate::site::{Runner, Site, wait_for};
use crate::stub::Stub;

fn signal(name: &str, pid: u32) {
    assert!(Command::new("kill").args([name, &pid.to_string()]).status().unwrap().success());
}

/// A place with one runner of this name at an endpoint of Beam's Job API, with a pool beside it.
fn site_at(runner: &str, engine: &str, endpoint: &str) -> Site {
    let site = Site::new();
    let table = format!(
        "[runners.{runner}]\nengine = \"{engine}\"\nendpoint = \"{endpoint}\"\nworker_pool = \"{}\"\n",
        site.pool()
    );
    site.place.write("config.toml", &table);
    site
}

#[test]
fn a_prism_that_is_the_launchers_own_and_is_killed_is_named() {
    let site = Site::with(&[Runner::OwnPrism]);
    let id = site.shop_detached("own-prism", &["--param", "seconds=5"]);
    site.engine_id(&id);
    site.wait_for_state(&id, "JOB_STATE_RUNNING");
    let launcher = site.record(&id, "attempts/1.json").unwrap()["pid"].to_string();
    let prism = descendant(&launcher, "prism");
    signal("-9", prism);
    let ended = site.tmpl(&["wait", &id]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    let said = "prism, which was started for this job alone, ended while the job was running";
    assert!(site.show(&id)["end"]["cause"]["message"].as_str().unwrap().contains(said), "{}", site.show(&id));
    // Neither workers nor the pool are left.
    wait_for("the end of all that was the job's", || descendants(&launcher).is_empty());
}

#[test]
fn a_prism_that_was_restarted_has_forgotten_the_job_even_if_another_has_its_id() {
    let mut prism = Engine::prism();
    let site = site_at("p", "prism", &prism.endpoint());
    let first = site.shop_detached("p", &["--param", "seconds=5"]);
    assert_eq!(site.engine_id(&first), "job-001");
    site.wait_for_state(&first, "JOB_STATE_RUNNING");
    site.kill_launcher(&first);
    prism.restart();
    // The first job of the new Prism has the first id.
    let second = site.shop_detached("p", &["--param", "seconds=1"]);
    assert_eq!(site.engine_id(&second), "job-001");
    let ended = site.tmpl(&["wait", &first]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert_eq!(site.show(&first)["end"]["reason"], "prism no longer knows the job");
    site.tmpl(&["wait", &second]).expect(0);
    // One whose launcher lives finds out by itself.
    let third = site.shop_detached("p", &["--param", "seconds=5"]);
    site.engine_id(&third);
    site.wait_for_state(&third, "JOB_STATE_RUNNING");
    prism.restart();
    let ended = site.tmpl(&["wait", &third]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    let shown = site.show(&third);
    assert_eq!(shown["end"]["reason"], "prism no longer knows the job", "{shown}");
    assert!(shown["end"]["hint"].as_str().unwrap().contains("forgets its jobs"), "{shown}");
}

#[test]
fn an_engine_that_hangs_for_a_while_is_waited_for() {
    let prism = Engine::prism();
    let site = site_at("p", "prism", &prism.endpoint());
    let id = site.shop_detached("p", &["--param", "seconds=1"]);
    site.engine_id(&id);
    site.wait_for_state(&id, "JOB_STATE_RUNNING");
    signal("-STOP", prism.pid());
    wait_for("silence to be told", || messages(&site, &id, "does not answer") == 1);
    std::thread::sleep(Duration::from_secs(3));
    signal("-CONT", prism.pid());
    site.tmpl(&["wait", &id]).expect(0);
    assert_eq!((messages(&site, &id, "does not answer"), messages(&site, &id, "answers again")), (1, 1));
    assert_eq!(site.counters(&id)["shop/orders"], "12");
}

#[test]
fn a_job_that_its_engine_does_not_cancel_may_go_on_there_and_that_is_told() {
    let (stub, endpoint) = Stub::start();
    let site = site_at("s", "portable", &endpoint);
    let id = site.shop_detached("s", &[]);
    site.engine_id(&id);
    site.wait_for_state(&id, "JOB_STATE_RUNNING");
    let begun = Instant::now();
    let cancelled = site.tmpl(&["jobs", "cancel", &id]);
    assert_eq!(cancelled.code, 7, "{}", cancelled.stderr);
    let told = ["may not have ended", "still says that it is RUNNING", "hint: the job may go on there"];
    assert!(told.iter().all(|words| cancelled.stderr.contains(words)), "{}", cancelled.stderr);
    assert!(begun.elapsed() > Duration::from_secs(50));
    assert!(stub.cancelled() > 5, "it is asked again");
    let shown = site.show(&id);
    assert_eq!(
        (&shown["state"], &shown["end"]["exitCode"]),
        (&"JOB_STATE_FAILED".into(), &7.into()),
        "{shown}"
    );
    let said = shown["end"]["cause"]["message"].as_str().unwrap();
    assert!(said.contains("portable was asked to cancel the job") && said.contains("RUNNING"), "{shown}");
    assert!(shown["end"]["hint"].as_str().unwrap().contains("end it on the engine itself"), "{shown}");
    assert_eq!(stub.jobs().len(), 1);
}

#[test]
fn a_job_that_was_taken_without_an_answer_is_found_and_not_submitted_again() {
    let (stub, endpoint) = Stub::start();
    stub.lose_answers();
    let site = site_at("s", "portable", &endpoint);
    let id = site.shop_detached("s", &["--retries", "2", "--backoff", "1s"]);
    assert_eq!(site.engine_id(&id), "stub-1");
    site.wait_for_state(&id, "JOB_STATE_RUNNING");
    stub.finish();
    site.tmpl(&["wait", &id]).expect(0);
    assert_eq!(stub.jobs().len(), 1, "{:?}", stub.jobs());
    assert_eq!(stub.jobs()[0].1, JobState::Done);
}

#[test]
fn a_job_server_of_sparks_that_is_stopped_and_comes_back_has_forgotten_the_job() {
    let mut spark = Engine::spark_local();
    let site = site_at("s", "spark", &spark.endpoint());
    let id = site.shop_detached("s", &["--param", "seconds=5"]);
    site.engine_id(&id);
    site.wait_for_state(&id, "JOB_STATE_RUNNING");
    spark.kill();
    wait_for("silence to be told", || messages(&site, &id, "does not answer") == 1);
    spark.restart();
    let ended = site.tmpl(&["wait", &id]);
    assert_eq!(ended.code, 3, "{}", ended.stderr);
    assert_eq!(site.show(&id)["end"]["reason"], "spark no longer knows the job");
    assert_eq!(messages(&site, &id, "does not answer"), 1);
}

/// How many messages of a job hold these words.
pub(crate) fn messages(site: &Site, id: &str, words: &str) -> usize {
    let shown = site.show(id);
    let events = shown["events"].as_array().unwrap();
    events.iter().filter(|event| event["message"].as_str().is_some_and(|text| text.contains(words))).count()
}

/// The processes that a process has started, and those have.
fn descendants(pid: &str) -> Vec<(u32, String)> {
    let listed = Command::new("ps").args(["-eo", "pid=,ppid=,comm="]).output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let all: Vec<Vec<&str>> = listed.lines().map(|line| line.split_whitespace().collect()).collect();
    let (mut parents, mut found) = (vec![pid.to_owned()], Vec::new());
    while let Some(parent) = parents.pop() {
        for line in all.iter().filter(|line| line[1] == parent) {
            parents.push(line[0].to_owned());
            found.push((line[0].parse().unwrap(), line[2].to_owned()));
        }
    }
    found
}

fn descendant(pid: &str, name: &str) -> u32 {
    let all = descendants(pid);
    all.iter().find(|(_, found)| found == name).unwrap_or_else(|| panic!("no {name}: {all:?}")).0
}
