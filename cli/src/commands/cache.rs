//! `tmpl cache`: the unpacked layers on this machine.

use std::process::ExitCode;

use serde_json::json;

use crate::arguments::CacheCommand;
use crate::context::Context;
use crate::printer::size;
use crate::report::Failure;

pub(crate) fn run(context: &Context<'_>, command: &CacheCommand) -> Result<ExitCode, Failure> {
    let cache = context.settings.cache()?;
    let printer = context.printer;
    match command {
        CacheCommand::Show => {
            let bytes = cache.size()?;
            if printer.is_json() {
                printer.json(&json!({ "directory": cache.directory(), "bytes": bytes }))?;
            } else {
                printer.data(&format!("{}  {}", cache.directory().display(), size(bytes)))?;
            }
        }
        CacheCommand::Prune { keep } => {
            let pruned = cache.prune(keep.saturating_mul(1_000_000))?;
            if printer.is_json() {
                printer.json(&pruned)?;
            } else {
                printer.data(&format!(
                    "removed {} layers and {} environments, {}; {} stay",
                    pruned.layers,
                    pruned.environments,
                    size(pruned.bytes),
                    size(pruned.kept)
                ))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
