//! `tmpl bucket`: what a bucket's people have agreed upon.

use std::process::ExitCode;

use tmpl_bucket::BucketSettings;

use crate::arguments::{BucketCommand, SettingsArguments};
use crate::context::Context;
use crate::printer::{Printer, span};
use crate::report::{Failure, USAGE};
use crate::submitter;

pub(crate) async fn run(context: &Context<'_>, command: BucketCommand) -> Result<ExitCode, Failure> {
    let BucketCommand::Settings(arguments) = command;
    let bucket = context.open_bucket()?;
    if let Some(program) = arguments.notify.iter().find(|target| !target.is_web()) {
        return Err(Failure::new(USAGE, format!("--notify {program}: a bucket names no programs")).hint(
            "whoever runs the launcher names them: `notify = [\"exec:…\"]` in its configuration file",
        ));
    }
    let settings = if is_change(&arguments) {
        bucket.change_settings(&|settings| change(settings, &arguments)).await?
    } else {
        bucket.settings().await?
    };
    show(context.printer, &settings)?;
    Ok(ExitCode::SUCCESS)
}

fn is_change(arguments: &SettingsArguments) -> bool {
    let SettingsArguments { notify, notify_nobody, keep_jobs, keep_logs } = arguments;
    !notify.is_empty() || *notify_nobody || keep_jobs.is_some() || keep_logs.is_some()
}

fn change(settings: &mut BucketSettings, arguments: &SettingsArguments) {
    if !arguments.notify.is_empty() || arguments.notify_nobody {
        settings.notify.clone_from(&arguments.notify);
    }
    if let Some(keep) = arguments.keep_jobs {
        settings.keep_jobs = keep.limit();
    }
    if let Some(keep) = arguments.keep_logs {
        settings.keep_logs = keep.limit();
    }
    settings.set_by = Some(submitter::submitter());
}

fn show(printer: &Printer, settings: &BucketSettings) -> Result<(), Failure> {
    if printer.is_json() {
        return printer.json(settings);
    }
    let keep = |limit: Option<jiff::SignedDuration>| limit.map_or_else(|| "for ever".to_owned(), span);
    let mut lines = vec![
        format!("keep jobs  {}", keep(settings.keep_jobs)),
        format!("keep logs  {}", keep(settings.keep_logs)),
    ];
    lines.extend(settings.notify.iter().map(|target| format!("notify     {target}")));
    lines.extend(settings.set_by.iter().map(|by| format!("set by     {} on {}", by.who, by.host)));
    lines.iter().try_for_each(|line| printer.data(line))
}
