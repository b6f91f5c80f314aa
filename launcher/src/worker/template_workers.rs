//! The workers of a pool: each is the program of the template that its job was launched from, started under a guard.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tmpl_beam::messages::StartWorkerRequest;
use tmpl_beam::worker::{
    Harness, HarnessSource, RunningHarness, WorkerEnd, WorkerError, WorkerExit, WorkerStart, fetch_artifacts,
    provision,
};
use tmpl_bucket::{Bucket, ExitStatus, JobRecord, WorkerEndRecord, causes};
use tmpl_template::JobId;
use tokio::sync::mpsc::{Sender, channel};

use super::replacement::Replacement;
use super::worker_invocation::{directory, worker_invocation};
use super::{PoolNews, WorkerJob, WorkerProgram};
use crate::LaunchError;
use crate::cache::Cache;
use crate::environment::Environment;
use crate::guarded_program::GuardedProgram;
use crate::image_template::ImageTemplate;
use crate::job_places::JobPlaces;
use crate::runtime::Runtime;
use crate::stored_spec::{parse, text};
use crate::template_program::TemplateProgram;

/// How long a runner is tried to be reached: it listens before it asks for workers.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long a worker has to end when its pool is gone.
const ORPHANED_GRACE: Duration = Duration::from_secs(2);
/// Jobs whose programs are remembered.
const REMEMBERED: usize = 64;
/// Lines that may wait.
const QUEUE: usize = 256;

