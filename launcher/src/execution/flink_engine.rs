//! Flink, as an engine that jobs are handed to.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use tmpl_beam::metrics::{Metrics, Names};
use tmpl_beam::options::PipelineOptions;
use tmpl_bucket::{Bucket, DrainRefusal, JobRecord, LogLevel, causes};
use tmpl_template::{JobState, RunnerKind, RunnerProfile};
use tokio::sync::mpsc::Sender;

use super::ExecutionError;
use super::flink_slots::Slots;
use super::news::{NativeState, News};
use crate::flink::{
    self, ExecutionResult, FlinkClient, FlinkError, FlinkJobId, FlinkJobParts, FlinkSubmission, JobFailure,
    SavepointStatus, job_state,
};
use crate::secret;

/// How often a job's state is asked for, at first and at last.
const FIRST_POLL: Duration = Duration::from_millis(100);
const LAST_POLL: Duration = Duration::from_secs(3);
/// The pause after Flink did not answer, at most.
const LAST_PAUSE: Duration = Duration::from_secs(15);
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
/// Errors that say more than what they were caused by: an empty timeout, for one.
const TELLING: [&str; 1] = ["NoResourceAvailableException"];
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
    pub(crate) async fn drain(&self, id: &str) -> Result<(), DrainRefusal> {
        let id = known(id).map_err(|error| DrainRefusal { reason: error.to_string(), hint: None })?;
        let asked = self.client.stop(&id, true, self.savepoints.as_deref()).await;
        let refusal =
            |error: FlinkError| DrainRefusal { reason: causes(&error).join(": "), hint: error.hint() };
        let request = asked.map_err(refusal)?;
        let begun = tokio::time::Instant::now();
        while begun.elapsed() < SAVEPOINT_LIMIT {
            match self.client.savepoint_status(&id, &request).await {
                Ok(SavepointStatus::Failed { message, .. }) => {
                    let hint = flink::remedy(&message).map(str::to_owned);
                    return Err(DrainRefusal { reason: message, hint });
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
                    if state == Some(JobState::Failed) {
                        self.tell_end(&id, &news, &mut told).await;
                    } else if native == "RESTARTING" {
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

    /// Tells what was thrown while the job goes on, the earliest first: Python's own words are among the lines of Java's.
    async fn tell_failures(&self, id: &FlinkJobId, news: &Sender<News>, told: &mut HashSet<String>) {
        let mut failures = self.client.exceptions(id).await.unwrap_or_default();
        failures.sort_by_key(|failure| failure.time);
        for failure in failures {
            tell_failure(failure, news, told).await;
        }
    }

    /// Tells why a job has failed.
    async fn tell_end(&self, id: &FlinkJobId, news: &Sender<News>, told: &mut HashSet<String>) {
        match self.client.execution_result(id).await {
            Ok(Some(ExecutionResult { failure: Some(failure), .. })) => {
                tell_failure(failure, news, told).await;
            }
            _ => self.tell_failures(id, news, told).await,
        }
    }
}

/// Tells of a failure once: Flink has it anew for each restart.
async fn tell_failure(failure: JobFailure, news: &Sender<News>, told: &mut HashSet<String>) {
    if told.insert(failure.message.clone()) {
        let text = if failure.trace.is_empty() { failure.message } else { own_lines(&failure.trace) };
        let _ = news.send(News::Message { level: LogLevel::Error, text }).await;
    }
}

/// A stack trace without the frames of those who only pass calls on, down to the error that says it.
fn own_lines(trace: &str) -> String {
    let is_own = |line: &&str| {
        !line.strip_prefix("\tat ").is_some_and(|frame| PASSING.iter().any(|name| frame.starts_with(name)))
    };
    let mut is_said = false;
    let goes_on = |line: &&str| {
        let is_deeper = is_said && line.starts_with("Caused by:");
        is_said |= TELLING.iter().any(|error| line.contains(error));
        !is_deeper
    };
    trace.lines().filter(is_own).take_while(goes_on).collect::<Vec<_>>().join("\n")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_ends_with_the_error_that_says_it() {
        let trace = "a.JobException: suppressed\n\tat org.apache.flink.A.a(A.java:1)\n\tat my.Code.b(B.java:2)\n\
                     Caused by: b.NoResourceAvailableException: no slot\n\tat my.Code.c(B.java:3)\n\
                     Caused by: c.TimeoutException: 8000 ms\n\tat my.Code.d(B.java:4)";
        let told = "a.JobException: suppressed\n\tat my.Code.b(B.java:2)\n\
                    Caused by: b.NoResourceAvailableException: no slot\n\tat my.Code.c(B.java:3)";
        assert_eq!(own_lines(trace), told);
        assert_eq!(own_lines("x: y\nCaused by: z: w"), "x: y\nCaused by: z: w");
    }
}
