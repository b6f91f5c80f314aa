//! One attempt of one job, as it is told: to the bucket, to the log and to whoever waits.

use std::os::unix::net::UnixStream as StdUnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tmpl_bucket::{
    Bucket, BucketError, Event, EventKind, FinalRecord, JobRecord, LogLevel, LogLine, LogSource,
};
use tmpl_template::{JobId, JobState};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;

use crate::cause::Tail;
use crate::log_level::LevelReader;
use crate::log_stream::RawLine;
use crate::log_writer::LogWriter;
use crate::protocol::{FromClient, FromLauncher};
use crate::secret::Secrets;
use crate::stop::Stop;

/// Lines and messages that may wait for a slow terminal before the program has to wait too.
const QUEUE: usize = 1_024;
/// How often the log is asked whether a segment is due.
const TICK: Duration = Duration::from_millis(200);
/// How often it is asked whether somebody reads the log.
const LOOK: Duration = Duration::from_secs(1);
/// How long, and how often, the end of a job is tried to be written.
const END_LIMIT: Duration = Duration::from_secs(20);
const END_RETRY: Duration = Duration::from_millis(500);
/// An end that got no answer for so long is written again, so often: one connection that died in silence does not make a job that
/// is done a lost one. The second record of the same end changes nothing.
const END_PATIENCE: Duration = Duration::from_secs(15);
const END_UNANSWERED: u32 = 2;

/// The conversation with whoever waits for the job, if anybody does. It lasts over all attempts.
pub(crate) struct Listener {
    client: Option<Sender<FromLauncher>>,
    task: Option<JoinHandle<()>>,
}

impl Listener {
    /// Begins the conversation. What the client says goes to `stops`.
    pub(crate) fn begin(client: Option<StdUnixStream>, stops: &Sender<Stop>) -> std::io::Result<Self> {
        let Some(socket) = client else { return Ok(Self { client: None, task: None }) };
        socket.set_nonblocking(true)?;
        let (read, write) = UnixStream::from_std(socket)?.into_split();
        let (sender, receiver) = channel(QUEUE);
        let task = tokio::spawn(write_client(write, receiver));
        tokio::spawn(read_client(read, stops.clone()));
        Ok(Self { client: Some(sender), task: Some(task) })
    }

    /// Tells how the job ended, and waits until that is heard.
    pub(crate) async fn end(self, end: FinalRecord) {
        if let Some(client) = self.client {
            let _ = client.send(FromLauncher::Ended(end)).await;
        }
        if let Some(task) = self.task {
            let _ = task.await;
        }
    }
}

/// Tells what happens in an attempt.
pub(crate) struct Session {
    bucket: Bucket,
    id: JobId,
    attempt: u32,
    sequence: u64,
    /// Whether something could not be written to the bucket.
    incomplete: bool,
    client: Option<Sender<FromLauncher>>,
    lines: Option<Sender<RawLine>>,
    log_task: JoinHandle<LogEnd>,
    looking: JoinHandle<()>,
    secrets: Arc<OnceLock<Secrets>>,
}

/// What the task that writes a log needs.
struct Log {
    lines: Receiver<RawLine>,
    writer: LogWriter,
    client: Option<Sender<FromLauncher>>,
    secrets: Arc<OnceLock<Secrets>>,
    watched: Arc<AtomicBool>,
}

/// What is left of a log when it has ended.
pub(crate) struct LogEnd {
    pub(crate) tail: Tail,
    pub(crate) lost: u64,
    pub(crate) failure: Option<BucketError>,
}

impl Session {
    /// Begins to tell of attempt `attempt`.
    pub(crate) fn begin(bucket: &Bucket, id: &JobId, attempt: u32, listener: &Listener) -> Self {
        let client = listener.client.clone();
        let (lines, receiver) = channel(QUEUE);
        let secrets = Arc::default();
        let writer = LogWriter::new(bucket.clone(), id.clone(), attempt);
        let watched = Arc::new(AtomicBool::new(false));
        let looking = tokio::spawn(look_for_readers(bucket.clone(), id.clone(), Arc::clone(&watched)));
        let log =
            Log { lines: receiver, writer, client: client.clone(), secrets: Arc::clone(&secrets), watched };
        let log_task = tokio::spawn(write_log(log));
        Self {
            bucket: bucket.clone(),
            id: id.clone(),
            attempt,
            sequence: 0,
            incomplete: false,
            client,
            lines: Some(lines),
            log_task,
            looking,
            secrets,
        }
    }

