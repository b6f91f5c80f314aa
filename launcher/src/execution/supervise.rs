//! A job's life on its engine: what is heard of it is told, what it counts is kept, and who wants its end is heard.

mod endings;

use std::time::{Duration, Instant};

use tmpl_beam::graph::Graph;
use tmpl_beam::metrics::Metrics;
use tmpl_bucket::LogSource;
use tmpl_template::{JobState, Phase, RunnerKind};
use tokio::sync::mpsc::{Receiver, channel};
use tokio::task::JoinHandle;

use super::news::{NativeState, News};
use super::own::OwnParts;
use super::submission::Submitted;
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

    /// Asks what the job has counted.
    async fn count(&mut self) {
        // An engine that is silent must not keep anybody from being heard who wants the job's end.
        let asked = self.submitted.engine.metrics(&self.submitted.id, &self.names);
        if let Ok(Some(figures)) = tokio::time::timeout(FIGURES_LIMIT, asked).await {
            self.keep(figures).await;
        }
    }

    /// Keeps what the job has counted, where that is anything new.
    async fn keep(&mut self, figures: Metrics) {
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

    fn silence(&self, reason: &str) -> ExecutionError {
        let silence = self.silent.as_ref().map_or(Duration::ZERO, |(since, _)| since.elapsed());
        ExecutionError::Silent { engine: self.engine(), silence, reason: reason.to_owned() }
    }

    /// Puts the end in terms of what was asked for.
    async fn ended(&mut self, end: EngineEnd) -> Outcome {
        let Submitted { engine, id, .. } = self.submitted;
        let asked = engine.last_metrics(id, &self.names);
        if let Ok(Some(figures)) = tokio::time::timeout(LAST_FIGURES, asked).await {
            self.keep(figures).await;
        }
        match self.asked.take() {
            // A job that was done before the engine heard of the wish is done.
            Some(asked) if end.state != JobState::Done => Outcome::Stopped(asked.reason, None),
            _ => Outcome::Engine(end),
        }
    }
}
