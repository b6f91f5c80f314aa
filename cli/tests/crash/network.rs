//! The network is lost while a job runs: its launcher ends the program before anybody else may think that the job is lost.

use std::process::Child;
use std::time::{Duration, Instant};

use tmpl_testing::Proxy;

use crate::aftermath::history;
use crate::site::Site;
use crate::support::{runs, until};

/// Half of it is how long a launcher goes on without its bucket.
const LEASE: &str = "4s";

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
    fn start(mode: &str) -> Self {
        let direct = Site::minio().with_talker();
        let proxy = direct.proxy();
        let site = direct.through(&proxy).with_lease(LEASE);
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

    /// The job has failed since its launcher was lost; and so says `tmpl run`.
    fn is_lost(self) {
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
    let job = Job::start("sleep");
    let blocked = Instant::now();
    job.proxy.block();
    until("the program is gone", || !runs(&job.pid));
    let took = blocked.elapsed();
    println!("lease {LEASE}: the program was gone {took:.1?} after the network was");
    assert!(took < Duration::from_secs(30), "{took:?}");
    job.is_lost();
}

/// Whoever still has the network sees the job as lost, but not before its program is gone, however stubborn that is.
#[test]
fn no_job_is_lost_while_its_program_runs() {
    let _alone = crate::alone();
    let job = Job::start("ignore-sigterm");
    job.proxy.block();
    let blocked = Instant::now();
    let (mut looks, mut running) = (0, true);
    loop {
        // Looked at before the job is: what was gone then is gone in any case.
        running &= runs(&job.pid);
        let shown = job.direct.json(&["jobs", "show", &job.id]);
        looks += 1;
        if shown["state"] == "JOB_STATE_FAILED" {
            break;
        }
        assert!(blocked.elapsed() < Duration::from_mins(1), "nobody finds the launcher gone: {shown:#}");
    }
    println!("lease {LEASE}: lost at the {looks}th look, {:.1?} after the network was", blocked.elapsed());
    assert!(!running || !runs(&job.pid), "the job is said to be lost, and its program runs");
    job.is_lost();
}
