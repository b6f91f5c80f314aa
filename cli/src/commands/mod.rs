//! One file a command.

mod build;
mod cache;
mod init;
mod jobs;
mod run;
mod wait;

use std::process::ExitCode;

use crate::arguments::{Arguments, Command};
use crate::printer::Printer;
use crate::report::{Failure, TEMPORARY};
use crate::settings::Settings;

/// What every command is given.
pub(crate) struct Context<'a> {
    pub(crate) settings: Settings,
    /// The bucket that the command line names.
    pub(crate) bucket: Option<String>,
    pub(crate) printer: &'a Printer,
}

/// Runs the command that was typed.
pub(crate) fn run(arguments: Arguments, printer: &Printer) -> Result<ExitCode, Failure> {
    let context = Context { settings: Settings::read()?, bucket: arguments.global.bucket, printer };
    block_on(async {
        match arguments.command {
            Command::Build(arguments) => build::run(&context, arguments).await,
            Command::Run(arguments) => run::run(&context, arguments).await,
            Command::Jobs(command) => jobs::run(&context, command).await,
            Command::Wait(arguments) => wait::run(&context, &arguments).await,
            Command::Init(arguments) => init::run(&context, &arguments),
            Command::Cache(command) => cache::run(&context, &command),
        }
    })?
}

/// Runs a future to its end on this thread. Work that still goes on elsewhere is left behind.
pub(crate) fn block_on<T>(future: impl Future<Output = T>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::new(TEMPORARY, format!("no event loop could be started: {error}")))?;
    let done = runtime.block_on(future);
    runtime.shutdown_background();
    Ok(done)
}

impl Context<'_> {
    /// The bucket that is meant, which must exist.
    pub(crate) fn open_bucket(&self) -> Result<tmpl_bucket::Bucket, Failure> {
        self.settings.bucket(self.bucket.as_deref())
    }
}
