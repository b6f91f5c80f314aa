//! A standalone cluster of Flink: a `JobManager` and a `TaskManager`.

mod program;

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{PATIENCE, free_port, spawn, start};
use crate::http;
use crate::process::Process;

/// Tasks that run at the same time.
const SLOTS: u64 = 4;
/// The versions that there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlinkVersion {
    /// 1.19, for which there is a runner of Beam.
    V1_19,
    /// 2.2, for what its REST API answers.
    V2_2,
}

/// A running cluster with four slots. It ends when it is dropped, or with this process.
#[derive(Debug)]
pub struct Flink {
    version: FlinkVersion,
    settings: Vec<(String, String)>,
    ports: Ports,
    rest_url: String,
    job_manager: Option<Process>,
    task_manager: Option<Process>,
    /// How many `TaskManagers` there have been: each has a name of its own.
    task_managers: usize,
    /// What processes that were ended had printed.
    earlier: String,
}

/// Where a `JobManager` listens: for its REST API, and for `TaskManagers`.
#[derive(Debug, Clone, Copy)]
struct Ports {
    rest: u16,
    rpc: u16,
}

impl Flink {
    /// Starts a cluster, and waits until it has its slots.
    pub fn start(version: FlinkVersion) -> Self {
        Self::start_with(version, &[])
    }

    /// The same with settings of Flink's besides, such as `cluster.intercept-user-system-exit`; they go before those here.
    pub fn start_with(version: FlinkVersion, settings: &[(&str, &str)]) -> Self {
        let settings: Vec<_> =
            settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let ports = || Ports { rest: free_port(), rpc: free_port() };
        let (job_manager, ports) = start_job_manager(version, &settings, ports);
        let rest_url = format!("http://127.0.0.1:{}", ports.rest);
        let mut cluster = Self {
            version,
            settings,
            ports,
            rest_url,
            job_manager: Some(job_manager),
            task_manager: None,
            task_managers: 0,
            earlier: String::new(),
        };
        cluster.start_task_manager();
        cluster
    }

    /// A cluster that is started once in this process, however many ask for it. Nobody can end a part of it.
    pub fn shared(version: FlinkVersion) -> &'static Self {
        static CLUSTERS: [OnceLock<Flink>; 2] = [const { OnceLock::new() }; 2];
        CLUSTERS[version as usize].get_or_init(|| Self::start(version))
    }

    /// Which version this is.
    pub fn version(&self) -> FlinkVersion {
        self.version
    }

    /// Where its REST API listens, below `/v1`: `http://127.0.0.1:PORT`. A `JobManager` that is started again is there too.
    pub fn rest_url(&self) -> &str {
        &self.rest_url
    }

    /// What a GET of the REST API says, such as `/v1/overview`, or why it says nothing.
    pub fn get(&self, target: &str) -> Result<Value, String> {
        get(&self.rest_url, target)
    }

    /// The word of a job's state as it is now; what `/v1/jobs/ID` shows may be three seconds old.
    pub fn state_of(&self, job: &str) -> Result<String, String> {
        let answer = self.get(&format!("/v1/jobs/{job}/status"))?;
        answer["status"].as_str().map(str::to_owned).ok_or_else(|| answer.to_string())
    }

    /// Ends the `TaskManager` as `kill -9` does. The `JobManager` sees it after one or two seconds.
    pub fn kill_task_manager(&mut self) {
        self.earlier += &end("TaskManager", self.task_manager.take());
    }

    /// Starts a `TaskManager` instead of the one that there is, and waits until the `JobManager` has its slots.
    pub fn start_task_manager(&mut self) {
        self.kill_task_manager();
        self.task_managers += 1;
        let name = format!("task-manager-{}", self.task_managers);
        let begin = || {
            (spawn(|data| program::task_manager(self.version, &self.settings, self.ports, &name, data)), ())
        };
        let (process, ()) = start("Flink's TaskManager", begin, |()| has_slots(&self.rest_url, &name));
        self.task_manager = Some(process);
    }

    /// Ends the `JobManager` as `kill -9` does. Whatever it knew is lost: jobs, and the jars that were uploaded.
    pub fn kill_job_manager(&mut self) {
        self.earlier += &end("JobManager", self.job_manager.take());
    }

    /// Starts a `JobManager` at the same ports instead of the one that there is, and waits until it has the slots of the
    /// `TaskManager`, if there is one.
    pub fn restart_job_manager(&mut self) {
        self.kill_job_manager();
        let (process, _) = start_job_manager(self.version, &self.settings, || self.ports);
        self.job_manager = Some(process);
        if self.task_manager.is_some() {
            self.await_slots();
        }
    }

    /// What its processes have printed, those that were ended first.
    pub fn logs(&self) -> String {
        let log = |process: &Option<Process>| process.as_ref().map(Process::log).unwrap_or_default();
        let (job_manager, task_manager) = (log(&self.job_manager), log(&self.task_manager));
        format!("{}JobManager:\n{job_manager}\nTaskManager:\n{task_manager}", self.earlier)
    }

    /// The processes of `JobManager` and `TaskManager`, as far as they were not ended.
    pub fn pids(&self) -> [Option<u32>; 2] {
        [&self.job_manager, &self.task_manager].map(|process| process.as_ref().and_then(Process::pid))
    }

    fn await_slots(&self) {
        let name = format!("task-manager-{}", self.task_managers);
        let begun = Instant::now();
        while let Err(failure) = has_slots(&self.rest_url, &name) {
            assert!(begun.elapsed() < PATIENCE, "Flink has no slots: {failure}\n{}", self.logs());
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}

fn start_job_manager(
    version: FlinkVersion,
    settings: &[(String, String)],
    ports: impl Fn() -> Ports,
) -> (Process, Ports) {
    let begin = || {
        let ports = ports();
        (spawn(|data| program::job_manager(version, settings, ports, data)), ports)
    };
    start("Flink's JobManager", begin, |ports| {
        get(&format!("http://127.0.0.1:{}", ports.rest), "/v1/overview").map(|_| ())
    })
}

/// Ends a process, and returns what it had printed.
fn end(name: &str, process: Option<Process>) -> String {
    process.map(|process| format!("{name}, ended:\n{}\n", process.log())).unwrap_or_default()
}

/// Whether a `TaskManager` offers all its slots; else why it does not seem so.
fn has_slots(rest_url: &str, name: &str) -> Result<(), String> {
    let answer = get(rest_url, "/v1/taskmanagers")?;
    let managers = answer["taskmanagers"].as_array().map(Vec::as_slice).unwrap_or_default();
    match managers.iter().find(|manager| manager["id"] == name) {
        Some(manager) if manager["freeSlots"] == SLOTS => Ok(()),
        _ => Err(format!("{name} is not there: {answer}")),
    }
}

fn get(rest_url: &str, target: &str) -> Result<Value, String> {
    let answer = http::send(rest_url, "GET", target, &[], &[]).map_err(|error| error.to_string())?;
    match answer.status {
        200 => serde_json::from_slice(&answer.body).map_err(|error| error.to_string()),
        status => Err(format!("GET {target}: {status} {}", answer.text())),
    }
}
