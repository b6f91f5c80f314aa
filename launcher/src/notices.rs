//! Telling people and programs what happens to a job: once for each event, by whoever sees it first and may write that down.
//!
//! A launcher tells of its own job. Where it was killed, whoever brings the job to its end tells of that.

#[cfg(feature = "web")]
mod webhook;

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tmpl_bucket::{Bucket, FinalRecord, JobFilter, JobRecord, NoticeKind, NoticeTarget, NoticeWay};
use tmpl_template::{JobState, sha256_of};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::stored_spec::{parse, text};

/// The variable with targets beside those in the bucket, parted by spaces: only from here are programs run.
pub const NOTIFY_VARIABLE: &str = "TMPL_NOTIFY";
/// The variable with the reference of the secret that webhooks are signed with.
pub const NOTIFY_SECRET_VARIABLE: &str = "TMPL_NOTIFY_SECRET";
/// How long a program that is told may take.
const PROGRAM_LIMIT: Duration = Duration::from_mins(1);
/// So many jobs that went well say what is usual, and at least so many are needed for that.
const USUAL_OF: usize = 10;
const USUAL_FROM: usize = 3;
/// A job that takes so many times as long as usual is slow; one that is over sooner than this never is.
const SLOW_FACTOR: i32 = 2;
const SHORTEST_SLOW: SignedDuration = SignedDuration::from_secs(5);

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoticeEvent {
    /// The job ended: failed or done.
    Ended(NoticeKind),
    /// This attempt failed, and another one is to come.
    Retry(u32),
    /// It takes longer than usual.
    Slow,
    /// Something that nobody is told of.
    Nothing,
}

impl NoticeEvent {
    /// The event of a job's end. Who cancels a job knows of it.
    pub fn of_end(state: JobState) -> Self {
        match state {
            JobState::Failed => Self::Ended(NoticeKind::Failure),
            JobState::Done => Self::Ended(NoticeKind::Success),
            _ => Self::Nothing,
        }
    }

    fn kind(self) -> Option<NoticeKind> {
        match self {
            Self::Ended(kind) => Some(kind),
            Self::Retry(_) => Some(NoticeKind::Retry),
            Self::Slow => Some(NoticeKind::Slow),
            Self::Nothing => None,
        }
    }

    /// What tells it from other events of the same job.
    fn name(self) -> String {
        match self {
            Self::Retry(attempt) => format!("retry-{attempt}"),
            event => event.kind().map_or("nothing", NoticeKind::word).to_owned(),
        }
    }
}

/// What this machine says of notices: its operator's word, which the bucket has no part in.
#[derive(Clone, Debug, Default)]
pub struct OwnNotices {
    /// Targets beside those that the bucket names. Only from here are programs run.
    pub targets: Vec<NoticeTarget>,
    /// The reference of the secret that webhooks are signed with.
    pub secret: Option<String>,
}

impl OwnNotices {
    /// What the environment says.
    pub fn from_environment() -> Self {
        let targets = std::env::var(NOTIFY_VARIABLE).unwrap_or_default();
        let secret = std::env::var(NOTIFY_SECRET_VARIABLE).ok().filter(|reference| !reference.is_empty());
        Self {
            targets: targets.split_whitespace().filter_map(|target| target.parse().ok()).collect(),
            secret,
        }
    }

    /// The variables that tell another process the same.
    pub(crate) fn variables(&self) -> Vec<(&'static str, String)> {
        let targets: Vec<String> = self.targets.iter().map(ToString::to_string).collect();
        let mut variables = vec![(NOTIFY_VARIABLE, targets.join(" "))];
        variables.extend(self.secret.clone().map(|secret| (NOTIFY_SECRET_VARIABLE, secret)));
        variables
    }
}

/// Whoever is to be told of a job.
#[derive(Clone, Debug)]
pub struct Notices {
    bucket: Bucket,
    record: JobRecord,
    /// This process, for whoever wonders who has sent what.
    sender: String,
    own: OwnNotices,
    targets: std::sync::Arc<OnceCell<Vec<NoticeTarget>>>,
}

impl Notices {
    /// Whoever is to be told of a job, as seen from this machine.
    pub fn of(bucket: &Bucket, record: &JobRecord, host: &str, own: OwnNotices) -> Self {
        let sender = format!("{host} {}", std::process::id());
        let targets = std::sync::Arc::default();
        Self { bucket: bucket.clone(), record: record.clone(), sender, own, targets }
    }

