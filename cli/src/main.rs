//! `tmpl`: package a data pipeline once, launch it, see what it did.

mod arguments;
mod bounded_text;
mod commands;
mod context;
mod flags_file;
mod follow;
mod internal;
mod narrator;
mod outcome;
mod parameters;
mod printer;
mod progress;
mod report;
mod settings;
mod settle;
mod submitter;
mod template_page;
mod template_source;
mod this_process;

use std::process::ExitCode;

use clap::Parser;

use crate::arguments::{Arguments, Format};
use crate::printer::Printer;

fn main() -> ExitCode {
    if let Some(role) = internal::role() {
        return internal::run(role);
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
