//! A standalone cluster of Spark: a master, and a worker, which starts executors and drivers.

use std::path::Path;
use std::process::Command;

use super::{component, free_port, jars, java, spawn, start};
use crate::http;
use crate::process::Process;

/// Megabytes of a master's or a worker's heap.
const HEAP: u32 = 256;

/// A running cluster with 2 cores and 1536 MB for executors and drivers. It ends when it is dropped, or with this process.
#[derive(Debug)]
pub struct SparkStandalone {
    master: Process,
    worker: Process,
    ports: Ports,
}

/// Where a master listens.
#[derive(Debug, Clone, Copy)]
struct Ports {
    master: u16,
    rest: u16,
    web: u16,
}

impl SparkStandalone {
    /// Starts a cluster, and waits until the worker is the master's.
    pub fn start() -> Self {
        let begin = || {
            let ports = Ports { master: free_port(), rest: free_port(), web: free_port() };
            (spawn(|data| master(ports, data)), ports)
        };
        let (master, ports) = start("Spark's master", begin, |ports| workers(*ports).map(|_| ()));
        let begin = || (spawn(|data| worker(ports, data)), ());
        let (worker, ()) = start("Spark's worker", begin, |()| match workers(ports)? {
            0 => Err("the master has no worker".to_owned()),
            _ => Ok(()),
        });
        Self { master, worker, ports }
    }

    /// What a job server, or `spark-submit`, takes: `spark://127.0.0.1:PORT`.
    pub fn master_url(&self) -> String {
        format!("spark://127.0.0.1:{}", self.ports.master)
    }

    /// Where drivers are submitted, below `/v1/submissions`: `http://127.0.0.1:PORT`.
    pub fn rest_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.rest)
    }

    /// Where the master's pages are; `/json/` tells of workers, applications and drivers.
    pub fn web_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.ports.web)
    }

    /// What master and worker have printed.
    pub fn logs(&self) -> String {
        format!("master:\n{}\nworker:\n{}", self.master.log(), self.worker.log())
    }

    /// The processes of master and worker.
    pub fn pids(&self) -> [u32; 2] {
        [&self.master, &self.worker].map(|process| process.pid().unwrap())
    }
}

/// How many workers a master has.
fn workers(ports: Ports) -> Result<u64, String> {
    let endpoint = format!("http://127.0.0.1:{}", ports.web);
    let answer = http::send(&endpoint, "GET", "/json/", &[], &[]).map_err(|error| error.to_string())?;
    let value: serde_json::Value = serde_json::from_slice(&answer.body).map_err(|error| error.to_string())?;
    value["aliveworkers"].as_u64().ok_or_else(|| format!("this is no master: {value}"))
}

fn master(ports: Ports, data: &Path) -> Command {
    let mut command = daemon(data);
    command
        .args(["-Dspark.master.rest.enabled=true", "-Dspark.master.rest.host=127.0.0.1"])
        .arg(format!("-Dspark.master.rest.port={}", ports.rest))
        // A worker that is gone is missed after seconds, not after a minute.
        .arg("-Dspark.worker.timeout=10")
        .args(["org.apache.spark.deploy.master.Master", "--host", "127.0.0.1"])
        .args(["--port", &ports.master.to_string(), "--webui-port", &ports.web.to_string()]);
    command
}

fn worker(ports: Ports, data: &Path) -> Command {
    let mut command = daemon(data);
    command
        .arg("-Dspark.worker.timeout=10")
        .args(["org.apache.spark.deploy.worker.Worker", "--host", "127.0.0.1"])
        .args(["--port", "0", "--webui-port", "0", "--cores", "2", "--memory", "1536m", "--work-dir"])
        .arg(data.join("work"))
        .arg(format!("spark://127.0.0.1:{}", ports.master));
    command
}

/// Java with Spark. Spark's own scripts would say in the environment where it lies; a worker's executors are started by it.
fn daemon(data: &Path) -> Command {
    let mut command = java(HEAP, &[jars("spark-3.5/jars")], data);
    command
        .env("SPARK_HOME", component("spark-3.5"))
        .env("SPARK_SCALA_VERSION", "2.12")
        .env("SPARK_LOCAL_IP", "127.0.0.1")
        .env("SPARK_LOCAL_DIRS", data);
    command
}
