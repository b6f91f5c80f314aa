//! Place `process`: the launcher is this program, started again on this machine.

use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Stdio;

use tmpl_bucket::Bucket;
use tmpl_template::JobId;
use tokio::process::{Child, Command};

use super::{BUCKET_VARIABLE, CACHE_VARIABLE, JOB_VARIABLE, LAUNCHER_ARGUMENT};
use crate::cache::Cache;
use crate::notices::OwnNotices;
use crate::{FromClient, LaunchError};

/// The word for this place in a job's record.
pub const PROCESS: &str = "process";

/// A launcher that runs as a process on this machine: place `process`.
#[derive(Debug)]
pub struct LauncherProcess {
    /// The process.
    pub child: Child,
    /// Our end of the conversation.
    pub socket: UnixStream,
}

impl LauncherProcess {
    /// Leaves the launcher alone: the job goes on, whatever becomes of this process. It is reaped when it ends.
    pub fn leave(self) {
        let Self { mut child, mut socket } = self;
        // Words for a launcher that is gone are lost; the job's record tells what became of it.
        if let Ok(mut line) = serde_json::to_vec(&FromClient::Detach) {
            line.push(b'\n');
            let _ = socket.write_all(&line);
        }
        // Nobody will read what it says: it must not wait for that.
        drop(socket);
        tokio::spawn(async move { child.wait().await });
    }
}

/// Starts this program again as the launcher of a job. Within an event loop. It has this process's variables but those that are `withheld`:
/// the job's program would have them, too.
pub fn start_process(
    executable: &Path,
    bucket: &Bucket,
    id: &JobId,
    cache: &Cache,
    notices: &OwnNotices,
    withheld: &[String],
) -> Result<LauncherProcess, LaunchError> {
    let failed = |source| LaunchError::Start { program: executable.display().to_string(), source };
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    let mut command = Command::new(executable);
    for name in withheld {
        command.env_remove(name);
    }
    let child = command
        .arg(LAUNCHER_ARGUMENT)
        .env(BUCKET_VARIABLE, bucket.url().to_string())
        .env(JOB_VARIABLE, id.as_str())
        .env(CACHE_VARIABLE, cache.directory())
        .envs(notices.variables())
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C goes to the terminal's group: the client decides what it means for the job.
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    Ok(LauncherProcess { child, socket: ours })
}
