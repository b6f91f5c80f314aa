//! Jobs on a cluster: how they are, why they failed, what they counted, and how they are ended.

use std::collections::BTreeMap;

use reqwest::Method;
use serde::{Deserialize, Deserializer};
use serde_json::json;

use super::client::{Ask, FlinkClient};
use super::exceptions::{Exceptions, JobFailure};
use super::java_error::{first_cause, mentions};
use super::{FlinkError, FlinkJobId, path};

/// A job, as Flink sees it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct FlinkJob {
    /// Its name.
    pub name: String,
    /// Flink's state of it.
    pub state: String,
    /// When it came into each state, in milliseconds since 1970; 0 for those that it never was in.
    #[serde(default)]
    pub timestamps: BTreeMap<String, i64>,
    /// The parts of it that Flink runs: several steps each, often.
    #[serde(default)]
    pub vertices: Vec<Vertex>,
}

/// A part of a job.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Vertex {
    /// The steps in it, in Flink's words.
    pub name: String,
    /// How it is: `RUNNING`.
    #[serde(default)]
    pub status: String,
    /// How many of its tasks run at the same time.
    #[serde(default)]
    pub parallelism: u32,
    /// What it has counted.
    #[serde(default)]
    pub metrics: VertexMetrics,
}

/// What a part of a job has counted: between the parts only, not within one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct VertexMetrics {
    /// Records that came in.
    #[serde(deserialize_with = "count")]
    pub read_records: i64,
    /// Records that went out.
    #[serde(deserialize_with = "count")]
    pub write_records: i64,
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExecutionResult {
    /// `SUCCEEDED`, `FAILED`, `CANCELED` or `UNKNOWN`.
    pub status: String,
    /// Why it failed.
    pub failure: Option<JobFailure>,
}

/// A figure that a job keeps.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Accumulator {
    /// Its name.
    pub name: String,
    /// Its value as text.
    #[serde(default, deserialize_with = "text")]
    pub value: String,
}

/// What came of a request to cancel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancellation {
    /// Flink will do it, or has done it.
    Accepted,
    /// The job has ended otherwise.
    Ended {
        /// Flink's words.
        message: String,
    },
}

/// What became of a savepoint, and of the stop that it is a part of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SavepointStatus {
    /// It is being written.
    InProgress,
    /// It is written.
    Completed {
        /// Where.
        location: String,
    },
    /// It could not be written: the job goes on.
    Failed {
        /// The line of Flink's words that matters.
        message: String,
        /// Whether the job is not there any more.
        gone: bool,
    },
}

impl FlinkClient {
    /// Flink's state of a job: the cheapest question.
    pub async fn status(&self, job: &FlinkJobId) -> Result<String, FlinkError> {
        #[derive(Deserialize)]
        struct Status {
            status: String,
        }
        let status: Status = self.ask(Ask::get("tell how a job is", &of(job, "/status")).of(job)).await?;
        Ok(status.status)
    }

    /// All about a job.
    pub async fn job(&self, job: &FlinkJobId) -> Result<FlinkJob, FlinkError> {
        self.ask(Ask::get("describe a job", &of(job, "")).of(job)).await
    }

    /// How a job ended; none while it runs. Unlike [`exceptions`](Self::exceptions), which shows a job as it was up to
    /// `web.refresh-interval` ago, it is there as soon as the state is.
    pub async fn execution_result(&self, job: &FlinkJobId) -> Result<Option<ExecutionResult>, FlinkError> {
        let action = "tell how a job ended";
        let result: ResultAnswer = self.ask(Ask::get(action, &of(job, "/execution-result")).of(job)).await?;
        Ok(result.result.map(|result| ExecutionResult {
            status: result.status,
            failure: result.failure.map(|failure| JobFailure::new(failure.trace, None, None, None)),
        }))
    }

    /// Why a job, or its tasks, failed: the latest first.
    pub async fn exceptions(&self, job: &FlinkJobId) -> Result<Vec<JobFailure>, FlinkError> {
        let action = "tell why a job failed";
        let exceptions: Exceptions = self.ask(Ask::get(action, &of(job, "/exceptions")).of(job)).await?;
        Ok(exceptions.failures())
    }

    /// What the program of a job keeps. There are figures of a job that failed, too.
    pub async fn accumulators(&self, job: &FlinkJobId) -> Result<Vec<Accumulator>, FlinkError> {
        #[derive(Deserialize)]
        struct Accumulators {
            #[serde(rename = "user-task-accumulators")]
            of_tasks: Vec<Accumulator>,
        }
        let action = "tell what a job has counted";
        let answer: Accumulators = self.ask(Ask::get(action, &of(job, "/accumulators")).of(job)).await?;
        Ok(answer.of_tasks)
    }

