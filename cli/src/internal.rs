//! The two other processes that this program is, when it starts itself again: the launcher of a job, and the guard above a
//! job's program. Nobody types their arguments.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use tmpl_bucket::Bucket;
use tmpl_launcher::guard;
use tmpl_launcher::launch::{self, LaunchContext};
use tmpl_launcher::place::{BUCKET_VARIABLE, GUARD_ARGUMENT, JOB_VARIABLE, LAUNCHER_ARGUMENT};

use crate::report::Failure;
use crate::settings::Settings;
use crate::submitter;
use crate::this_process::{block_on, executable};

/// What this process is, if it is not the command that somebody typed.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Role {
    Launcher,
    Guard,
}

pub(crate) fn role() -> Option<Role> {
    let first = std::env::args_os().nth(1)?;
    match first.to_str()? {
        LAUNCHER_ARGUMENT => Some(Role::Launcher),
        GUARD_ARGUMENT => Some(Role::Guard),
        _ => None,
    }
}

/// Plays a role to its end. What there is to say is in the job's record, not on a terminal.
pub(crate) fn run(role: Role) -> ExitCode {
    let done = match role {
        Role::Launcher => launch_job(),
        Role::Guard => guard::run().map_err(|error| Failure::new(1, error.to_string())),
    };
    if done.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn launch_job() -> Result<(), Failure> {
    let settings = Settings::read()?;
    let word = |name: &str| std::env::var(name).map_err(|_| Failure::new(2, format!("{name} is not set")));
    let bucket = Bucket::open(&word(BUCKET_VARIABLE)?.parse()?)?;
    let id =
        word(JOB_VARIABLE)?.parse().map_err(|error| Failure::new(2, format!("{JOB_VARIABLE}: {error}")))?;
    let context = LaunchContext {
        bucket,
        id,
        cache: settings.cache()?,
        client: client(),
        executable: executable()?,
        host: submitter::host(),
    };
    block_on(launch::run(context))??;
    Ok(())
}

/// The conversation this process was given as standard input; a launcher started by hand has none.
fn client() -> Option<UnixStream> {
    let socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned().ok()?);
    socket.peer_addr().is_ok().then_some(socket)
}
