//! A job's life on its engine: what is heard of it is told, what it counts is kept, and who wants its end is heard.

use std::time::{Duration, Instant};

use tmpl_beam::graph::Graph;
use tmpl_beam::metrics::Metrics;
use tmpl_bucket::{LogLevel, LogSource, StopMode};
use tmpl_template::{JobState, Phase, RunnerKind};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;

use super::news::{NativeState, News};
use super::own::{OwnParts, PRISM};
use super::submission::Submitted;
use super::withdrawal::{CANCEL_LIMIT, CANCEL_RETRY, end_there};
use super::workers::WorkerWatch;
use super::{Execution, ExecutionError, limits};
use crate::LaunchError;
use crate::job_end::Outcome;
use crate::session::Session;
use crate::stop::Stop;

/// How often a job's figures are asked for, at first and at last.
const FIRST_FIGURES: Duration = Duration::from_secs(1);
const LAST_FIGURES: Duration = Duration::from_secs(10);
/// How long an engine has to tell them.
const FIGURES_LIMIT: Duration = Duration::from_secs(5);
/// How long an engine may be silent until the job is given up.
const SILENCE_LIMIT: Duration = Duration::from_mins(15);
/// What is heard of a job before anybody listens.
const QUEUE: usize = 256;

/// How a job ended on its engine.
#[derive(Clone, Debug)]
pub(crate) struct EngineEnd {
    pub(crate) engine: RunnerKind,
    pub(crate) state: JobState,
    /// In the engine's words.
    pub(crate) native: String,
    /// The engine did not say how: it has forgotten the job.
    pub(crate) forgotten: bool,
}

/// An end that somebody asked for.
struct Asked {
    reason: Stop,
    since: Instant,
    retried: Instant,
}

/// The task that listens to the engine ends with this.
struct Listening(JoinHandle<()>);

impl Drop for Listening {
    fn drop(&mut self) {
        self.0.abort();
    }
}

struct Supervision<'a> {
    execution: &'a Execution<'a>,
    submitted: &'a Submitted,
    session: &'a mut Session,
    native: String,
    state: JobState,
    silent: Option<(Instant, String)>,
    figures: Option<Metrics>,
    names: tmpl_beam::metrics::Names,
    asked: Option<Asked>,
    draining: bool,
}

/// Watches a job until it has ended.
pub(super) async fn supervise(
    execution: &Execution<'_>,
    submitted: &Submitted,
    own: &mut OwnParts,
    session: &mut Session,
    stopped: &mut Receiver<Stop>,
) -> Result<Outcome, LaunchError> {
    let (sender, mut news) = channel(QUEUE);
    let (engine, id) = (submitted.engine.clone(), submitted.id.clone());
    let _listening = Listening(tokio::spawn(async move { engine.follow(&id, sender).await }));
    let names = Graph::read(submitted.graph.clone()).map(|graph| graph.names()).unwrap_or_default();
    let mut job = Supervision {
        execution,
        submitted,
        session,
        native: String::new(),
        state: JobState::Pending,
        silent: None,
        figures: None,
        names,
        asked: None,
        draining: false,
    };
    let workers = WorkerWatch::new(&execution.context.bucket, execution.record, execution.attempt);
    let worker_failed = workers.failed();
    tokio::pin!(worker_failed);
    let run_limit = limits::over(execution.record, Phase::Run);
    tokio::pin!(run_limit);
    let workers_limit = limits::over(execution.record, Phase::Workers);
    tokio::pin!(workers_limit);
    let mut pause = FIRST_FIGURES;
    let mut figures = tokio::time::Instant::now() + pause;
    loop {
        tokio::select! {
            biased;
            Some(reason) = stopped.recv() => {
                if let Some(outcome) = job.stop(reason, !own.is_empty()).await {
                    return Ok(outcome);
                }
            }
            heard = news.recv() => {
                let Some(heard) = heard else {
                    return Err(job.silence("nothing more is heard").into());
                };
                if let Some(end) = job.hear(heard).await? {
                    return Ok(job.ended(end).await);
                }
            }
            () = tokio::time::sleep_until(figures) => {
                job.count().await;
                pause = (pause * 3 / 2).min(LAST_FIGURES);
                figures = tokio::time::Instant::now() + pause;
                job.insist().await?;
            }
            name = own.ended(), if job.asked.is_none() => {
                return Err(job.own_ended(name).await.into());
            }
            end = &mut worker_failed, if job.asked.is_none() => {
                return Err(job.worker_failed(end).await.into());
            }
            error = &mut run_limit, if job.asked.is_none() => {
                job.give_up().await;
                return Err(error.into());
            }
            error = &mut workers_limit, if job.asked.is_none() && job.figures.is_none() => {
                job.give_up().await;
                return Err(error.into());
            }
        }
    }
}

