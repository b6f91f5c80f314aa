//! Where the launcher runs. It is started with two words, the bucket and the job's id: everything else it reads for itself, so
//! that a launcher in another place does the same.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tmpl_bucket::Bucket;
use tmpl_template::JobId;

use crate::LaunchError;
use crate::cache::Cache;

/// The argument that makes this program a launcher.
pub const LAUNCHER_ARGUMENT: &str = "__launcher";
/// The argument that makes this program a guard.
pub const GUARD_ARGUMENT: &str = "__guard";
/// The variable that names the bucket.
pub const BUCKET_VARIABLE: &str = "TMPL_BUCKET";
/// The variable that names the job.
pub const JOB_VARIABLE: &str = "TMPL_JOB";
/// The variable that names the cache folder.
pub const CACHE_VARIABLE: &str = "TMPL_CACHE_DIR";

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
) -> Result<LauncherProcess, LaunchError> {
    let failed = |source| LaunchError::Start { program: executable.display().to_string(), source };
    let (ours, theirs) = UnixStream::pair().map_err(failed)?;
    let child = Command::new(executable)
        .arg(LAUNCHER_ARGUMENT)
        .env(BUCKET_VARIABLE, bucket.root())
        .env(JOB_VARIABLE, id.as_str())
        .env(CACHE_VARIABLE, cache.directory())
        .stdin(Stdio::from(OwnedFd::from(theirs)))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C goes to the terminal's group: the client decides what it means for the job.
        .process_group(0)
        .spawn()
        .map_err(failed)?;
    Ok(LauncherProcess { child, socket: ours })
}
