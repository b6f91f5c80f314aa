//! A server process with a folder of its own. Both are gone when it is dropped, and also when this process is killed; so is what
//! the server itself has started.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Starts the server, waits until the input is closed (by a drop, or by the end of the process that holds its other end), then
/// ends the server's process group and removes its folder. If this shell itself is killed, the kernel ends the server. The server
/// may not have a group yet when it is ended, so it is named too.
const SUPERVISOR: &str = r#"
folder=$0
setsid setpriv --pdeathsig KILL "$@" >"$folder/log" 2>&1 </dev/null &
pid=$!
echo "$pid" >"$folder/pid.new"
mv "$folder/pid.new" "$folder/pid"
trap '' HUP INT TERM
read -r _
kill -9 "$pid" 2>/dev/null
kill -s KILL -- "-$pid" 2>/dev/null
wait
rm -rf "$folder"
"#;

/// A running server.
#[derive(Debug)]
pub(crate) struct Process {
    folder: PathBuf,
    supervisor: Child,
}

impl Process {
    /// Starts a program. What it prints goes to `log` in the folder; the folder `data` in it is the program's.
    pub(crate) fn start(folder: PathBuf, command: &Command) -> Self {
        let mut supervised = Command::new("sh");
        supervised
            .arg("-c")
            .arg(SUPERVISOR)
            .arg(&folder)
            .arg(command.get_program())
            .args(command.get_args())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => supervised.env(name, value),
                None => supervised.env_remove(name),
            };
        }
        let supervisor =
            supervised.spawn().unwrap_or_else(|error| panic!("{supervised:?} does not start: {error}"));
        Self { folder, supervisor }
    }

    /// The folder that is removed at the end.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What the server has printed.
    pub(crate) fn log(&self) -> String {
        fs_err::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// The server's process, as soon as there is one.
    pub(crate) fn pid(&self) -> Option<u32> {
        fs_err::read_to_string(self.folder.join("pid")).ok()?.trim().parse().ok()
    }

    /// Whether the server has ended by itself: its process waits to be collected at the end.
    pub(crate) fn has_ended(&self) -> bool {
        let Some(pid) = self.pid() else { return false };
        let status = fs_err::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        status.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('Z'))
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        drop(self.supervisor.stdin.take());
        let _ = self.supervisor.wait();
        // Is there still if the supervisor was killed.
        let _ = fs_err::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program's process that is gone, or has ended and waits to be collected.
    fn has_ended(pid: &str) -> bool {
        let stat = fs_err::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('Z'))
    }

    #[test]
    fn what_a_server_has_started_ends_with_it() {
        let mut command = Command::new("sh");
        command.args(["-c", "sleep 1000 & echo $!; wait"]);
        let process = Process::start(tempfile::tempdir().unwrap().keep(), &command);
        while !process.log().ends_with('\n') {
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
        let child = process.log().trim().to_owned();
        assert!(!has_ended(&child));
        drop(process);
        // The kernel takes a moment to end what it was told to end.
        let begun = std::time::Instant::now();
        while !has_ended(&child) {
            assert!(begun.elapsed().as_secs() < 10, "{child} goes on");
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }
}
