//! One job that somebody watches: one task reads the bucket for all of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

use bytes::Bytes;
use serde_json::Value;
use tmpl_bucket::{Bucket, BucketError};
use tmpl_template::JobId;
use tokio::sync::watch::{Receiver, Sender};

use super::news;
use super::position::Position;
use super::splitter::Splitter;
use super::tail::{Next, Tail};

/// How many bytes of a log are read at a time.
const PART: u64 = 1024 * 1024;
/// How often it is said that somebody reads the log.
const MARK: Duration = Duration::from_secs(20);
/// How long a log without news is asked for as often as one with news.
const LIVELY: Duration = Duration::from_secs(10);

/// A job that is watched.
#[derive(Debug)]
pub(super) struct Watch {
    news: Mutex<News>,
    /// Changes whenever there is something new.
    changed: Sender<u64>,
}

/// What is known of the job.
#[derive(Debug)]
struct News {
    tail: Tail,
    state: Told,
    counters: Told,
    end: Option<Bytes>,
}

/// An event that stands for what holds now, and which one it is.
#[derive(Clone, Debug, Default)]
struct Told {
    event: Bytes,
    number: u64,
}

impl Told {
    fn tell(&mut self, event: Bytes) -> bool {
        let new = self.event != event;
        if new {
            *self = Self { event, number: self.number + 1 };
        }
        new
    }
}

/// Which states and counters somebody has been told.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Heard {
    state: u64,
    counters: u64,
}

/// How often the bucket is asked: on a server each question costs something.
#[derive(Clone, Copy, Debug)]
struct Rhythm {
    log: Duration,
    quiet_log: Duration,
    state: Duration,
    counters: Duration,
}

impl Rhythm {
    fn of(bucket: &Bucket) -> Self {
        let millis = Duration::from_millis;
        if bucket.folder().is_some() {
            Self { log: millis(200), quiet_log: millis(400), state: millis(1000), counters: millis(2000) }
        } else {
            Self { log: millis(400), quiet_log: millis(600), state: millis(2000), counters: millis(5000) }
        }
    }
}

impl Watch {
    /// Begins to watch a job: from what its newest log has by now.
    pub(super) async fn begin(bucket: Bucket, id: JobId, read_only: bool) -> Result<Arc<Self>, BucketError> {
        let attempt = bucket.newest_attempt(&id).await?;
        let offset = bucket.log_length(&id, attempt).await?;
        let tail = Tail::from(Position { attempt, offset });
        let (state, counters) = (Told::default(), Told::default());
        let news = Mutex::new(News { tail, state, counters, end: None });
        let watch = Arc::new(Self { news, changed: Sender::new(0) });
        let reader = Reader {
            rhythm: Rhythm::of(&bucket),
            bucket,
            id,
            read_only,
            splitter: Splitter::from_line(offset),
            attempt,
            marked: None,
            state_asked: None,
            counters_asked: None,
            lively: Instant::now(),
        };
        tokio::spawn(reader.read(Arc::downgrade(&watch)));
        Ok(watch)
    }

    fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells when there is something new.
    pub(super) fn changes(&self) -> Receiver<u64> {
        self.changed.subscribe()
    }

    /// Where what was read of the log ends.
    pub(super) fn read_up_to(&self) -> Position {
        self.news().tail.end()
    }

    /// What comes after a position in the log.
    pub(super) fn after(&self, position: Position) -> Next {
        self.news().tail.after(position)
    }

    /// The state and the counters, where they are others than somebody has heard.
    pub(super) fn unheard(&self, heard: &mut Heard) -> Option<Bytes> {
        let news = self.news();
        if news.state.number > heard.state {
            heard.state = news.state.number;
            return Some(news.state.event.clone());
        }
        if news.counters.number > heard.counters {
            heard.counters = news.counters.number;
            return Some(news.counters.event.clone());
        }
        None
    }

    /// The end of the job, once all of its log was read.
    pub(super) fn end(&self) -> Option<Bytes> {
        self.news().end.clone()
    }

    fn tell(&self, change: impl FnOnce(&mut News) -> bool) {
        if change(&mut self.news()) {
            self.changed.send_modify(|number| *number += 1);
        }
    }
}

