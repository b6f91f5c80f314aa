//! Flink, as an engine that jobs are handed to.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use tmpl_beam::metrics::{Metrics, Names};
use tmpl_beam::options::PipelineOptions;
use tmpl_bucket::{Bucket, JobRecord, LogLevel};
use tmpl_template::{JobState, RunnerKind, RunnerProfile};
use tokio::sync::mpsc::Sender;

use super::ExecutionError;
use super::flink_slots::Slots;
use super::news::{NativeState, News};
use crate::flink::{
    self, FlinkClient, FlinkError, FlinkJobId, FlinkJobParts, FlinkSubmission, JobFailure, SavepointStatus,
    job_state,
};
use crate::secret;

/// How often a job's state is asked for, at first and at last.
const FIRST_POLL: Duration = Duration::from_millis(100);
const LAST_POLL: Duration = Duration::from_secs(3);
/// The pause after Flink did not answer, at most.
const LAST_PAUSE: Duration = Duration::from_secs(15);
/// The pauses between questions for why a job failed.
const REASON_PAUSES: [Duration; 4] =
    [Duration::from_millis(100), Duration::from_millis(400), Duration::from_secs(1), Duration::ZERO];
/// Whose frames in a stack trace say nothing of the pipeline.
const PASSING: [&str; 7] = [
    "org.apache.flink.",
    "org.apache.beam.",
    "org.apache.pekko.",
    "scala.",
    "java.base/",
    "jdk.internal.",
    "akka.",
];
/// How often Flink must say that it does not know a job before that is believed.
const FORGOTTEN: u32 = 3;
/// How often it is looked whether Flink shows the end of a job, and how many times: `web.refresh-interval` is three seconds unless set.
const SHOWN_POLL: Duration = Duration::from_millis(300);
const SHOWN_LATER: u32 = 15;
/// How often it is asked whether a job may be drained.
const SAVEPOINT_POLL: Duration = Duration::from_millis(250);
/// How long that may take to be refused. One that is not refused by then is under way.
const SAVEPOINT_LIMIT: Duration = Duration::from_secs(10);

/// A cluster.
#[derive(Clone, Debug)]
pub(crate) struct FlinkEngine {
    client: FlinkClient,
    savepoints: Option<String>,
}

impl FlinkEngine {
    /// The cluster of a profile. Its secret is looked up here.
    pub(crate) fn open(profile: &RunnerProfile, endpoint: &str) -> Result<Self, ExecutionError> {
        let token = match &profile.token {
            Some(reference) => Some(
                secret::look_up(reference.as_str())
                    .map_err(|reason| ExecutionError::Secret { reference: reference.to_string(), reason })?,
            ),
            None => None,
        };
        let client = FlinkClient::new(endpoint, token)?;
        Ok(Self { client, savepoints: profile.savepoint_directory.clone() })
    }

    /// Hands a graph over. Gives Flink's id of the job, which is made of ours: a second try starts no second job.
    pub(crate) async fn submit(
        &self,
        plan: &FlinkSubmission,
        profile: &RunnerProfile,
        bucket: &Bucket,
        pipeline: &[u8],
        options: &PipelineOptions,
    ) -> Result<String, ExecutionError> {
        let jar = profile.beam_jar.as_ref().ok_or(ExecutionError::Incomplete { key: "beam_jar" })?;
        let options = options.to_json().to_string();
        let parts = FlinkJobParts { jar, bucket: Some(bucket), pipeline, options: &options };
        Ok(flink::submit(&self.client, plan, parts).await?.to_string())
    }

