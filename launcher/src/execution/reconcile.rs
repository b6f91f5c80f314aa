//! The job of a launcher that died, asked for at its engine: it goes on there, or has ended, and its record says so.

use std::pin::Pin;
use std::time::{Duration, Instant};

use tmpl_beam::graph::Graph;
use tmpl_bucket::{
    AskEngine, Bucket, Cause, DrainStanding, EngineJob, EngineStanding, FinalRecord, JobRecord, LogLevel,
    LogSource,
};
use tmpl_template::{JobState, RunnerProfile};
use tokio::sync::mpsc::channel;

use super::draining::drain_there;
use super::engine::Engine;
use super::news::{NativeState, News};
use crate::cause::Tail;
use crate::requested_runner::OwnRunners;

/// How long is listened for why a job failed.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// How long a job that is cancelled is waited for.
const CANCEL_WAIT: Duration = Duration::from_secs(10);
const POLL: Duration = Duration::from_millis(200);
/// What Beam's Job API calls a job that was handed over and not begun.
const PREPARED: &str = "STOPPED";

/// Asks the engines that jobs run on, with the secrets that the operator's own file allows.
#[derive(Clone, Debug, Default)]
pub struct Engines {
    /// What that file says.
    pub own: OwnRunners,
}

impl AskEngine for Engines {
    fn ask<'a>(
        &'a self,
        bucket: &'a Bucket,
        record: &'a JobRecord,
        attempt: u32,
        job: &'a EngineJob,
    ) -> Pin<Box<dyn Future<Output = EngineStanding> + Send + 'a>> {
        Box::pin(async move {
            let Some(profile) = &record.profile else { return EngineStanding::Unknown };
            // The record is the bucket's word, and no right to any secret of this machine.
            let Ok(name) = record.runner.parse() else { return EngineStanding::Unknown };
            match self.own.trust(&name, profile) {
                Ok(()) => ask(profile, bucket, record, attempt, job).await,
                Err(_) => EngineStanding::Unknown,
            }
        })
    }
}

async fn ask(
    profile: &RunnerProfile,
    bucket: &Bucket,
    record: &JobRecord,
    attempt: u32,
    job: &EngineJob,
) -> EngineStanding {
    let Some(engine) = Engine::of_job(profile, job) else { return EngineStanding::Unknown };
    let id = match &job.id {
        Some(id) => id.clone(),
        // The launcher died between its intent and the engine's answer.
        None => match engine.find(record, attempt, &job.name).await {
            Ok(Some(id)) if is_only_prepared(&engine, &id).await => {
                return EngineStanding::Ended(Box::new(never_submitted(job)));
            }
            Ok(Some(id)) => id,
            Ok(None) => return EngineStanding::Ended(Box::new(never_submitted(job))),
            Err(_) if job.own => return EngineStanding::Ended(Box::new(lost_with_launcher(job))),
            Err(_) => return EngineStanding::Unknown,
        },
    };
    if job.own {
        // What the job needed died with the launcher: where the engine still has it, it must not wait there for ever.
        cancel(&engine, &id).await;
        return EngineStanding::Ended(Box::new(lost_with_launcher(job)));
    }
    let cancelled = matches!(bucket.stop_request(&record.id).await, Ok(Some(_)));
    if cancelled {
        cancel(&engine, &id).await;
    }
    match engine.state(&id).await {
        Ok(NativeState { state: Some(state), native }) if state.is_terminal() => {
            keep_figures(bucket, record, attempt, &engine, &id).await;
            // An engine that drained may say no more than that the job is done.
            let was_drained = state == JobState::Done && drains(bucket, record).await == Some(true);
            let state = if was_drained { JobState::Drained } else { state };
            EngineStanding::Ended(Box::new(ended(&engine, &id, state, &native, cancelled).await))
        }
        Ok(NativeState { state, .. }) => {
            let drains = drain(bucket, record, &engine, &id).await;
            let state = state.unwrap_or(JobState::Running);
            EngineStanding::Runs(if drains { JobState::Draining } else { state })
        }
        Err(error) if error.is_forgotten() => EngineStanding::Ended(Box::new(forgotten(job))),
        Err(_) => EngineStanding::Unknown,
    }
}

/// Whether an engine has a graph that it was not told to run. With the launcher gone, nobody will tell it.
async fn is_only_prepared(engine: &Engine, id: &str) -> bool {
    engine.state(id).await.is_ok_and(|state| state.native == PREPARED)
}

