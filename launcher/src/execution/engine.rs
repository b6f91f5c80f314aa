//! An engine as it is spoken to.

use tmpl_beam::metrics::{Metrics, Names};
use tmpl_bucket::{DrainRefusal, EngineJob, JobRecord};
use tmpl_template::{RunnerKind, RunnerProfile};
use tokio::sync::mpsc::Sender;

use super::ExecutionError;
use super::flink_engine::FlinkEngine;
use super::job_api::JobApi;
use super::news::{NativeState, News};

/// An engine that jobs are handed to.
#[derive(Clone, Debug)]
pub(crate) enum Engine {
    /// One that speaks Beam's Job API: Prism, Beam's job servers, any other.
    JobApi(JobApi),
    /// Flink, by its REST API.
    Flink(FlinkEngine),
}

impl Engine {
    /// Which engine it is.
    pub(crate) fn kind(&self) -> RunnerKind {
        match self {
            Self::JobApi(engine) => engine.kind,
            Self::Flink(_) => RunnerKind::Flink,
        }
    }

    /// The engine that a job was handed to. Nothing where this process can't speak to it.
    pub(crate) fn of_job(profile: &RunnerProfile, job: &EngineJob) -> Option<Self> {
        Some(match job.engine {
            RunnerKind::Flink => Self::Flink(FlinkEngine::open(profile, &job.endpoint).ok()?),
            kind => Self::JobApi(JobApi { kind, endpoint: job.endpoint.clone(), name: job.name.clone() }),
        })
    }

    /// The engine's id of an attempt of which only the name is known.
    pub(crate) async fn find(
        &self,
        record: &JobRecord,
        attempt: u32,
        name: &str,
    ) -> Result<Option<String>, ExecutionError> {
        match self {
            Self::JobApi(engine) => engine.find(name).await,
            Self::Flink(engine) => engine.find(record, attempt).await,
        }
    }

    /// The state of a job now.
    pub(crate) async fn state(&self, id: &str) -> Result<NativeState, ExecutionError> {
        match self {
            Self::JobApi(engine) => engine.state(id).await,
            Self::Flink(engine) => engine.state(id).await,
        }
    }

    /// Tells what is heard of a job until it has ended, or nobody listens.
    pub(crate) async fn follow(&self, id: &str, news: Sender<News>) {
        match self {
            Self::JobApi(engine) => engine.follow(id, news).await,
            Self::Flink(engine) => engine.follow(id, news).await,
        }
    }

    /// What a job has counted; nothing where the engine does not say.
    pub(crate) async fn metrics(&self, id: &str, names: &Names) -> Option<Metrics> {
        match self {
            Self::JobApi(engine) => engine.metrics(id, names).await,
            Self::Flink(engine) => engine.metrics(id, names).await,
        }
    }

    /// What a job that has ended has counted in all.
    pub(crate) async fn last_metrics(&self, id: &str, names: &Names) -> Option<Metrics> {
        match self {
            Self::JobApi(engine) => engine.metrics(id, names).await,
            Self::Flink(engine) => engine.last_metrics(id, names).await,
        }
    }

    /// Asks for a job's end.
    pub(crate) async fn cancel(&self, id: &str) -> Result<(), ExecutionError> {
        match self {
            Self::JobApi(engine) => engine.cancel(id).await,
            Self::Flink(engine) => engine.cancel(id).await,
        }
    }

    /// Asks a job to read nothing new and to finish what it has.
    pub(crate) async fn drain(&self, id: &str) -> Result<(), DrainRefusal> {
        match self {
            Self::JobApi(engine) => engine.drain(id).await,
            Self::Flink(engine) => engine.drain(id).await,
        }
    }
}
