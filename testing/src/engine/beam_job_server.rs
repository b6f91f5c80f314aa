//! Beam's job servers in Java: each is the client of a cluster, or has the engine in itself.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Engine, Flink, FlinkVersion, SparkStandalone, component, jars, java};

/// Megabytes of a job server's heap.
const HEAP: u32 = 512;

impl Engine {
    /// Starts the job server for Spark with two threads of Spark in itself.
    pub fn spark_local() -> Self {
        Self::spark_at("local[2]")
    }

    /// Starts the job server for a cluster of Spark, which must outlive it.
    pub fn spark(cluster: &SparkStandalone) -> Self {
        Self::spark_at(&cluster.master_url())
    }

    /// Starts the job server for a cluster of Flink, which must outlive it. Beam's jar is sent to the cluster with every job.
    ///
    /// # Panics
    ///
    /// If it is a cluster of another version than 1.19: Beam has a runner for each.
    pub fn flink(cluster: &Flink) -> Self {
        assert_eq!(cluster.version(), FlinkVersion::V1_19, "there is a runner for Flink 1.19 only");
        let jars = [component("beam-flink-1.19.jar")];
        let master = cluster.rest_url().trim_start_matches("http://").to_owned();
        Self::start("Beam's job server for Flink", move |port, data| {
            let mut command = java(HEAP, &jars, data);
            driver(&mut command, "org.apache.beam.runners.flink.FlinkJobServerDriver", port, data);
            command.args(["--flink-master", &master]);
            command
        })
    }

    fn spark_at(master: &str) -> Self {
        // Beam's jar first: it has newer ones of some that Spark brings too.
        let jars: [PathBuf; 2] = [component("beam-spark-3.jar"), jars("spark-3.5/jars")];
        let master = master.to_owned();
        Self::start("Beam's job server for Spark", move |port, data| {
            let mut command = java(HEAP, &jars, data);
            command
                .args(["-Dspark.driver.host=127.0.0.1", "-Dspark.driver.bindAddress=127.0.0.1"])
                .args(["-Dspark.ui.enabled=false", "-Dspark.executor.memory=512m"])
                .arg(format!("-Dspark.local.dir={}", data.display()));
            driver(&mut command, "org.apache.beam.runners.spark.SparkJobServerDriver", port, data);
            command.args(["--spark-master-url", &master]);
            command
        })
    }
}

/// What every job server is told: its class, and ports, of which only the first is chosen here.
fn driver(command: &mut Command, class: &str, port: u16, data: &Path) {
    command
        .arg(class)
        .args(["--job-host", "127.0.0.1", "--job-port", &port.to_string()])
        .args(["--artifact-port", "0", "--expansion-port", "0", "--artifacts-dir"])
        .arg(data.join("artifacts"));
}
