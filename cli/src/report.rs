//! Errors as people see them, and the one table of exit codes.
//!
//! | code | meaning |
//! |---|---|
//! | 0 | succeeded; accepted (`--detach`); skipped (`--if-running skip`) |
//! | 1 | the program ran and failed; `build` or `lint` found errors; `diff --exit-code` found a break |
//! | 2 | usage, project file or parameter error; nothing was started or written |
//! | 3 | the launch failed for a reason outside the program, and repeating it won't help |
//! | 4 | the job was cancelled by somebody else |
//! | 5 | `--wait-timeout`: the job goes on |
//! | 6 | refused: a job name or launch key is in use |
//! | 7 | contact lost, state unknown |
//! | 75 | temporary infrastructure error; nothing runs; safe to repeat |
//! | 128+n | stopped by signal n |

use std::error::Error;
use std::process::ExitCode;

use tmpl_bucket::{BucketError, BucketErrorKind};
use tmpl_builder::{BuildError, BuildErrorKind, InitError};
use tmpl_launcher::LaunchError;

/// The program ran and failed, or the build found errors.
pub(crate) const PROGRAM: u8 = 1;
/// The request is wrong.
pub(crate) const USAGE: u8 = 2;
/// A reason outside the program; repeating won't help.
pub(crate) const ENVIRONMENT: u8 = 3;
/// `--wait-timeout` is over; the job goes on.
pub(crate) const WAIT_TIMEOUT: u8 = 5;
/// Contact lost, state unknown.
pub(crate) const CONTACT_LOST: u8 = 7;
/// Temporary: safe to repeat.
pub(crate) const TEMPORARY: u8 = 75;

/// The exit code of a command that a signal stopped.
pub(crate) fn signalled(signal: i32) -> u8 {
    u8::try_from(128 + signal).unwrap_or(u8::MAX)
}

/// A command that did not do what it was asked to.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: u8,
    /// What failed, then its causes.
    pub(crate) chain: Vec<String>,
    pub(crate) hint: Option<String>,
    /// What the author of a job's template says to do about it.
    pub(crate) advice: Option<String>,
    /// The reader of our output has left; nobody wants to hear of it.
    pub(crate) silent: bool,
}

impl Failure {
    pub(crate) fn new(code: u8, message: impl Into<String>) -> Self {
        Self { code, chain: vec![message.into()], hint: None, advice: None, silent: false }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    pub(crate) fn cause(mut self, cause: impl Into<String>) -> Self {
        self.chain.push(cause.into());
        self
    }

    /// An error with its causes.
    pub(crate) fn of(error: &dyn Error, code: u8, hint: Option<String>) -> Self {
        let chain = tmpl_bucket::causes(error);
        Self { code, chain, hint, advice: None, silent: false }
    }
}

impl From<BucketError> for Failure {
    fn from(error: BucketError) -> Self {
        let code = match error.kind() {
            BucketErrorKind::Usage => USAGE,
            BucketErrorKind::Damaged | BucketErrorKind::Environment => ENVIRONMENT,
            BucketErrorKind::Temporary => TEMPORARY,
        };
        Self::of(&error, code, error.hint())
    }
}

impl From<LaunchError> for Failure {
    fn from(error: LaunchError) -> Self {
        Self::of(&error, error.kind().exit_code(), error.hint())
    }
}

impl From<BuildError> for Failure {
    fn from(error: BuildError) -> Self {
        let code = match error.kind() {
            BuildErrorKind::Usage => USAGE,
            BuildErrorKind::Program => PROGRAM,
            BuildErrorKind::Environment => ENVIRONMENT,
            BuildErrorKind::Temporary => TEMPORARY,
        };
        Self::of(&error, code, error.hint())
    }
}

impl From<InitError> for Failure {
    fn from(error: InitError) -> Self {
        Self::of(&error, USAGE, error.hint())
    }
}

/// Writing to a closed pipe ends the command quietly; any other failure to write is an error.
impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        let silent = error.kind() == std::io::ErrorKind::BrokenPipe;
        let code = if silent { 0 } else { TEMPORARY };
        Self { silent, ..Self::new(code, error.to_string()) }
    }
}

/// What clap says of wrong arguments, and of `--help` and `--version`.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // A closed pipe is nobody's business here either.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(USAGE))
}