    /// How often a job was started again by Flink itself; none where it does not say.
    pub async fn restarts(&self, job: &FlinkJobId) -> Result<Option<u64>, FlinkError> {
        #[derive(Deserialize)]
        struct Metric {
            id: String,
            #[serde(default)]
            value: String,
        }
        let path = of(job, "/metrics?get=numRestarts");
        let metrics: Vec<Metric> = self.ask(Ask::get("tell a job's figures", &path).of(job)).await?;
        let found = metrics.into_iter().find(|metric| metric.id == "numRestarts");
        Ok(found.and_then(|metric| metric.value.parse().ok()))
    }

    /// Asks Flink to end a job now. Whether it did is seen by its state.
    pub async fn cancel(&self, job: &FlinkJobId) -> Result<Cancellation, FlinkError> {
        let path = of(job, "?mode=cancel");
        match self.send(Ask::get("cancel a job", &path).of(job).by(Method::PATCH)).await {
            Ok(_) => Ok(Cancellation::Accepted),
            Err(FlinkError::Refused { status: 409, message, .. }) => Ok(Cancellation::Ended { message }),
            Err(error) => Err(error),
        }
    }

    /// Asks Flink to write a savepoint and to end a job with it: with a drain when everything that it has read is done. The answer names
    /// the request, whose fate [`savepoint_status`](Self::savepoint_status) tells. Without a folder Flink's own counts.
    pub async fn stop(
        &self,
        job: &FlinkJobId,
        drain: bool,
        folder: Option<&str>,
    ) -> Result<String, FlinkError> {
        #[derive(Deserialize)]
        struct Request {
            #[serde(rename = "request-id")]
            id: String,
        }
        let mut body = json!({ "drain": drain });
        if let Some(folder) = folder {
            body["targetDirectory"] = json!(folder);
        }
        let request: Request =
            self.ask(Ask::get("stop a job", &of(job, "/stop")).of(job).json(&body)).await?;
        Ok(request.id)
    }

    /// What became of a request to stop.
    pub async fn savepoint_status(
        &self,
        job: &FlinkJobId,
        request: &str,
    ) -> Result<SavepointStatus, FlinkError> {
        let path = of(job, &format!("/savepoints/{}", path::segment(request)));
        // No job here: a JobManager that was started anew knows neither.
        let answer: SavepointAnswer = self.ask(Ask::get("tell how a savepoint is", &path).of(job)).await?;
        Ok(answer.status())
    }
}

fn of(job: &FlinkJobId, rest: &str) -> String {
    format!("/jobs/{job}{rest}")
}

#[derive(Deserialize)]
struct ResultAnswer {
    #[serde(rename = "job-execution-result")]
    result: Option<EndedJob>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct EndedJob {
    #[serde(rename = "application-status")]
    status: String,
    #[serde(rename = "failure-cause")]
    failure: Option<Failure>,
}

#[derive(Deserialize)]
struct Failure {
    #[serde(rename = "stack-trace", default)]
    trace: String,
}

#[derive(Deserialize)]
struct SavepointAnswer {
    status: Phase,
    operation: Option<Operation>,
}

#[derive(Deserialize)]
struct Phase {
    id: String,
}

#[derive(Deserialize)]
struct Operation {
    location: Option<String>,
    #[serde(rename = "failure-cause")]
    failure: Option<Failure>,
}

impl SavepointAnswer {
    fn status(self) -> SavepointStatus {
        match self.operation {
            Some(Operation { failure: Some(Failure { trace }), .. }) => SavepointStatus::Failed {
                message: first_cause(&trace).unwrap_or_else(|| "Flink does not say why".to_owned()),
                gone: mentions(&trace, "FlinkJobNotFoundException"),
            },
            Some(Operation { location: Some(location), .. }) => SavepointStatus::Completed { location },
            _ if self.status.id == "COMPLETED" => SavepointStatus::Completed { location: String::new() },
            _ => SavepointStatus::InProgress,
        }
    }
}

/// A count, 0 where there is something else.
fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<i64, D::Error> {
    Ok(serde_json::Value::deserialize(deserializer)?.as_i64().unwrap_or_default())
}

/// A text, or something else as its JSON.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => text,
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    })
}

#[cfg(test)]
mod tests;
