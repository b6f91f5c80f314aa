//! `tmpl`: package a data pipeline once, launch it, see what it did.

mod arguments;
mod bounded_text;
mod commands;
mod context;
mod document_file;
mod flags_file;
mod follow;
mod narrator;
mod outcome;
mod parameters;
mod printer;
mod progress;
mod report;
mod result_table;
mod settings;
mod settle;
mod submitter;
mod template_page;
mod template_source;

use std::process::ExitCode;

use clap::Parser;
use tmpl_launcher::role::{self, Assignment, Role};

use crate::arguments::Arguments;
use crate::printer::{Format, Printer};
use crate::report::Failure;
use crate::settings::Settings;

fn main() -> ExitCode {
    match Role::of_this_process() {
        Some(Role::Guard) => return role::guard(),
        Some(Role::Launcher) => return launch_job(),
        None => {}
    }
    let typed = match flags_file::expand(std::env::args_os()) {
        Ok(typed) => typed,
        Err(failure) => {
            Printer::new(Format::Text, false).failure(&failure);
            return ExitCode::from(failure.code);
        }
    };
    let arguments = match Arguments::try_parse_from(typed) {
        Ok(arguments) => arguments,
        Err(error) => return report::usage(&error),
    };
    let printer = Printer::new(arguments.global.format, arguments.global.quiet);
    match commands::run(arguments, &printer) {
        Ok(code) => code,
        Err(failure) => {
            printer.failure(&failure);
            ExitCode::from(failure.code)
        }
    }
}

/// Plays the launcher of a job. What there is to say is in the job's record, not on a terminal.
fn launch_job() -> ExitCode {
    let launch = || -> Result<(), Failure> {
        let cache = Settings::read()?.cache()?;
        if let Some(assignment) = Assignment::from_environment() {
            assignment.run(cache, None)?;
        }
        Ok(())
    };
    if launch().is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
