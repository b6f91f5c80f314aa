//! One attempt of a job that a bucket holds, in a container.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::LaunchError;
use crate::cache::Cache;
use crate::container::report;
use crate::place::CACHE_VARIABLE;
use crate::role::Assignment;

/// Runs the job to its end. The exit code is that of the job, so that whoever runs containers learns it too.
pub(crate) fn run(assignment: &Assignment) -> Result<ExitCode, LaunchError> {
    let Some(end) = assignment.run(Cache::open(cache_folder())?)? else {
        report::note("another launcher has this job");
        return Ok(ExitCode::SUCCESS);
    };
    Ok(ExitCode::from(end.exit_code))
}

/// Where layers are unpacked to. A container has a temporary folder, if anything; it may have neither a home nor a name for its
/// user.
fn cache_folder() -> PathBuf {
    let named = std::env::var_os(CACHE_VARIABLE).filter(|folder| !folder.is_empty());
    named.map_or_else(|| std::env::temp_dir().join("tmpl-cache"), PathBuf::from)
}
