//! The launcher: one attempt of one job, from the right to run it to its end.
//!
//! load the job → check it again → unpack and join what is missing → plan → guard and program → wait → say how it ended.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::process::{Pid, Signal, getpid, set_child_subreaper};
use tmpl_bucket::{
    Attempt, Bucket, Cause, ExitStatus, FinalRecord, JobRecord, LogSource, StopRequest, layout,
};
use tmpl_template::{JobId, JobState, check};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;

use crate::accept::{CheckedProgram, parse, text};
use crate::cache::Cache;
use crate::cause::signal_name;
use crate::container;
use crate::environment::{self, Environment};
use crate::image_template::ImageTemplate;
use crate::log_stream::read_lines;
use crate::memory_limit::{OutOfMemory, memory_limit};
use crate::out_of_memory::out_of_memory_kills;
use crate::place::{DOCKER, GUARD_ARGUMENT};
use crate::process_tree::{descendants, signal_all};
use crate::protocol::{FromGuard, ToGuard};
use crate::secret::Secrets;
use crate::session::{LogEnd, Session};
use crate::stop::{self, Stop};
use crate::{Invocation, LaunchError, causes};

/// How long a program has to end by itself after it was asked to.
const GRACE: Duration = Duration::from_secs(10);
/// The same where the job may be declared lost at any moment: it must not go on writing then.
const LOST_GRACE: Duration = Duration::from_secs(2);
/// How long the streams of a program that is gone are read for its last lines.
const LAST_WORDS: Duration = Duration::from_secs(2);
/// The first attempt; retries are further numbers.
const ATTEMPT: u32 = 1;

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

/// How an attempt went, before it is put in words.
enum Outcome {
    /// The program ended by itself.
    Ended(ExitStatus),
    /// It was stopped; the program's end, where it had begun.
    Stopped(Stop, Option<ExitStatus>),
    /// It could not be started or watched.
    Failed(LaunchError),
}

/// Runs one attempt of a job to its end. Returns the end that holds, or nothing where another launcher has the job already.
pub async fn run(mut context: LaunchContext) -> Result<Option<FinalRecord>, LaunchError> {
    let (bucket, id) = (context.bucket.clone(), context.id.clone());
    let record = bucket.job_record(&id).await?;
    let (stops, mut stopped) = channel(8);
    let begun = Session::begin(&bucket, &id, ATTEMPT, context.client.take(), &stops);
    let mut session =
        begun.map_err(|source| LaunchError::Start { program: "the launcher".to_owned(), source })?;
    let memory = memory_limit();
    let kills_before = out_of_memory_kills();
    let outcome = match take_attempt(&context).await {
        Ok(false) => return Ok(None),
        Ok(true) => {
            stop::watch(&bucket, &id, record.timeout, &stops);
            attempt_job(&context, &record, &mut session, &mut stopped).await
        }
        Err(error) => Err(error),
    };
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
    let held = session.end(end).await?;
    bucket.compact_log(&id, ATTEMPT).await?;
    Ok(Some(held))
}

/// Takes the right to run the job: false where another launcher has it already.
async fn take_attempt(context: &LaunchContext) -> Result<bool, LaunchError> {
    let attempt = Attempt { time: Timestamp::now(), host: context.host.clone(), pid: std::process::id() };
    if !context.bucket.take_attempt(&context.id, ATTEMPT, &attempt).await? {
        return Ok(false);
    }
    context.bucket.renew_lease(&context.id, ATTEMPT).await?;
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
    session: &mut Session,
    stopped: &mut Receiver<Stop>,
) -> Result<Outcome, LaunchError> {
    session.state(JobState::Pending).await;
    let prepared = tokio::select! {
        biased;
        Some(reason) = stopped.recv() => return Ok(Outcome::Stopped(reason, None)),
        prepared = prepare(context, record) => prepared?,
    };
    if let Some(unpacked) = prepared.environment.as_ref().map(|joined| joined.unpacked)
        && unpacked > 0
    {
        session.message(format!("unpacked {unpacked} layers")).await;
    }
    session.keep_secret(prepared.secrets);
    let mut program = Program::start(context, prepared.invocation, session).await?;
    session.state(JobState::Running).await;
    let reason = tokio::select! {
        biased;
        status = program.end() => return status.map(Outcome::Ended),
        Some(reason) = stopped.recv() => reason,
    };
    if let Some(status) = program.ended {
        // It had ended before anybody asked it to; only its last lines were still being read.
        let _ = program.end().await;
        return Ok(Outcome::Ended(status));
    }
    // Stopped first, told after: whoever listens may be slow.
    program.stop(if matches!(reason, Stop::LeaseLost) { LOST_GRACE } else { GRACE }).await;
    session.state(JobState::Cancelling).await;
    Ok(Outcome::Stopped(reason, program.end().await.ok()))
}

