//! Following a job through the bucket alone: from any terminal, of any machine that reads it.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tmpl_bucket::{Bucket, FinalRecord, JobSummary, LogLine};
use tmpl_template::JobId;

use crate::printer::Printer;
use crate::report::{Failure, USAGE};

/// How often the bucket is asked whether there is more.
const POLL: Duration = Duration::from_millis(300);
/// The only attempt of a job in this version.
const ATTEMPT: u32 = 1;

/// Waits until a job has ended; nothing where the time is over first.
pub(crate) async fn wait(
    bucket: &Bucket,
    id: &JobId,
    limit: Option<SignedDuration>,
) -> Result<Option<FinalRecord>, Failure> {
    let begun = Instant::now();
    loop {
        let summary = bucket.job_summary(id).await?;
        if let Some(ended) = summary.ended {
            return Ok(Some(ended));
        }
        if summary.presumed_lost {
            return Err(presumed_lost(&summary));
        }
        let rest = match limit {
            Some(limit) => match limit.unsigned_abs().checked_sub(begun.elapsed()) {
                Some(rest) => rest,
                None => return Ok(None),
            },
            None => POLL,
        };
        tokio::time::sleep(POLL.min(rest)).await;
    }
}

/// Prints a job's log; goes on until the job has ended where that is wanted.
pub(crate) async fn logs(
    bucket: &Bucket,
    id: &JobId,
    follow: bool,
    printer: &Printer,
) -> Result<(), Failure> {
    let mut offset = 0;
    loop {
        // Asked before the log is read: what was written until the job ended is then read in any case.
        let ended = bucket.job_summary(id).await?.ended.is_some();
        loop {
            let bytes = bucket.read_log(id, ATTEMPT, offset).await?;
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            if whole == 0 {
                break;
            }
            offset += whole as u64;
            for line in bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                print_line(line, printer)?;
            }
        }
        if !follow || ended {
            return Ok(());
        }
        tokio::time::sleep(POLL).await;
    }
}

/// A log that is asked for is data.
fn print_line(line: &[u8], printer: &Printer) -> Result<(), Failure> {
    let text = String::from_utf8_lossy(line);
    if printer.is_json() {
        return printer.data(&text);
    }
    match serde_json::from_str::<LogLine>(&text) {
        Ok(line) => printer.data(&printer.format_line(&line)),
        Err(_) => printer.data(&crate::printer::printable(&text)),
    }
}

/// A job whose launcher is gone, seen by somebody who may not write that down.
fn presumed_lost(summary: &JobSummary) -> Failure {
    Failure::new(
        crate::report::CONTACT_LOST,
        format!("job {} is presumed lost: its launcher stopped", summary.record.id),
    )
    .hint("this bucket can't be written to from here; whoever may write sees the job as failed")
}

/// The folder must be one that can be named: parameters are text.
pub(crate) fn working_directory() -> Result<std::path::PathBuf, Failure> {
    let folder = std::env::current_dir()
        .map_err(|error| Failure::new(USAGE, format!("the current folder can't be used: {error}")))?;
    // It is written down with the job, as text.
    if folder.to_str().is_none() {
        return Err(Failure::new(
            USAGE,
            format!("the current folder's name is not UTF-8: {}", folder.display()),
        ));
    }
    Ok(folder)
}
