//! The launcher: a job, from the right to run it to its end.
//!
//! load the job → check it again → unpack and join what is missing → plan → guard and program → wait → say how it ended.

use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use rustix::process::{getpid, set_child_subreaper};
use tmpl_bucket::{Attempt, Bucket, ExitStatus, FinalRecord, JobRecord};
use tmpl_template::{JobId, JobState, RunnerProfile, check_with_account};
use tokio::sync::mpsc::{Receiver, channel};

use crate::accept::{CheckedProgram, FIRST_ATTEMPT};
use crate::cache::Cache;
use crate::container;
use crate::direct_metrics::DirectMetrics;
use crate::environment::Environment;
use crate::guarded_program::GuardedProgram;
use crate::image_template::ImageTemplate;
pub use crate::job_end::failed;
use crate::job_end::{Outcome, describe, stopped_by};
use crate::job_places::JobPlaces;
use crate::memory_limit::{OutOfMemory, memory_limit};
use crate::notices::{NoticeEvent, Notices, OwnNotices};
use crate::out_of_memory::out_of_memory_kills;
use crate::place::DOCKER;
use crate::runner::{Direct, Runner};
use crate::secret::Secrets;
use crate::session::{Listener, Session};
use crate::stop::{self, CurrentAttempt, Stop};
use crate::stored_spec::{parse, text};
use crate::this_process::here;
use crate::{Invocation, LaunchError};

/// How long a program has to end by itself after it was asked to.
pub(crate) const GRACE: Duration = Duration::from_secs(10);
/// The most that it has where the job may soon be declared lost: it must not go on writing then.
const LOST_GRACE: Duration = Duration::from_secs(2);

/// What a launcher is started with.
#[derive(Debug)]
pub struct LaunchContext {
    /// Where the job lies.
    pub bucket: Bucket,
    /// The job.
    pub id: JobId,
    /// This machine's cache.
    pub cache: Cache,
    /// The conversation with whoever waits for the job, if anybody does.
    pub client: Option<StdUnixStream>,
    /// This program, to be started again as the guard.
    pub executable: PathBuf,
    /// This machine's name.
    pub host: String,
    /// The template that the image this process runs in was made of.
    pub image: Option<ImageTemplate>,
}

/// Runs a job to its end: one attempt, or as many as it may be tried again. Returns the end that holds, or nothing where another
/// launcher has the job already.
pub async fn run(mut context: LaunchContext) -> Result<Option<FinalRecord>, LaunchError> {
    let (bucket, id) = (context.bucket.clone(), context.id.clone());
    let record = bucket.job_record(&id).await?;
    let (stops, mut stopped) = channel(8);
    let listener = Listener::begin(context.client.take(), &stops)
        .map_err(|source| LaunchError::Start { program: "the launcher".to_owned(), source })?;
    let notices = Notices::of(&bucket, &record, &context.host, OwnNotices::from_environment());
    let current = CurrentAttempt::default();
    let mut attempt = FIRST_ATTEMPT;
    let (held, told) = loop {
        let mut session = Session::begin(&bucket, &id, attempt, &listener);
        let memory = memory_limit();
        let kills_before = out_of_memory_kills();
        let outcome = match take_attempt(&context, attempt).await {
            Ok(false) => return Ok(None),
            Ok(true) => {
                current.store(attempt, Ordering::SeqCst);
                if attempt == FIRST_ATTEMPT {
                    stop::watch(&bucket, &record, &current, &stops);
                    notices.watch_duration();
                }
                attempt_job(&context, &record, attempt, &mut session, &mut stopped).await
            }
            Err(error) => Err(error),
        };
        #[cfg(feature = "engines")]
        if matches!(outcome, Ok(Outcome::Left)) {
            session.close_log().await;
            return Ok(None);
        }
        let may_help = is_worth_another(&outcome);
        let outcome = outcome.unwrap_or_else(Outcome::Failed);
        let log = session.close_log().await;
        let out_of_memory = (out_of_memory_kills() > kills_before).then_some(OutOfMemory { limit: memory });
        let mut end = describe(outcome, &log, out_of_memory);
        if log.lost > 0 || log.failure.is_some() {
            end.reason.push_str("; a part of the log could not be written");
        }
        // What can't be removed now is no reason to say that the job did not end as it did.
        let _ = bucket.remove_temporary(&id).await;
        // The guard removes them, unless it was killed.
        let _ = fs_err::remove_dir_all(context.cache.parameters(&id));
        let pause = record.retries.pause_after(attempt).filter(|_| may_help);
        let Some(pause) = pause else { break session.end(&record, end).await };
        let all = record.retries.limit + 1;
        let cause = end.cause.as_ref().map_or_else(String::new, |cause| format!(" ({cause})"));
        session
            .announce(format!(
                "attempt {attempt} of {all} failed: {}{cause}; the next in {pause:#}",
                end.reason
            ))
            .await;
        notices.tell(NoticeEvent::Retry(attempt), Some(&end)).await;
        let _ = bucket.compact_log(&id, attempt).await;
        tokio::select! {
            () = tokio::time::sleep(pause.unsigned_abs()) => attempt += 1,
            Some(reason) = stopped.recv() => break session.end(&record, stopped_by(&reason)).await,
        }
    };
    if held.is_ok() {
        notices.tell(NoticeEvent::of_end(told.state), Some(&told)).await;
    }
    listener.end(told).await;
    let held = held?;
    bucket.compact_log(&id, attempt).await?;
    Ok(Some(held))
}