impl Supervision<'_> {
    fn engine(&self) -> RunnerKind {
        self.submitted.engine.kind()
    }

    /// Takes in what is heard. Gives the job's end, where that was it.
    async fn hear(&mut self, heard: News) -> Result<Option<EngineEnd>, ExecutionError> {
        match heard {
            News::State(state) => {
                if self.silent.take().is_some() {
                    self.session.message(format!("{} answers again", self.engine())).await;
                }
                Ok(self.tell_state(state).await)
            }
            News::Message { level, text } => {
                for line in text.lines() {
                    self.session.line(LogSource::Engine, level, line.to_owned()).await;
                }
                Ok(None)
            }
            News::Silent(reason) => {
                let since = self.silent.as_ref().map(|(since, _)| *since);
                if since.is_none() {
                    self.session.message(format!("{} does not answer: {reason}", self.engine())).await;
                }
                let since = since.unwrap_or_else(Instant::now);
                self.silent = Some((since, reason.clone()));
                if since.elapsed() > SILENCE_LIMIT { Err(self.silence(&reason)) } else { Ok(None) }
            }
            News::Forgotten => Ok(Some(EngineEnd {
                engine: self.engine(),
                state: JobState::Failed,
                native: self.native.clone(),
                forgotten: true,
            })),
        }
    }

    async fn tell_state(&mut self, told: NativeState) -> Option<EngineEnd> {
        if told.native != self.native {
            self.native.clone_from(&told.native);
            self.session.native(&told.native).await;
        }
        let state = told.state?;
        if state.is_terminal() {
            // An engine that drains may say no more than that the job is done.
            let state = if self.draining && state == JobState::Done { JobState::Drained } else { state };
            return Some(EngineEnd { engine: self.engine(), state, native: told.native, forgotten: false });
        }
        if self.state.may_become(state) {
            self.state = state;
            self.session.state(state).await;
        }
        None
    }

    /// Keeps what the job has counted, where that is anything new.
    async fn count(&mut self) {
        // An engine that is silent must not keep anybody from being heard who wants the job's end.
        let asked = self.submitted.engine.metrics(&self.submitted.id, &self.names);
        let Ok(Some(figures)) = tokio::time::timeout(FIGURES_LIMIT, asked).await else { return };
        let is_new =
            self.figures.as_ref().is_none_or(|old| Metrics { time: figures.time, ..old.clone() } != figures);
        let is_empty = Metrics { time: figures.time, ..Metrics::default() } == figures;
        if is_new && !is_empty {
            let Execution { context, record, attempt, .. } = self.execution;
            // A view for people: what can't be written now is written the next time.
            let _ = context.bucket.write_metrics(&record.id, *attempt, &figures).await;
            self.figures = Some(figures);
        }
    }

    /// Somebody wants the job's end. Gives an outcome only where there is nothing to wait for.
    async fn stop(&mut self, reason: Stop, own: bool) -> Option<Outcome> {
        if let Stop::Requested(request) = &reason
            && request.mode == StopMode::Drain
        {
            self.drain().await;
            return None;
        }
        if matches!(reason, Stop::LeaseLost) && !own {
            // The job needs nothing of this launcher: whoever has taken it over asks the engine.
            return Some(Outcome::Left);
        }
        if self.asked.is_some() {
            return None;
        }
        let told = self.submitted.engine.cancel(&self.submitted.id).await;
        self.state = JobState::Cancelling;
        self.session.state(JobState::Cancelling).await;
        if let Err(error) = told {
            self.session.message(format!("{}; asking again", tmpl_bucket::causes(&error).join(": "))).await;
        }
        self.asked = Some(Asked { reason, since: Instant::now(), retried: Instant::now() });
        None
    }

    async fn drain(&mut self) {
        match self.submitted.engine.drain(&self.submitted.id).await {
            Ok(()) => {
                self.draining = true;
                self.state = JobState::Draining;
                self.session.state(JobState::Draining).await;
            }
            Err(error) => {
                let why = tmpl_bucket::causes(&error).join(": ");
                self.session
                    .message(format!(
                        "the job can't be drained and goes on: {why}; `tmpl jobs cancel` ends it"
                    ))
                    .await;
            }
        }
    }

    /// Asks again for an end that was asked for, and says when that has been of no use.
    async fn insist(&mut self) -> Result<(), ExecutionError> {
        let Some(asked) = &mut self.asked else { return Ok(()) };
        if asked.since.elapsed() > CANCEL_LIMIT {
            let (engine, state) = (self.submitted.engine.kind(), self.native.clone());
            return Err(ExecutionError::StillRunning { engine, state, limit: CANCEL_LIMIT });
        }
        if asked.retried.elapsed() > CANCEL_RETRY {
            asked.retried = Instant::now();
            let _ = self.submitted.engine.cancel(&self.submitted.id).await;
        }
        Ok(())
    }

    /// The job is over for a reason of ours: it must not go on there.
    async fn give_up(&mut self) {
        let Submitted { engine, id, .. } = self.submitted;
        if !end_there(engine, id).await {
            let engine = engine.kind();
            let text =
                format!("{engine} has not ended its job {id} within {CANCEL_LIMIT:?}: it may go on there");
            self.session.message(text).await;
        }
    }

    /// A part of ours is gone. An engine of somebody else's must not go on without it; one of ours is gone itself.
    async fn own_ended(&mut self, program: String) -> ExecutionError {
        if program != PRISM {
            self.give_up().await;
        }
        ExecutionError::OwnEnded { program }
    }

    async fn worker_failed(&mut self, end: tmpl_bucket::WorkerEndRecord) -> ExecutionError {
        for line in &end.tail {
            self.session.line(LogSource::Engine, LogLevel::Error, line.clone()).await;
        }
        self.give_up().await;
        ExecutionError::Worker { worker: end.worker, engine: self.engine() }
    }

    fn silence(&self, reason: &str) -> ExecutionError {
        let silence = self.silent.as_ref().map_or(Duration::ZERO, |(since, _)| since.elapsed());
        ExecutionError::Silent { engine: self.engine(), silence, reason: reason.to_owned() }
    }

    /// Puts the end in terms of what was asked for.
    async fn ended(&mut self, end: EngineEnd) -> Outcome {
        self.count().await;
        match self.asked.take() {
            // A job that was done before the engine heard of the wish is done.
            Some(asked) if end.state != JobState::Done => Outcome::Stopped(asked.reason, None),
            _ => Outcome::Engine(end),
        }
    }
}
