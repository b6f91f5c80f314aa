//! Names of jobs: one active job has one, and `--if-running` says what becomes of the next.

use insta::assert_snapshot;

use crate::support::{Place, until};

const NAMED: [&str; 4] = ["--job-name", "nightly", "--if-running", "skip"];

fn with(policy: &'static str) -> [&'static str; 4] {
    let mut arguments = NAMED;
    arguments[3] = policy;
    arguments
}

#[test]
fn a_name_in_use_is_refused_or_skipped() {
    let place = Place::with_talker();
    let holder = place.running("", "hang", &["--job-name", "nightly"]);
    assert_snapshot!(place.talk("ok", &["--job-name", "nightly"]).expect(6).whole(), @r"
    exit: 6
    --- stdout
    --- stderr
    error: the job name `nightly` is in use: job [JOB] has not ended
    hint: wait for it (`tmpl wait [JOB]`), end it (`tmpl jobs cancel [JOB]`), choose another --job-name, or say what is to happen with --if-running
    ");
    assert_snapshot!(place.talk("ok", &with("skip")).expect(0).whole(), @r"
    exit: 0
    --- stdout
    [JOB]
    --- stderr
    skipped: job [JOB] has the name and has not ended
    ");
    let skipped = place.talk("ok", &[&with("skip")[..], &["--format", "json"]].concat()).expect(0).json();
    assert_eq!((&skipped["skipped"], skipped["id"].as_str()), (&true.into(), Some(holder.as_str())));
    assert_snapshot!(place.talk("ok", &[&with("wait")[..], &["--wait-timeout", "1s"]].concat()).expect(5).whole(), @r"
    exit: 5
    --- stdout
    --- stderr
    waiting for job [JOB], which has the name nightly …
    error: nothing was launched: job [JOB] has not ended
    hint: `tmpl wait [JOB]` waits for it, `tmpl jobs cancel [JOB]` ends it
    ");
    assert_eq!(place.jobs(&[]), std::slice::from_ref(&holder));
    // A dry run asks nobody, and --if-running means nothing without a name.
    place.talk("ok", &["--job-name", "nightly", "--dry-run"]).expect(0);
    place.talk("ok", &["--if-running", "skip"]).expect(2).says("--job-name");
    // The name is free as soon as the job has ended.
    place.tmpl(&["jobs", "cancel", &holder]).expect(0);
    place.talk("ok", &with("skip")).expect(0);
    assert_eq!(place.jobs(&["--name", "nightly"]).len(), 2);
}

#[test]
fn the_job_of_the_same_name_is_waited_for() {
    let place = Place::with_talker();
    let first = place.running("", "sleep", &["--job-name", "nightly", "--param", "count=2"]);
    place.talk("ok", &with("wait")).expect(0).says("waiting for job");
    let [second, ended] = &place.jobs(&["--name", "nightly"])[..] else { panic!("there are two") };
    assert_eq!(*ended, first);
    let time = |job: &serde_json::Value| job.as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let (before, after) = (place.job(&first), place.job(second));
    assert_eq!(before["state"], "JOB_STATE_DONE");
    assert!(time(&before["end"]["time"]) <= time(&after["job"]["created"]));
}

#[test]
fn the_job_of_the_same_name_is_replaced() {
    let place = Place::with_talker();
    let first = place.running("", "hang", &["--job-name", "nightly"]);
    place.talk("ok", &with("replace")).expect(0).says("cancelling job");
    assert_eq!(place.job(&first)["state"], "JOB_STATE_CANCELLED");
    until("the second is done", || place.job(&place.newest_job())["state"] == "JOB_STATE_DONE");
}
