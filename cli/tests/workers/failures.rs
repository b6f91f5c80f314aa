//! Workers that can't start, or end too early: told to the engine, and written down with the job.

use prost_types::value::Kind;
use prost_types::{Struct, Value};
use tmpl_beam::messages::ProvisionInfo;

use crate::pool::{Launched, runner};
use crate::runner::Runner;
use crate::support::{runs, until};

#[test]
fn a_worker_that_ends_by_itself_is_written_down_with_its_last_lines() {
    let launched = Launched::new();
    let pool = launched.pool_of_scripts(&["--job", &launched.job]);
    assert_eq!(pool.start_worker("failing-1", &runner(), &[]).0, "");
    until("its end is written down", || !launched.ends().is_empty());
    let end = launched.ends().remove(0);
    assert_eq!(end["exit"], serde_json::json!({"code": 7}));
    assert_eq!(end["worker"], "failing-1");
    let tail: Vec<&str> = end["tail"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert_eq!((tail.len(), tail.contains(&"line 60"), tail.contains(&"the last words")), (40, true, true));
    pool.says("worker failing-1 ended by itself after 0.");
}

#[test]
fn an_interpreter_without_beam_says_so_in_its_own_words() {
    let launched = Launched::new();
    let pool = launched.pool_of_scripts(&["--job", &launched.job]);
    assert_eq!(pool.start_worker("another-1", &runner(), &[]).0, "");
    until("its end is written down", || !launched.ends().is_empty());
    let end = launched.ends().remove(0).to_string();
    assert!(end.contains("No module named 'apache_beam'"), "{end}");
}

#[test]
fn a_worker_that_is_stopped_is_no_failure() {
    let launched = Launched::new();
    let pool = launched.pool_of_scripts(&["--job", &launched.job]);
    for id in ["lasting-1", "stubborn-1"] {
        assert_eq!(pool.start_worker(id, &runner(), &[]).0, "");
        pool.says(&format!("begun {id}"));
        let below = pool.below();
        assert!(below.len() >= 2, "{below:?}");
        assert_eq!(pool.stop_worker(id), "");
        assert!(below.iter().all(|pid| !runs(pid)), "{id}");
    }
    assert_eq!(pool.stop_worker("lasting-1"), "");
    assert_eq!(pool.stop_worker("nobody"), "there is no worker `nobody` here");
    assert_eq!(launched.ends(), Vec::<serde_json::Value>::new());
    let left: Vec<_> = std::fs::read_dir(launched.place.path("own-cache/workers")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn the_job_is_named_by_the_request_or_by_the_pipelines_options() {
    let launched = Launched::new();
    let pool = launched.pool_of_scripts(&[]);
    let bucket = launched.place.bucket().display().to_string();
    let text = |value: &str| Value { kind: Some(Kind::StringValue(value.to_owned())) };
    let mut options = Struct::default();
    options.fields.insert("beam:option:tmpl_job:v1".to_owned(), text(&launched.job));
    options.fields.insert("beam:option:tmpl_bucket:v1".to_owned(), text(&bucket));
    options.fields.insert("beam:option:tmpl_attempt:v1".to_owned(), text("2"));
    let with_options =
        Runner::start(ProvisionInfo { pipeline_options: Some(options), ..<_>::default() }, &[]);
    for (id, runner, params) in [
        (
            "lasting-1",
            &runner(),
            &[("tmpl.job", launched.job.as_str()), ("tmpl.bucket", bucket.as_str())][..],
        ),
        ("lasting-2", &with_options, &[]),
    ] {
        assert_eq!(pool.start_worker(id, runner, params).0, "");
    }
    assert_eq!(pool.start_worker("failing-1", &with_options, &[]).0, "");
    until("its end is written down", || !launched.ends().is_empty());
}

#[test]
fn what_a_pool_does_not_serve_is_refused_in_the_answer() {
    let launched = Launched::new();
    let pool = launched.pool_of_scripts(&[]);
    let job = ("tmpl.job", launched.job.as_str());
    let other = "2020-01-01_00_00_00-0000000000000000001";
    for (params, told) in [
        (&[][..], "the request names no job"),
        (&[("tmpl.job", other)], other),
        (&[job, ("tmpl.bucket", "s3://other/bucket")], "this worker pool reads "),
        (&[("tmpl.job", "../../etc")], "`../../etc` is no job's id"),
    ] {
        let (error, _) = pool.start_worker("lasting-1", &runner(), params);
        assert!(error.contains(told), "{params:?}: {error}");
    }
    let staged: [(&str, &[u8], usize); 1] = [("requirements.txt", b"numpy==0.0.1\nflask==3.0\n", 0)];
    let wanting = Runner::start(ProvisionInfo::default(), &staged);
    let (error, _) = pool.start_worker("lasting-1", &wanting, &[job]);
    assert_eq!(
        error,
        "the pipeline wants packages installed that its workers do not have: flask==3.0 (put them into the template's \
         requirements and build it again: workers install nothing)"
    );
    // An engine may keep that to itself: the job hears of it too.
    let ends = launched.ends();
    assert_eq!((ends.len(), ends[0]["exit"].is_null()), (1, true), "{ends:?}");
    assert!(ends[0]["tail"][0].as_str().unwrap().contains("flask==3.0"), "{ends:?}");
    let own = launched.place.path("own-cache/workers");
    assert!(std::fs::read_dir(own).unwrap().next().is_none());
}

#[test]
fn a_pool_of_one_job_serves_no_other() {
    let launched = Launched::new();
    let pool = launched.pool_of_scripts(&["--job", &launched.job]);
    let other = [("tmpl.job", "2020-01-01_00_00_00-0000000000000000001")];
    let (error, _) = pool.start_worker("lasting-1", &runner(), &other);
    assert!(error.contains("this worker pool serves job"), "{error}");
}

#[test]
fn a_pool_that_cannot_begin_says_why() {
    let launched = Launched::new();
    let place = &launched.place;
    place
        .tmpl(&["worker-pool", "--job", "2020-01-01_00_00_00-0000000000000000001"])
        .expect(2)
        .says("2020-01-01_00_00_00-0000000000000000001");
    place
        .tmpl(&["worker-pool", "--listen", "nowhere"])
        .expect(3)
        .says("a worker pool can't listen at nowhere");
    place
        .tmpl(&["worker-pool", "--listen", "127.0.0.1:0", "--port-file", "/nowhere/port"])
        .expect(3)
        .says("can't write");
}
