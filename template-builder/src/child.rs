//! Runs another program to its end: its input given, its output taken, and no part of it left behind when nobody waits for it
//! any more.

use std::io;
use std::process::{Output, Stdio};

use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::BuildError;

/// The process group of a running program; dropping it ends the group.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.0 {
            // Gone already is as good.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}

/// Runs a program with some input. What it prints comes back, whether it succeeded or not.
pub(crate) async fn run(mut command: Command, input: &[u8]) -> Result<Output, BuildError> {
    let program = command.as_std().get_program().to_string_lossy().into_owned();
    let failed = |source: io::Error| BuildError::Start { program: program.clone(), source };
    // In a group of its own: uv starts build backends, and those start compilers.
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true);
    let mut child = command.spawn().map_err(failed)?;
    let leader = child.id().and_then(|id| Pid::from_raw(id.try_into().ok()?));
    let mut group = Group(leader);
    let stdin = child.stdin.take();
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A program that ends without reading says why on stderr; the broken pipe says nothing.
            let _ = stdin.write_all(input).await;
        }
    };
    let ((), output) = tokio::join!(feed, child.wait_with_output());
    let output = output.map_err(failed)?;
    group.0 = None;
    Ok(output)
}

/// The last lines of a program's error output.
pub(crate) fn tail(stderr: &[u8], lines: usize) -> String {
    let text = String::from_utf8_lossy(stderr);
    let all: Vec<&str> = text.trim_end().lines().collect();
    all[all.len().saturating_sub(lines)..].join("\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test]
    async fn input_goes_in_and_output_comes_out() {
        let output = run(Command::new("cat"), &vec![b'x'; 200_000]).await.unwrap();
        assert_eq!(output.stdout.len(), 200_000);
        let mut command = Command::new("sh");
        command.args(["-c", "echo one >&2; echo two >&2; exit 3"]);
        let output = run(command, b"").await.unwrap();
        assert_eq!(output.status.code(), Some(3));
        assert_eq!(tail(&output.stderr, 1), "two");
        let error = run(Command::new("/nowhere/uv"), b"").await.unwrap_err();
        assert_eq!(error.to_string(), "can't start /nowhere/uv");
    }

    #[tokio::test]
    async fn grandchildren_end_with_an_abandoned_program() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("pid");
        let mut command = Command::new("sh");
        command.args(["-c", "sh -c 'echo $$ > \"$0\"; exec sleep 60' \"$0\" & wait"]).arg(&file);
        let run = run(command, b"");
        tokio::time::timeout(Duration::from_millis(500), run).await.unwrap_err();
        let pid: i32 = fs_err::read_to_string(&file).unwrap().trim().parse().unwrap();
        let gone = || {
            // A killed process that nobody has collected yet is gone as well.
            let stat = fs_err::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            stat.is_empty() || stat.contains(") Z ")
        };
        for _ in 0..100 {
            if gone() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("process {pid} is still there");
    }
}
