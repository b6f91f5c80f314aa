//! The launcher as a container's entry point. What it is started for is found in this order:
//!
//! | started with | what it does | module |
//! |---|---|---|
//! | arguments of a Beam worker (`--id=…`, `--provision_endpoint=…`), or of a pool of them | becomes that worker, or serves the pool | `worker` |
//! | `TMPL_BUCKET` and `TMPL_JOB` | runs one attempt of that job: place `docker` | `job` |
//! | anything else | checks the parameters and runs the image's program on the `direct` runner | `program_launch` |
//!
//! The image's program is the template that lies in the image (`/template/template.json`), or what Google's variables name
//! (`flex_program`). There is no guard here: when the first process of a container is gone, the kernel ends all others.

mod arguments;
mod asked;
mod error;
mod flex_program;
mod job;
mod launch_arguments;
mod program_launch;
mod report;
mod supervise;
mod worker;

use std::ffi::OsString;
use std::process::ExitCode;

use crate::container::error::ContainerError;
pub(crate) use crate::container::program_launch::image_program;
use crate::role::Assignment;

/// Does what the container was started for, and says on standard error why where that can't be done.
pub fn run() -> ExitCode {
    start().unwrap_or_else(|error| report::failure(&error))
}

/// Plays the launcher of a job that was started as such: the process above it does what a first process has to do.
pub fn run_job() -> ExitCode {
    let assigned = Assignment::from_environment().unwrap_or_default();
    job::attempt(&assigned).unwrap_or_else(|error| report::failure(&error))
}

/// The program `boot`: does nothing but a worker's work, and needs no entry point of Beam's.
pub fn boot() -> ExitCode {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    worker::boot(&arguments).unwrap_or_else(|error| report::failure(&error))
}

fn start() -> Result<ExitCode, ContainerError> {
    let arguments: Vec<OsString> = std::env::args_os().skip(1).collect();
    if worker::is_meant(&arguments) {
        return worker::run(&arguments);
    }
    if let Some(assignment) = Assignment::from_environment() {
        return job::run(&assignment);
    }
    match arguments::read(arguments)? {
        arguments::Read::Launch(asked) => program_launch::run(*asked),
        arguments::Read::Told(code) => Ok(code),
    }
}
