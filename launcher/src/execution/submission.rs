//! A kept graph on its way to an engine: what is submitted is a value that a dry run shows; then it is done.

use std::sync::OnceLock;

use jiff::Timestamp;
use tmpl_beam::environment::{at_pool, at_pool_embedded};
use tmpl_beam::job_client::Submission;
use tmpl_beam::options::typed;
use tmpl_beam::pool_client;
use tmpl_bucket::EngineJob;
use tmpl_template::{Phase, RunnerKind};
use tokio::sync::mpsc::Receiver;

use super::captured::Kept;
use super::engine::Engine;
use super::flink_engine::FlinkEngine;
use super::job_api::JobApi;
use super::own::OwnParts;
use super::withdrawal::{Fate, fate, withdraw};
use super::{Execution, ExecutionError, limits};
use crate::LaunchError;
use crate::flink::FlinkSubmission;
use crate::session::Session;
use crate::stop::Stop;

/// The option that says how much modules of Python's workers log.
const LOG_LEVELS: &str = "sdk_harness_log_level_overrides";

/// A job that an engine has accepted.
#[derive(Clone, Debug)]
pub(super) struct Submitted {
    pub(super) engine: Engine,
    /// The engine's id.
    pub(super) id: String,
    /// The graph, for the names of its steps.
    pub(super) graph: bytes::Bytes,
    pub(super) results_required: bool,
}

/// How the handing over went.
pub(super) enum Handed {
    /// The engine runs the job.
    Accepted(Submitted),
    /// Somebody wanted its end.
    Stopped(Stop),
}

/// What the engine calls an attempt: a name that no other has, so that whoever finds only the intent can ask for it.
pub(super) fn engine_name(execution: &Execution<'_>) -> String {
    let id = execution.record.id.as_str();
    // The end of an id is random.
    let own = &id[id.len().saturating_sub(8)..];
    format!("{}.{own}.{}", execution.record.name, execution.attempt)
}

/// Hands a graph to the engine of the job. Where that fails, or somebody wants the job's end meanwhile, the engine does not run it.
pub(super) async fn submit(
    execution: &Execution<'_>,
    kept: &Kept,
    own: &mut OwnParts,
    session: &mut Session,
    stopped: &mut Receiver<Stop>,
) -> Result<Handed, LaunchError> {
    let asked = OnceLock::new();
    let handing = hand_over(execution, kept, own, &asked, session);
    let handed = tokio::select! {
        biased;
        Some(reason) = stopped.recv() => Ok(Handed::Stopped(reason)),
        submitted = limits::within(execution.record, Phase::Submission, handing) => submitted.map(Handed::Accepted),
    };
    let is_cut = match &handed {
        Ok(Handed::Accepted(_)) => false,
        // What the engine itself refuses it does not run.
        Err(LaunchError::Execution(error)) => matches!(error, ExecutionError::Limit { .. }),
        Ok(Handed::Stopped(_)) | Err(_) => true,
    };
    if let Some(engine) = asked.get().filter(|_| is_cut) {
        withdraw(engine, execution).await;
    }
    handed
}

