//! The network is lost while a job runs: its launcher ends the program before anybody else may think that the job is lost.

use std::process::Child;
use std::time::{Duration, Instant};

use tmpl_testing::{Fault, Proxy};

use crate::aftermath::{history, only_job};
use crate::site::Site;
use crate::support::{runs, send, until};

/// Half of it is how long a launcher goes on without its bucket.
const LEASE: &str = "4s";
/// So short that a program which does not heed SIGTERM has a quarter of a second.
const SHORT_LEASE: &str = "2s";

/// A job that runs behind a proxy.
struct Job {
    direct: Site,
    proxy: Proxy,
    client: Child,
    id: String,
    /// The program's process.
    pid: String,
}

impl Job {
    fn start(mode: &str, lease: &'static str) -> Self {
        let direct = Site::minio().with_talker();
        let proxy = direct.proxy();
        let site = direct.through(&proxy).with_lease(lease);
        let mode = format!("mode={mode}");
        let id_file = direct.path("id");
        let client = site
            .command(&["run", "talker", "--param", &mode, "--param", "count=300", "--id-file", "id"])
            .spawn()
            .unwrap();
        until("the id is written", || std::fs::read_to_string(&id_file).is_ok_and(|id| id.ends_with('\n')));
        let id = std::fs::read_to_string(&id_file).unwrap().trim_end().to_owned();
        let pid = || {
            let log = direct.tmpl(&["jobs", "logs", &id]).stdout;
            log.lines().find_map(|line| Some(line.split_once("pid: ")?.1.to_owned()))
        };
        until("the program speaks", || pid().is_some());
        let pid = pid().unwrap();
        assert!(runs(&pid));
        Self { direct, proxy, client, id, pid }
    }

    /// Looks until the job is said to be lost: by then its program is gone.
    fn is_gone_when_lost(&self) {
        let (begun, mut looks) = (Instant::now(), 0);
        while self.direct.json(&["jobs", "show", &self.id])["state"] != "JOB_STATE_FAILED" {
            looks += 1;
            assert!(begun.elapsed() < Duration::from_mins(1), "nobody finds the launcher gone");
        }
        assert!(!runs(&self.pid), "the job is said to be lost, and its program runs");
        println!("lost after {looks} looks and {:.1?}, and the program was gone", begun.elapsed());
    }

    /// The job has failed since its launcher was lost; and so says `tmpl run`.
    fn end(self) {
        self.proxy.unblock();
        let ended = self.direct.wait(self.client);
        // 3: it was told the end; 7: it was not, and could not read it.
        assert!([3, 7].contains(&ended.code), "{}\n{}", ended.code, ended.stderr);
        let job = history(&self.direct, &self.id);
        assert_eq!(job["state"], "JOB_STATE_FAILED");
        let reason = job["end"]["reason"].as_str().unwrap();
        assert!(reason.starts_with("launcher lost"), "{reason}");
        println!("the network was lost: `tmpl run` ended with {}, the job with: {reason}", ended.code);
    }
}

#[test]
fn a_launcher_without_its_bucket_ends_the_program() {
    let _alone = crate::alone();
    let job = Job::start("sleep", LEASE);
    let blocked = Instant::now();
    job.proxy.block();
    until("the program is gone", || !runs(&job.pid));
    let took = blocked.elapsed();
    println!("lease {LEASE}: the program was gone {took:.1?} after the network was");
    assert!(took < Duration::from_secs(30), "{took:?}");
    job.end();
}

/// Whoever still has the network sees the job as lost, but not before its program is gone, however stubborn that is.
#[test]
fn no_job_is_lost_while_its_program_runs() {
    let _alone = crate::alone();
    let job = Job::start("ignore-sigterm", LEASE);
    job.proxy.block();
    job.is_gone_when_lost();
    job.end();
}

/// The same when the launcher is killed, and the network is there.
#[test]
fn no_job_is_lost_while_its_program_runs_without_a_launcher() {
    let _alone = crate::alone();
    let job = Job::start("ignore-sigterm", SHORT_LEASE);
    let launcher = job.direct.json(&["jobs", "show", &job.id])["attempts"][0]["pid"].to_string();
    send("KILL", &launcher);
    job.is_gone_when_lost();
    job.end();
}

/// The one request that writes the end gets no answer: it is asked again, long before anybody calls the job lost.
#[test]
fn an_end_that_nobody_answers_is_written_again() {
    let site = Site::minio().with_talker();
    let proxy = site.proxy();
    let here = site.through(&proxy);
    proxy.fault_once("PUT", "/final.json", Fault::ResetBeforeRequest);
    proxy.fault_once("PUT", "/final.json", Fault::StallSeconds(600));
    let begun = Instant::now();
    here.tmpl(&["run", "talker", "--param", "mode=ok", "--job-name", "silent"]).expect(0);
    let took = begun.elapsed();
    println!("an end without an answer was written again, and the command over, after {took:.1?}");
    assert!(took < Duration::from_secs(50), "{took:?}");
    assert_eq!(only_job(&site, "silent")["state"], "JOB_STATE_DONE");
}
