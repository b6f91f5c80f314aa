//! One file a command.

mod bucket;
mod build;
mod cache;
mod cards;
mod doctor;
mod gc;
mod init;
mod jobs;
mod run;
mod runners;
mod serve;
mod template;
mod wait;
mod worker_pool;

use std::process::ExitCode;

use tmpl_launcher::this_process::block_on;

use crate::arguments::{Arguments, Command};
use crate::context::Context;
use crate::printer::{Format, Printer};
use crate::report::{Failure, USAGE};
use crate::settings::Settings;

/// Runs the command that was typed.
pub(crate) fn run(arguments: Arguments, printer: &Printer) -> Result<ExitCode, Failure> {
    if matches!(printer.format(), Format::Tree | Format::Dot | Format::Svg) && !arguments.command.draws() {
        return Err(Failure::new(USAGE, "this command's data is no graph").hint(
            "--format text and --format json are for every command; tree, dot and svg for `tmpl jobs graph`",
        ));
    }
    let context = Context { settings: Settings::read()?, bucket: arguments.global.bucket, printer };
    block_on(async {
        match arguments.command {
            Command::Build(arguments) => Box::pin(build::run(&context, *arguments)).await,
            Command::Run(arguments) => Box::pin(run::run(&context, *arguments)).await,
            Command::Template(command) => template::run(&context, command).await,
            Command::Cards(command) => Box::pin(cards::run(&context, command)).await,
            Command::Jobs(command) => jobs::run(&context, command).await,
            Command::Runners(command) => Box::pin(runners::run(&context, command)).await,
            Command::Wait(arguments) => wait::run(&context, &arguments).await,
            Command::Serve(arguments) => serve::run(&context, &arguments).await,
            Command::Init(arguments) => init::run(&context, &arguments),
            Command::Cache(command) => cache::run(&context, &command),
            Command::Doctor(arguments) => doctor::run(&context, &arguments).await,
            Command::WorkerPool(arguments) => worker_pool::run(&context, arguments).await,
            Command::Gc(arguments) => gc::run(&context, &arguments).await,
            Command::Bucket(command) => bucket::run(&context, command).await,
        }
    })?
}
