//! `tmpl build`: a project becomes templates in a bucket. Standard output is their paths.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::time::Instant;

use serde_json::Value;
use tmpl_bucket::{Bucket, BucketUrl, BuildFacts};
use tmpl_builder::{BuildError, BuildReport, BuildRequest, Check, Checked, LockState, Origin};
use tmpl_launcher::this_process::host;
use tmpl_template::TemplateName;
use tokio::signal::unix::{SignalKind, signal};

use crate::arguments::{BuildArguments, CheckMode};
use crate::context::Context;
use crate::printer::{Printer, duration, short, size};
use crate::progress::Bars;
use crate::report::{ENVIRONMENT, Failure, signalled};
use crate::submitter;

pub(crate) async fn run(context: &Context<'_>, arguments: BuildArguments) -> Result<ExitCode, Failure> {
    let begun = Instant::now();
    let printer = context.printer;
    let named = context.settings.bucket_url(context.bucket.as_deref());
    // Nothing is written there; a build that has nowhere to publish can be looked at all the same.
    let nowhere = tempfile::tempdir()?;
    let url = match (named, arguments.print_only) {
        (Ok(url), true) if url.folder().is_none_or(std::path::Path::is_dir) => url,
        (_, true) => nowhere.path().display().to_string().parse::<BucketUrl>()?,
        (named, false) => named?,
    };
    let was_there = url.folder().is_none_or(Path::exists);
    let print_only = arguments.print_only;
    let request = BuildRequest {
        facts: facts(&arguments.project),
        project: arguments.project,
        bucket: Bucket::open_or_create(&url)?,
        locked: arguments.locked,
        check: match arguments.check {
            CheckMode::Auto if is_ci() => Check::Full,
            CheckMode::Auto => Check::Auto,
            CheckMode::Full => Check::Full,
            CheckMode::Static => Check::Static,
        },
        only: arguments.only,
        overrides: arguments.spec.overrides()?,
        check_compatible: arguments.check_compatible,
        platforms: arguments.platform,
        compression: arguments.compression,
        image: arguments.image.request()?,
        python: arguments.python,
        uv: arguments.uv,
        cache: context.settings.cache()?,
    };
    let bars = Bars::new(printer.is_quiet());
    if print_only {
        let specs = until_stopped(Box::pin(tmpl_builder::specs(&request, &bars))).await;
        bars.clear();
        return print_specs(printer, &specs?);
    }
    let built = until_stopped(Box::pin(tmpl_builder::build(&request, &bars))).await;
    bars.clear();
    match built {
        Ok(report) => {
            tell(printer, &report, begun)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => {
            forget_new_bucket(&url, was_there);
            Err(failure)
        }
    }
}

/// A build, or the signal that ends it.
async fn until_stopped<T>(work: impl Future<Output = Result<T, BuildError>>) -> Result<T, Failure> {
    tokio::select! {
        done = work => done.map_err(Failure::from),
        signal = stopped() => Err(Failure::new(signalled(signal), "the build was stopped; nothing was published")),
    }
}

/// The bytes of one spec as they would be published; of several, one JSON object of all.
fn print_specs(printer: &Printer, specs: &[(TemplateName, String)]) -> Result<ExitCode, Failure> {
    match specs {
        [(_, text)] => printer.bytes(text)?,
        specs => {
            let parsed: Result<serde_json::Map<String, Value>, serde_json::Error> = specs
                .iter()
                .map(|(name, text)| Ok((name.to_string(), serde_json::from_str(text)?)))
                .collect();
            printer.json(&parsed.map_err(|error| Failure::new(ENVIRONMENT, error.to_string()))?)?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// Whether this runs in CI, by the variable that every CI sets.
fn is_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| !matches!(value.as_str(), "" | "0" | "false"))
}

/// Waits for a signal that ends the build.
async fn stopped() -> i32 {
    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let wait = |kind: SignalKind| async move {
        match signal(kind) {
            Ok(mut signals) => drop(signals.recv().await),
            // Without a handler the signal ends this process by itself.
            Err(_) => std::future::pending().await,
        }
        kind.as_raw_value()
    };
    let [interrupt, terminate, hang_up] = kinds.map(wait);
    tokio::select! {
        number = interrupt => number,
        number = terminate => number,
        number = hang_up => number,
    }
}

/// A build that failed leaves no new, empty bucket behind.
fn forget_new_bucket(url: &BucketUrl, was_there: bool) {
    if let (false, Some(folder)) = (was_there, url.folder()) {
        // One that is not empty stays.
        let _ = fs_err::remove_dir(folder);
    }
}

fn tell(printer: &Printer, report: &BuildReport, begun: Instant) -> Result<(), Failure> {
    for warning in &report.warnings {
        printer.warn(warning);
    }
    if let Some(lock) = report.lock {
        printer.say(match lock {
            LockState::Reused => "lock       up to date",
            LockState::Created => "lock       tmpl.lock was made: commit it",
            LockState::Updated => "lock       tmpl.lock was updated: commit it",
        });
    }
    let mut written = 0;
    for layer in &report.layers {
        written += layer.written_bytes;
        let origin = match layer.origin {
            Origin::Cached => "cached",
            Origin::Bucket => "in the bucket",
            Origin::Made => "made",
        };
        let stored = if layer.written_bytes > 0 { ", stored" } else { "" };
        printer.say(&format!("layer      {:>8}  {} ({origin}{stored})", size(layer.size), layer.title));
    }
    if let Some(checked) = report.checked {
        printer.say(match checked {
            Checked::Unchanged => "check      nothing changed",
            Checked::Static => "check      imports resolved",
            Checked::Full => "check      main modules imported",
        });
    }
    for image in &report.images {
        for place in &image.places {
            printer.say(&format!("image      {:>8}  {place}", size(image.size)));
        }
        if image.unchanged {
            printer.say("           the registry has it");
        } else if image.bytes_sent > 0 {
            printer.say(&format!("           {} sent", size(image.bytes_sent)));
        }
    }
    for template in &report.templates {
        let version = short(&template.digest);
        let news = if template.changed { "published as" } else { "is" };
        printer.say(&format!("template   {} {news} version {} ({version})", template.name, template.entry));
    }
    let took = jiff::SignedDuration::try_from(begun.elapsed()).unwrap_or(jiff::SignedDuration::ZERO);
    printer.say(&format!("{} written to the bucket in {}", size(written), duration(took)));
    if printer.is_json() {
        return printer.json(report);
    }
    report.templates.iter().try_for_each(|template| printer.data(&template.path))
}

/// Who builds what: for the publish log.
fn facts(project: &Path) -> BuildFacts {
    BuildFacts {
        who: submitter::user(),
        host: host(),
        source_revision: source_revision(project),
        tmpl_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}

/// The project's revision, with `+changes` where files differ from it. A project outside version control has none.
fn source_revision(project: &Path) -> Option<String> {
    let git = |arguments: &[&str]| {
        let mut command = Command::new("git");
        command.arg("-C").arg(project).args(arguments).stdin(Stdio::null()).stderr(Stdio::null());
        let output = command.output().ok().filter(|output| output.status.success())?;
        String::from_utf8(output.stdout).ok()
    };
    let revision = git(&["rev-parse", "HEAD"])?.trim().to_owned();
    let clean = git(&["status", "--porcelain", "--", "."]).is_some_and(|changes| changes.trim().is_empty());
    Some(if clean { revision } else { format!("{revision}+changes") })
}