    /// Tells everybody who wants to know. What can't be sent is written down as such and harms nothing.
    pub async fn tell(&self, event: NoticeEvent, end: Option<&FinalRecord>) {
        let Some(kind) = event.kind() else { return };
        let targets: Vec<&NoticeTarget> =
            self.targets().await.iter().filter(|target| target.wants(kind) && can_tell(target)).collect();
        if targets.is_empty() {
            return;
        }
        let notice = self.notice(kind, event, end);
        for target in targets {
            let digest = sha256_of(target.to_string().as_bytes());
            let name = format!("{}-{}", event.name(), digest.digest().get(..12).unwrap_or_default());
            if !matches!(self.bucket.begin_notice(&self.record.id, &name, &self.sender).await, Ok(true)) {
                continue;
            }
            let id = format!("{}-{name}", self.record.id);
            let outcome = match send(target, &id, &notice, self.own.secret.as_deref()).await {
                Ok(()) => "sent".to_owned(),
                Err(reason) => format!("given up: {reason}"),
            };
            let _ = self.bucket.end_notice(&self.record.id, &name, &outcome).await;
        }
    }

    /// Tells of the job's slowness when it takes too long. Ends with the runtime.
    pub(crate) fn watch_duration(&self) {
        let notices = self.clone();
        tokio::spawn(async move {
            let wanted = notices.targets().await.iter().any(|target| target.wants(NoticeKind::Slow));
            if let (true, Some(usual)) = (wanted, notices.usual_duration().await) {
                let limit = usual.saturating_mul(SLOW_FACTOR).max(SHORTEST_SLOW);
                tokio::time::sleep(limit.unsigned_abs()).await;
                notices.tell(NoticeEvent::Slow, None).await;
            }
        });
    }

    /// The middle one of the durations of the newest jobs that went well.
    async fn usual_duration(&self) -> Option<SignedDuration> {
        let filter = JobFilter {
            template: Some(self.record.template.name.clone()),
            states: vec![JobState::Done],
            ..JobFilter::default()
        };
        let found = self.bucket.jobs(&filter, USUAL_OF).await.ok()?;
        let mut durations: Vec<SignedDuration> = found.jobs.iter().filter_map(|job| job.took).collect();
        durations.sort_unstable();
        (durations.len() >= USUAL_FROM).then(|| durations[durations.len() / 2])
    }

    /// Those that the launch, the template, the bucket and this machine name. Programs only this machine may name: whoever can write
    /// to the bucket must not choose what runs here.
    async fn targets(&self) -> &[NoticeTarget] {
        self.targets
            .get_or_init(|| async {
                let mut targets = self.record.notify.clone();
                if let Ok(text) = text(&self.bucket, &self.record.template).await
                    && let Ok(spec) = parse(&self.record.template.name, &text)
                {
                    let named = spec.tmpl.map(|extension| extension.notify).unwrap_or_default();
                    targets.extend(named.iter().filter_map(|target| target.parse().ok()));
                }
                targets.extend(self.bucket.settings().await.unwrap_or_default().notify);
                targets.retain(NoticeTarget::is_web);
                targets.extend(self.own.targets.iter().cloned());
                let mut known = Vec::new();
                targets.retain(|target| {
                    let new = !known.contains(target);
                    known.push(target.clone());
                    new
                });
                targets
            })
            .await
    }

    fn notice(&self, kind: NoticeKind, event: NoticeEvent, end: Option<&FinalRecord>) -> Value {
        let record = &self.record;
        json!({
            "type": format!("job.{}", kind.word()),
            "time": Timestamp::now(),
            "bucket": self.bucket.to_string(),
            "job": {
                "id": record.id,
                "name": record.name,
                "template": record.template.name,
                "version": record.template.digest.to_string(),
                "runner": record.runner,
                "place": record.place,
                "who": record.submitter.who,
                "created": record.created,
            },
            "attempt": match event { NoticeEvent::Retry(attempt) => json!(attempt), _ => Value::Null },
            "end": end,
        })
    }
}

/// Whether this program can tell a target: the launcher of images without a network part leaves webhooks to others.
fn can_tell(target: &NoticeTarget) -> bool {
    cfg!(feature = "web") || !target.is_web()
}

async fn send(target: &NoticeTarget, id: &str, notice: &Value, secret: Option<&str>) -> Result<(), String> {
    let body = serde_json::to_vec(notice).map_err(|error| error.to_string())?;
    match &target.way {
        NoticeWay::Program(path) => run(PathBuf::from(path), body).await,
        #[cfg(feature = "web")]
        NoticeWay::Web(url) => webhook::post(url, id, body, secret).await,
        #[cfg(not(feature = "web"))]
        NoticeWay::Web(_) => {
            let _ = (id, secret);
            Err("this program sends nothing".to_owned())
        }
    }
}

async fn run(path: PathBuf, body: Vec<u8>) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut child = Command::new(&path)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    if let Some(mut input) = child.stdin.take() {
        // A program that does not want to know the whole of it may close its input.
        let _ = input.write_all(&body).await;
    }
    match tokio::time::timeout(PROGRAM_LIMIT, child.wait()).await {
        Ok(Ok(status)) if status.success() => Ok(()),
        Ok(Ok(status)) => Err(format!("{} ended with {status}", path.display())),
        Ok(Err(error)) => Err(failed(error)),
        Err(_) => Err(format!("{} took longer than {} s", path.display(), PROGRAM_LIMIT.as_secs())),
    }
}
