//! `tmpl runners`: what pipelines can be run on.

mod check;
mod known;
mod list;
mod save;
mod show;

use std::process::ExitCode;

use serde_json::json;
use tmpl_template::RunnerName;

use crate::arguments::RunnersCommand;
use crate::context::Context;
use crate::report::{Failure, USAGE};
use crate::submitter;

pub(crate) async fn run(context: &Context<'_>, command: RunnersCommand) -> Result<ExitCode, Failure> {
    let done = match command {
        RunnersCommand::List => list::run(context).await,
        RunnersCommand::Show { name } => show::run(context, &name).await,
        RunnersCommand::Save(arguments) => save::run(context, &arguments).await,
        RunnersCommand::Delete { name } => delete(context, &name).await,
        RunnersCommand::Check(arguments) => check::run(context, &arguments).await,
    };
    done.map(|()| ExitCode::SUCCESS)
}

async fn delete(context: &Context<'_>, name: &RunnerName) -> Result<(), Failure> {
    let bucket = context.open_bucket()?;
    let is_own = context.settings.runners.profiles.contains_key(name);
    if !bucket.delete_runner(name, &submitter::submitter()).await? {
        let failure = Failure::new(USAGE, format!("there is no runner `{name}` in {bucket}"));
        return Err(if is_own {
            failure.hint(format!("it is in your configuration file: remove the table [runners.{name}] there"))
        } else {
            failure.hint("`tmpl runners list` shows which there are")
        });
    }
    context.printer.say(&format!("the runner {name} is deleted; jobs on it go on"));
    if is_own {
        context.printer.warn(&format!("your configuration file still has a table [runners.{name}]"));
    }
    if context.printer.is_json() {
        context.printer.json(&json!({ "name": name, "deleted": true }))
    } else {
        Ok(())
    }
}