/// The task that reads. It ends with the job, or when nobody watches any more.
struct Reader {
    bucket: Bucket,
    id: JobId,
    read_only: bool,
    rhythm: Rhythm,
    splitter: Splitter,
    attempt: u32,
    marked: Option<Instant>,
    state_asked: Option<Instant>,
    counters_asked: Option<Instant>,
    lively: Instant,
}

/// Where the job stands.
enum Standing {
    /// It was not time to ask.
    NotAsked,
    GoesOn,
    /// It has ended; this is how that is told.
    Ended(Bytes),
}

impl Reader {
    async fn read(mut self, watch: Weak<Watch>) {
        loop {
            // What can't be read now may be read the next time.
            let ended = match watch.upgrade() {
                Some(watch) => match self.look(&watch).await {
                    Ok(ended) => ended,
                    Err(error) => is_gone(&watch, &error),
                },
                None => return,
            };
            if ended {
                return;
            }
            let lively = self.lively.elapsed() < LIVELY;
            tokio::time::sleep(if lively { self.rhythm.log } else { self.rhythm.quiet_log }).await;
        }
    }

    /// Looks once; true when there will be nothing more.
    async fn look(&mut self, watch: &Watch) -> Result<bool, BucketError> {
        if !self.read_only && is_due(self.marked, MARK) {
            // A reader that may not say so reads a little later.
            let _ = self.bucket.mark_watched(&self.id).await;
            self.marked = Some(Instant::now());
        }
        // Asked before the log is read: what was written until then is read in any case.
        let standing = self.look_at_state(watch).await?;
        let asked = !matches!(standing, Standing::NotAsked);
        let next = asked && self.bucket.attempt(&self.id, self.attempt + 1).await?.is_some();
        self.look_at_log(watch).await?;
        if matches!(standing, Standing::Ended(_)) || is_due(self.counters_asked, self.rhythm.counters) {
            self.counters_asked = Some(Instant::now());
            if let Some(metrics) = self.metrics().await {
                watch.tell(|news| news.counters.tell(news::counters(&metrics)));
            }
        }
        if next {
            self.attempt += 1;
            self.splitter = Splitter::from(0);
            let start = Position { attempt: self.attempt, offset: 0 };
            watch.tell(|news| {
                news.tail = Tail::from(start);
                true
            });
            return Ok(false);
        }
        let Standing::Ended(end) = standing else { return Ok(false) };
        watch.tell(|news| {
            news.end = Some(end);
            true
        });
        Ok(true)
    }

    /// Looks where the job stands, when it is time to.
    async fn look_at_state(&mut self, watch: &Watch) -> Result<Standing, BucketError> {
        let due = is_due(self.state_asked, self.rhythm.state);
        // The end is wanted at once.
        if !due && self.bucket.final_record(&self.id).await?.is_none() {
            return Ok(Standing::NotAsked);
        }
        self.state_asked = Some(Instant::now());
        let summary = self.bucket.job_summary(&self.id).await?;
        let stopping = summary.ended.is_none()
            && (self.bucket.stop_request(&self.id).await?.is_some()
                || self.bucket.drain_request(&self.id).await?.is_some());
        watch.tell(|news| news.state.tell(news::state(&summary, stopping)));
        Ok(news::end(&summary).map_or(Standing::GoesOn, Standing::Ended))
    }

    async fn look_at_log(&mut self, watch: &Watch) -> Result<(), BucketError> {
        loop {
            let wants = self.splitter.wants();
            let bytes = self.bucket.read_log_part(&self.id, self.attempt, wants, PART).await?;
            if bytes.is_empty() {
                return Ok(());
            }
            self.lively = Instant::now();
            let events = news::lines(self.attempt, self.splitter.take(&bytes));
            watch.tell(|news| {
                let any = !events.is_empty();
                for lines in events {
                    news.tail.push(lines);
                }
                any
            });
        }
    }

    async fn metrics(&self) -> Option<Value> {
        self.bucket.metrics(&self.id, self.attempt).await.ok().flatten()
    }
}

/// Whether the job was deleted. Then there is nothing more to say.
fn is_gone(watch: &Watch, error: &BucketError) -> bool {
    let gone = matches!(error, BucketError::NoSuchJob { .. });
    if gone {
        watch.tell(|news| {
            news.end = Some(news::leave("gone"));
            true
        });
    }
    gone
}

fn is_due(last: Option<Instant>, every: Duration) -> bool {
    last.is_none_or(|last| last.elapsed() >= every)
}
