//! Real SDKs submit to our Job service, and what it kept runs on a real Job service of somebody else's.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that can't go on fails")]

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

use prost::Message;
use prost_types::Struct;
use tmpl_beam::job_client::{JobClient, Submission};
use tmpl_beam::job_service::{Captured, JobService, Stage};
use tmpl_beam::messages::{Environment, JobState};
use tmpl_beam::wire;
use tokio::process::{Child, Command};

/// A program of the tests' Beam.
fn python() -> Command {
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/beam-venv/bin/python");
    assert!(tools.exists(), "{} is missing: run `make components`", tools.display());
    let mut command = Command::new(tools);
    command.kill_on_drop(true);
    command
}

/// A word count, kept by our Job service.
async fn captured(folder: &Path, extra: &[&str]) -> (Captured, bool) {
    let artifacts = folder.join("artifacts");
    std::fs::create_dir_all(&artifacts).unwrap();
    std::fs::write(folder.join("input.txt"), "one two two\nthree three three\n").unwrap();
    let service = JobService::start(artifacts).await.unwrap();
    assert_eq!(service.stage(), Stage::Nothing);
    let output = python()
        .args(["-m", "apache_beam.examples.wordcount"])
        .arg(format!("--input={}", folder.join("input.txt").display()))
        .arg(format!("--output={}", folder.join("counts").display()))
        .args(["--runner=PortableRunner", "--environment_type=EXTERNAL", "--environment_config=127.0.0.1:1"])
        .arg(format!("--job_endpoint={}", service.endpoint()))
        .args(extra)
        .stdin(Stdio::null())
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    (service.captured().unwrap(), service.has_second())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_python_pipeline_is_kept_whole_with_its_options_and_artifacts() {
    let folder = tempfile::tempdir().unwrap();
    let needed = folder.path().join("lookup.csv");
    // More than one part of what is streamed.
    std::fs::write(&needed, "a,1\n".repeat(900_000)).unwrap();
    let (captured, second) =
        captured(folder.path(), &["--job_name=the-name", &format!("--files_to_stage={}", needed.display())])
            .await;
    assert!(!second);
    let environments = wire::environments(&captured.pipeline).unwrap();
    assert_eq!(environments.len(), 1);
    assert_eq!(environments[0].1.urn, Environment::EXTERNAL);
    let options = Struct::decode(captured.options.clone()).unwrap();
    assert!(options.fields.contains_key("beam:option:job_name:v1"), "{:?}", options.fields.keys());
    let kept = captured.artifacts.iter().find(|artifact| artifact.name.ends_with("lookup.csv"));
    let kept = kept.unwrap_or_else(|| panic!("{:?}", captured.artifacts));
    assert_eq!(std::fs::read(&kept.path).unwrap(), std::fs::read(&needed).unwrap());
    assert_eq!(kept.size, 3_600_000);
}

/// Beam's own Job service, and a worker pool of its own.
struct Peer {
    endpoint: String,
    pool: String,
    _children: Vec<Child>,
}

async fn peer(folder: &Path) -> Peer {
    let port_file = folder.join("port");
    let service = python()
        .args(["-m", "apache_beam.runners.portability.local_job_service_main", "--port=0"])
        .arg(format!("--port_file={}", port_file.display()))
        .arg(format!("--staging_dir={}", folder.join("staging").display()))
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let pool_port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let path = format!("{}:{}", tools_bin().display(), std::env::var("PATH").unwrap());
    let pool = python()
        .args(["-m", "apache_beam.runners.worker.worker_pool_main"])
        .arg(format!("--service_port={pool_port}"))
        .env("PATH", path)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let started = Instant::now();
    let port = loop {
        match std::fs::read_to_string(&port_file) {
            Ok(port) if !port.is_empty() => break port,
            _ => assert!(started.elapsed() < Duration::from_mins(1), "the job service does not begin"),
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    while tokio::net::TcpStream::connect(("127.0.0.1", pool_port)).await.is_err() {
        assert!(started.elapsed() < Duration::from_mins(1), "the pool does not begin");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    Peer {
        endpoint: format!("localhost:{}", port.trim()),
        pool: format!("localhost:{pool_port}"),
        _children: vec![service, pool],
    }
}

fn tools_bin() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/beam-venv/bin")
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_kept_runs_on_another_job_service() {
    let folder = tempfile::tempdir().unwrap();
    let (kept, _) = captured(folder.path(), &["--save_main_session"]).await;
    let peer = peer(folder.path()).await;
    let client = JobClient::connect(&peer.endpoint).await.unwrap();
    client.describe().await.unwrap();
    let pipeline = tmpl_beam::environment::at_pool(&kept, &peer.pool, &[]).unwrap();
    let submission = Submission { pipeline, options: kept.options.clone(), job_name: "again".to_owned() };
    let prepared = client.prepare(&submission).await.unwrap();
    client.stage(&prepared, &kept.artifacts).await.unwrap();
    let id = client.run(&prepared).await.unwrap();
    let started = Instant::now();
    while client.state(&id).await.unwrap() != JobState::Done {
        assert!(started.elapsed() < Duration::from_mins(1), "{:?}", client.state(&id).await);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let mut lines: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name().unwrap().to_str().unwrap().starts_with("counts") {
            lines.extend(std::fs::read_to_string(path).unwrap().lines().map(str::to_owned));
        }
    }
    lines.sort();
    assert_eq!(lines, ["one: 1", "three: 3", "two: 2"]);
    let metrics = client.metrics(&id).await.unwrap();
    assert!(!metrics.attempted.is_empty() || !metrics.committed.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_pipeline_is_refused_in_plain_words() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("two.py");
    let text = "import sys\nimport apache_beam as beam\nfor _ in range(2):\n    with beam.Pipeline(argv=sys.argv[1:]) as p:\n        \
                p | beam.Create([1])\n";
    std::fs::write(&program, text).unwrap();
    let service = JobService::start(folder.path().to_owned()).await.unwrap();
    let output = python()
        .arg(&program)
        .args(["--runner=PortableRunner", "--environment_type=EXTERNAL", "--environment_config=127.0.0.1:1"])
        .arg(format!("--job_endpoint={}", service.endpoint()))
        .output()
        .await
        .unwrap();
    assert!(!output.status.success());
    assert!(service.has_second());
    assert!(String::from_utf8_lossy(&output.stderr).contains("submitted a pipeline already"));
    assert!(service.captured().is_some(), "the first is kept");
}

#[tokio::test]
async fn endpoints_that_are_none_are_told_apart() {
    for endpoint in ["", "localhost", "http://localhost:1", ":1", "localhost:x"] {
        let error = JobClient::connect(endpoint).await.unwrap_err();
        assert!(error.to_string().contains("is no endpoint"), "{endpoint}: {error}");
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let error = JobClient::connect(&free.to_string()).await.unwrap_err();
    assert_eq!(error.to_string(), format!("nothing answers at {free}"));
    assert!(error.is_temporary());
}