    /// The job's state changed.
    pub(crate) async fn state(&mut self, state: JobState) {
        self.tell(FromLauncher::State(state)).await;
        self.record(EventKind::State(state)).await;
    }

    /// Something worth telling happened.
    pub(crate) async fn message(&mut self, text: String) {
        if let Some(lines) = &self.lines {
            let line = RawLine { source: LogSource::Launcher, level: None, text: text.clone() };
            let _ = lines.send(line).await;
        }
        self.record(EventKind::Message(text)).await;
    }

    /// A line that was not written by a process of ours.
    #[cfg(feature = "engines")]
    pub(crate) async fn line(&mut self, source: LogSource, level: LogLevel, text: String) {
        if let Some(lines) = &self.lines {
            let _ = lines.send(RawLine { source, level: Some(level), text }).await;
        }
    }

    /// The engine's own word for the job's state changed.
    #[cfg(feature = "engines")]
    pub(crate) async fn native(&mut self, state: &str) {
        self.record(EventKind::Native(state.to_owned())).await;
    }

    /// A value without any secret's value in its texts.
    pub(crate) fn redact_json(&self, value: serde_json::Value) -> serde_json::Value {
        use serde_json::Value;
        match value {
            Value::String(text) => Value::String(match self.secrets.get() {
                Some(secrets) => secrets.redact(text),
                None => text,
            }),
            Value::Array(items) => items.into_iter().map(|item| self.redact_json(item)).collect(),
            Value::Object(map) => {
                map.into_iter().map(|(name, value)| (name, self.redact_json(value))).collect()
            }
            other => other,
        }
    }

    /// The attempt failed, and the next one is to come: the log of this one is closed already.
    pub(crate) async fn announce(&mut self, text: String) {
        self.tell(FromLauncher::Message(text.clone())).await;
        self.record(EventKind::Message(text)).await;
        self.state(JobState::Queued).await;
    }

    /// Where the program's lines go.
    pub(crate) fn lines(&self) -> Option<Sender<RawLine>> {
        self.lines.clone()
    }

    /// What must never be in a line.
    pub(crate) fn keep_secret(&self, secrets: Secrets) {
        let _ = self.secrets.set(secrets);
    }

    /// Closes the log: every line that was read is in the bucket when this returns.
    pub(crate) async fn close_log(&mut self) -> LogEnd {
        self.lines = None;
        self.looking.abort();
        let ended = (&mut self.log_task).await;
        ended.unwrap_or_else(|_| LogEnd { tail: Tail::default(), lost: 0, failure: None })
    }

    /// The job ended: gives the record that holds, and what is to be told of it. A bucket that is full or away for a while gets some
    /// time to come back; after that the client at least hears the truth.
    pub(crate) async fn end(
        self,
        job: &JobRecord,
        mut record: FinalRecord,
    ) -> (Result<FinalRecord, BucketError>, FinalRecord) {
        if self.incomplete {
            record.reason.push_str("; a part of its history could not be written");
        }
        let given_up = Instant::now() + END_LIMIT;
        let mut unanswered = END_UNANSWERED;
        let held = loop {
            let finishing = self.bucket.finish_job(job, &record);
            let tried = if unanswered == 0 {
                Ok(finishing.await)
            } else {
                tokio::time::timeout(END_PATIENCE, finishing).await
            };
            match tried {
                Err(_) => unanswered -= 1,
                Ok(Err(_)) if Instant::now() < given_up => tokio::time::sleep(END_RETRY).await,
                Ok(done) => break done,
            }
        };
        let told = held.as_ref().map_or_else(
            |error| FinalRecord {
                reason: format!("{}; this could not be written down: {error}", record.reason),
                ..record
            },
            Clone::clone,
        );
        (held, told)
    }

