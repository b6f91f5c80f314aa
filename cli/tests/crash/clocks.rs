//! Machines whose clocks are minutes apart from each other and from the store's: no job is lost for it.

use std::process::Command;
use std::time::Duration;

use crate::aftermath::only_job;
use crate::site::Site;

/// As short as this, five minutes would be enough to think of any job as lost.
const LEASE: &str = "4s";
const SECONDS: &str = "count=8";

/// A command on a machine whose clock is wrong by so much.
fn at(site: &Site, skew: &str, arguments: &[&str]) -> Command {
    let starter = ["faketime", "-m", "-f", skew];
    let mut command = site.marked(&starter, arguments, "");
    // The times of files are the kernel's, as they are on a machine with a wrong clock that reads a bucket of others.
    command.env("NO_FAKE_STAT", "1");
    command
}

/// A job that runs with a wrong clock, while two others look at it: one with the right clock, and one that is as wrong the other way.
fn is_seen_running(site: &Site, skew: &str, opposite: &str) -> usize {
    let site = site.with_lease(LEASE);
    let arguments = ["run", "talker", "--param", "mode=sleep", "--param", SECONDS, "--job-name", "skewed"];
    let client = at(&site, skew, &arguments).spawn().unwrap();
    let mut seen = 0;
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| site.wait(client));
        while !waiting.is_finished() {
            let list = ["jobs", "list", "--format", "json"];
            for command in [site.command(&list), at(&site, opposite, &list)] {
                let listed = site.ended(command).expect(0);
                let jobs: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
                for job in jobs.as_array().unwrap() {
                    assert_eq!(job["presumedLost"], false, "{job:#}");
                    assert_ne!(job["state"], "JOB_STATE_FAILED", "{job:#}");
                    seen += usize::from(job["state"] == "JOB_STATE_RUNNING");
                }
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        waiting.join().unwrap().expect(0);
    });
    let job = only_job(&site, "skewed");
    assert_eq!(job["state"], "JOB_STATE_DONE", "{job:#}");
    seen
}

#[test]
fn minutes_between_clocks_do_no_harm() {
    let _alone = crate::alone();
    for (name, site) in [("local disk", Site::local as fn() -> Site), ("MinIO", Site::minio)] {
        for (skew, opposite) in [("+5m", "-5m"), ("-5m", "+5m")] {
            let site = site().with_talker();
            let seen = is_seen_running(&site, skew, opposite);
            println!("{name}, a launcher at {skew}: seen running {seen} times by clocks at 0 and {opposite}");
            assert!(seen >= 6, "seen running {seen} times");
        }
    }
}