async fn hand_over(
    execution: &Execution<'_>,
    kept: &Kept,
    own: &mut OwnParts,
    asked: &OnceLock<Engine>,
    session: &mut Session,
) -> Result<Submitted, LaunchError> {
    let Execution { context, record, profile, attempt } = execution;
    let endpoint = match &profile.endpoint {
        Some(endpoint) => endpoint.clone(),
        None if profile.starts_engine() => own.start_prism(execution, session).await?,
        None => return Err(ExecutionError::Incomplete { key: "endpoint" }.into()),
    };
    let pool = match &profile.worker_pool {
        Some(pool) => pool.clone(),
        None => own.start_pool(execution, session).await?,
    };
    // From another machine nothing can be said of what that Prism reaches.
    if profile.engine == RunnerKind::Prism && profile.worker_pool.is_some() && is_here(&endpoint) {
        pool_client::answers(&pool).await.map_err(ExecutionError::NoPool)?;
    }
    let name = engine_name(execution);
    let intent = EngineJob {
        time: Timestamp::now(),
        engine: profile.engine,
        endpoint: endpoint.clone(),
        name: name.clone(),
        id: None,
        own: !own.is_empty(),
    };
    context.bucket.intend_engine_job(&record.id, *attempt, &intent).await?;
    let bucket = context.bucket.url().to_string();
    let attempt_text = attempt.to_string();
    let words = [
        ("tmpl.bucket", bucket.as_str()),
        ("tmpl.job", record.id.as_str()),
        ("tmpl.attempt", attempt_text.as_str()),
    ];
    let mut options = kept.options.clone();
    for (option, value) in &profile.options {
        options.set(option, typed(value));
    }
    // What a worker of Python says of its channels is nobody's business; what the pipeline says stays.
    if options.get(LOG_LEVELS).is_none() {
        options.set(LOG_LEVELS, serde_json::json!({ "apache_beam.runners.worker": "WARNING" }));
    }
    // Beam's job servers name a job by its options, Prism by the request.
    options.set("job_name", name.as_str().into());
    let (engine, answer) = if profile.engine == RunnerKind::Flink {
        let engine = FlinkEngine::open(profile, &endpoint)?;
        // Flink asks nobody for files: they travel within the graph.
        let pipeline = at_pool_embedded(&kept.captured, &pool, &words).map_err(unusable)?;
        let plan = flink_plan(execution).ok_or(ExecutionError::Incomplete { key: "beam_jar" })?;
        let _ = asked.set(Engine::Flink(engine.clone()));
        let answer = engine.submit(&plan, profile, &context.bucket, &pipeline, &options).await;
        (Engine::Flink(engine), answer)
    } else {
        let engine = JobApi { kind: profile.engine, endpoint, name: name.clone() };
        let pipeline = at_pool(&kept.captured, &pool, &words).map_err(unusable)?;
        let submission = Submission { pipeline, options: options.encode(), job_name: name };
        let _ = asked.set(Engine::JobApi(engine.clone()));
        let answer = engine.submit(&submission, &kept.captured).await;
        (Engine::JobApi(engine), answer)
    };
    let id = match answer {
        Ok(id) => id,
        Err(error) if error.is_unanswered() => match fate(&engine, execution).await {
            Fate::Accepted(id) => id,
            Fate::Nothing => return Err(error.into()),
            Fate::Unknown => return Err(ExecutionError::Unsure(Box::new(error)).into()),
        },
        Err(error) => return Err(error.into()),
    };
    let job = EngineJob { time: Timestamp::now(), id: Some(id.clone()), ..intent };
    context.bucket.record_engine_job(&record.id, *attempt, &job).await?;
    session.message(format!("{} has accepted the job: {id}", profile.engine)).await;
    let graph = kept.captured.pipeline.clone();
    Ok(Submitted { engine, id, graph, results_required: kept.results_required })
}

/// Whether an endpoint, `host:port`, is one of this machine's own network.
fn is_here(endpoint: &str) -> bool {
    ["127.", "localhost:", "[::1]:"].iter().any(|host| endpoint.starts_with(host))
}

/// What is submitted to Flink; nothing where the profile names no jar of Beam's.
fn flink_plan(execution: &Execution<'_>) -> Option<FlinkSubmission> {
    let Execution { record, profile, attempt, .. } = execution;
    let parallelism = profile.options.get("parallelism").and_then(|said| said.parse().ok());
    let jar = profile.beam_jar.as_ref()?;
    Some(FlinkSubmission::new(&record.id, *attempt, &record.name, jar, parallelism))
}

fn unusable(error: impl std::fmt::Display) -> LaunchError {
    ExecutionError::Unusable { reason: error.to_string() }.into()
}
