//! A Docker engine of a test's own: its images, containers and socket are in a folder, and nothing is left when it is dropped.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// How long the engine may take to answer for the first time.
const PATIENCE: Duration = Duration::from_mins(1);

/// Keeps an engine running, as a service manager does, until whoever started this is gone; then takes everything away.
const SUPERVISOR: &str = r#"
folder=$0
until [ -e "$folder/stop" ]; do "$@" >>"$folder/log" 2>&1 </dev/null; sleep 2; done &
read -r _
touch "$folder/stop"
engine() { docker --host "unix://$folder/socket" "$@"; }
engine ps --all --quiet | xargs -r docker --host "unix://$folder/socket" rm --force
kill "$(cat "$folder/pid")"
wait
[ ! -e "$folder/exec/containerd/containerd.pid" ] || kill "$(cat "$folder/exec/containerd/containerd.pid")"
awk -v folder="$folder/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r | xargs -r umount
rm -rf "$folder"
"#;

/// A running engine. Containers have no network, or the machine's own. They outlive the engine when that is killed, and it finds
/// them when it is started again.
pub(crate) struct Dockerd {
    folder: PathBuf,
    supervisor: Child,
}

impl Dockerd {
    /// Starts an engine and waits until it answers.
    pub(crate) fn start() -> Self {
        assert_eq!(user(), "0", "dockerd needs root: run the tests as root, or in a privileged container");
        // Sockets have short names: not below a target directory, which may lie deep.
        let folder = tempfile::Builder::new().prefix("tmpl-dockerd-").tempdir_in("/tmp").unwrap().keep();
        let supervisor = program("sh")
            .arg("-c")
            .arg(SUPERVISOR)
            .arg(&folder)
            .arg("dockerd")
            .arg("--data-root")
            .arg(folder.join("data"))
            .arg("--exec-root")
            .arg(folder.join("exec"))
            .arg("--pidfile")
            .arg(folder.join("pid"))
            .arg("--host")
            .arg(format!("unix://{}", folder.join("socket").display()))
            // No rule of the machine's firewall and no interface is touched.
            .args(["--bridge=none", "--iptables=false", "--ip6tables=false", "--live-restore"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("dockerd does not start: {error}\nhint: make components"));
        let engine = Self { folder, supervisor };
        engine.wait();
        engine
    }

    /// Waits until the engine answers.
    pub(crate) fn wait(&self) {
        let begun = Instant::now();
        while !self.command(&["version"]).output().unwrap().status.success() {
            assert!(begun.elapsed() < PATIENCE, "dockerd does not answer:\n{}", self.log());
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Kills the engine, which is started again a moment later.
    pub(crate) fn kill(&self) {
        succeeded(Command::new("kill").args(["-9", &self.pid().to_string()]));
    }

    /// What the engine has to say for itself.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The engine's address, as `DOCKER_HOST` takes it.
    pub(crate) fn host(&self) -> String {
        format!("unix://{}", self.folder.join("socket").display())
    }

    /// The process that is the engine.
    pub(crate) fn pid(&self) -> u32 {
        std::fs::read_to_string(self.folder.join("pid")).unwrap().trim().parse().unwrap()
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
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
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
