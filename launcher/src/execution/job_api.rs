//! Engines that speak Beam's Job API.

use std::collections::HashSet;
use std::pin::pin;
use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use tmpl_beam::BeamError;
use tmpl_beam::job_client::{JobClient, Submission};
use tmpl_beam::job_service::Captured;
use tmpl_beam::messages::{JobMessage, JobState as Beams, JobStateEvent, MessageImportance, MessageOrState};
use tmpl_beam::metrics::{Metrics, Names};
use tmpl_bucket::{DrainRefusal, LogLevel, causes};
use tmpl_template::{JobState, RunnerKind};
use tokio::sync::mpsc::Sender;

use super::ExecutionError;
use super::news::{NativeState, News};

/// How often an engine is asked for a state at first, and at last: its stream tells sooner where it has one.
const FIRST_POLL: Duration = Duration::from_millis(250);
const LAST_POLL: Duration = Duration::from_secs(5);
/// The pause after an engine did not answer, at first and at last.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LAST_PAUSE: Duration = Duration::from_secs(15);
/// How often an engine must say that it does not know a job before that is believed: one that is starting knows none yet.
const FORGOTTEN: u32 = 5;
/// How long is listened for more when a job has ended.
const LAST_WORDS: Duration = Duration::from_secs(1);
/// How many messages are remembered, so that one that comes again is not told again.
const REMEMBERED: usize = 20_000;

/// An engine that speaks Beam's Job API.
#[derive(Clone, Debug)]
pub(crate) struct JobApi {
    pub(crate) kind: RunnerKind,
    pub(crate) endpoint: String,
    /// What the job is called there.
    pub(crate) name: String,
}

/// Why a conversation about a job is over.
enum Over {
    /// The job has ended, or nobody listens.
    Ended,
    /// The engine is silent.
    Silent(String),
    /// It does not know the job.
    Unknown,
}

impl JobApi {
    /// Hands a graph over and has it run. Gives the engine's id of the job.
    pub(crate) async fn submit(
        &self,
        submission: &Submission,
        kept: &Captured,
    ) -> Result<String, ExecutionError> {
        let client = self.connect().await?;
        let failed = |source| self.failed(source);
        client.describe().await.map_err(failed)?;
        let prepared = client.prepare(submission).await.map_err(failed)?;
        if !kept.artifacts.is_empty() {
            client.stage(&prepared, &kept.artifacts).await.map_err(failed)?;
        }
        client.run(&prepared).await.map_err(failed)
    }

    /// The engine's id of a job of this name, if it knows one.
    pub(crate) async fn find(&self, name: &str) -> Result<Option<String>, ExecutionError> {
        let jobs = self.connect().await?.jobs().await.map_err(|source| self.failed(source))?;
        Ok(jobs.into_iter().find(|job| job.job_name == name).map(|job| job.job_id))
    }

    pub(crate) async fn state(&self, id: &str) -> Result<NativeState, ExecutionError> {
        let client = self.connect().await?;
        self.check_identity(&client, id).await?;
        Ok(native(client.state(id).await.map_err(|source| self.failed(source))?))
    }

    pub(crate) async fn metrics(&self, id: &str, names: &Names) -> Option<Metrics> {
        let client = self.connect().await.ok()?;
        let results = client.metrics(id).await.ok()?;
        Some(Metrics::from_results(&results, names, Timestamp::now()))
    }

    pub(crate) async fn cancel(&self, id: &str) -> Result<(), ExecutionError> {
        self.connect().await?.cancel(id).await.map_err(|source| self.failed(source)).map(drop)
    }

    pub(crate) async fn drain(&self, id: &str) -> Result<(), DrainRefusal> {
        let drained = async { JobClient::connect(&self.endpoint).await?.drain(id).await };
        let refusal = |error: BeamError| DrainRefusal { reason: causes(&error).join(": "), hint: None };
        drained.await.map_err(refusal).map(drop)
    }

