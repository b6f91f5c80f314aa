//! Following a job through the bucket alone: from any terminal, of any machine that reads it.

use std::time::{Duration, Instant};

use jiff::SignedDuration;
use tmpl_bucket::{Bucket, FinalRecord, JobSummary, LogLine};
use tmpl_template::JobId;

use crate::printer::Printer;
use crate::report::{Failure, USAGE};

/// However long a job takes, its end is seen so soon.
const LONGEST_POLL: Duration = Duration::from_secs(2);
/// How often it is said that somebody reads a log.
const MARK: Duration = Duration::from_secs(20);

/// How often a bucket is asked whether there is more: on a server each question costs something.
pub(crate) fn poll(bucket: &Bucket) -> Duration {
    Duration::from_millis(if bucket.folder().is_some() { 200 } else { 400 })
}

/// Waits until a job has ended; nothing where the time is over first.
pub(crate) async fn wait(
    bucket: &Bucket,
    id: &JobId,
    limit: Option<SignedDuration>,
) -> Result<Option<FinalRecord>, Failure> {
    let begun = Instant::now();
    let mut poll = poll(bucket);
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
            None => poll,
        };
        tokio::time::sleep(poll.min(rest)).await;
        // A job that takes its time is asked after more rarely: its end is seen a second later.
        poll = (poll * 5 / 4).min(LONGEST_POLL);
    }
}

/// Prints the log of an attempt, the newest where none is named; goes on until the job has ended where that is wanted.
pub(crate) async fn logs(
    bucket: &Bucket,
    id: &JobId,
    asked: Option<u32>,
    follow: bool,
    printer: &Printer,
) -> Result<(), Failure> {
    let mut number = attempt(bucket, id, asked).await?;
    let (mut offset, mut marked) = (0, None::<Instant>);
    loop {
        if follow && marked.is_none_or(|marked| marked.elapsed() > MARK) {
            // A reader that may not say so reads a little later.
            let _ = bucket.mark_watched(id).await;
            marked = Some(Instant::now());
        }
        // Asked before the log is read: what was written until the job ended is then read in any case.
        let ended = bucket.final_record(id).await?.is_some() || bucket.job_summary(id).await?.ended.is_some();
        let next = if asked.is_none() { bucket.attempt(id, number + 1).await? } else { None };
        loop {
            let bytes = bucket.read_log(id, number, offset).await?;
            let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            if whole == 0 {
                break;
            }
            offset += whole as u64;
            for line in bytes[..whole].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                print_line(line, printer)?;
            }
        }
        if next.is_some() {
            (number, offset) = (number + 1, 0);
            continue;
        }
        if !follow || ended {
            return Ok(());
        }
        tokio::time::sleep(poll(bucket)).await;
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

/// The attempt that is asked for, which must be there; else the newest of the job, or the first where none has begun.
pub(crate) async fn attempt(bucket: &Bucket, id: &JobId, asked: Option<u32>) -> Result<u32, Failure> {
    // A job that is not there is told of as such.
    bucket.job_record(id).await?;
    let numbers = bucket.attempt_numbers(id).await?;
    match asked {
        Some(number) if !numbers.contains(&number) => {
            let had = match numbers.len() {
                0 => "none has begun".to_owned(),
                1 => "it had 1".to_owned(),
                count => format!("it had {count}"),
            };
            Err(Failure::new(USAGE, format!("job {id} has no attempt {number}: {had}"))
                .hint(format!("`tmpl jobs show {id}` shows its attempts")))
        }
        Some(number) => Ok(number),
        None => Ok(numbers.last().copied().unwrap_or(1)),
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
