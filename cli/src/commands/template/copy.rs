//! `tmpl template copy`: promotion from one bucket to another, without a rebuild.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;
use tmpl_bucket::{Bucket, BucketError};
use tmpl_template::{Digest, TemplateSpec};

use super::log::facts;
use crate::arguments::CopyArguments;
use crate::context::Context;
use crate::printer::{short, size};
use crate::report::{ENVIRONMENT, Failure};

pub(super) async fn run(context: &Context<'_>, arguments: &CopyArguments) -> Result<(), Failure> {
    let printer = context.printer;
    let from = context.settings.bucket(arguments.from.as_deref().or(context.bucket.as_deref()))?;
    let reference = &arguments.template;
    let stored = from.template(reference).await?;
    let spec = TemplateSpec::parse(&stored.text).map_err(|error| {
        Failure::new(ENVIRONMENT, format!("{reference} can't be used")).cause(error.to_string())
    })?;
    let mut blobs = blobs(&spec);
    let missing_lock = add_lock(&from, &spec, &mut blobs).await?;
    let to = Bucket::open_or_create(&arguments.to.parse()?)?;
    let name = arguments.name.as_ref().unwrap_or(&reference.name);

    let bar = bar(printer.is_quiet(), blobs.iter().map(|(_, size)| size).sum());
    let copied = to.copy_template(&from, &stored, name, &blobs, &facts(), &|bytes| bar.inc(bytes)).await;
    bar.finish_and_clear();
    let done = copied?;
    if missing_lock {
        printer.warn("the lock of the version is not in the bucket: `tmpl template diff` can't compare its dependencies");
    }
    let (publication, sent) = (&done.publication, &done.blobs);
    let news = if publication.changed { "is current now" } else { "was current already" };
    let version = short(&publication.digest);
    let (count, all) = (sent.copied, sent.copied + sent.present);
    let bytes = size(sent.copied_bytes);
    printer.say(&format!("{name}@{version} {news} in {to}: {count} of {all} blobs sent, {bytes}"));
    if printer.is_json() {
        return printer.json(&json!({
            "name": name, "digest": publication.digest, "entry": publication.entry, "changed": publication.changed,
            "path": publication.path, "blobs": {
                "sent": sent.copied, "sentBytes": sent.copied_bytes, "present": sent.present,
            },
        }));
    }
    printer.data(&publication.path)
}

/// The layers of every platform.
fn blobs(spec: &TemplateSpec) -> Vec<(Digest, u64)> {
    let platforms = spec.tmpl.iter().flat_map(|extension| extension.platforms.values());
    platforms.flat_map(|platform| &platform.layers).map(|layer| (layer.digest.clone(), layer.size)).collect()
}

/// The lock, where the bucket has it: those of early versions were not kept.
async fn add_lock(
    from: &Bucket,
    spec: &TemplateSpec,
    blobs: &mut Vec<(Digest, u64)>,
) -> Result<bool, Failure> {
    let Some(lock) = spec.tmpl.as_ref().and_then(|extension| extension.lock.as_ref()) else {
        return Ok(false);
    };
    match from.blob_bytes(lock, super::diff::LONGEST_LOCK).await {
        Ok(bytes) => blobs.push((lock.clone(), bytes.len() as u64)),
        Err(BucketError::MissingBlob { .. }) => return Ok(true),
        Err(error) => return Err(error.into()),
    }
    Ok(false)
}

fn bar(quiet: bool, bytes: u64) -> ProgressBar {
    let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(bytes), target);
    let style = ProgressStyle::with_template("copying  {bar:30} {bytes}/{total_bytes}  {bytes_per_sec}");
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar
}