    /// Tells what is heard of a job until it has ended, or nobody listens.
    pub(crate) async fn follow(&self, id: &str, news: Sender<News>) {
        let mut told = HashSet::new();
        let (mut pause, mut unknown) = (FIRST_PAUSE, 0);
        loop {
            match self.listen(id, &news, &mut told).await {
                Over::Ended => return,
                Over::Silent(reason) => {
                    if news.send(News::Silent(reason)).await.is_err() {
                        return;
                    }
                }
                Over::Unknown => {
                    unknown += 1;
                    if unknown >= FORGOTTEN {
                        let _ = news.send(News::Forgotten).await;
                        return;
                    }
                }
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(LAST_PAUSE);
        }
    }

    async fn listen(&self, id: &str, news: &Sender<News>, told: &mut HashSet<(String, String)>) -> Over {
        let client = match self.connect().await {
            Ok(client) => client,
            Err(error) => return Over::Silent(reason(&error)),
        };
        if self.check_identity(&client, id).await.is_err() {
            return Over::Unknown;
        }
        // An engine that has no such stream is asked for states alone.
        let stream = client.news(id).await.ok();
        let mut stream = pin!(futures::stream::iter(stream).flatten());
        let mut poll = FIRST_POLL;
        let mut streaming = true;
        loop {
            let item = tokio::select! {
                item = stream.next(), if streaming => item,
                () = tokio::time::sleep(poll) => {
                    poll = (poll * 3 / 2).min(LAST_POLL);
                    match client.state(id).await {
                        Ok(state) => Some(Ok(MessageOrState::State(JobStateEvent {
                            state: state.into(),
                            timestamp: None,
                        }))),
                        Err(error) if error.is_temporary() => return Over::Silent(error.to_string()),
                        Err(_) => return Over::Unknown,
                    }
                }
            };
            let heard = match item {
                Some(Ok(MessageOrState::State(event))) => {
                    let state = native(Beams::try_from(event.state).unwrap_or(Beams::Unspecified));
                    if state.state.is_some_and(JobState::is_terminal) {
                        // Why it ended may be said after that it has.
                        let rest = async {
                            while let Some(Ok(heard)) = stream.next().await {
                                if let MessageOrState::Message(message) = heard {
                                    tell(message, news, told).await;
                                }
                            }
                        };
                        if streaming {
                            let _ = tokio::time::timeout(LAST_WORDS, rest).await;
                        }
                        let _ = news.send(News::State(state)).await;
                        return Over::Ended;
                    }
                    if news.send(News::State(state)).await.is_err() {
                        return Over::Ended;
                    }
                    continue;
                }
                Some(Ok(MessageOrState::Message(message))) => message,
                // A stream that is cut, or was never one: states are asked for.
                Some(Err(_)) | None => {
                    streaming = false;
                    continue;
                }
            };
            if !tell(heard, news, told).await {
                return Over::Ended;
            }
        }
    }

    /// Refuses another job of the same id: a Prism counts its jobs, and after a restart it begins anew.
    async fn check_identity(&self, client: &JobClient, id: &str) -> Result<(), ExecutionError> {
        if self.kind != RunnerKind::Prism {
            return Ok(());
        }
        // What can't be asked now is asked again with the next connection.
        let jobs = client.jobs().await.unwrap_or_default();
        match jobs.into_iter().find(|job| job.job_id == id && job.job_name != self.name) {
            None => Ok(()),
            Some(other) => Err(self.failed(BeamError::OtherJob {
                endpoint: self.endpoint.clone(),
                id: id.to_owned(),
                name: other.job_name,
            })),
        }
    }

    async fn connect(&self) -> Result<JobClient, ExecutionError> {
        JobClient::connect(&self.endpoint).await.map_err(|source| self.failed(source))
    }

    fn failed(&self, source: BeamError) -> ExecutionError {
        ExecutionError::Beam { engine: self.kind, source }
    }
}

/// Tells a message that was not told before. False where nobody listens.
async fn tell(message: JobMessage, news: &Sender<News>, told: &mut HashSet<(String, String)>) -> bool {
    let JobMessage { message_id, message_text: text, importance, .. } = message;
    if told.len() < REMEMBERED && !told.insert((message_id, text.clone())) {
        return true;
    }
    news.send(News::Message { level: level(importance), text }).await.is_ok()
}

fn reason(error: &ExecutionError) -> String {
    tmpl_bucket::causes(error).join(": ")
}

/// What a state of Beam's Job API means here.
fn native(state: Beams) -> NativeState {
    let ours = match state {
        Beams::Unspecified => None,
        Beams::Stopped | Beams::Starting => Some(JobState::Pending),
        Beams::Running | Beams::Updating => Some(JobState::Running),
        Beams::Done | Beams::Updated => Some(JobState::Done),
        Beams::Failed => Some(JobState::Failed),
        Beams::Cancelled => Some(JobState::Cancelled),
        Beams::Cancelling => Some(JobState::Cancelling),
        Beams::Draining => Some(JobState::Draining),
        Beams::Drained => Some(JobState::Drained),
    };
    NativeState { native: format!("{state:?}").to_uppercase(), state: ours }
}

fn level(importance: i32) -> LogLevel {
    match MessageImportance::try_from(importance) {
        Ok(MessageImportance::Error) => LogLevel::Error,
        Ok(MessageImportance::Warning) => LogLevel::Warning,
        Ok(MessageImportance::Debug) => LogLevel::Debug,
        _ => LogLevel::Info,
    }
}
