//! The image as a worker's: a runner starts it with the arguments of Beam's worker, and Beam's own entry point takes them.
//!
//! One image then serves launcher and workers, without a script that tells the two apart: Google's service appends the worker's
//! arguments to the entry point of the image that is named as `sdk_container_image`.

use std::ffi::{OsStr, OsString};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use crate::container::error::ContainerError;
use crate::program_process::nobody;

/// Beam's entry point in its SDK images.
const BOOT: &str = "/opt/apache/beam/boot";
/// The flags of that program. Go's: one dash or two, the value behind `=` or in the next argument.
const FLAGS: &[&str] = &[
    "id",
    "logging_endpoint",
    "control_endpoint",
    "artifact_endpoint",
    "provision_endpoint",
    "semi_persist_dir",
    "worker_pool",
];

/// Whether these are a worker's arguments.
pub(crate) fn is_meant(arguments: &[OsString]) -> bool {
    arguments.iter().filter_map(|argument| flag(argument)).any(|name| FLAGS.contains(&name))
}

fn flag(argument: &OsStr) -> Option<&str> {
    let text = argument.to_str()?.strip_prefix('-')?;
    let text = text.strip_prefix('-').unwrap_or(text);
    text.split('=').next()
}

/// Becomes the worker. Returns only if it can't.
pub(crate) fn become_worker(arguments: &[OsString]) -> ContainerError {
    if !Path::new(BOOT).exists() {
        return ContainerError::NoWorker { path: BOOT };
    }
    ContainerError::Worker { path: BOOT, source: Command::new(BOOT).args(arguments).envs(nobody()).exec() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_workers_arguments_are_told_from_a_launchs() {
        for (arguments, meant) in [
            (&["--id=1", "--logging_endpoint=localhost:1"][..], true),
            (&["-provision_endpoint", "localhost:1"], true),
            (&["--worker_pool"], true),
            (&[], false),
            (&["--parameters", "id=1"], false),
            (&["--param", "logging_endpoint=x"], false),
            (&["--my_logging_endpoint=x"], false),
            (&["-template-container-args", "{\"parameters\": {\"id\": \"1\"}}"], false),
        ] {
            let arguments: Vec<OsString> = arguments.iter().map(OsString::from).collect();
            assert_eq!(is_meant(&arguments), meant, "{arguments:?}");
        }
    }
}
