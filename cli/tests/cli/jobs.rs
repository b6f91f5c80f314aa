//! `tmpl jobs` and `tmpl wait`: everything read from the bucket, also while the job runs.

use std::io::{BufRead, BufReader};

use insta::assert_snapshot;

use crate::support::Place;

#[test]
fn a_detached_job_is_followed_and_waited_for_from_elsewhere() {
    let place = Place::with_talker();
    let id = place.talk("sleep", &["--param", "count=3", "--detach"]).expect(0).stdout.trim_end().to_owned();
    let mut follow = place.command(&["jobs", "logs", "--follow", &id]).spawn().unwrap();
    let mut lines = BufReader::new(follow.stdout.take().unwrap()).lines();
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains("INFO    pid: "), "{first}");
    // The first line was there while the job still ran.
    assert_eq!(place.job(&id)["state"], "JOB_STATE_RUNNING");
    let rest: Vec<String> = lines.map(Result::unwrap).collect();
    assert!(rest.last().unwrap().ends_with("INFO    done"), "{rest:?}");
    assert!(follow.wait().unwrap().success());
    assert_snapshot!(place.tmpl(&["wait", &id]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    --- stderr
    done in [DURATION]
    ");
}

#[test]
fn the_list_has_the_newest_first() {
    let place = Place::with_talker();
    assert_snapshot!(place.tmpl(&["jobs", "list"]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    --- stderr
    no jobs yet: `tmpl run` launches one
    ");
    place.talk("ok", &[]).expect(0);
    place.talk("exit", &["--param", "count=3"]).expect(1);
    assert_snapshot!(place.tmpl(&["jobs", "list"]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    id                                       template  state       started                          took  who
    [JOB]  talker    failed      [TIME] [DURATION]  ann
    [JOB]  talker    done        [TIME] [DURATION]  ann
    --- stderr
    ");
}

#[test]
fn a_job_shows_all_that_is_known_of_it() {
    let place = Place::with_talker();
    place.talk("fail", &["--param", "text=it broke", "--job-name", "nightly"]).expect(1);
    assert_snapshot!(place.tmpl(&["jobs", "show", &place.newest_job()]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    [JOB] (nightly)
      state      failed
      reason     the program ended with exit code 1
      cause      StepError: it broke
      template   talker@[DIGEST]
      runner     direct (place process)
      who        ann on [HOST]
      started    [TIME]
      took [DURATION]
      ran        on [HOST], [PLATFORM]
      parameters
        mode = fail
        text = it broke
      timeline
        [TIME]  pending
        [TIME]  running
        [TIME]  failed
    --- stderr
    ");
}

#[test]
fn logs_are_kept_in_order_with_their_streams() {
    let place = Place::with_talker();
    place.talk("chatty", &["--param", "count=2000", "--quiet"]).expect(0);
    let log = place.tmpl(&["jobs", "logs", &place.newest_job(), "--format", "json"]).expect(0).stdout;
    let lines: Vec<serde_json::Value> = log.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let of = |source: &str| lines.iter().filter(|line| line["source"] == source).count();
    assert_eq!(of("stdout"), 2000);
    assert!(of("stderr") > 2000);
    let numbers: Vec<&str> = lines
        .iter()
        .filter(|line| line["source"] == "stdout")
        .map(|line| line["message"].as_str().unwrap().strip_prefix("line ").unwrap())
        .collect();
    assert!(numbers.iter().enumerate().all(|(expected, number)| *number == expected.to_string()));
}

#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let place = Place::with_talker();
    place.talk("chatty", &["--param", "count=5000", "--quiet"]).expect(0);
    let id = place.newest_job();
    let mut child = place.command(&["jobs", "logs", &id]).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut first).unwrap();
    let ended = place.ended(child).expect(0);
    assert_eq!(ended.stderr, "");
}

#[test]
fn a_job_that_is_not_there() {
    let place = Place::with_talker();
    for command in [&["jobs", "show"][..], &["jobs", "logs"], &["jobs", "cancel"], &["wait"]] {
        let ended = place.tmpl(&[command, &["2026-11-21_08_00_00-0000000000000000001"]].concat());
        assert_snapshot!("no such job", ended.whole());
    }
    assert_snapshot!(place.tmpl(&["jobs", "show", "yesterday"]).whole(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: invalid value 'yesterday' for '<ID>': "yesterday" is not a job id; a job id is a UTC time and 19 digits, like [JOB]; `tmpl jobs list` shows the ids

    For more information, try '--help'.
    "#);
}