/// Starts workers of templates.
pub struct TemplateWorkers {
    /// The bucket that the jobs are in. Without one, only what is in the image is started.
    pub bucket: Option<Bucket>,
    /// This machine's cache.
    pub cache: Cache,
    /// The job whose workers are all that is started, where the pool is one job's own.
    pub job: Option<WorkerJob>,
    /// The template of the image that this process runs in.
    pub image: Option<ImageTemplate>,
    /// A Python with Beam's SDK, for pipelines that are no jobs of ours.
    pub plain_python: Option<PathBuf>,
    /// This program, to be started again as the guard.
    pub executable: PathBuf,
    /// This machine's name.
    pub host: String,
    /// Is told what happens.
    pub news: Box<dyn Fn(PoolNews<'_>) + Send + Sync>,
    known: Mutex<HashMap<JobId, Arc<KnownJob>>>,
}

/// What is known of a job: it never changes.
struct KnownJob {
    record: JobRecord,
    program: TemplateProgram,
}

/// A worker that runs.
pub struct RunningWorker {
    program: GuardedProgram,
    folder: PathBuf,
    job: Option<WorkerJob>,
    _replacement: Option<Replacement>,
    /// Kept from being pruned while the worker runs.
    _environment: Option<Environment>,
}

/// What a worker is made of, once everything is in place.
struct Made {
    program: WorkerProgram,
    environment: Option<Environment>,
    variables: Vec<(String, String)>,
    directory: PathBuf,
}

impl TemplateWorkers {
    /// Workers that are started with what is in `cache`; `news` is told what happens to them. Nothing is known of any job yet.
    pub fn new(
        cache: Cache,
        news: impl Fn(PoolNews<'_>) + Send + Sync + 'static,
    ) -> Result<Self, LaunchError> {
        Ok(Self {
            bucket: None,
            cache,
            job: None,
            image: None,
            plain_python: None,
            executable: crate::this_process::executable()?,
            host: crate::this_process::host(),
            news: Box::new(news),
            known: Mutex::default(),
        })
    }

    async fn begin(
        &self,
        request: &StartWorkerRequest,
        lines: Sender<String>,
        job: &mut Option<WorkerJob>,
    ) -> Result<RunningWorker, WorkerError> {
        let folder = self.folder()?;
        let start = WorkerStart::of_request(request, folder.path().to_owned())?;
        let provisioned = provision(&start, PATIENCE).await?;
        let url = self.bucket.as_ref().map(Bucket::url);
        let asked_for = WorkerJob::asked_for(&request.params, &provisioned, url)?;
        *job = self.own_job(asked_for)?;
        let made = self.make(job.as_ref(), folder.path()).await.map_err(|error| told(&error))?;
        let harness = &made.program.harness;
        let leave_out = |role: &str| harness.has_already(role);
        let staged =
            fetch_artifacts(&provisioned, &harness.staged_folder(&provisioned), &leave_out, PATIENCE).await?;
        made.program.check_packages(&staged)?;
        let harness = Harness::new(harness, &provisioned, &staged, folder.path());
        let invocation = worker_invocation(harness, &made.program, made.variables, &made.directory);
        let (raw, mut written) = channel(QUEUE);
        let program = GuardedProgram::start_beside(&self.executable, invocation, ORPHANED_GRACE, Some(raw));
        let program = program.await.map_err(|error| told(&error))?;
        tokio::spawn(async move {
            while let Some(line) = written.recv().await {
                // A worker that nobody listens to any more is read on: it must not wait.
                let _ = lines.send(line.text).await;
            }
        });
        // From now on its guard removes it.
        let folder = folder.keep();
        let of_job = job.clone().zip(self.bucket.clone());
        let replacement =
            of_job.map(|(job, bucket)| Replacement::watch(bucket, job, request.worker_id.clone()));
        let environment = made.environment;
        let job = job.clone();
        Ok(RunningWorker { program, folder, job, _replacement: replacement, _environment: environment })
    }

    /// The job to start a worker for: that of the pool, where it is one job's own.
    fn own_job(&self, asked_for: Option<WorkerJob>) -> Result<Option<WorkerJob>, WorkerError> {
        match (&self.job, asked_for) {
            (Some(own), Some(other)) if own.id != other.id => {
                let reason = format!("this worker pool serves job {} alone, not job {}", own.id, other.id);
                Err(WorkerError::Source { reason })
            }
            (Some(own), None) => Ok(Some(own.clone())),
            (_, asked_for) => Ok(asked_for),
        }
    }

    /// Puts everything in place that a worker of the job needs.
    async fn make(&self, job: Option<&WorkerJob>, folder: &Path) -> Result<Made, LaunchError> {
        if let (Some(job), Some(bucket)) = (job, &self.bucket) {
            let known = self.know(bucket, &job.id).await?;
            let environment = known.program.assemble(bucket, &self.cache).await?;
            let root = known.program.root(&self.cache);
            let places = JobPlaces::new(bucket, &job.id, job.attempt);
            return Ok(Made {
                program: WorkerProgram::of_template(&known.program.entry, &known.program.runtime, &root)?,
                environment,
                variables: variables(&known.record, places),
                directory: directory(known.record.working_directory.as_ref(), folder),
            });
        }
        let program = match (&self.image, &self.plain_python) {
            (Some(image), _) => of_image(image)?,
            (None, Some(python)) => WorkerProgram::plain_python(python.clone()),
            (None, None) => {
                return Err(LaunchError::NoWorker {
                    what: "the request names no job, and this worker pool has no other program",
                    remedy: "launch the pipeline with `tmpl run`, or name its job with `tmpl worker-pool --job`",
                });
            }
        };
        let variables = self.bucket.iter().flat_map(|bucket| bucket.variables().iter().cloned());
        let variables = variables.map(|(name, value)| (name.to_owned(), value)).collect();
        Ok(Made { program, environment: None, variables, directory: folder.to_owned() })
    }

    /// What is known of a job. Its record and its spec never change, so both are read once.
    async fn know(&self, bucket: &Bucket, id: &JobId) -> Result<Arc<KnownJob>, LaunchError> {
        let locked = || self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = locked().get(id).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let record = bucket.job_record(id).await?;
        let name = &record.template.name;
        let spec = parse(name, &text(bucket, &record.template).await?)?;
        // The interpreter that somebody named for the launch counts where this machine has it.
        let python = record.python.clone().filter(|python| python.exists());
        let program = TemplateProgram::find(name, &spec, python, &self.cache, self.image.as_ref())?;
        let known = Arc::new(KnownJob { record, program });
        let mut all = locked();
        if all.len() >= REMEMBERED {
            all.clear();
        }
        all.insert(id.clone(), Arc::clone(&known));
        Ok(known)
    }

    /// A folder for a worker, which is removed if it does not start.
    fn folder(&self) -> Result<tempfile::TempDir, WorkerError> {
        let parent = self.cache.workers();
        let made = fs_err::create_dir_all(&parent)
            .and_then(|()| tempfile::Builder::new().prefix("worker-").tempdir_in(&parent));
        made.map_err(|source| WorkerError::File { path: parent, source })
    }

    async fn record(&self, job: Option<&WorkerJob>, end: WorkerEndRecord) {
        let (Some(job), Some(bucket)) = (job, &self.bucket) else { return };
        if let Err(error) = bucket.record_worker_end(&job.id, job.attempt, &end).await {
            (self.news)(PoolNews::Unrecorded(&end.worker, &causes(&error).join(": ")));
        }
    }
}

impl HarnessSource for TemplateWorkers {
    type Running = RunningWorker;

