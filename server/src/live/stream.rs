//! One who watches a job: what they have had, and what comes next.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use bytes::Bytes;
use tmpl_template::JobId;
use tokio::sync::watch::Receiver;

use super::hub::Seat;
use super::news::{self, HEARTBEAT, RETRY};
use super::position::Position;
use super::splitter::Splitter;
use super::tail::Next;
use super::watch::{Heard, Watch};
use crate::Shared;
use crate::door::Person;

/// After so long without news it is said that there is none.
const SILENCE: Duration = Duration::from_secs(15);
/// How often it is asked whether the person may still be here.
const LOOK_UP: Duration = Duration::from_secs(5);
/// Whoever is behind is given so many bytes of the log at a time: that much waits for each of them.
const PART: u64 = 128 * 1024;
/// A part of a log that should be in the bucket is waited for so often, and then left out: somebody has removed it.
const PATIENCE: usize = 20;
const PAUSE: Duration = Duration::from_millis(200);

/// One who watches.
pub(super) struct Viewer {
    pub(super) server: Shared,
    pub(super) person: Person,
    pub(super) id: JobId,
    pub(super) watch: Arc<Watch>,
    /// Nothing where the log is not wanted.
    pub(super) position: Option<Position>,
    heard: Heard,
    changes: Receiver<u64>,
    stopping: Receiver<bool>,
    waiting: VecDeque<Bytes>,
    looked_up: Instant,
    over: bool,
    _seat: Seat,
}

impl Viewer {
    pub(super) fn new(
        server: &Shared,
        person: Person,
        id: JobId,
        watch: Arc<Watch>,
        position: Option<Position>,
        seat: Seat,
    ) -> Self {
        Self {
            changes: watch.changes(),
            stopping: server.stopping.subscribe(),
            server: Arc::clone(server),
            person,
            id,
            watch,
            position,
            heard: Heard::default(),
            waiting: VecDeque::from([RETRY]),
            looked_up: Instant::now(),
            over: false,
            _seat: seat,
        }
    }

    /// What is sent: made only as fast as it is taken.
    pub(super) fn body(self) -> Body {
        Body::from_stream(futures::stream::unfold(self, |mut viewer| async move {
            let event = viewer.next().await?;
            Some((Ok::<_, Infallible>(event), viewer))
        }))
    }

    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            if self.over {
                return None;
            }
            if *self.stopping.borrow() {
                return Some(self.leave("stop"));
            }
            if self.looked_up.elapsed() >= LOOK_UP {
                self.looked_up = Instant::now();
                if !self.server.door.is_still_open_to(&self.server.bucket, &self.person).await {
                    return Some(self.leave("session"));
                }
            }
            self.changes.mark_unchanged();
            if let Some(event) = self.watch.unheard(&mut self.heard) {
                return Some(event);
            }
            if self.has_more_log().await {
                continue;
            }
            if let Some(end) = self.watch.end() {
                self.over = true;
                // What came between the two questions.
                if self.has_more_log().await {
                    self.over = false;
                    continue;
                }
                return Some(end);
            }
            let silence = tokio::time::timeout(SILENCE, async {
                tokio::select! {
                    changed = self.changes.changed() => drop(changed),
                    changed = self.stopping.changed() => drop(changed),
                }
            });
            if silence.await.is_err() {
                return Some(HEARTBEAT);
            }
        }
    }

    fn leave(&mut self, why: &str) -> Bytes {
        self.over = true;
        news::leave(why)
    }

    /// Takes what comes next in the log; false where there is nothing yet.
    async fn has_more_log(&mut self) -> bool {
        let Some(position) = self.position else { return false };
        match self.watch.after(position) {
            Next::Event(event, end) => {
                self.position = Some(end);
                self.waiting.push_back(event);
            }
            Next::InBucket(end) => self.catch_up(position, end).await,
            Next::Nothing => {
                // Another attempt has begun, and nothing of it is there yet.
                let newest = self.watch.read_up_to();
                if newest.attempt <= position.attempt {
                    return false;
                }
                self.catch_up(position, newest).await;
            }
        }
        true
    }

    /// Reads a part of the log from the bucket, of what lies before `end`.
    async fn catch_up(&mut self, position: Position, end: Position) {
        let Ok(_turn) = Arc::clone(&self.server.hub.catching_up).acquire_owned().await else { return };
        let mut splitter = Splitter::from(position.offset);
        // Of an attempt that is over all there is, of the newest one what the others have had.
        let limit = if position.attempt == end.attempt { end.offset } else { u64::MAX };
        let mut missed = 0;
        while splitter.wants() < limit && missed < PATIENCE {
            let wants = splitter.wants();
            let most = PART.min(limit - wants);
            let read = self.server.bucket.read_log_part(&self.id, position.attempt, wants, most).await;
            match read {
                Ok(bytes) if !bytes.is_empty() => {
                    let events = news::lines(position.attempt, splitter.take(&bytes));
                    self.waiting.extend(events.into_iter().map(|lines| lines.event));
                    // Of a line that is longer than a part the rest is read now.
                    if splitter.given() > position.offset {
                        self.position = Some(Position { offset: splitter.given(), ..position });
                        return;
                    }
                }
                Ok(_) if position.attempt < end.attempt => return self.go_on_with(position.attempt + 1),
                Ok(_) | Err(_) => {
                    missed += 1;
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        self.position = Some(Position { offset: limit, ..position });
    }

    fn go_on_with(&mut self, attempt: u32) {
        self.position = Some(Position { attempt, offset: 0 });
        self.waiting.push_back(news::attempt(attempt));
    }
}