/// Whether another attempt may go better: the program or a worker of it failed, or something was away for a moment.
fn is_worth_another(outcome: &Result<Outcome, LaunchError>) -> bool {
    match outcome {
        Ok(Outcome::Ended(status)) => *status != ExitStatus::Code(0),
        Ok(Outcome::NoResults) => true,
        Ok(Outcome::Stopped(..)) => false,
        #[cfg(feature = "engines")]
        Ok(Outcome::Engine(end)) => end.state == JobState::Failed,
        #[cfg(feature = "engines")]
        Ok(Outcome::Left) => false,
        Ok(Outcome::Failed(error)) | Err(error) => error.is_worth_another(),
    }
}

/// Takes the right to run an attempt of the job: false where another launcher has it already, or the job has ended.
async fn take_attempt(context: &LaunchContext, number: u32) -> Result<bool, LaunchError> {
    let attempt = Attempt {
        time: Timestamp::now(),
        host: context.host.clone(),
        pid: std::process::id(),
        tmpl_version: Some(env!("CARGO_PKG_VERSION").to_owned()),
        platform: Some(here()),
    };
    if !context.bucket.take_attempt(&context.id, number, &attempt).await? {
        return Ok(false);
    }
    context.bucket.renew_lease(&context.id, number).await?;
    // A launcher that took too long to begin may have been declared lost.
    if context.bucket.final_record(&context.id).await?.is_some() {
        return Ok(false);
    }
    // Should the guard be killed, what it left behind comes to this process, which then ends it.
    set_child_subreaper(Some(getpid()))
        .map_err(|error| LaunchError::Start { program: "the launcher".to_owned(), source: error.into() })?;
    Ok(true)
}

async fn attempt_job(
    context: &LaunchContext,
    record: &JobRecord,
    attempt: u32,
    session: &mut Session,
    stopped: &mut Receiver<Stop>,
) -> Result<Outcome, LaunchError> {
    session.state(JobState::Pending).await;
    if let Some(profile) = &record.profile {
        return on_engine(context, record, profile, attempt, session, stopped).await;
    }
    let prepared = tokio::select! {
        biased;
        Some(reason) = stopped.recv() => return Ok(Outcome::Stopped(reason, None)),
        prepared = prepare(context, record, attempt, &Direct) => prepared?,
    };
    prepared.announce(session).await;
    session.keep_secret(prepared.secrets);
    let results_required = prepared.results_required;
    // A fifth of the lease is left when it is given up, and more when the launcher is killed: the program is gone before anybody can
    // take the job for lost.
    let lost_grace = LOST_GRACE.min(context.bucket.lease(record).length / 8);
    let mut figures = DirectMetrics::begin(&context.bucket, &record.id, attempt, &context.cache);
    let mut program =
        GuardedProgram::start(&context.executable, prepared.invocation, lost_grace, session).await?;
    session.state(JobState::Running).await;
    let reason = tokio::select! {
        biased;
        status = program.end() => {
            figures.end(session).await;
            return well_ended(context, attempt, status?, results_required).await;
        }
        Some(reason) = stopped.recv() => reason,
        never = figures.watch(session) => match never {},
    };
    if let Some(status) = program.ended {
        // It had ended before anybody asked it to; only its last lines were still being read.
        let _ = program.end().await;
        figures.end(session).await;
        return Ok(Outcome::Ended(status));
    }
    // Stopped first, told after: whoever listens may be slow.
    program.stop(if matches!(reason, Stop::LeaseLost) { lost_grace } else { GRACE }).await;
    session.state(JobState::Cancelling).await;
    let ended = program.end().await.ok();
    if !matches!(reason, Stop::LeaseLost) {
        figures.end(session).await;
    }
    Ok(Outcome::Stopped(reason, ended))
}

