//! Tells what a running job does, read from the bucket: what a launcher in another place would say itself.

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use tmpl_bucket::{Bucket, EventKind, LogLine};
use tmpl_template::{JobId, JobState};

use crate::printer::Printer;
use crate::report::Failure;

/// The only attempt of a job in this version.
const ATTEMPT: u32 = 1;

/// How long after an event a line may still come that was written before it: logs are written in segments of a second.
const LATE_LINES: SignedDuration = SignedDuration::from_millis(1_500);

/// Tells a job's states and lines on standard error, each once.
#[derive(Debug)]
pub(crate) struct Narrator<'a> {
    printer: &'a Printer,
    bucket: &'a Bucket,
    id: &'a JobId,
    events: u64,
    offset: u64,
    /// States that have not been told yet.
    states: VecDeque<(Timestamp, JobState)>,
}

impl<'a> Narrator<'a> {
    pub(crate) fn new(printer: &'a Printer, bucket: &'a Bucket, id: &'a JobId) -> Self {
        Self { printer, bucket, id, events: 0, offset: 0, states: VecDeque::new() }
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

    /// Reads what is new, and tells every line, after the states before it.
    async fn read(&mut self) -> Result<(), Failure> {
        let events = self.bucket.events_from(self.id, ATTEMPT, self.events).await?;
        self.events += events.len() as u64;
        // What the launcher has to say is in the log too.
        self.states.extend(events.into_iter().filter_map(|event| match event.kind {
            EventKind::State(state) => Some((event.time, state)),
            EventKind::Message(_) => None,
        }));
        loop {
            let bytes = self.bucket.read_log(self.id, ATTEMPT, self.offset).await?;
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
