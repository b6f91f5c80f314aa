//! `/jobs/{id}/log.txt`: the whole log of an attempt as plain text, read as fast as it is taken.

use std::fmt::Write as _;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use serde::Deserialize;
use tmpl_bucket::Bucket;
use tmpl_template::JobId;

use super::window::whole_lines;
use crate::Shared;
use crate::door::Person;
use crate::page::job::known;
use crate::problem::Problem;
use crate::text::log as text;

/// How much is read at a time.
const PIECE: u64 = 512 << 10;

/// Which log.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Asked {
    attempt: Option<u32>,
}

/// `GET /jobs/{id}/log.txt`.
pub(crate) async fn download(
    State(server): State<Shared>,
    person: Person,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Problem> {
    let record = known(&server, &person, &id).await?;
    let attempt = match asked.attempt {
        Some(attempt) => attempt,
        None => server.bucket.newest_attempt(&record.id).await?,
    };
    let headers = [
        (CONTENT_TYPE, "text/plain; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"log-{}-{attempt}.txt\"", record.id)),
    ];
    Ok((headers, body(server.bucket.clone(), record.id, attempt)).into_response())
}

/// Where the reading of a log has come.
struct Reading {
    bucket: Bucket,
    id: JobId,
    attempt: u32,
    at: u64,
    /// The beginning of a line whose end was not read yet.
    rest: Vec<u8>,
}

fn body(bucket: Bucket, id: JobId, attempt: u32) -> Body {
    let reading = Reading { bucket, id, attempt, at: 0, rest: Vec::new() };
    Body::from_stream(futures::stream::try_unfold(reading, |mut reading| async move {
        loop {
            let Reading { bucket, id, attempt, at, .. } = &reading;
            let read = at + reading.rest.len() as u64;
            let part =
                bucket.read_log_part(id, *attempt, read, PIECE).await.map_err(std::io::Error::other)?;
            if part.is_empty() {
                return Ok::<_, std::io::Error>(None);
            }
            reading.rest.extend_from_slice(&part);
            let mut text = String::new();
            let mut end = reading.at;
            for (line, after) in whole_lines(reading.at, &reading.rest) {
                end = after;
                if let Some(time) = line.time {
                    let _ = write!(text, "{} ", time.strftime("%Y-%m-%dT%H:%M:%S%.3fZ"));
                }
                let _ = write!(text, "{} ", text::word(line.level).unwrap_or(text::INFO));
                text.push_str(&line.text);
                text.push_str(if line.cut { " …\n" } else { "\n" });
            }
            let taken = usize::try_from(end - reading.at).unwrap_or(reading.rest.len());
            reading.rest.drain(..taken);
            reading.at = end;
            if !text.is_empty() {
                return Ok(Some((Bytes::from(text), reading)));
            }
        }
    }))
}
