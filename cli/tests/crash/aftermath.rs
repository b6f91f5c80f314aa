//! What has to be so whatever was killed before.

use std::fs::File;
use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::site::Site;
use crate::support::Ended;

/// The states that a job goes through before its end, in order; some may be left out.
const WAY: [&str; 4] = ["JOB_STATE_QUEUED", "JOB_STATE_PENDING", "JOB_STATE_RUNNING", "JOB_STATE_CANCELLING"];

/// The exit code of a job that failed for a reason outside its program.
const OUTSIDE: i32 = 3;

/// How a job ended that was asked for again after its processes were killed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Done,
    /// Its launcher had begun, and was killed.
    Lost,
}

/// Every template that is listed can be launched. Gives their number.
pub(crate) fn templates_launch(site: &Site, really: bool) -> usize {
    let listed = site.json(&["template", "list"]);
    let names: Vec<&str> =
        listed.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    for name in &names {
        site.tmpl(&["run", name, "--param", "mode=ok", "--dry-run"]).expect(0);
        if really {
            site.tmpl(&["run", name, "--param", "mode=ok"]).expect(0);
        }
    }
    names.len()
}

/// The one job of a name, with a history that has an end.
pub(crate) fn only_job(site: &Site, name: &str) -> Value {
    let jobs = site.json(&["jobs", "list", "--name", name]);
    let jobs = jobs.as_array().unwrap();
    assert_eq!(jobs.len(), 1, "one job, and no other: {jobs:#?}");
    history(site, jobs[0]["id"].as_str().unwrap())
}

/// A job that has ended, whose records make one history.
pub(crate) fn history(site: &Site, id: &str) -> Value {
    let job = site.json(&["jobs", "show", id]);
    assert!(job["end"].is_object() && job["state"] == job["end"]["state"], "the job has no end: {job:#}");
    assert_eq!(job["presumedLost"], false);
    let attempts = job["attempts"].as_array().unwrap();
    assert!(attempts.len() <= 1, "it was begun more than once: {job:#}");
    let states = job["events"].as_array().unwrap().iter().filter_map(|event| event["state"].as_str());
    let places: Vec<usize> =
        states.map(|state| WAY.iter().position(|known| *known == state).unwrap()).collect();
    assert!(places.is_sorted_by(|a, b| a < b), "the states are not in order: {job:#}");
    job
}

/// A launch under a key was repeated: there is one job, which either was done, or was lost with one of these processes.
pub(crate) fn one_job(site: &Site, name: &str, repeated: &Ended, killed: &[i32]) -> Fate {
    let job = only_job(site, name);
    assert_eq!(i64::from(repeated.code), job["end"]["exitCode"], "{}{job:#}", repeated.stderr);
    match repeated.code {
        0 => Fate::Done,
        OUTSIDE => {
            let reason = job["end"]["reason"].as_str().unwrap();
            assert!(reason.starts_with("launcher lost"), "{job:#}");
            let launcher = job["attempts"][0]["pid"].as_i64().unwrap();
            let of_client = reason.contains("the `tmpl run` that held the job was killed");
            assert!(
                of_client || killed.iter().any(|pid| i64::from(*pid) == launcher),
                "nobody killed launcher {launcher}, but {killed:?}: {job:#}"
            );
            Fate::Lost
        }
        code => panic!("exit code {code}\n{}{job:#}", repeated.stderr),
    }
}

/// Garbage is collected, after which there is none, and nothing to complain of.
pub(crate) fn is_tidy(site: &Site) {
    let first = site.json(&["gc", "--grace", "0s"]);
    assert_eq!(first["complaints"], serde_json::json!([]));
    let second = site.tmpl(&["gc", "--grace", "0s"]).expect(0);
    assert!(second.stdout.starts_with("nothing to remove\n"), "{}\nafter {first:#}", second.stdout);
}

/// What writes that were cut off left on the disk is collected when it is old. Gives how much it was.
pub(crate) fn leftovers_are_collected(site: &Site) -> usize {
    let folder = site.folder().unwrap();
    let find = || {
        let listed = Command::new("find").arg(&folder).args(["-name", "*#*", "-type", "f"]).output().unwrap();
        String::from_utf8(listed.stdout).unwrap().lines().map(PathBuf::from).collect::<Vec<_>>()
    };
    // Those of jobs go with their jobs.
    let left: Vec<PathBuf> =
        find().into_iter().filter(|path| !path.starts_with(folder.join("staging/jobs"))).collect();
    is_tidy(site);
    assert!(left.iter().all(|path| path.exists()), "a write may still be going on");
    let long_ago = SystemTime::now() - Duration::from_hours(48);
    for path in &left {
        File::options().append(true).open(path).unwrap().set_modified(long_ago).unwrap();
    }
    let collected = site.json(&["gc", "--grace", "0s"]);
    assert!(left.iter().all(|path| !path.exists()), "{left:?} of {collected:#}");
    left.len()
}