async fn cancel(engine: &Engine, id: &str) {
    let begun = Instant::now();
    if engine.cancel(id).await.is_err() {
        return;
    }
    while begun.elapsed() < CANCEL_WAIT {
        match engine.state(id).await {
            Ok(NativeState { state: Some(state), .. }) if !state.is_terminal() => {}
            _ => return,
        }
        tokio::time::sleep(POLL).await;
    }
}

/// Whether a job drains; nothing where it was not asked to, or its engine was not.
async fn drains(bucket: &Bucket, record: &JobRecord) -> Option<bool> {
    let answer = bucket.drain_standing(&record.id).await.ok()??.answer?;
    Some(answer.refusal.is_none())
}

/// Passes a request to drain on to the engine, once. Gives whether the job drains.
async fn drain(bucket: &Bucket, record: &JobRecord, engine: &Engine, id: &str) -> bool {
    let request = match bucket.drain_standing(&record.id).await {
        Ok(Some(DrainStanding { request, answer: None })) => request,
        Ok(Some(standing)) => return standing.refusal().is_none(),
        Ok(None) | Err(_) => return false,
    };
    drain_there(engine, id, bucket, record, &request).await.is_none()
}

async fn keep_figures(bucket: &Bucket, record: &JobRecord, attempt: u32, engine: &Engine, id: &str) {
    let Ok(Some(pipeline)) = bucket.pipeline(&record.id).await else { return };
    let names = Graph::read(pipeline).map(|graph| graph.names()).unwrap_or_default();
    if let Some(figures) = engine.last_metrics(id, &names).await {
        // A view for people: the end of the job does not depend on it.
        let _ = bucket.write_metrics(&record.id, attempt, &figures).await;
    }
}

async fn ended(engine: &Engine, id: &str, state: JobState, native: &str, cancelled: bool) -> FinalRecord {
    let kind = engine.kind();
    match state {
        JobState::Done => FinalRecord::new(state, format!("done on {kind}, after its launcher was lost"), 0),
        JobState::Cancelled if cancelled => FinalRecord::new(state, format!("cancelled on {kind}"), 4),
        JobState::Cancelled => FinalRecord::new(state, format!("cancelled on {kind} by somebody else"), 4),
        JobState::Drained => FinalRecord::new(state, format!("drained on {kind}"), 4),
        _ => FinalRecord {
            cause: cause(engine, id).await,
            ..FinalRecord::new(JobState::Failed, format!("the pipeline failed on {kind} ({native})"), 1)
        },
    }
}

/// Why a job failed, as far as the engine still says it.
async fn cause(engine: &Engine, id: &str) -> Option<Cause> {
    let (sender, mut news) = channel(64);
    let (engine, id) = (engine.clone(), id.to_owned());
    let listening = tokio::spawn(async move { engine.follow(&id, sender).await });
    let mut tail = Tail::default();
    let heard = async {
        while let Some(heard) = news.recv().await {
            if let News::Message { level: LogLevel::Error, text } = heard {
                text.lines().for_each(|line| tail.push(LogSource::Engine, line));
            }
        }
    };
    let _ = tokio::time::timeout(LAST_WORDS, heard).await;
    listening.abort();
    tail.engine_cause()
}

fn lost_with_launcher(job: &EngineJob) -> FinalRecord {
    FinalRecord {
        hint: Some(
            "the job's engine or its workers were processes of that launcher: give the runner an endpoint and a worker pool of its \
             own, and jobs go on without their launcher; run it again"
                .to_owned(),
        ),
        ..FinalRecord::new(
            JobState::Failed,
            format!("launcher lost: it stopped renewing its lease, and what the job needed on {} went with it", job.engine),
            3,
        )
    }
}

fn never_submitted(job: &EngineJob) -> FinalRecord {
    FinalRecord {
        hint: Some("nothing was run; run it again".to_owned()),
        ..FinalRecord::new(
            JobState::Failed,
            format!("launcher lost: it was killed before {} had the job", job.engine),
            3,
        )
    }
}

fn forgotten(job: &EngineJob) -> FinalRecord {
    FinalRecord {
        hint: Some("an engine that was restarted forgets its jobs; run it again".to_owned()),
        ..FinalRecord::new(JobState::Failed, format!("{} no longer knows the job", job.engine), 3)
    }
}
