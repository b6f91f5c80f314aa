//! The access log: a JSON object a line for every request. What may be secret is not in it: no query, no header but the browser's
//! own name, nothing that was sent.

use std::io::Write;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::USER_AGENT;
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::Response;
use jiff::Timestamp;
use serde::Serialize;
use serde_json::json;

use crate::Shared;
use crate::door::{Person, Visit};
use crate::problem::Problem;

/// So many lines wait for whoever reads the log. Nobody waits for the log.
const WAITING: usize = 4096;
/// Texts from outside are written down so far.
const LONGEST_TEXT: usize = 500;
/// What tells a request from others: in the log, in the answer, and on pages that say that something failed.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What tells a request from others.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// Where the log goes.
#[derive(Debug)]
pub(crate) struct AccessLog {
    lines: Mutex<Option<SyncSender<String>>>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

impl AccessLog {
    pub(crate) fn new(output: Box<dyn Write + Send>) -> Self {
        let (lines, taken) = sync_channel(WAITING);
        let writer = std::thread::spawn(move || write(&taken, output));
        Self { lines: Mutex::new(Some(lines)), writer: Mutex::new(Some(writer)) }
    }

    /// Takes a line; false where it has no room.
    fn take(&self, line: &impl Serialize) -> bool {
        let Ok(text) = serde_json::to_string(line) else { return false };
        let Ok(lines) = self.lines.lock() else { return false };
        lines.as_ref().is_some_and(|lines| lines.try_send(text).is_ok())
    }

    /// Something that is not about a request.
    pub(crate) fn note(&self, message: &str, cause: Option<&str>) {
        let line = json!({ "time": Timestamp::now(), "message": message, "cause": cause });
        self.take(&line);
    }

    /// Writes what waits.
    pub(crate) fn close(&self) {
        let lines = self.lines.lock().ok().and_then(|mut lines| lines.take());
        drop(lines);
        let writer = self.writer.lock().ok().and_then(|mut writer| writer.take());
        if let Some(writer) = writer {
            let _ = writer.join();
        }
    }
}

/// A reader that has gone is no reason to end.
fn write(lines: &Receiver<String>, mut output: Box<dyn Write + Send>) {
    for mut line in lines {
        line.push('\n');
        let _ = output.write_all(line.as_bytes());
    }
    let _ = output.flush();
}

#[derive(Serialize)]
struct Line<'a> {
    time: Timestamp,
    request: &'a str,
    address: Option<String>,
    who: Option<&'a str>,
    method: String,
    path: String,
    route: Option<&'a str>,
    status: u16,
    milliseconds: f64,
    agent: Option<String>,
    /// What went wrong, where something did.
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'a str>,
}

/// Counts a request and writes it down.
pub(crate) async fn logged(State(server): State<Shared>, mut request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let id = request_id();
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let path = cut(request.uri().path());
    let route = request.extensions().get::<MatchedPath>().cloned();
    let agent =
        request.headers().get(USER_AGENT).map(|agent| cut(&String::from_utf8_lossy(agent.as_bytes())));
    let mut response = next.run(request).await;
    let took = begun.elapsed();
    let route = route.as_ref().map(MatchedPath::as_str);
    server.metrics.request(route, &method, response.status(), took);
    let visit = response.extensions_mut().remove::<Visit>().unwrap_or_default();
    let problem = response.extensions_mut().remove::<Problem>();
    if problem.as_ref().is_some_and(|problem| problem.refused) {
        server.metrics.refused.add();
    }
    let line = Line {
        time: Timestamp::now(),
        request: &id,
        address: visit.address.map(|address| address.to_string()),
        who: visit.person.as_ref().map(Person::name),
        method: cut(method.as_str()),
        path,
        route,
        status: response.status().as_u16(),
        milliseconds: (took.as_secs_f64() * 1e6).round() / 1e3,
        agent,
        cause: problem.as_ref().and_then(|problem| problem.cause.as_deref()),
    };
    if !server.log.take(&line) {
        server.metrics.unwritten_log_lines.add();
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    response
}

fn request_id() -> String {
    let mut bytes = [0; 8];
    // Without random numbers requests can't be told apart, but are still answered.
    let _ = getrandom::fill(&mut bytes);
    format!("{:016x}", u64::from_be_bytes(bytes))
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    /// Nobody reads it: a pipe that is full.
    struct Stuck;

    impl Write for Stuck {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            std::thread::sleep(std::time::Duration::from_hours(1));
            Ok(0)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn lines_are_written_whole_and_in_order() {
        let written = Written::default();
        let log = AccessLog::new(Box::new(written.clone()));
        for n in 0..100 {
            assert!(log.take(&json!({ "n": n, "text": "a\nb\u{1b}" })));
        }
        log.close();
        assert!(!log.take(&json!({})));
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let read: Vec<serde_json::Value> =
            text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(read.len(), 100);
        assert!(read.iter().enumerate().all(|(n, line)| line["n"] == n));
    }

    #[test]
    fn nobody_waits_for_a_log_that_nobody_reads() {
        let log = AccessLog::new(Box::new(Stuck));
        let taken = (0..2 * WAITING).filter(|n| log.take(n)).count();
        assert!((WAITING..=WAITING + 1).contains(&taken), "{taken}");
    }
}
