//! A Docker engine of a test's own: its images, containers and socket are in a folder, and nothing is left when it is dropped.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// How long the engine may take to answer for the first time.
const PATIENCE: Duration = Duration::from_mins(1);

/// A running engine. Containers have no network, or the machine's own.
pub(crate) struct Dockerd {
    folder: TempDir,
    process: Child,
}

impl Dockerd {
    /// Starts an engine and waits until it answers.
    pub(crate) fn start() -> Self {
        assert_eq!(user(), "0", "dockerd needs root: run the tests as root, or in a privileged container");
        // Sockets have short names: not below a target directory, which may lie deep.
        let folder = tempfile::Builder::new().prefix("tmpl-dockerd-").tempdir_in("/tmp").unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let process = program("dockerd")
            .arg("--data-root")
            .arg(folder.path().join("data"))
            .arg("--exec-root")
            .arg(folder.path().join("exec"))
            .arg("--pidfile")
            .arg(folder.path().join("pid"))
            .arg("--host")
            .arg(format!("unix://{}", folder.path().join("socket").display()))
            // No rule of the machine's firewall and no interface is touched.
            .args(["--bridge=none", "--iptables=false", "--ip6tables=false"])
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("dockerd does not start: {error}\nhint: make components"));
        let mut engine = Self { folder, process };
        engine.wait();
        engine
    }

    fn wait(&mut self) {
        let begun = Instant::now();
        while !self.command(&["version"]).output().unwrap().status.success() {
            let ended = self.process.try_wait().unwrap();
            assert!(
                ended.is_none() && begun.elapsed() < PATIENCE,
                "dockerd does not answer:\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// What the engine has to say for itself.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// The engine's address, as `DOCKER_HOST` takes it.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.folder.path().join("socket").display())
    }

    /// The process that is the engine.
    pub(crate) fn pid(&self) -> u32 {
        self.process.id()
    }

    /// A command of docker's client. The builder is the old one: what it takes, every builder takes.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = program("docker");
        command
            .args(arguments)
            .env("DOCKER_HOST", self.host())
            .env("DOCKER_BUILDKIT", "0")
            .stdin(Stdio::null());
        command
    }

    /// Runs a command that has to succeed, and returns what it printed.
    pub(crate) fn docker(&self, arguments: &[&str]) -> String {
        succeeded(&mut self.command(arguments))
    }

    /// Loads the image of an OCI layout under a name.
    pub(crate) fn load(&self, layout: &Path, name: &str) {
        let mut copy = program("skopeo");
        copy.args(["copy", "--quiet", "--dest-daemon-host", &self.host()])
            .arg(format!("oci:{}", layout.display()))
            .arg(format!("docker-daemon:{name}"));
        succeeded(&mut copy);
    }
}

impl Drop for Dockerd {
    fn drop(&mut self) {
        // It ends its containers and takes its mounts away, which a kill would leave.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

/// A program that `make components` installs. Those of the system are not on everybody's search path.
pub(crate) fn program(name: &str) -> Command {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::env::split_paths(&path).chain(["/usr/sbin", "/sbin"].map(PathBuf::from));
    let path = std::env::join_paths(folders).unwrap();
    let mut command = Command::new(name);
    command.env("PATH", path);
    command
}

/// Something that `make` puts into the repository's folder, by its path there.
pub(crate) fn made(path: &str, target: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(path);
    assert!(path.exists(), "{} is missing\nhint: make {target}", path.display());
    path
}

/// Runs a command that has to succeed, and returns what it printed.
pub(crate) fn succeeded(command: &mut Command) -> String {
    let Output { status, stdout, stderr } =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}\nhint: make components"));
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{command:?}: {status}\n{stdout}\n{stderr}");
    stdout.into_owned()
}

fn user() -> String {
    succeeded(Command::new("id").arg("-u")).trim().to_owned()
}
