//! `tmpl init`: a new project, or a tmpl.toml for the pipeline that is there.

use std::process::ExitCode;

use crate::arguments::InitArguments;
use crate::context::Context;
use crate::report::Failure;

pub(crate) fn run(context: &Context<'_>, arguments: &InitArguments) -> Result<ExitCode, Failure> {
    let printer = context.printer;
    let folder = arguments.folder.display();
    let report = tmpl_builder::initialise(&arguments.folder, arguments.python.as_deref())?;
    for finding in &report.found {
        printer.say(&format!("found      {} = {} ({})", finding.key, finding.value, finding.origin));
    }
    for warning in &report.warnings {
        printer.warn(warning);
    }
    if printer.is_json() {
        printer.json(&report)?;
    } else {
        for file in &report.created {
            printer.data(&arguments.folder.join(file).display().to_string())?;
        }
    }
    printer.say(&format!(
        "next: tmpl build {folder} --bucket ./bucket && tmpl run {} --bucket ./bucket …",
        report.template
    ));
    Ok(ExitCode::SUCCESS)
}
