//! Tells what a running job does, read from the bucket: what a launcher in another place would say itself.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use tmpl_bucket::{Bucket, EventKind, JobRecord, LogLine};
use tmpl_template::JobState;

use crate::printer::Printer;
use crate::report::Failure;

/// How often it is said that somebody reads the log.
const MARK: Duration = Duration::from_secs(20);
/// How long after an event a line may still come that was written before it: logs are written in segments of a second.
const LATE_LINES: SignedDuration = SignedDuration::from_millis(1_500);

/// Tells a job's states and lines on standard error, each once.
#[derive(Debug)]
pub(crate) struct Narrator<'a> {
    printer: &'a Printer,
    bucket: &'a Bucket,
    record: &'a JobRecord,
    attempt: u32,
    events: u64,
    offset: u64,
    /// States that have not been told yet.
    states: VecDeque<(Timestamp, JobState)>,
    /// When it was said that somebody reads.
    marked: Option<Instant>,
}

impl<'a> Narrator<'a> {
    pub(crate) fn new(printer: &'a Printer, bucket: &'a Bucket, record: &'a JobRecord) -> Self {
        Self {
            printer,
            bucket,
            record,
            attempt: 1,
            events: 0,
            offset: 0,
            states: VecDeque::new(),
            marked: None,
        }
    }

    /// Tells what has happened since the last time, in the order it happened.
    pub(crate) async fn catch_up(&mut self) -> Result<(), Failure> {
        self.read().await?;
        self.tell_states(Timestamp::now() - LATE_LINES);
        Ok(())
    }

    /// Tells what is left of a job that has ended.
    pub(crate) async fn finish(&mut self) -> Result<(), Failure> {
        self.read().await?;
        self.tell_states(Timestamp::MAX);
        Ok(())
    }

    /// Reads what is new of this attempt, and of the next where there is one.
    async fn read(&mut self) -> Result<(), Failure> {
        if self.marked.is_none_or(|marked| marked.elapsed() > MARK) {
            // A reader that may not say so reads a little later.
            let _ = self.bucket.mark_watched(&self.record.id).await;
            self.marked = Some(Instant::now());
        }
        loop {
            // Asked before: what the attempt wrote until then is read in any case.
            let next = self.attempt + 1;
            let retried = self.attempt <= self.record.retries.limit
                && self.bucket.attempt(&self.record.id, next).await?.is_some();
            self.read_attempt().await?;
            if !retried {
                return Ok(());
            }
            self.tell_states(Timestamp::MAX);
            (self.attempt, self.events, self.offset) = (next, 0, 0);
        }
    }

    /// Reads what is new, and tells every line, after the states before it.
    async fn read_attempt(&mut self) -> Result<(), Failure> {
        let id = &self.record.id;
        let events = self.bucket.events_from(id, self.attempt, self.events).await?;
        self.events += events.len() as u64;
        // What the launcher has to say is in the log too.
        self.states.extend(events.into_iter().filter_map(|event| match event.kind {
            EventKind::State(state) => Some((event.time, state)),
            EventKind::Message(_) | EventKind::Native(_) => None,
        }));
        loop {
            let bytes = self.bucket.read_log(id, self.attempt, self.offset).await?;
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            if whole == 0 {
                return Ok(());
            }
            self.offset += whole as u64;
            let lines = bytes[..whole].split(|byte| *byte == b'\n');
            for line in lines.filter_map(|line| serde_json::from_slice::<LogLine>(line).ok()) {
                self.tell_states(line.time);
                self.printer.log_line(&line);
            }
        }
    }

    /// Tells the states that the job had until then.
    fn tell_states(&mut self, until: Timestamp) {
        while let Some((_, state)) = self.states.pop_front_if(|(time, _)| *time <= until) {
            self.printer.say(&Printer::state(state));
        }
    }
}
