//! The image as a worker's: a runner starts it with the arguments of Beam's worker, and gets the worker of the image's template; or a
//! pool of them, for runners that ask for workers over the network.
//!
//! One image then serves launcher and workers, without a script that tells the two apart: Google's service appends the worker's
//! arguments to the entry point of the image that is named as `sdk_container_image`. Where the image has no template of ours, Beam's own
//! entry point takes the arguments, if it is there.

use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use tmpl_beam::worker::{BootArguments, Harness, Provisioned, WorkerStart, fetch_artifacts, provision};
use tmpl_bucket::Bucket;

use crate::cache::Cache;
use crate::container::error::ContainerError;
use crate::container::job::cache_folder;
use crate::container::program_launch::find_python;
use crate::container::{report, supervise};
use crate::image_template::ImageTemplate;
use crate::place::BUCKET_VARIABLE;
use crate::program_process::{self, Files, nobody};
use crate::this_process::block_on;
use crate::worker::{TemplateWorkers, WorkerProgram, end_signal, of_image, serve_pool, worker_invocation};
use crate::{Invocation, LaunchError};

/// Beam's entry point in its SDK images.
const BOOT: &str = "/opt/apache/beam/boot";
/// Where a pool listens if nobody says: as Beam's do, for whoever can reach the container; and where there is no IPv6.
const POOL_ADDRESSES: [&str; 2] = ["[::]:50000", "0.0.0.0:50000"];
/// How long the runner is tried to be reached.
const PATIENCE: Duration = Duration::from_mins(2);

/// Whether these are a worker's arguments.
pub(super) fn is_meant(arguments: &[OsString]) -> bool {
    BootArguments::are_meant(arguments)
}

/// Does a worker's work as the launcher of an image.
pub(super) fn run(arguments: &[OsString]) -> Result<ExitCode, ContainerError> {
    match ImageTemplate::find()?.filter(|image| image.spec.tmpl.is_some()) {
        Some(image) => work(arguments, Some(image)),
        None => Err(become_beams_worker(arguments)),
    }
}

/// The same as a program that is nothing else.
pub(super) fn boot(arguments: &[OsString]) -> Result<ExitCode, ContainerError> {
    work(arguments, ImageTemplate::find()?.filter(|image| image.spec.tmpl.is_some()))
}

fn work(arguments: &[OsString], image: Option<ImageTemplate>) -> Result<ExitCode, ContainerError> {
    match BootArguments::parse(arguments)? {
        BootArguments::Worker(start) => {
            let program = match &image {
                Some(image) => of_image(image)?,
                None => WorkerProgram::plain_python(find_python()?),
            };
            run_worker(&start, &program)
        }
        BootArguments::Pool { listen } => run_pool(listen.as_deref(), image),
    }
}

/// Becomes Beam's worker. Returns only if it can't.
fn become_beams_worker(arguments: &[OsString]) -> ContainerError {
    if !Path::new(BOOT).exists() {
        return ContainerError::NoWorker { path: BOOT };
    }
    let mut boot = Command::new(BOOT);
    // It writes its options into the folder it is started in, and the image's own belongs to root.
    boot.args(arguments).envs(nobody()).current_dir(std::env::temp_dir());
    ContainerError::BeamsWorker { path: BOOT, source: boot.exec() }
}

/// Runs a worker to its end, and those that the runner wants beside it: they end with it.
fn run_worker(start: &WorkerStart, program: &WorkerProgram) -> Result<ExitCode, ContainerError> {
    let folder = std::env::temp_dir();
    let failed = |source| ContainerError::Files { folder: folder.clone(), source };
    // Of its own: several containers may share the folder that the runner names.
    let options = tempfile::Builder::new().prefix("tmpl-worker-").tempdir_in(&folder).map_err(failed)?;
    let (provisioned, harness) = block_on(prepare(start, program, options.path()))??;
    let invocation = |harness: Harness| worker_invocation(harness, program, Vec::new(), &folder);
    let siblings = provisioned.info.sibling_worker_ids.iter().filter(|id| **id != start.id);
    let siblings: Vec<Invocation> = siblings.map(|id| invocation(harness.sibling(id))).collect();
    let own = invocation(harness);
    let files = Files::write(&own).map_err(failed)?;
    for sibling in &siblings {
        let failed = |source| LaunchError::Start { program: sibling.program.display().to_string(), source };
        program_process::start(sibling).map_err(failed)?;
    }
    let ended = supervise::run(&own)?;
    drop(files);
    Ok(ended.exit_code())
}

/// Everything on the way to a worker's process.
async fn prepare(
    start: &WorkerStart,
    program: &WorkerProgram,
    options_folder: &Path,
) -> Result<(Provisioned, Harness), ContainerError> {
    let provisioned = provision(start, PATIENCE).await?;
    let staged_folder = program.harness.staged_folder(&provisioned);
    let leave_out = |role: &str| program.harness.has_already(role);
    let staged = fetch_artifacts(&provisioned, &staged_folder, &leave_out, PATIENCE).await?;
    program.check_packages(&staged)?;
    let harness = Harness::new(&program.harness, &provisioned, &staged, options_folder);
    Ok((provisioned, harness))
}

/// Serves a pool until a signal ends it.
fn run_pool(listen: Option<&str>, image: Option<ImageTemplate>) -> Result<ExitCode, ContainerError> {
    let mut workers =
        TemplateWorkers::new(Cache::at(cache_folder()), |news| report::note(&news.to_string()))?;
    if let Some(address) = std::env::var(BUCKET_VARIABLE).ok().filter(|address| !address.is_empty()) {
        let url = address.parse().map_err(LaunchError::from)?;
        workers.bucket = Some(Bucket::open(&url).map_err(LaunchError::from)?);
    }
    if image.is_none() {
        workers.plain_python = find_python().ok();
    }
    workers.image = image;
    let ipv6 = Path::new("/proc/net/if_inet6").exists();
    let address = listen.unwrap_or(POOL_ADDRESSES[usize::from(!ipv6)]);
    let listening = |address| report::note(&format!("the worker pool listens at {address}"));
    block_on(async {
        let signal = end_signal().map_err(|source| LaunchError::EventLoop { source })?;
        Ok(serve_pool(workers, address, None, listening, signal).await?)
    })?
    .map(|()| ExitCode::SUCCESS)
}
