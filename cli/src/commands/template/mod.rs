//! `tmpl template`: what lies in the bucket, what changed, and whether a file is one.

mod copy;
mod diff;
mod lint;
mod log;
mod show;

use std::process::ExitCode;

use crate::arguments::{SchemaOf, TemplateCommand};
use crate::context::Context;
use crate::report::Failure;

pub(crate) async fn run(context: &Context<'_>, command: TemplateCommand) -> Result<ExitCode, Failure> {
    match command {
        TemplateCommand::List { search } => show::list(context, &search).await?,
        TemplateCommand::Show { template } => show::show(context, &template).await?,
        TemplateCommand::Versions { name } => log::versions(context, &name).await?,
        TemplateCommand::Diff(arguments) => return diff::run(context, &arguments).await,
        TemplateCommand::Rollback { template, message } => {
            log::rollback(context, &template, message.as_deref()).await?;
        }
        TemplateCommand::Delete { name, message } => log::delete(context, &name, message.as_deref()).await?,
        TemplateCommand::Copy(arguments) => copy::run(context, &arguments).await?,
        TemplateCommand::Lint(arguments) => return lint::run(context, &arguments),
        TemplateCommand::Schema { of } => schema(context, of)?,
    }
    Ok(ExitCode::SUCCESS)
}

fn schema(context: &Context<'_>, of: SchemaOf) -> Result<(), Failure> {
    context.printer.json(&match of {
        SchemaOf::Metadata => tmpl_template::metadata_schema(),
        SchemaOf::Spec => tmpl_template::spec_schema(),
        SchemaOf::Project => tmpl_builder::manifest_schema(),
    })
}
