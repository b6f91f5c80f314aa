//! Attempts: a job that failed is tried again, and each attempt has its log and its rows.

use insta::assert_snapshot;

use crate::support::{Place, until};

#[test]
fn a_job_is_tried_again_until_the_retries_are_over() {
    let place = Place::with_talker();
    let arguments = ["--param", "count=7", "--retries", "2", "--backoff", "100ms"];
    assert_snapshot!(place.talk("exit", &arguments).expect(1).whole(), @r"
    exit: 1
    --- stdout
    --- stderr
    job [JOB] (talker-[NAME])
    pending
    running
    attempt 1 of 3 failed: the program ended with exit code 7; the next in 100ms
    queued
    pending
    running
    attempt 2 of 3 failed: the program ended with exit code 7; the next in 200ms
    queued
    pending
    running
    error: job [JOB] failed: the program ended with exit code 7
    hint: `tmpl jobs logs [JOB]` shows the whole log
    ");
    let job = place.job(&place.newest_job());
    assert_eq!(job["attempts"].as_array().unwrap().len(), 3);
    // What the program said stays, whatever it means here.
    assert_eq!((&job["end"]["program"]["code"], &job["end"]["exitCode"]), (&7.into(), &1.into()));
    place.tmpl(&["wait", &place.newest_job()]).expect(1);
    // Without retries there is one attempt.
    place.talk("exit", &[]).expect(1);
    assert_eq!(place.job(&place.newest_job())["attempts"].as_array().unwrap().len(), 1);
}

#[test]
fn each_attempt_has_its_log_and_its_rows() {
    let place = Place::with_rows();
    let ended = place.rows("again", &["--retries", "3", "--backoff", "50ms"]).expect(0);
    assert_eq!(ended.stdout, "SUCCESS: 2\ngrüße, world\n");
    let id = place.newest_job();
    let logs = |arguments: &[&str]| place.tmpl(&[&["jobs", "logs", &id], arguments].concat());
    let first = logs(&["--attempt", "1"]).expect(0).stdout;
    assert!(first.contains("/results/1") && !first.contains("reported:"), "{first}");
    let second = logs(&[]).expect(0).stdout;
    assert!(second.contains("/results/2") && second.contains("reported: 2"), "{second}");
    assert_eq!(logs(&["--attempt", "2"]).expect(0).stdout, second);
    assert_snapshot!(logs(&["--attempt", "3"]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: job [JOB] has no attempt 3: it had 2
    hint: `tmpl jobs show [JOB]` shows its attempts
    ");
    let rows = |arguments: &[&str]| place.tmpl(&[&["jobs", "results", &id], arguments].concat());
    assert_eq!(rows(&["--attempt", "1"]).expect(0).stdout, "stderr\nnot yet\n");
    assert_eq!(rows(&[]).expect(0).stdout, "SUCCESS: 2\ngrüße, world\n");
    rows(&["--attempt", "9"]).expect(2).says("has no attempt 9: it had 2");
    assert_snapshot!(place.tmpl(&["jobs", "show", &id]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    [JOB] (rows-[NAME])
      state      done
      reason     done
      template   rows@[DIGEST]
      runner     direct (place process)
      who        ann on [HOST]
      started    [TIME]
      took [DURATION]
      attempts
        1  [TIME]  on [HOST], [PLATFORM]
        2  [TIME]  on [HOST], [PLATFORM]
      parameters
        rows = again
      timeline
        [TIME]  pending
        [TIME]  running
        [TIME]  attempt 1 of 4 failed: the program ended with exit code 9; the next in 50ms
        [TIME]  queued
        [TIME]  pending
        [TIME]  running
        [TIME]  done
      results    2 rows: `tmpl jobs results [JOB]`
      artifacts
              [SIZE]  first-attempt
    --- stderr
    ");
}

#[test]
fn a_job_can_be_cancelled_in_the_pause_between_attempts() {
    let place = Place::with_talker();
    let launched = place.talk("fail", &["--retries", "1", "--backoff", "1h", "--detach"]).expect(0);
    let id = launched.stdout.trim_end();
    until("the first attempt has failed", || {
        place.job(id)["events"]
            .to_string()
            .contains("attempt 1 of 2 failed: the program ended with exit code 1 (")
    });
    until("it waits", || place.job(id)["state"] == "JOB_STATE_QUEUED");
    place.tmpl(&["jobs", "cancel", id]).expect(0).says("cancelled");
    let job = place.job(id);
    assert_eq!(
        (&job["state"], job["attempts"].as_array().unwrap().len()),
        (&"JOB_STATE_CANCELLED".into(), 1)
    );
    place.tmpl(&["wait", id]).expect(4);
}

#[test]
fn what_another_attempt_can_not_mend_is_not_tried_again() {
    let place = Place::with_talker();
    let arguments = ["--retries", "3", "--backoff", "10ms", "--timeout", "1s"];
    place.talk("hang", &arguments).expect(1).says("timed out after 1s");
    assert_eq!(place.job(&place.newest_job())["attempts"].as_array().unwrap().len(), 1);
    place.talk("ok", &["--retries", "many"]).expect(2);
    place.talk("ok", &["--retries", "1", "--backoff", "0s"]).expect(2).says("longer than nothing");
}
