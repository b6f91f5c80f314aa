//! Workers that die: the job does not wait for them for ever.

use crate::site::{Runner, Site};

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