#[cfg(feature = "engines")]
async fn on_engine(
    context: &LaunchContext,
    record: &JobRecord,
    profile: &RunnerProfile,
    attempt: u32,
    session: &mut Session,
    stopped: &mut Receiver<Stop>,
) -> Result<Outcome, LaunchError> {
    crate::execution::Execution { context, record, profile, attempt }.run(session, stopped).await
}

#[cfg(not(feature = "engines"))]
#[expect(clippy::unused_async, reason = "where there are engines it waits for them")]
async fn on_engine(
    _: &LaunchContext,
    _: &JobRecord,
    profile: &RunnerProfile,
    _: u32,
    _: &mut Session,
    _: &mut Receiver<Stop>,
) -> Result<Outcome, LaunchError> {
    Err(LaunchError::NoEngines { engine: profile.engine })
}

/// A program that ended by itself: well, unless it had to say what it did and has not.
async fn well_ended(
    context: &LaunchContext,
    attempt: u32,
    status: ExitStatus,
    results_required: bool,
) -> Result<Outcome, LaunchError> {
    let silent = status == ExitStatus::Code(0)
        && results_required
        && !context.bucket.has_results(&context.id, attempt).await?;
    Ok(if silent { Outcome::NoResults } else { Outcome::Ended(status) })
}

/// Everything a program needs to start.
pub(crate) struct Prepared {
    /// Nothing where the image has it.
    environment: Option<Environment>,
    pub(crate) invocation: Invocation,
    pub(crate) secrets: Secrets,
    /// Whether a job that reports no row has failed.
    pub(crate) results_required: bool,
    #[cfg_attr(not(feature = "engines"), expect(dead_code, reason = "only workers of engines have them"))]
    /// The files of a compiled program: what it would have its workers fetch, and what they have.
    pub(crate) own_files: Vec<PathBuf>,
}

impl Prepared {
    /// Says what had to be done.
    pub(crate) async fn announce(&self, session: &mut Session) {
        let unpacked = self.environment.as_ref().map_or(0, |joined| joined.unpacked);
        if unpacked > 0 {
            let layers = if unpacked == 1 { "layer" } else { "layers" };
            session.message(format!("unpacked {unpacked} {layers}")).await;
        }
    }
}

pub(crate) async fn prepare(
    context: &LaunchContext,
    record: &JobRecord,
    attempt: u32,
    runner: &dyn Runner,
) -> Result<Prepared, LaunchError> {
    let bucket = &context.bucket;
    let cache = &context.cache;
    let python = record.python.clone();
    let spec = parse(&record.template.name, &text(bucket, &record.template).await?)?;
    if spec.tmpl.is_none() && record.place == DOCKER {
        // Somebody's own Dockerfile made the image: its variables say what to start.
        let values = check_with_account(&spec, &CheckedProgram::asked(record), bucket.account())?;
        bucket.create_temporary(&record.id).await?;
        bucket.create_results(&record.id, attempt).await?;
        let places = JobPlaces::new(bucket, &record.id, attempt);
        let files = cache.parameters(&record.id);
        let mut invocation = container::image_program(record, &values, places, files)?;
        let secrets = Secrets::resolve(&mut invocation)?;
        return Ok(Prepared {
            environment: None,
            invocation,
            secrets,
            results_required: false,
            own_files: Vec::new(),
        });
    }
    let program = CheckedProgram::new(
        record.template.clone(),
        &spec,
        &CheckedProgram::asked(record),
        python,
        cache,
        context.image.as_ref(),
        bucket.account(),
    )?;
    let environment = program.assemble(bucket, cache).await?;
    bucket.create_temporary(&record.id).await?;
    bucket.create_results(&record.id, attempt).await?;
    let mut invocation = program.invocation(runner, record, attempt, bucket, cache);
    let secrets = Secrets::resolve(&mut invocation)?;
    let own_files = program.own_files(cache);
    Ok(Prepared { environment, invocation, secrets, results_required: program.results_required, own_files })
}
