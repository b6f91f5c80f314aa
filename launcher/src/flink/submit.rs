//! A launch on Flink: the plan of it, and its execution.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tmpl_bucket::Bucket;
use tmpl_template::{BeamJar, JobId, JobName};

use super::beam_jar::{find_or_upload, jar_name};
use super::client::FlinkClient;
use super::graph_jar;
use super::jars::RunRequest;
use super::upload::Upload;
use super::{FlinkError, FlinkJobId};

/// The class of ours that runs in the `JobManager`.
pub const ENTRY_CLASS: &str = "tmpl.flink.Launch";

/// What a launch on Flink does: everything but the bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FlinkSubmission {
    /// The name of Beam's jar on the cluster.
    pub jar: String,
    /// The name of the archive with the graph, which is on the cluster until the job is accepted.
    pub graph: String,
    /// The class whose `main` runs in the `JobManager`.
    pub entry_class: String,
    /// Its arguments, without the one that names the place of the graph on the `JobManager`.
    pub program_arguments: Vec<String>,
    /// The id of the job in Flink: always the same for an attempt, so that it is not accepted twice.
    pub job_id: FlinkJobId,
    /// How many tasks of one step run at the same time; none for the cluster's own idea of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parallelism: Option<u32>,
}

impl FlinkSubmission {
    /// The plan of an attempt.
    pub fn new(job: &JobId, attempt: u32, name: &JobName, jar: &BeamJar, parallelism: Option<u32>) -> Self {
        let mut program_arguments = vec![format!("--name={name}"), format!("--id={job}-{attempt}")];
        program_arguments.extend(parallelism.map(|parallelism| format!("--parallelism={parallelism}")));
        Self {
            jar: jar_name(jar),
            graph: graph_jar::name(job, attempt),
            entry_class: ENTRY_CLASS.to_owned(),
            program_arguments,
            job_id: FlinkJobId::of(job, attempt),
            parallelism,
        }
    }
}

/// What is submitted.
#[derive(Clone, Copy, Debug)]
pub struct FlinkJobParts<'a> {
    /// The jar with Beam's runner.
    pub jar: &'a BeamJar,
    /// The bucket that the jar may lie in.
    pub bucket: Option<&'a Bucket>,
    /// The pipeline, as it goes over the wire.
    pub pipeline: &'a [u8],
    /// Its options: a JSON object with keys such as `beam:option:streaming:v1`.
    pub options: &'a str,
}

/// Submits a job, and returns when Flink has accepted it. If it was accepted before, because a submission is tried again, that is as good.
/// An error `Unanswered` means that Flink may have accepted it.
///
/// The jar is uploaded if the cluster does not have it, and the graph each time; the graph is removed when it was read.
pub async fn submit(
    client: &FlinkClient,
    plan: &FlinkSubmission,
    parts: FlinkJobParts<'_>,
) -> Result<FlinkJobId, FlinkError> {
    // A try before this one may have got through, though its answer did not.
    if is_there(client, &plan.job_id).await? {
        return Ok(plan.job_id.clone());
    }
    let there = client.jars().await?;
    let jar = find_or_upload(client, &there, parts.jar, parts.bucket).await?;
    let archive = graph_jar::graph_jar(parts.pipeline, parts.options)
        .map_err(|error| FlinkError::Graph { reason: error.to_string() })?;
    let graph = client.upload_jar(&plan.graph, Upload::of(archive)).await?;
    let mut program_arguments = vec![format!("--graph={}", graph.path)];
    program_arguments.extend(plan.program_arguments.iter().cloned());
    let request = RunRequest {
        entry_class: plan.entry_class.clone(),
        program_arguments,
        parallelism: plan.parallelism,
        job_id: plan.job_id.clone(),
        configuration: std::collections::BTreeMap::new(),
    };
    let accepted = client.run_jar(&jar, &request).await;
    // Whether they could be removed is not the job's matter: the next launch tries again.
    let now = Timestamp::now();
    let left_over =
        there.iter().filter(|jar| graph_jar::is_left_over(jar, &plan.graph, now)).map(|jar| &jar.id);
    for id in left_over.chain([&graph.id]) {
        let _ = client.delete_jar(id).await;
    }
    match accepted {
        Err(FlinkError::Duplicate { job }) if is_there(client, &job).await? => Ok(job),
        Err(error @ (FlinkError::Lost { .. } | FlinkError::Silent { .. } | FlinkError::NotReady { .. })) => {
            Err(FlinkError::Unanswered(Box::new(error)))
        }
        other => other,
    }
}

/// Whether Flink knows a job.
async fn is_there(client: &FlinkClient, job: &FlinkJobId) -> Result<bool, FlinkError> {
    match client.status(job).await {
        Ok(_) => Ok(true),
        Err(FlinkError::Gone { .. }) => Ok(false),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use tmpl_template::sha256_of;

    use super::*;

    #[test]
    fn a_plan_says_everything_but_the_bytes() {
        let job: JobId = "2026-11-21_08_00_00-0000000000000000001".parse().unwrap();
        let name: JobName = "words".parse().unwrap();
        let jar = BeamJar::blob(sha256_of(b"jar"));
        let plan = FlinkSubmission::new(&job, 1, &name, &jar, Some(4));
        let written = json!({
            "jar": jar_name(&jar),
            "graph": "tmpl-graph-2026-11-21_08_00_00-0000000000000000001-1.jar",
            "entryClass": "tmpl.flink.Launch",
            "programArguments": ["--name=words", "--id=2026-11-21_08_00_00-0000000000000000001-1", "--parallelism=4"],
            "jobId": FlinkJobId::of(&job, 1).as_str(),
            "parallelism": 4,
        });
        assert_eq!(json!(plan), written);
        assert_eq!(serde_json::from_value::<FlinkSubmission>(written).unwrap(), plan);
        let plan = FlinkSubmission::new(&job, 1, &name, &jar, None);
        assert_eq!(plan.program_arguments.len(), 2);
    }
}
