//! A launch on an engine, tried without the engine: the program builds its graph here, and nothing is submitted or written down.

use serde::Serialize;
use tmpl_beam::graph::Graph;
use tmpl_beam::graph::features::{Engine as Able, lacks, needs};
use tmpl_beam::job_service::JobService;
use tmpl_beam::messages::Pipeline;
use tmpl_beam::options::PipelineOptions;
use tmpl_bucket::{Bucket, ExitStatus, FinalRecord};
use tmpl_template::{RunnerKind, is_pipeline_option};
use tokio::sync::mpsc::channel;

use super::error::ExecutionError;
use super::graph::{Submitted, submitted};
use crate::accept::CheckedLaunch;
use crate::cache::Cache;
use crate::cause::Tail;
use crate::guarded_program::GuardedProgram;
use crate::job_end::ended_without_graph;
use crate::launch::GRACE;
use crate::log_stream::RawLine;
use crate::runner::Capture;
use crate::secret::Secrets;
use crate::this_process::executable;
use crate::{LaunchError, Plan};

/// Lines of the program that may wait to be told.
const QUEUE: usize = 256;

/// What a launch on an engine would be.
#[derive(Clone, Debug)]
pub struct DryRun {
    /// What was started here, and where things would be.
    pub plan: Plan,
    /// The graph.
    pub graph: Graph,
    /// What the engine will not do of it, the worst first.
    pub lacks: Vec<Lacking>,
    /// What became of the parameters that are pipeline options.
    pub options: Vec<OptionOutcome>,
}

/// Something that the engine will not do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lacking {
    /// `refused`, `fails`, `ignored` or `note`.
    pub consequence: &'static str,
    /// In words.
    pub told: String,
}

/// A parameter, and what the pipeline carries under its name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OptionOutcome {
    /// The parameter.
    pub parameter: String,
    /// What was asked for.
    pub asked: String,
    /// What the pipeline carries; nothing where it carries no such option.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub carried: Option<String>,
    /// In words, where the two differ.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<String>,
}

/// How a dry run ended.
#[derive(Debug)]
pub enum Tried {
    /// There is a graph.
    Graph(Box<DryRun>),
    /// The program failed.
    Failed(Box<FinalRecord>),
}

/// Has the program of a launch build its graph. Its lines go to `told`.
pub async fn dry_run(
    launch: &CheckedLaunch,
    bucket: &Bucket,
    cache: &Cache,
    told: &(dyn Fn(&str) + Sync),
) -> Result<Tried, LaunchError> {
    let record = launch.job();
    let engine = record.engine();
    launch.assemble(bucket, cache).await?;
    let folder = tempfile::tempdir().map_err(unusable)?;
    let service = JobService::start(folder.path().to_owned()).await.map_err(unusable)?;
    let runner = Capture { job_service: service.endpoint(), engine };
    let mut invocation = launch.invocation(&runner, &record, bucket, cache);
    let secrets = Secrets::resolve(&mut invocation)?;
    let (sender, mut lines) = channel::<RawLine>(QUEUE);
    let mut program = GuardedProgram::start_beside(&executable()?, invocation, GRACE, Some(sender)).await?;
    let mut tail = Tail::default();
    let reading = async {
        while let Some(line) = lines.recv().await {
            let text = secrets.redact(line.text);
            tail.push(line.source, &text);
            told(&text);
        }
    };
    let (ended, ()) = tokio::join!(program.end(), reading);
    let ended = ended?;
    let captured = match submitted(&service, ended)? {
        Submitted::Pipeline(captured) => captured,
        Submitted::Nothing => return Ok(Tried::Failed(Box::new(ended_without_graph(ended, &tail)))),
    };
    if ended != ExitStatus::Code(0) {
        told("the program failed after it had submitted its pipeline");
    }
    let pipeline = Pipeline::read(captured.pipeline.clone()).map_err(unusable)?;
    let graph = Graph::of(&pipeline);
    let options = PipelineOptions::decode(&captured.options).map_err(unusable)?;
    let lacks = lacks(able(engine), &needs(&pipeline));
    Ok(Tried::Graph(Box::new(DryRun {
        plan: launch.plan(bucket, cache),
        graph,
        lacks: lacks
            .iter()
            .map(|lack| Lacking { consequence: lack.consequence.key(), told: lack.in_words() })
            .collect(),
        options: compare(launch, record.name.as_str(), &options),
    })))
}

fn able(engine: RunnerKind) -> Able {
    match engine {
        RunnerKind::Prism => Able::Prism,
        RunnerKind::Flink => Able::Flink,
        RunnerKind::Spark => Able::Spark,
        _ => Able::Portable,
    }
}

/// Holds what was asked for against what the pipeline carries: a program that sets an option itself overrules the launch.
fn compare(launch: &CheckedLaunch, name: &str, options: &PipelineOptions) -> Vec<OptionOutcome> {
    let asked = launch.values().filter(|(name, _)| is_pipeline_option(name) || options.get(name).is_some());
    // The job's name is the launcher's word, whoever has said it.
    let own = options.get("job_name").is_some().then_some(("job_name", name));
    own.into_iter()
        .chain(asked.filter(|(name, _)| *name != "job_name"))
        .map(|(name, asked)| {
            let carried = options.get(name).map(shown);
            let difference = match &carried {
                Some(carried) if carried == asked => None,
                Some(carried) => {
                    Some(format!("the program carries `{carried}` instead: it sets {name} itself"))
                }
                None => {
                    Some(format!("the program does not carry {name}: it ignores it, or reads it by itself"))
                }
            };
            OptionOutcome { parameter: name.to_owned(), asked: asked.to_owned(), carried, difference }
        })
        .collect()
}

/// A value as it is written on a command line.
fn shown(value: &serde_json::Value) -> String {
    match value {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

fn unusable(error: impl std::fmt::Display) -> LaunchError {
    ExecutionError::Unusable { reason: error.to_string() }.into()
}
