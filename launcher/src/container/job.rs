//! One attempt of a job that a bucket holds, in a container.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use crate::cache::Cache;
use crate::container::error::ContainerError;
use crate::container::{report, supervise};
use crate::image_template::ImageTemplate;
use crate::place::{CACHE_VARIABLE, LAUNCHER_ARGUMENT, SECRETS_VARIABLE};
use crate::role::Assignment;
use crate::this_process::executable;
use crate::{ArgumentValue, Invocation};

/// How the variables begin that stores' credentials are in.
const STORE_VARIABLES: [&str; 3] = ["AWS_", "GOOGLE_", "AZURE_"];

/// Runs the job to its end. The first process of a container has duties that the launcher of a job knows nothing of: there, it
/// starts itself once more as that launcher.
pub(crate) fn run(assignment: &Assignment) -> Result<ExitCode, ContainerError> {
    if !supervise::is_first_process() {
        return attempt(assignment);
    }
    let launcher = Invocation {
        program: executable()?,
        arguments: vec![LAUNCHER_ARGUMENT.to_owned()],
        environment: store_credentials().map_err(|source| ContainerError::Credentials { source })?,
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

/// What opens the bucket's store, where it was handed over as files: variables of the launcher and of its program, which reads and
/// writes the same store. An engine, which shows variables, never sees them.
fn store_credentials() -> std::io::Result<BTreeMap<String, ArgumentValue>> {
    let mut found = BTreeMap::new();
    let Some(folder) = std::env::var_os(SECRETS_VARIABLE).map(PathBuf::from) else { return Ok(found) };
    for entry in fs_err::read_dir(&folder)?.collect::<std::io::Result<Vec<_>>>()? {
        let Ok(name) = entry.file_name().into_string() else { continue };
        if STORE_VARIABLES.iter().any(|prefix| name.starts_with(prefix)) {
            // Read once: what is left of it is removed.
            let value = fs_err::read_to_string(entry.path())?;
            fs_err::remove_file(entry.path())?;
            found.insert(name, ArgumentValue::Plain(value));
        }
    }
    Ok(found)
}

/// Where layers are unpacked to. A container has a temporary folder, if anything; it may have neither a home nor a name for its
/// user.
pub(super) fn cache_folder() -> PathBuf {
    let named = std::env::var_os(CACHE_VARIABLE).filter(|folder| !folder.is_empty());
    named.map_or_else(|| std::env::temp_dir().join("tmpl-cache"), PathBuf::from)
}
