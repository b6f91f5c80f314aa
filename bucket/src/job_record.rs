//! The records of a job, as they are stored: each is written once.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use oci_spec::image::Digest;
use serde::{Deserialize, Serialize};
use tmpl_template::{
    CardName, Environment, JobId, JobName, JobState, PhaseLimits, RawParameters, RunnerKind, RunnerProfile,
};

use crate::NoticeTarget;

/// `job.json`: the accepted launch, as it was asked for. Secrets are in it as references only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobRecord {
    /// The format of this record: 1.
    pub format: u32,
    /// The job's id.
    pub id: JobId,
    /// The job's name.
    pub name: JobName,
    /// When the launch was accepted.
    pub created: Timestamp,
    /// What is launched.
    pub template: JobTemplate,
    /// The card that was launched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card: Option<CardName>,
    /// The parameters, as asked.
    pub parameters: RawParameters,
    /// The launch environment as it was asked for.
    #[serde(default, skip_serializing_if = "Environment::is_empty")]
    pub environment: Environment,
    /// The runner: `direct`, an engine, or the name of a profile.
    pub runner: String,
    /// The runner's profile as it was at the launch; none of `direct`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<Box<RunnerProfile>>,
    /// How long the job's phases may take: what the launch says, and the profile where it is silent.
    #[serde(default, skip_serializing_if = "PhaseLimits::is_empty")]
    pub limits: PhaseLimits,
    /// Where the launcher runs: `process`, `docker`.
    pub place: String,
    /// Who asked.
    pub submitter: Submitter,
    /// The folder that relative paths in parameters start from, as the launcher sees it; nothing where it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub working_directory: Option<PathBuf>,
    /// The interpreter asked for, where one was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub python: Option<PathBuf>,
    /// How long the job may run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timeout: Option<SignedDuration>,
    /// How often it is tried again after it failed, and the pause before the first time; each further one is twice as long.
    #[serde(default, skip_serializing_if = "Retries::is_none")]
    pub retries: Retries,
    /// The key that the launch was asked for under.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub launch_key: Option<String>,
    /// How long the launcher may be silent before it counts as gone, where it is not what the store's kind has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lease: Option<SignedDuration>,
    /// The job whose graph is handed to the engine once more, without starting the program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay_of: Option<JobId>,
    /// Who is told of what happens to the job, beside those whom the template and the bucket name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<NoticeTarget>,
}

impl JobRecord {
    /// The engine that runs the pipeline.
    pub fn engine(&self) -> RunnerKind {
        self.profile.as_ref().map_or(RunnerKind::Direct, |profile| profile.engine)
    }
}

/// How often a job that failed is tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Retries {
    /// How often at most, after the first time.
    pub limit: u32,
    /// The pause before the first time.
    #[serde(default)]
    pub backoff: SignedDuration,
}

impl Retries {
    fn is_none(&self) -> bool {
        self.limit == 0
    }

    /// The pause after attempt `n` failed; nothing where it was the last.
    pub fn pause_after(&self, attempt: u32) -> Option<SignedDuration> {
        /// No pause is longer.
        const LONGEST: SignedDuration = SignedDuration::from_hours(1);
        if attempt > self.limit {
            return None;
        }
        let doubled = 2_i32.checked_pow(attempt.saturating_sub(1).min(16)).unwrap_or(i32::MAX);
        Some(self.backoff.checked_mul(doubled).unwrap_or(LONGEST).min(LONGEST))
    }
}

/// The template a job was launched from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JobTemplate {
    /// Its name.
    pub name: tmpl_template::TemplateName,
    /// The version: what is launched whatever is published meanwhile.
    pub digest: Digest,
    /// Where the spec was read, if it was not published in the bucket; it is kept there as a blob.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<String>,
}

/// Who asked for a job, from where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Submitter {
    /// The user.
    pub who: String,
    /// The machine.
    pub host: String,
}

/// `attempts/<n>.json`: whoever creates it starts the launcher.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Attempt {
    /// When the right was taken.
    pub time: Timestamp,
    /// On which machine.
    pub host: String,
    /// The launcher's process id there.
    pub pid: u32,
    /// The launcher's version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tmpl_version: Option<String>,
    /// The platform it runs on: `linux/amd64`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
}

/// `events/<n>-<seq>.json`: a state change or a message.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Event {
    /// When.
    pub time: Timestamp,
    /// What.
    #[serde(flatten)]
    pub kind: EventKind,
}

/// What an event tells.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum EventKind {
    /// The job's state changed.
    State(JobState),
    /// Something worth telling happened.
    Message(String),
    /// The engine's own word for the job's state changed.
    Native(String),
}

/// `stop.json`: a request to end a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StopRequest {
    /// When.
    pub time: Timestamp,
    /// Who asks, from where.
    #[serde(flatten)]
    pub submitter: Submitter,
    /// How.
    pub mode: StopMode,
    /// The signal that made a waiting `tmpl run` ask, where one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<i32>,
}

/// `drain-answer.json`: what came of a request to drain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DrainAnswer {
    /// When the request was made that this answers.
    pub request: Timestamp,
    /// When it was answered.
    pub time: Timestamp,
    /// Why the job goes on as before; nothing where it drains.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<DrainRefusal>,
}

/// Why a job is not drained.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DrainRefusal {
    /// In the engine's words.
    pub reason: String,
    /// The remedy, where one is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// How a job is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StopMode {
    /// At once; what was not finished is lost.
    Cancel,
    /// Nothing new is read, and what was read is finished.
    Drain,
}

/// How the program's process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ExitStatus {
    /// It ended by itself, with this exit code.
    Code(i32),
    /// A signal of this number ended it.
    Signal(i32),
}

/// The first cause of a failure, in the program's own words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Cause {
    /// The exception's type (`ValueError`), where it was an exception.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exception: Option<String>,
    /// What it says.
    pub message: String,
    /// The pipeline's step that raised it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<String>,
}

impl std::fmt::Display for Cause {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match &self.exception {
            Some(exception) if self.message.is_empty() => f.write_str(exception)?,
            Some(exception) => write!(f, "{exception}: {}", self.message)?,
            None => f.write_str(&self.message)?,
        }
        match &self.step {
            Some(step) => write!(f, " (in step {step})"),
            None => Ok(()),
        }
    }
}

/// `final.json`: the terminal state. Whoever creates it has decided; it never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FinalRecord {
    /// The terminal state.
    pub state: JobState,
    /// When it was reached.
    pub time: Timestamp,
    /// In plain words: "exit code 1", "cancelled by ann on build-7", "launcher lost".
    pub reason: String,
    /// The exit code of `tmpl run` and `tmpl wait` for this job.
    pub exit_code: u8,
    /// How the program's process ended, where it ran.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub program: Option<ExitStatus>,
    /// The first cause of a failure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<Cause>,
    /// What to do about it, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl FinalRecord {
    /// An end reached now, of which no more is known.
    pub fn new(state: JobState, reason: String, exit_code: u8) -> Self {
        Self { state, time: Timestamp::now(), reason, exit_code, program: None, cause: None, hint: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_until_an_hour() {
        let retries = Retries { limit: 30, backoff: SignedDuration::from_secs(10) };
        for (attempt, pause) in [(1, Some(10)), (2, Some(20)), (5, Some(160)), (20, Some(3600)), (31, None)] {
            assert_eq!(retries.pause_after(attempt), pause.map(SignedDuration::from_secs), "{attempt}");
        }
        assert_eq!(Retries::default().pause_after(1), None);
    }
}
