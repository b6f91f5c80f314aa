//! `tmpl template diff`: what changed, and whether launches that worked still work.

use std::collections::{BTreeMap, BTreeSet};
use std::process::ExitCode;

use serde_json::{Value, json};
use tmpl_template::{TemplateSpec, difference};

use super::show::unusable;
use crate::arguments::DiffArguments;
use crate::context::Context;
use crate::printer::printable;
use crate::report::{Failure, PROGRAM};
use crate::template_source::{Loaded, TemplateSource};

/// Bytes of a lock that is read: ten times what the largest projects have.
pub(super) const LONGEST_LOCK: u64 = 32 << 20;

pub(super) async fn run(context: &Context<'_>, arguments: &DiffArguments) -> Result<ExitCode, Failure> {
    let printer = context.printer;
    let (old_loaded, old) = read(context, &arguments.old).await?;
    let (new_loaded, new) = read(context, &arguments.new).await?;
    let difference = difference(&old, &new);
    let packages = packages(context, (&old_loaded, &old), (&new_loaded, &new)).await;
    if printer.is_json() {
        let packages: Vec<Value> =
            packages.iter().map(|(name, old, new)| json!({"name": name, "old": old, "new": new})).collect();
        printer.json(&json!({
            "compatible": difference.is_compatible(), "changes": difference.changes, "dependencies": packages,
        }))?;
    } else {
        for change in &difference.changes {
            let mark = if change.breaking { "!" } else { " " };
            printer.data(&printable(&format!("{mark} {change}")))?;
        }
        for (name, old, new) in &packages {
            printer.data(&printable(&match (old, new) {
                (Some(old), Some(new)) => format!("  dependency {name} {old} is {new} now"),
                (Some(old), None) => format!("  dependency {name} {old} is gone"),
                (None, new) => format!("  dependency {name} {} is new", new.as_deref().unwrap_or_default()),
            }))?;
        }
        printer.say(match (difference.is_empty() && packages.is_empty(), difference.is_compatible()) {
            (true, _) => "nothing changed",
            (_, true) => "launches that worked still work",
            (_, false) => "launches that worked may be refused (!)",
        });
    }
    let broken = arguments.exit_code && !difference.is_compatible();
    Ok(if broken { ExitCode::from(PROGRAM) } else { ExitCode::SUCCESS })
}

async fn read(context: &Context<'_>, source: &TemplateSource) -> Result<(Loaded, TemplateSpec), Failure> {
    let loaded = source.load(context).await?;
    let spec = TemplateSpec::parse(&loaded.text).map_err(|error| unusable(source, &error))?;
    Ok((loaded, spec))
}

/// Dependencies whose version changed: name, old and new version. Known where the bucket has both locks.
async fn packages(
    context: &Context<'_>,
    old: (&Loaded, &TemplateSpec),
    new: (&Loaded, &TemplateSpec),
) -> Vec<(String, Option<String>, Option<String>)> {
    let (Some(old), Some(new)) = (locked(context, old).await, locked(context, new).await) else {
        return Vec::new();
    };
    let names: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    let changed = names.into_iter().filter(|name| old.get(*name) != new.get(*name));
    changed.map(|name| (name.clone(), old.get(name).cloned(), new.get(name).cloned())).collect()
}

/// The versions that a template's lock pins.
async fn locked(
    context: &Context<'_>,
    (loaded, spec): (&Loaded, &TemplateSpec),
) -> Option<BTreeMap<String, String>> {
    loaded.reference.as_ref()?;
    let lock = spec.tmpl.as_ref()?.lock.as_ref()?;
    let bytes = context.open_bucket().ok()?.blob_bytes(lock, LONGEST_LOCK).await.ok()?;
    tmpl_builder::locked_packages(&bytes)
}
