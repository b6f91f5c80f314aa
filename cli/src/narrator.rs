//! Tells what a running job does, read from the bucket: what a launcher in another place would say itself.

use tmpl_bucket::{Bucket, EventKind, LogLine};
use tmpl_template::JobId;

use crate::printer::Printer;
use crate::report::Failure;

/// The only attempt of a job in this version.
const ATTEMPT: u32 = 1;

/// Tells a job's states and lines on standard error, each once.
#[derive(Debug)]
pub(crate) struct Narrator<'a> {
    printer: &'a Printer,
    bucket: &'a Bucket,
    id: &'a JobId,
    events: u64,
    offset: u64,
}

/// Something to tell.
enum News {
    State(String),
    Line(LogLine),
}

impl<'a> Narrator<'a> {
    pub(crate) fn new(printer: &'a Printer, bucket: &'a Bucket, id: &'a JobId) -> Self {
        Self { printer, bucket, id, events: 0, offset: 0 }
    }

    /// Tells what has happened since the last time, in the order it happened.
    pub(crate) async fn catch_up(&mut self) -> Result<(), Failure> {
        let events = self.bucket.events_from(self.id, ATTEMPT, self.events).await?;
        self.events += events.len() as u64;
        let mut news: Vec<_> = Vec::new();
        for event in events {
            // What the launcher has to say is in the log too.
            if let EventKind::State(state) = event.kind {
                news.push((event.time, News::State(Printer::state(state))));
            }
        }
        loop {
            let bytes = self.bucket.read_log(self.id, ATTEMPT, self.offset).await?;
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            self.offset += whole as u64;
            let lines = bytes[..whole].split(|byte| *byte == b'\n');
            let lines = lines.filter_map(|line| serde_json::from_slice::<LogLine>(line).ok());
            news.extend(lines.map(|line| (line.time, News::Line(line))));
            if whole == 0 {
                break;
            }
        }
        news.sort_by_key(|(time, _)| *time);
        for (_, news) in news {
            match news {
                News::State(state) => self.printer.say(&state),
                News::Line(line) => self.printer.log_line(&line),
            }
        }
        Ok(())
    }
}
