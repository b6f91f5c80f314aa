//! `tmpl`: package a data pipeline once, launch it, see what it did.

mod arguments;
mod commands;
mod follow;
mod internal;
mod outcome;
mod parameters;
mod printer;
mod progress;
mod report;
mod settings;
mod submitter;
mod this_process;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::Arguments;
use crate::printer::Printer;

fn main() -> ExitCode {
    if let Some(role) = internal::role() {
        return internal::run(role);
    }
    let arguments = match Arguments::try_parse() {
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
