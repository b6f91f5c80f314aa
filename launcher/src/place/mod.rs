//! Where the launcher runs. It is started with two words, the bucket and the job's id: everything else it reads for itself, so
//! that a launcher in another place does the same.

#[cfg(feature = "docker")]
pub mod docker;
mod process;

pub use process::{LauncherProcess, PROCESS, start_process};

/// The word for the place in which a job's launcher runs in a container.
pub const DOCKER: &str = "docker";
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
/// The variable that names a folder with a file for each variable that a secret's reference names. Whoever reads one removes it.
pub const SECRETS_VARIABLE: &str = "TMPL_SECRETS_DIR";