/// Everything a program needs to start.
struct Prepared {
    /// Nothing where the image has it.
    environment: Option<Environment>,
    invocation: Invocation,
    secrets: Secrets,
}

async fn prepare(context: &LaunchContext, record: &JobRecord) -> Result<Prepared, LaunchError> {
    let bucket = &context.bucket;
    let cache = &context.cache;
    let python = record.python.clone();
    let spec = parse(&record.template.name, &text(bucket, &record.template).await?)?;
    if spec.tmpl.is_none() && record.place == DOCKER {
        // Somebody's own Dockerfile made the image: its variables say what to start.
        let values = check(&spec, &CheckedProgram::asked(record))?;
        bucket.create_temporary(&record.id).await?;
        let temporary = bucket.place_of(&layout::temporary(&record.id));
        let files = cache.parameters(&record.id);
        let mut invocation = container::image_program(record, &values, temporary, files)?;
        let secrets = Secrets::resolve(&mut invocation)?;
        return Ok(Prepared { environment: None, invocation, secrets });
    }
    let program = CheckedProgram::new(
        record.template.clone(),
        &spec,
        &CheckedProgram::asked(record),
        python,
        cache,
        context.image.as_ref(),
    )?;
    let environment =
        if program.is_in_image() { None } else { Some(assemble(bucket, cache, &program).await?) };
    bucket.create_temporary(&record.id).await?;
    let mut invocation = program.invocation(record, bucket, cache);
    let secrets = Secrets::resolve(&mut invocation)?;
    Ok(Prepared { environment, invocation, secrets })
}

/// Joins the program's environment on a thread that may wait for disk and processor.
async fn assemble(
    bucket: &Bucket,
    cache: &Cache,
    program: &CheckedProgram,
) -> Result<Environment, LaunchError> {
    let (bucket, cache, program) = (bucket.clone(), cache.clone(), program.clone());
    let runtime = tokio::runtime::Handle::current();
    let joined = tokio::task::spawn_blocking(move || {
        environment::assemble(&cache, &program.ingredients(), &|layer| {
            runtime.block_on(bucket.require_blob(&layer.digest))
        })
    });
    match joined.await {
        Ok(done) => done,
        Err(error) => Err(LaunchError::Start {
            program: "the unpacking of layers".to_owned(),
            source: std::io::Error::other(error),
        }),
    }
}

/// A started program, seen through its guard.
struct Program {
    group: Option<Pid>,
    orders: OwnedWriteHalf,
    answers: tokio::io::Lines<BufReader<OwnedReadHalf>>,
    readers: Vec<JoinHandle<()>>,
    /// How it ended, once the guard has said so.
    ended: Option<ExitStatus>,
    guard: Child,
}

impl Program {
    async fn start(
        context: &LaunchContext,
        invocation: Invocation,
        session: &Session,
    ) -> Result<Self, LaunchError> {
        let name = invocation.program.display().to_string();
        let failed = |source| LaunchError::Start { program: name.clone(), source };
        let (ours, theirs) = StdUnixStream::pair().map_err(failed)?;
        let mut guard = Command::new(&context.executable)
            .arg(GUARD_ARGUMENT)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let mut readers = Vec::new();
        if let (Some(stdout), Some(stderr), Some(lines)) =
            (guard.stdout.take(), guard.stderr.take(), session.lines())
        {
            readers.push(tokio::spawn(read_lines(stdout, LogSource::Stdout, lines.clone())));
            readers.push(tokio::spawn(read_lines(stderr, LogSource::Stderr, lines)));
        }
        ours.set_nonblocking(true).map_err(failed)?;
        let (answers, orders) = UnixStream::from_std(ours).map_err(failed)?.into_split();
        let answers = BufReader::new(answers).lines();
        let mut program = Self { group: None, orders, answers, readers, ended: None, guard };
        program.say(&ToGuard::Start(Box::new(invocation))).await.map_err(failed)?;
        match program.answer().await {
            Some(FromGuard::Started(pid)) => program.group = Pid::from_raw(pid),
            Some(FromGuard::NotStarted(why)) => return Err(failed(std::io::Error::other(why))),
            _ => return Err(LaunchError::GuardLost),
        }
        Ok(program)
    }