    /// Writes an event. A bucket that can't take it now is no reason to end a program that works.
    async fn record(&mut self, kind: EventKind) {
        let event = Event { time: Timestamp::now(), kind };
        let written = self.bucket.record_event(&self.id, self.attempt, self.sequence, &event).await;
        self.incomplete |= written.is_err();
        self.sequence += 1;
    }

    /// A client that is gone hears nothing; its watcher decides what follows from that.
    async fn tell(&self, message: FromLauncher) {
        if let Some(client) = &self.client {
            let _ = client.send(message).await;
        }
    }
}

async fn write_log(log: Log) -> LogEnd {
    let Log { mut lines, mut writer, client, secrets, watched } = log;
    let mut tail = Tail::default();
    let mut levels = [LevelReader::default(), LevelReader::default()];
    let mut failure = None;
    let mut tick = tokio::time::interval(TICK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let raw = tokio::select! {
            raw = lines.recv() => match raw {
                Some(raw) => Some(raw),
                None => break,
            },
            // Where nothing waits, nobody wakes up: a launcher may watch a silent job for weeks.
            _ = tick.tick(), if !writer.is_empty() => None,
        };
        if let Some(raw) = raw {
            let redact = |text| match secrets.get() {
                Some(secrets) => secrets.redact(text),
                None => text,
            };
            let text = redact(raw.text);
            let (level, message) = match (raw.source, raw.level) {
                (_, Some(level)) => (level, text),
                (LogSource::Launcher | LogSource::Engine, None) => (LogLevel::Info, text),
                (LogSource::Stdout, None) => levels[0].read(raw.source, text),
                (LogSource::Stderr, None) => levels[1].read(raw.source, text),
            };
            // A line of JSON may hold a secret in escaped letters: its message is looked through again.
            let message = redact(message);
            // An engine's chatter is no cause of anything.
            if raw.source != LogSource::Engine || matches!(level, LogLevel::Warning | LogLevel::Error) {
                tail.push(raw.source, &message);
            }
            let line = LogLine { time: Timestamp::now(), level, source: raw.source, message };
            writer.push(&line);
            if let Some(client) = &client {
                // A terminal that is slow, or stopped, makes the program wait as it would make any other. The log in the bucket
                // does not wait for it.
                loop {
                    tokio::select! {
                        place = client.reserve() => {
                            // A client that left has no place.
                            if let Ok(place) = place {
                                place.send(FromLauncher::Line(line));
                            }
                            break;
                        }
                        _ = tick.tick() => flush_if_due(&mut writer, &watched, &mut failure).await,
                    }
                }
            }
        }
        flush_if_due(&mut writer, &watched, &mut failure).await;
    }
    if let Err(error) = writer.flush().await {
        failure = Some(error);
    }
    LogEnd { tail, lost: writer.lost(), failure }
}

/// Finds out again and again whether somebody reads the log.
async fn look_for_readers(bucket: Bucket, id: JobId, watched: Arc<AtomicBool>) {
    loop {
        // Who can't be asked about is not there.
        watched.store(bucket.is_watched(&id).await.unwrap_or(false), Ordering::Relaxed);
        tokio::time::sleep(LOOK).await;
    }
}

async fn flush_if_due(writer: &mut LogWriter, watched: &AtomicBool, failure: &mut Option<BucketError>) {
    if writer.is_due(watched.load(Ordering::Relaxed)) {
        *failure = writer.flush().await.err();
    }
}

async fn write_client(mut socket: OwnedWriteHalf, mut messages: Receiver<FromLauncher>) {
    while let Some(message) = messages.recv().await {
        let Ok(mut line) = serde_json::to_vec(&message) else { continue };
        line.push(b'\n');
        if socket.write_all(&line).await.is_err() {
            // Nobody listens: what is sent from now on is dropped, so that the program never waits for a client that left.
            messages.close();
        }
    }
}

async fn read_client(socket: OwnedReadHalf, stops: Sender<Stop>) {
    let mut detached = false;
    let mut lines = BufReader::new(socket).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        match serde_json::from_str(&line) {
            Ok(FromClient::Cancel(signal)) => {
                let _ = stops.send(Stop::Client(signal)).await;
            }
            Ok(FromClient::Detach) => detached = true,
            Err(_) => {}
        }
    }
    if !detached {
        let _ = stops.send(Stop::ClientLost).await;
    }
}
