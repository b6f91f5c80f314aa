//! The launcher as a container's entry point.
//!
//! | module | holds |
//! |---|---|
//! | `job` | one attempt of a job that a bucket holds: place `docker` |
//! | `report` | what is told on standard error |

mod job;
mod report;

use std::process::ExitCode;

use crate::LaunchError;
use crate::place::JOB_VARIABLE;
use crate::role::Assignment;

/// Does what the container was started for, and says on standard error why where that can't be done.
pub fn run() -> ExitCode {
    let done = match Assignment::from_environment() {
        Some(assignment) => job::run(&assignment),
        None => Err(LaunchError::Variable { name: JOB_VARIABLE, reason: "it is not set".to_owned() }),
    };
    done.unwrap_or_else(|error| report::failure(&error))
}
