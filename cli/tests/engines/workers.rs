//! Workers that die, or never begin: the job does not wait for them for ever.

use std::process::Command;
use std::time::{Duration, Instant};

use tmpl_testing::{Engine, Flink, FlinkVersion, SharedEngine};

use crate::site::{Runner, Site, flink_table};
use crate::support::copy;

#[test]
fn a_worker_that_is_killed_fails_the_job() {
    let site = Site::with(&[Runner::Prism, Runner::Flink]);
    for runner in [Runner::Prism, Runner::Flink] {
        let ended = site.shop(runner.name(), "kill-worker", &[]);
        assert_eq!(ended.code, 1, "{}: {}", runner.name(), ended.stderr);
        let shown = site.show(&site.newest());
        assert_eq!(shown["state"], "JOB_STATE_FAILED", "{shown}");
    }
}

#[test]
fn a_pool_of_another_bucket_fails_the_job_with_that_reason_and_no_engine() {
    let site = Site::beside(&Runner::ALL);
    copy(&site.place.bucket(), &site.place.path("elsewhere"));
    let pool = site.pool_of("elsewhere");
    let prism = Engine::shared(SharedEngine::Prism);
    let spark = Engine::shared(SharedEngine::SparkLocal);
    let flink = Flink::shared(FlinkVersion::V1_19);
    let job_api = |name: &str, engine: &str, endpoint: String| {
        format!(
            "[runners.{name}]\nengine = \"{engine}\"\nendpoint = \"{endpoint}\"\nworker_pool = \"{pool}\"\n"
        )
    };
    let tables = [
        job_api("p", "prism", prism.endpoint()),
        job_api("s", "spark", spark.endpoint()),
        flink_table("f", flink.rest_url(), &pool),
    ];
    site.place.write("config.toml", &tables.concat());
    for runner in ["p", "s", "f"] {
        let begun = Instant::now();
        let ended = site.shop(runner, "well", &[]);
        assert_eq!(ended.code, 1, "{runner}: {}", ended.stderr);
        assert!(begun.elapsed() < Duration::from_secs(30), "{runner}: {:?}", begun.elapsed());
        let shown = site.show(&site.newest());
        let cause = shown["end"]["cause"]["message"].as_str().unwrap_or_default();
        let said = format!("this worker pool reads {} alone", site.place.path("elsewhere").display());
        assert!(cause.contains(&said), "{runner}: {shown}");
        assert!(cause.contains("start one with `--bucket"), "{runner}: {shown}");
    }
    // The engines are well: the one that panics when a pool refuses, too.
    let end = |pool: &str| {
        let endpoint = prism.endpoint();
        let table =
            format!("[runners.p]\nengine = \"prism\"\nendpoint = \"{endpoint}\"\nworker_pool = \"{pool}\"\n");
        site.place.write("config.toml", &table);
        site.shop("p", "well", &[])
    };
    end(&site.pool()).expect(0);
    // A pool that is not there would end it.
    site.end_pools();
    let refused = end(&site.pool());
    assert_eq!(refused.code, 75, "{}", refused.stderr);
    assert!(
        refused.stderr.contains("the runner's worker pool can't be used: nothing answers at"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("hint: start it with `tmpl worker-pool`"), "{}", refused.stderr);
    assert!(Command::new("kill").args(["-0", &prism.pid().to_string()]).status().unwrap().success());
}
