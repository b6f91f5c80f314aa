//! What a job made for people to keep.

use std::io::Read;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tmpl_template::JobId;

use super::known;
use crate::Shared;
use crate::door::Person;
use crate::page::measure::Size;
use crate::problem::Problem;
use crate::text::plain::Plain;
use crate::text::problem;

/// So many files are listed.
const SHOWN: usize = 500;
const LONGEST_NAME: usize = 200;
/// How much is read at a time.
const PIECE: usize = 256 * 1024;

/// A file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FileLine {
    pub(crate) name: Plain,
    pub(crate) address: String,
    pub(crate) size: Size,
}

/// The files of a job, and how many more there are.
pub(super) fn lines(id: &JobId, files: &[(String, u64)]) -> (Vec<FileLine>, usize) {
    let line = |(name, size): &(String, u64)| {
        let path: Vec<String> =
            name.split('/').map(|part| utf8_percent_encode(part, NON_ALPHANUMERIC).to_string()).collect();
        FileLine {
            name: Plain::line(name, LONGEST_NAME),
            address: format!("/jobs/{id}/files/{}", path.join("/")),
            size: Size(*size),
        }
    };
    (files.iter().take(SHOWN).map(line).collect(), files.len().saturating_sub(SHOWN))
}

/// `GET /jobs/{id}/files/{*name}`: never shown in the page, always a file to be kept.
pub(crate) async fn file(
    State(server): State<Shared>,
    person: Person,
    Path((id, name)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let record = known(&server, &person, &id).await?;
    let nothing = || Problem::not_found(problem::NOTHING_HERE_DETAIL);
    if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        return Err(nothing());
    }
    let reader = server.bucket.artifact(&record.id, &name).await?.ok_or_else(nothing)?;
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_DISPOSITION, disposition(&name)),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox".to_owned()),
    ];
    Ok((headers, body(reader)).into_response())
}

/// The header that says what a file is to be called.
pub(crate) fn disposition(name: &str) -> String {
    let name = name.rsplit('/').next().unwrap_or(name);
    let plain: String =
        name.chars().map(|c| if c.is_ascii_alphanumeric() || "._- ".contains(c) { c } else { '_' }).collect();
    let encoded = utf8_percent_encode(name, NON_ALPHANUMERIC);
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

/// A reader as a body, read on a thread that may wait, as fast as it is taken.
pub(crate) fn body(mut reader: Box<dyn Read + Send>) -> Body {
    let (sender, receiver) = tokio::sync::mpsc::channel::<std::io::Result<Bytes>>(2);
    tokio::task::spawn_blocking(move || {
        loop {
            let mut piece = vec![0; PIECE];
            let read = match reader.read(&mut piece) {
                Ok(0) => return,
                Ok(read) => {
                    piece.truncate(read);
                    Ok(Bytes::from(piece))
                }
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => Err(error),
            };
            let failed = read.is_err();
            if sender.blocking_send(read).is_err() || failed {
                return;
            }
        }
    });
    Body::from_stream(futures::stream::unfold(receiver, |mut receiver| async move {
        receiver.recv().await.map(|piece| (piece, receiver))
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_say_nothing_to_a_browser() {
        assert_eq!(
            disposition("a/b \"x\"\r\nSet-Cookie: y.html"),
            "attachment; filename=\"b _x___Set-Cookie_ y.html\"; filename*=UTF-8''b%20%22x%22%0D%0ASet%2DCookie%3A%20y%2Ehtml"
        );
        let id: JobId = "2026-11-21_08_00_00-0000000000000000001".parse().unwrap();
        let (lines, more) = lines(&id, &[("out/a?#\u{202e}.txt".to_owned(), 5)]);
        assert!(lines[0].address.ends_with("/files/out/a%3F%23%E2%80%AE%2Etxt"), "{}", lines[0].address);
        assert_eq!((lines[0].name.as_str(), more), ("out/a?#\\u{202e}.txt", 0));
    }
}