    async fn start(
        &self,
        request: StartWorkerRequest,
        lines: Sender<String>,
    ) -> Result<RunningWorker, WorkerError> {
        let mut job = self.job.clone();
        let started = self.begin(&request, lines, &mut job).await;
        match &started {
            Ok(_) => (self.news)(PoolNews::Started(&request.worker_id)),
            Err(error) => {
                let end = WorkerEndRecord {
                    time: Timestamp::now(),
                    worker: request.worker_id.clone(),
                    host: self.host.clone(),
                    exit: None,
                    tail: vec![error.told()],
                    ran_for: SignedDuration::ZERO,
                };
                self.record(job.as_ref(), end).await;
            }
        }
        started
    }

    fn line(&self, worker: &str, line: &str) {
        (self.news)(PoolNews::Line(worker, line));
    }

    async fn failed(&self, request: &StartWorkerRequest, error: &WorkerError) {
        (self.news)(PoolNews::Failed(&request.worker_id, &error.told()));
    }

    async fn ended(&self, running: RunningWorker, end: WorkerEnd) {
        (self.news)(PoolNews::Ended(&end));
        // Its guard has removed it, unless the guard was killed.
        let _ = fs_err::remove_dir_all(&running.folder);
        if !end.is_failure() {
            return;
        }
        let mut tail = end.tail;
        let exit = match end.exit {
            WorkerExit::Code(code) => Some(ExitStatus::Code(code)),
            WorkerExit::Signal(signal) => Some(ExitStatus::Signal(signal)),
            WorkerExit::Unknown(why) => {
                tail.push(why);
                None
            }
        };
        let record = WorkerEndRecord {
            time: Timestamp::now(),
            worker: end.worker,
            host: self.host.clone(),
            exit,
            tail,
            ran_for: SignedDuration::try_from(end.ran_for).unwrap_or(SignedDuration::MAX),
        };
        self.record(running.job.as_ref(), record).await;
    }
}

impl RunningHarness for RunningWorker {
    async fn end(&mut self) -> WorkerExit {
        match self.program.end().await {
            Ok(ExitStatus::Code(code)) => WorkerExit::Code(code),
            Ok(ExitStatus::Signal(signal)) => WorkerExit::Signal(signal),
            Err(error) => WorkerExit::Unknown(causes(&error).join(": ")),
        }
    }

    async fn stop(&mut self, grace: Duration) {
        self.program.stop(grace).await;
    }
}

/// The variables of a job's workers: its own places, and what opens its store.
fn variables(record: &JobRecord, places: JobPlaces) -> Vec<(String, String)> {
    let own = [
        ("TMPL_JOB_ID", Some(record.id.to_string())),
        ("TMPL_JOB_NAME", Some(record.name.to_string())),
        ("TMPL_TEMP_LOCATION", Some(places.temporary)),
        ("TMPL_RESULTS", places.results),
        ("TMPL_ARTIFACTS", places.artifacts),
    ];
    let store = places.variables.into_iter().map(|(name, value)| (name, Some(value)));
    own.into_iter().chain(store).filter_map(|(name, value)| Some((name.to_owned(), value?))).collect()
}

/// The worker of the template in this image.
pub(crate) fn of_image(image: &ImageTemplate) -> Result<WorkerProgram, LaunchError> {
    let Some(extension) = &image.spec.tmpl else {
        return Err(LaunchError::NoWorker {
            what: "the template of this image was not made by `tmpl build`",
            remedy: "build the image with `tmpl build`",
        });
    };
    WorkerProgram::of_template(&extension.entry, &Runtime::of_tree(&extension.entry)?, image.tree())
}

/// An error of a launch as one of a worker's start.
fn told(error: &LaunchError) -> WorkerError {
    let mut reason = causes(error).join(": ");
    if let Some(hint) = error.hint() {
        reason = format!("{reason} ({hint})");
    }
    WorkerError::Source { reason }
}
