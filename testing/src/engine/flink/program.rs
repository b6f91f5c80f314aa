//! Flink's two programs: their memory, and what is in their configuration.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::super::{jars, java};
use super::{FlinkVersion, Ports};

/// Megabytes of the `JobManager`'s heap. A job's `main` runs in it.
const JOB_MANAGER_HEAP: u32 = 384;
/// Megabytes of the `TaskManager`'s heap: those of `TASK_MANAGER` below.
const TASK_MANAGER_HEAP: u32 = 384;
/// What both are told. A machine that is gone is missed after seconds.
const SETTINGS: [(&str, &str); 8] = [
    ("jobmanager.rpc.address", "127.0.0.1"),
    ("jobmanager.bind-host", "127.0.0.1"),
    ("rest.address", "127.0.0.1"),
    ("rest.bind-address", "127.0.0.1"),
    ("taskmanager.host", "127.0.0.1"),
    ("taskmanager.bind-host", "127.0.0.1"),
    ("heartbeat.interval", "1000"),
    ("heartbeat.timeout", "6000"),
];
/// What a `TaskManager` is told besides. Less memory for the network is not enough for Beam's graphs: each edge has buffers.
const TASK_MANAGER: [(&str, &str); 12] = [
    ("taskmanager.cpu.cores", "2"),
    ("taskmanager.memory.framework.heap.size", "128m"),
    ("taskmanager.memory.framework.off-heap.size", "128m"),
    ("taskmanager.memory.task.heap.size", "256m"),
    ("taskmanager.memory.task.off-heap.size", "0"),
    ("taskmanager.memory.managed.size", "256m"),
    ("taskmanager.memory.network.min", "192m"),
    ("taskmanager.memory.network.max", "192m"),
    ("taskmanager.memory.jvm-metaspace.size", "512m"),
    ("taskmanager.memory.jvm-overhead.min", "128m"),
    ("taskmanager.memory.jvm-overhead.max", "128m"),
    ("taskmanager.numberOfTaskSlots", "4"),
];
const LOGGING: &str = "rootLogger.level = INFO
rootLogger.appenderRef.console.ref = Console
appender.console.name = Console
appender.console.type = CONSOLE
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{HH:mm:ss,SSS} %-5p %c{1} %m%n
";

pub(super) fn job_manager(
    version: FlinkVersion,
    settings: &[(String, String)],
    ports: Ports,
    data: &Path,
) -> Command {
    let configuration = configuration(ports, settings, &[]);
    let class = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint";
    program(version, class, JOB_MANAGER_HEAP, &configuration, data)
}

pub(super) fn task_manager(
    version: FlinkVersion,
    settings: &[(String, String)],
    ports: Ports,
    name: &str,
    data: &Path,
) -> Command {
    let mut own = TASK_MANAGER.to_vec();
    own.push(("taskmanager.resource-id", name));
    let configuration = configuration(ports, settings, &own);
    let class = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner";
    program(version, class, TASK_MANAGER_HEAP, &configuration, data)
}

/// Flink's configuration file, whose values are YAML; JSON's strings are that too. Of two values of a name the later one counts.
fn configuration(ports: Ports, settings: &[(String, String)], own: &[(&str, &str)]) -> String {
    let (rest, rpc) = (ports.rest.to_string(), ports.rpc.to_string());
    let mut all = BTreeMap::from([("rest.port", &*rest), ("jobmanager.rpc.port", &*rpc)]);
    all.extend(SETTINGS);
    all.extend(own.iter().copied());
    all.extend(settings.iter().map(|(name, value)| (&**name, &**value)));
    let lines: Vec<_> =
        all.into_iter().map(|(name, value)| format!("{name}: {}\n", Value::from(value))).collect();
    lines.concat()
}

/// One of Flink's programs. Files of its own are below `data`, since Java's temporary folder is.
fn program(version: FlinkVersion, class: &str, heap: u32, configuration: &str, data: &Path) -> Command {
    let lib = match version {
        FlinkVersion::V1_19 => "flink-1.19/lib",
        FlinkVersion::V2_2 => "flink-2.2/lib",
    };
    fs_err::write(data.join("config.yaml"), configuration).unwrap();
    fs_err::write(data.join("log4j.properties"), LOGGING).unwrap();
    let mut command = java(heap, &[jars(lib)], data);
    command
        .args(["-XX:MaxDirectMemorySize=600m", "-XX:MaxMetaspaceSize=512m"])
        .arg(format!("-Dlog4j.configurationFile={}", data.join("log4j.properties").display()))
        .args([class, "--configDir"])
        .arg(data);
    command
}
