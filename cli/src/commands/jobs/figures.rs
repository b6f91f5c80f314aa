//! What a job has counted, as commands show it.

use tmpl_beam::metrics::Metrics;
use tmpl_bucket::Bucket;
use tmpl_template::JobId;

use crate::printer::{Printer, printable};

/// A terminal shows so many.
const SHOWN: usize = 100;

/// The figures of an attempt. Some that can't be read are no reason not to show the rest of a job.
pub(crate) async fn read(
    bucket: &Bucket,
    id: &JobId,
    attempt: Option<u32>,
    printer: &Printer,
) -> Option<Metrics> {
    let attempt = match attempt {
        Some(attempt) => attempt,
        None => bucket.attempt_numbers(id).await.ok()?.pop()?,
    };
    let read = match bucket.metrics(id, attempt).await {
        Ok(None) => return None,
        Ok(Some(json)) => serde_json::from_value(json).map_err(|error| error.to_string()),
        Err(error) => Err(error.to_string()),
    };
    read.map_err(|reason| printer.warn(&printable(&format!("the job's figures can't be read: {reason}"))))
        .ok()
}

/// The pipeline's own figures, a line each.
pub(crate) fn lines(metrics: &Metrics, indent: &str) -> Vec<String> {
    let mut lines: Vec<String> = metrics.summary().iter().map(|line| format!("{indent}{line}")).collect();
    if lines.len() > SHOWN {
        let more = lines.len() - SHOWN;
        lines.truncate(SHOWN);
        lines.push(format!("{indent}and {more} more: --format json shows all of them"));
    }
    if !metrics.unreadable.is_empty() {
        lines.push(format!("{indent}{} can't be read: --format json says which", metrics.unreadable.len()));
    }
    lines
}
