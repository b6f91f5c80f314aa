//! A registry of a test's own: the distribution project's server, with a log of every request.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::dockerd::made;

/// A running registry.
pub(crate) struct Registry {
    folder: TempDir,
    process: Child,
    address: String,
}

impl Registry {
    pub(crate) fn start() -> Self {
        let program = made(".tools/bin/registry", "components");
        let folder = tempfile::tempdir().unwrap();
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let address = format!("127.0.0.1:{port}");
        let storage = folder.path().join("storage");
        let configuration = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: false}}}}\n\
             storage: {{filesystem: {{rootdirectory: {}}}, delete: {{enabled: true}}}}\nhttp: {{addr: {address}}}\n",
            storage.display()
        );
        std::fs::write(folder.path().join("registry.yaml"), configuration).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let process = Command::new(program)
            .arg("serve")
            .arg(folder.path().join("registry.yaml"))
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let registry = Self { folder, process, address };
        let begun = Instant::now();
        while std::net::TcpStream::connect(&registry.address).is_err() {
            assert!(
                begun.elapsed() < Duration::from_secs(30),
                "the registry does not start:\n{}",
                registry.log()
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        registry
    }

    /// The name of a repository, with a tag.
    pub(crate) fn name(&self, repository: &str) -> String {
        format!("{}/{repository}", self.address)
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The requests since the last time somebody asked: `HEAD /v2/… 200`.
    pub(crate) fn requests(&self, seen: &mut usize) -> Vec<String> {
        // The line of a request is written after its answer.
        std::thread::sleep(Duration::from_millis(200));
        let line = |line: &str| {
            let (_, request) = line.split_once(" \"")?;
            let (request, rest) = request.split_once('"')?;
            let status = rest.split_whitespace().next()?;
            let mut words = request.split_whitespace();
            Some(format!("{} {} {status}", words.next()?, words.next()?))
        };
        let log = self.log();
        let all: Vec<String> =
            log.lines().filter(|text| text.contains("HTTP/1.1")).filter_map(line).collect();
        let new = all[*seen..].to_vec();
        *seen = all.len();
        new
    }

    /// A JSON document of the registry.
    pub(crate) fn get(&self, path: &str) -> Value {
        let accept = "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json";
        let output = Command::new("curl")
            .args(["--silent", "--fail", "--header", &format!("Accept: {accept}")])
            .arg(format!("http://{}/v2/{path}", self.address))
            .output()
            .unwrap();
        assert!(output.status.success(), "{path}: {}", self.log());
        serde_json::from_slice(&output.stdout).unwrap()
    }

    /// Where its blobs lie.
    pub(crate) fn storage(&self) -> std::path::PathBuf {
        Path::new(self.folder.path()).join("storage")
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