    /// Waits until the program and everything it started is gone, and all it wrote was read.
    async fn end(&mut self) -> Result<ExitStatus, LaunchError> {
        if self.ended.is_none()
            && let Some(FromGuard::Ended(status)) = self.answer().await
        {
            self.ended = Some(status);
        }
        if self.ended.is_none()
            && let Some(group) = self.group
        {
            // Without its guard the program must not go on: nobody would end it. What it left behind comes to this process
            // when the guard is gone for good, which is a moment after its socket closed.
            let _ = self.guard.wait().await;
            let limit = Instant::now() + LAST_WORDS;
            signal_all(group, Signal::KILL);
            while !descendants().is_empty() && Instant::now() < limit {
                tokio::time::sleep(Duration::from_millis(5)).await;
                signal_all(group, Signal::KILL);
            }
        }
        for mut reader in self.readers.drain(..) {
            // A stream that somebody still holds open, out of reach, must not hold the job's end up.
            if tokio::time::timeout(LAST_WORDS, &mut reader).await.is_err() {
                reader.abort();
            }
        }
        self.ended.ok_or(LaunchError::GuardLost)
    }

    /// Asks the program to end; the guard kills it after `grace`.
    async fn stop(&mut self, grace: Duration) {
        let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
        // A guard that can't be told is gone; waiting for its answer finds that out.
        let _ = self.say(&ToGuard::Stop { grace_ms }).await;
    }

    async fn say(&mut self, order: &ToGuard) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        self.orders.write_all(&line).await
    }

    async fn answer(&mut self) -> Option<FromGuard> {
        let line = self.answers.next_line().await.ok()??;
        serde_json::from_str(&line).ok()
    }
}

/// Puts an outcome in words: state, reason, exit code, first cause, remedy.
fn describe(outcome: Outcome, log: &LogEnd, out_of_memory: Option<OutOfMemory>) -> FinalRecord {
    match outcome {
        Outcome::Ended(ExitStatus::Code(0)) => {
            FinalRecord { program: Some(ExitStatus::Code(0)), ..end(JobState::Done, "done".to_owned(), 0) }
        }
        Outcome::Ended(status) => {
            let cause = log.tail.cause(status, out_of_memory);
            let hint = cause.as_ref().and_then(hint_for);
            FinalRecord { program: Some(status), cause, hint, ..end(JobState::Failed, ended_with(status), 1) }
        }
        Outcome::Stopped(stop, program) => FinalRecord { program, ..stopped_by(&stop) },
        Outcome::Failed(error) => failed(&error),
    }
}

/// The end of a job that could not be launched.
pub fn failed(error: &LaunchError) -> FinalRecord {
    let exit_code = error.kind().exit_code();
    let cause = Cause { message: causes(error).join(": "), ..Cause::default() };
    let reason = "the launch failed".to_owned();
    FinalRecord { cause: Some(cause), hint: error.hint(), ..end(JobState::Failed, reason, exit_code) }
}

fn end(state: JobState, reason: String, exit_code: u8) -> FinalRecord {
    FinalRecord { state, time: Timestamp::now(), reason, exit_code, program: None, cause: None, hint: None }
}

fn stopped_by(stop: &Stop) -> FinalRecord {
    match stop {
        Stop::Signal(signal) => {
            end(JobState::Cancelled, format!("the launcher received {}", signal_name(*signal)), 4)
        }
        Stop::Client(signal) => {
            end(JobState::Cancelled, format!("`tmpl run` received {}", signal_name(*signal)), 4)
        }
        Stop::Requested(StopRequest { signal: Some(signal), .. }) => stopped_by(&Stop::Client(*signal)),
        Stop::Requested(request) => {
            let submitter = &request.submitter;
            end(JobState::Cancelled, format!("asked for by {} on {}", submitter.who, submitter.host), 4)
        }
        Stop::ClientLost => end(
            JobState::Failed,
            "launcher lost: the `tmpl run` that held the job was killed, and the program was ended with it"
                .to_owned(),
            3,
        ),
        Stop::Timeout(limit) => end(JobState::Failed, format!("timed out after {limit:#}"), 1),
        Stop::LeaseLost => end(
            JobState::Failed,
            "launcher lost: it could not renew its lease in the bucket, and ended the program".to_owned(),
            3,
        ),
    }
}

fn ended_with(status: ExitStatus) -> String {
    match status {
        ExitStatus::Code(code) => format!("the program ended with exit code {code}"),
        ExitStatus::Signal(signal) => {
            format!("the program was killed by signal {signal} ({})", signal_name(signal))
        }
    }
}

fn hint_for(cause: &Cause) -> Option<String> {
    let memory = if cause.message.contains("the limit is") {
        "raise the limit (with place docker: --memory), or give the job less to hold at a time"
    } else {
        "give the machine more memory, or the job less to hold at a time"
    };
    match cause.exception.as_deref() {
        Some("ModuleNotFoundError") => Some(
            "add the missing module to the project's requirements and build the template again".to_owned(),
        ),
        Some("MemoryError") => Some(memory.to_owned()),
        None if cause.message.contains("out of memory") => Some(memory.to_owned()),
        _ => None,
    }
}
