//! Place `process`: the launcher is this program, started again on this machine.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tmpl_bucket::Bucket;
use tmpl_template::JobId;

use super::{BUCKET_VARIABLE, CACHE_VARIABLE, JOB_VARIABLE, LAUNCHER_ARGUMENT};
use crate::LaunchError;
use crate::cache::Cache;
use crate::notices::OwnNotices;

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

/// Starts this program again as the launcher of a job.
pub fn start_process(
    executable: &Path,
    bucket: &Bucket,
    id: &JobId,
    cache: &Cache,
    notices: &OwnNotices,
) -> Result<LauncherProcess, LaunchError> {
    let failed = |source| LaunchError::Start { program: executable.display().to_string(), source };
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    let child = Command::new(executable)
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
