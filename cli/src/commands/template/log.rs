//! `tmpl template versions`, `rollback` and `delete`: the publish log, and what is added to it.

use serde_json::json;
use tmpl_bucket::BuildFacts;
use tmpl_launcher::this_process::host;
use tmpl_template::{TemplateName, TemplateReference};

use crate::context::Context;
use crate::printer::{printable, short};
use crate::report::Failure;
use crate::submitter;

pub(super) async fn versions(context: &Context<'_>, name: &TemplateName) -> Result<(), Failure> {
    let printer = context.printer;
    let bucket = context.open_bucket()?;
    let log = bucket.versions(name).await?;
    for warning in &log.warnings {
        printer.warn(warning);
    }
    let newest = log.entries.first().and_then(|found| found.entry.digest.as_ref());
    let launched = bucket.current_template(name).await?.map(|stored| stored.digest);
    if !log.entries.is_empty() && launched.as_ref() != newest {
        let shown = launched.as_ref().map_or("nothing", short);
        printer.warn(&format!(
            "{} is {shown}, not what the log says: publish, roll back or delete again",
            bucket.place_of(&tmpl_bucket::layout::template(name))
        ));
    }
    if printer.is_json() {
        return printer.json(&log.entries);
    }
    for (index, found) in log.entries.iter().enumerate() {
        let entry = &found.entry;
        let digest = entry.digest.as_ref().map_or("", short);
        let current = if index == 0 && entry.digest.is_some() { "*" } else { " " };
        let mut line = format!(
            "{current} {:>4}  {digest:12}  {:8}  {}  {} on {}",
            found.number,
            entry.action.to_string(),
            printer.time(entry.time),
            entry.facts.who,
            entry.facts.host,
        );
        for text in [
            &entry.from.as_ref().map(|from| format!("from {from}")),
            &entry.facts.source_revision,
            &entry.message,
        ]
        .into_iter()
        .flatten()
        {
            line = format!("{line}  {text}");
        }
        printer.data(&printable(&line))?;
    }
    Ok(())
}

pub(super) async fn rollback(
    context: &Context<'_>,
    template: &TemplateReference,
    message: Option<&str>,
) -> Result<(), Failure> {
    let (name, version) = (&template.name, template.version.as_ref());
    let done = context.open_bucket()?.rollback(name, version, message, &facts()).await?;
    let digest = short(&done.digest);
    context.printer.say(&if done.changed {
        format!("{name} is {digest} again (entry {} of its log)", done.entry)
    } else {
        format!("{name} is {digest} already")
    });
    if context.printer.is_json() {
        return context.printer.json(&json!({
            "name": name, "digest": done.digest, "entry": done.entry, "changed": done.changed, "path": done.path,
        }));
    }
    context.printer.data(&done.path)
}

pub(super) async fn delete(
    context: &Context<'_>,
    name: &TemplateName,
    message: Option<&str>,
) -> Result<(), Failure> {
    let done = context.open_bucket()?.delete_template(name, message, &facts()).await?;
    let last = done.last.as_ref().map(short);
    context.printer.say(&match (done.changed, &last) {
        (true, Some(last)) => {
            format!("{name} is deleted; `tmpl template rollback {name}@{last}` brings it back")
        }
        (true, None) => format!("{name} is deleted"),
        (false, _) => format!("{name} was deleted already"),
    });
    if context.printer.is_json() {
        let (entry, changed, digest) = (done.entry, done.changed, done.last);
        context.printer.json(&json!({"name": name, "entry": entry, "changed": changed, "last": digest}))?;
    }
    Ok(())
}

/// Who does this, where.
pub(super) fn facts() -> BuildFacts {
    BuildFacts {
        who: submitter::user(),
        host: host(),
        source_revision: None,
        tmpl_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
