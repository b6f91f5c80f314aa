//! A pipeline on a real job service of Beam's, with workers of ours.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::pool::Launched;
use crate::support::{Place, until};

/// Beam's own job service in Python.
struct JobService {
    child: Child,
    port: u16,
}

impl JobService {
    fn start(place: &Place) -> Self {
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../.tools/beam-venv/bin/python");
        assert!(python.exists(), "{} is missing; `make python-tests` installs it", python.display());
        let port_file = place.path("service.port");
        let child = Command::new(python)
            .args([
                "-m",
                "apache_beam.runners.portability.local_job_service_main",
                "--port",
                "0",
                "--port_file",
            ])
            .arg(&port_file)
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(place.path("service.log")).unwrap())
            .spawn()
            .unwrap();
        let port = || std::fs::read_to_string(&port_file).ok()?.trim().parse().ok();
        until("the job service listens", || port().is_some());
        Self { child, port: port().unwrap() }
    }
}

impl Drop for JobService {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The files whose names begin so, by the rest of their names.
fn outputs(place: &Place, prefix: &str) -> Vec<(String, String)> {
    let files = std::fs::read_dir(place.path("")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<(String, String)> = files
        .filter_map(|path: PathBuf| {
            let name = path.file_name()?.to_str()?.strip_prefix(prefix)?.to_owned();
            Some((name, std::fs::read_to_string(&path).unwrap()))
        })
        .collect();
    found.sort();
    found
}

#[test]
fn a_wordcount_is_done_by_workers_from_the_buckets_layers() {
    let launched = Launched::new();
    let place = &launched.place;
    let service = JobService::start(place);
    let pool = launched.pool(&[]);
    let environment = serde_json::json!({
        "url": format!("localhost:{}", pool.port),
        "params": {"tmpl.bucket": place.bucket(), "tmpl.job": launched.job, "tmpl.attempt": "1"},
    });
    let mut program = Command::new(launched.program());
    program
        .args(["-m", "wordcount", "--runner=PortableRunner", "--environment_type=EXTERNAL"])
        .arg(format!("--input={}", place.path("words.txt").display()))
        .arg(format!("--output={}", place.path("pool").display()))
        .arg(format!("--job_endpoint=localhost:{}", service.port))
        .arg(format!("--environment_config={environment}"))
        .current_dir(place.path(""))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let ended = place.ended(program.spawn().unwrap());
    assert_eq!(ended.code, 0, "{}\n{}", ended.stderr, pool.told());
    let found = outputs(place, "pool-0");
    assert!(!found.is_empty(), "{}", ended.stderr);
    assert_eq!(found, outputs(place, "direct-0"));
    assert!(pool.told().contains("Python sdk harness starting."), "{}", pool.told());
    until("the workers have ended", || pool.below().is_empty());
    assert_eq!(launched.ends(), Vec::<serde_json::Value>::new());
    assert_eq!(pool.ends_with("TERM").code(), Some(0));
}
