//! How an attempt ended, and that in words.

use tmpl_bucket::{Cause, ExitStatus, FinalRecord, StopRequest, causes};
use tmpl_template::JobState;

use crate::cause::signal_name;
use crate::memory_limit::OutOfMemory;
use crate::session::LogEnd;
use crate::stop::Stop;
use crate::{ErrorKind, LaunchError};

/// How an attempt went, before it is put in words.
pub(crate) enum Outcome {
    /// The program ended by itself.
    Ended(ExitStatus),
    /// The program ended well, and has not said what it did although it must.
    NoResults,
    /// It was stopped; the program's end, where it had begun.
    Stopped(Stop, Option<ExitStatus>),
    /// It ended on the engine that it was handed to.
    #[cfg(feature = "engines")]
    Engine(crate::execution::EngineEnd),
    /// It goes on, on its engine, and this launcher has no more to do with it.
    #[cfg(feature = "engines")]
    Left,
    /// It could not be started or watched.
    Failed(LaunchError),
}

/// Puts an outcome in words: state, reason, exit code, first cause, remedy.
pub(crate) fn describe(outcome: Outcome, log: &LogEnd, out_of_memory: Option<OutOfMemory>) -> FinalRecord {
    match outcome {
        Outcome::Ended(ExitStatus::Code(0)) => {
            FinalRecord { program: Some(ExitStatus::Code(0)), ..FinalRecord::new(JobState::Done, "done".to_owned(), 0) }
        }
        Outcome::NoResults => FinalRecord {
            program: Some(ExitStatus::Code(0)),
            hint: Some("the template promises rows that say what a job did, and the program wrote none to TMPL_RESULTS".to_owned()),
            ..FinalRecord::new(JobState::Failed, "no result reported".to_owned(), 1)
        },
        Outcome::Ended(status) => {
            let cause = log.tail.cause(status, out_of_memory);
            let hint = cause.as_ref().and_then(hint_for);
            FinalRecord { program: Some(status), cause, hint, ..FinalRecord::new(JobState::Failed, ended_with(status), 1) }
        }
        Outcome::Stopped(stop, program) => FinalRecord { program, ..stopped_by(&stop) },
        #[cfg(feature = "engines")]
        Outcome::Engine(end) => ended_on_engine(&end, log),
        #[cfg(feature = "engines")]
        Outcome::Left => stopped_by(&Stop::LeaseLost),
        Outcome::Failed(error) => failed_after(&error, log),
    }
}

/// The end of a job that could not go on. One whose program is at fault says so first; a worker's own words are the cause.
fn failed_after(error: &LaunchError, log: &LogEnd) -> FinalRecord {
    let end = failed(error);
    if error.kind() != ErrorKind::Program {
        return end;
    }
    let cause = if error.is_workers() { log.tail.engine_cause() } else { None };
    FinalRecord { reason: error.to_string(), cause, ..end }
}

/// The end of a job on its engine.
#[cfg(feature = "engines")]
fn ended_on_engine(end: &crate::execution::EngineEnd, log: &LogEnd) -> FinalRecord {
    let engine = end.engine;
    match end.state {
        JobState::Done => FinalRecord::new(JobState::Done, "done".to_owned(), 0),
        JobState::Drained => FinalRecord::new(JobState::Drained, format!("drained on {engine}"), 4),
        JobState::Cancelled => {
            let reason = format!("cancelled on {engine} by somebody who has not asked for it here");
            FinalRecord::new(JobState::Cancelled, reason, 4)
        }
        _ if end.forgotten => FinalRecord {
            hint: Some("an engine that was restarted forgets its jobs; run it again".to_owned()),
            ..FinalRecord::new(JobState::Failed, format!("{engine} no longer knows the job"), 3)
        },
        _ => {
            let cause = log.tail.engine_cause();
            let of_flink = |cause: &Cause| crate::flink::remedy(&cause.message).map(str::to_owned);
            let hint = cause.as_ref().and_then(|cause| hint_for(cause).or_else(|| of_flink(cause)));
            let reason = format!("the pipeline failed on {engine} ({})", end.native);
            FinalRecord { cause, hint, ..FinalRecord::new(JobState::Failed, reason, 1) }
        }
    }
}

/// The end of a program that failed before it had submitted anything, where that is only tried.
#[cfg(feature = "engines")]
pub(crate) fn ended_without_graph(status: ExitStatus, tail: &crate::cause::Tail) -> FinalRecord {
    let cause = tail.cause(status, None);
    let hint = cause.as_ref().and_then(hint_for);
    FinalRecord {
        program: Some(status),
        cause,
        hint,
        ..FinalRecord::new(JobState::Failed, ended_with(status), 1)
    }
}

/// The end of a job that could not be launched.
pub fn failed(error: &LaunchError) -> FinalRecord {
    let exit_code = error.kind().exit_code();
    let cause = Cause { message: causes(error).join(": "), ..Cause::default() };
    let reason = "the launch failed".to_owned();
    FinalRecord {
        cause: Some(cause),
        hint: error.hint(),
        ..FinalRecord::new(JobState::Failed, reason, exit_code)
    }
}

/// The end of a job that was stopped.
pub(crate) fn stopped_by(stop: &Stop) -> FinalRecord {
    match stop {
        Stop::Signal(signal) => FinalRecord::new(
            JobState::Cancelled,
            format!("the launcher received {}", signal_name(*signal)),
            4,
        ),
        Stop::Client(signal) => {
            FinalRecord::new(JobState::Cancelled, format!("`tmpl run` received {}", signal_name(*signal)), 4)
        }
        Stop::Requested(StopRequest { signal: Some(signal), .. }) => stopped_by(&Stop::Client(*signal)),
        Stop::Requested(request) => {
            let submitter = &request.submitter;
            FinalRecord::new(
                JobState::Cancelled,
                format!("asked for by {} on {}", submitter.who, submitter.host),
                4,
            )
        }
        Stop::ClientLost => FinalRecord::new(
            JobState::Failed,
            "launcher lost: the `tmpl run` that held the job was killed, and the program was ended with it"
                .to_owned(),
            3,
        ),
        Stop::Timeout(limit) => FinalRecord::new(JobState::Failed, format!("timed out after {limit:#}"), 1),
        Stop::LeaseLost => FinalRecord::new(
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
