//! One attempt of a job that a bucket holds, in a container.

use std::path::PathBuf;
use std::process::ExitCode;

use crate::Invocation;
use crate::cache::Cache;
use crate::container::error::ContainerError;
use crate::container::{report, supervise};
use crate::image_template::ImageTemplate;
use crate::place::{CACHE_VARIABLE, LAUNCHER_ARGUMENT};
use crate::role::Assignment;
use crate::this_process::executable;

/// Runs the job to its end. The first process of a container has duties that the launcher of a job knows nothing of: there, it
/// starts itself once more as that launcher.
pub(crate) fn run(assignment: &Assignment) -> Result<ExitCode, ContainerError> {
    if !supervise::is_first_process() {
        return attempt(assignment);
    }
    let launcher = Invocation {
        program: executable()?,
        arguments: vec![LAUNCHER_ARGUMENT.to_owned()],
        environment: [].into(),
        removed: Vec::new(),
        search_path: Vec::new(),
        directory: supervise::directory()?,
        files: Vec::new(),
    };
    Ok(supervise::run(&launcher)?.exit_code())
}

/// One attempt. The exit code is that of the job, so that whoever runs containers learns it too.
pub(crate) fn attempt(assignment: &Assignment) -> Result<ExitCode, ContainerError> {
    let cache = Cache::at(cache_folder());
    let Some(end) = assignment.run(cache, ImageTemplate::find()?)? else {
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
