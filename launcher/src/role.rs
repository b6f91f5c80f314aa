//! The two processes that a program of this workspace is when it starts itself again: the launcher of a job, and the guard above
//! a job's program. `tmpl` and the `launcher` of images play them alike. Nobody types their arguments.

use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::process::ExitCode;

use tmpl_bucket::{Bucket, FinalRecord};
use tmpl_template::JobId;

use crate::cache::Cache;
use crate::image_template::ImageTemplate;
use crate::launch::{self, LaunchContext};
use crate::place::{BUCKET_VARIABLE, GUARD_ARGUMENT, JOB_VARIABLE, LAUNCHER_ARGUMENT};
use crate::this_process::{block_on, executable, host};
use crate::{LaunchError, guard};

/// What this process is, if it is not the command that somebody typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// The launcher of a job.
    Launcher,
    /// The guard above a job's program.
    Guard,
}

impl Role {
    /// The role that this process was started for, by its first argument.
    pub fn of_this_process() -> Option<Self> {
        match std::env::args_os().nth(1)?.to_str()? {
            LAUNCHER_ARGUMENT => Some(Self::Launcher),
            GUARD_ARGUMENT => Some(Self::Guard),
            _ => None,
        }
    }
}

/// Which job a launcher was started for: its two words.
#[derive(Clone, Debug, Default)]
pub struct Assignment {
    bucket: String,
    id: String,
}

impl Assignment {
    /// The job that the environment names. Nothing where it names neither bucket nor job; one alone is a mistake that
    /// [`run`](Self::run) tells.
    pub fn from_environment() -> Option<Self> {
        let word = |name: &str| std::env::var(name).unwrap_or_default();
        let (bucket, id) = (word(BUCKET_VARIABLE), word(JOB_VARIABLE));
        (!bucket.is_empty() || !id.is_empty()).then_some(Self { bucket, id })
    }

    /// Runs one attempt of the job to its end. Returns the end that holds, or nothing where another launcher has the job already.
    /// `image` is the template of the image that this process runs in, if it runs in one.
    pub fn run(
        &self,
        cache: Cache,
        image: Option<ImageTemplate>,
    ) -> Result<Option<FinalRecord>, LaunchError> {
        for (name, word) in [(BUCKET_VARIABLE, &self.bucket), (JOB_VARIABLE, &self.id)] {
            if word.is_empty() {
                return Err(LaunchError::Variable { name, reason: "it is not set".to_owned() });
            }
        }
        let id = self
            .id
            .parse::<JobId>()
            .map_err(|error| LaunchError::Variable { name: JOB_VARIABLE, reason: error.to_string() })?;
        let context = LaunchContext {
            bucket: Bucket::open(&self.bucket.parse()?)?,
            id,
            cache,
            client: client(),
            executable: executable()?,
            host: host(),
            image,
        };
        block_on(launch::run(context))?
    }
}

/// The conversation this process was given as standard input; a launcher started by hand has none.
fn client() -> Option<UnixStream> {
    let socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned().ok()?);
    socket.peer_addr().is_ok().then_some(socket)
}

/// Plays the guard to its end. What there is to say it has told its launcher.
pub fn guard() -> ExitCode {
    if guard::run().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
