//! `tmpl cache`: the unpacked layers and what builds keep on this machine.

use std::process::ExitCode;

use serde_json::json;
use tmpl_builder::CachedBlobs;

use crate::arguments::CacheCommand;
use crate::context::Context;
use crate::printer::size;
use crate::report::Failure;

pub(crate) fn run(context: &Context<'_>, command: &CacheCommand) -> Result<ExitCode, Failure> {
    let cache = context.settings.cache()?;
    let blobs = CachedBlobs::of(&cache);
    let printer = context.printer;
    match command {
        CacheCommand::Show => {
            let (layers, blobs) = (cache.size()?, blobs.size()?);
            let bytes = layers + blobs;
            if printer.is_json() {
                printer.json(&json!({
                    "directory": cache.directory(),
                    "bytes": bytes,
                    "layer_bytes": layers,
                    "blob_bytes": blobs,
                }))?;
            } else {
                printer.data(&format!("{}  {}", cache.directory().display(), size(bytes)))?;
            }
        }
        CacheCommand::Prune { keep } => {
            let limit = keep.saturating_mul(1_000_000);
            let pruned = cache.prune(limit)?;
            // Unpacked layers make launches fast; blobs only spare a build its work.
            let blobs = blobs.prune(limit.saturating_sub(pruned.kept))?;
            if printer.is_json() {
                printer.json(&json!({
                    "layers": pruned.layers,
                    "environments": pruned.environments,
                    "blobs": blobs.blobs,
                    "bytes": pruned.bytes + blobs.bytes,
                    "kept": pruned.kept + blobs.kept,
                }))?;
            } else {
                printer.data(&format!(
                    "removed {} layers, {} environments and {} blobs of builds, {}; {} stay",
                    pruned.layers,
                    pruned.environments,
                    blobs.blobs,
                    size(pruned.bytes + blobs.bytes),
                    size(pruned.kept + blobs.kept)
                ))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}