    /// Flink's id of an attempt, if it has one.
    pub(crate) async fn find(
        &self,
        record: &JobRecord,
        attempt: u32,
    ) -> Result<Option<String>, ExecutionError> {
        let id = FlinkJobId::of(&record.id, attempt);
        match self.client.status(&id).await {
            Ok(_) => Ok(Some(id.to_string())),
            Err(error) if error.is_gone() => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) async fn state(&self, id: &str) -> Result<NativeState, ExecutionError> {
        let native = self.client.status(&known(id)?).await?;
        let state = job_state(&native, false);
        Ok(NativeState { native, state })
    }

    pub(crate) async fn metrics(&self, id: &str, names: &Names) -> Option<Metrics> {
        let id = known(id).ok()?;
        let accumulators = self.client.accumulators(&id).await.ok()?;
        let job = self.client.job(&id).await.ok()?;
        Some(flink::metrics(&accumulators, &job.vertices, names, Timestamp::now()))
    }

    /// What a job that has ended has counted. Flink shows a job as it was up to three seconds ago: the end of it is waited for.
    pub(crate) async fn last_metrics(&self, id: &str, names: &Names) -> Option<Metrics> {
        let job = known(id).ok()?;
        for _ in 0..SHOWN_LATER {
            let shown = self.client.job(&job).await.ok()?.state;
            if job_state(&shown, false).is_some_and(JobState::is_terminal) {
                break;
            }
            tokio::time::sleep(SHOWN_POLL).await;
        }
        self.metrics(id, names).await
    }

    pub(crate) async fn cancel(&self, id: &str) -> Result<(), ExecutionError> {
        self.client.cancel(&known(id)?).await?;
        Ok(())
    }

    /// Stops a job with a savepoint, when everything that it has read is done.
    pub(crate) async fn drain(&self, id: &str) -> Result<(), ExecutionError> {
        let id = known(id)?;
        let request = self.client.stop(&id, true, self.savepoints.as_deref()).await?;
        let begun = tokio::time::Instant::now();
        while begun.elapsed() < SAVEPOINT_LIMIT {
            match self.client.savepoint_status(&id, &request).await {
                Ok(SavepointStatus::Failed { message, .. }) => {
                    return Err(ExecutionError::NotDrained { reason: message });
                }
                Ok(SavepointStatus::Completed { .. }) => return Ok(()),
                // One that is under way, or can't be asked for now.
                _ => tokio::time::sleep(SAVEPOINT_POLL).await,
            }
        }
        Ok(())
    }

    /// Tells what is heard of a job until it has ended, or nobody listens.
    pub(crate) async fn follow(&self, id: &str, news: Sender<News>) {
        let Ok(id) = known(id) else { return };
        let mut told = HashSet::new();
        let (mut poll, mut pause, mut gone) = (FIRST_POLL, FIRST_POLL, 0);
        let mut slots = Slots::new();
        loop {
            match self.client.status(&id).await {
                Ok(native) => {
                    (pause, gone) = (FIRST_POLL, 0);
                    let state = job_state(&native, false);
                    if matches!(state, Some(JobState::Failed)) || native == "RESTARTING" {
                        self.tell_failures(&id, &news, &mut told).await;
                    }
                    let is_end = state.is_some_and(JobState::is_terminal);
                    if news.send(News::State(NativeState { native, state })).await.is_err() || is_end {
                        return;
                    }
                    if let Some(told) = slots.look(&self.client, &id).await {
                        let _ = news.send(told).await;
                    }
                    tokio::time::sleep(poll).await;
                    poll = (poll * 3 / 2).min(LAST_POLL);
                    continue;
                }
                Err(error) if error.is_gone() => {
                    gone += 1;
                    if gone >= FORGOTTEN {
                        let _ = news.send(News::Forgotten).await;
                        return;
                    }
                }
                Err(error) => {
                    let reason = tmpl_bucket::causes(&error).join(": ");
                    if news.send(News::Silent(reason)).await.is_err() {
                        return;
                    }
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    /// What was thrown. Flink may say that a job has failed a moment before it says why.
    async fn failures(&self, id: &FlinkJobId) -> Vec<JobFailure> {
        for pause in REASON_PAUSES {
            match self.client.exceptions(id).await {
                Ok(failures) if !failures.is_empty() => return failures,
                _ => tokio::time::sleep(pause).await,
            }
        }
        Vec::new()
    }

    /// Tells what was thrown, the earliest first: Python's own words are among the lines of Java's.
    async fn tell_failures(&self, id: &FlinkJobId, news: &Sender<News>, told: &mut HashSet<String>) {
        let mut failures = self.failures(id).await;
        failures.sort_by_key(|failure| failure.time);
        for failure in failures {
            if told.insert(format!("{:?}{}", failure.time, failure.message)) {
                let text = if failure.trace.is_empty() { failure.message } else { own_lines(&failure.trace) };
                let _ = news.send(News::Message { level: LogLevel::Error, text }).await;
            }
        }
    }
}

/// A stack trace without the frames of those who only pass calls on.
fn own_lines(trace: &str) -> String {
    let is_own = |line: &&str| {
        !line.strip_prefix("\tat ").is_some_and(|frame| PASSING.iter().any(|name| frame.starts_with(name)))
    };
    trace.lines().filter(is_own).collect::<Vec<_>>().join("\n")
}

fn known(id: &str) -> Result<FlinkJobId, ExecutionError> {
    id.parse().map_err(|_| ExecutionError::Unusable {
        reason: format!("`{id}` is no id of a job of {}", RunnerKind::Flink),
    })
}

impl From<FlinkError> for ExecutionError {
    fn from(error: FlinkError) -> Self {
        Self::Flink(Box::new(error))
    }
}
