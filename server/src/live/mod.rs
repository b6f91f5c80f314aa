//! Server-sent events of a job: its state, its counters, and its log by byte offset.
//!
//! `GET /jobs/{id}/events` takes `?from=ATTEMPT:OFFSET` (without it: from the beginning of the newest attempt) and `?log=off`. A browser
//! that lost its connection says by `Last-Event-ID` how far it has come, and goes on there.
//!
//! | event | its data |
//! |---|---|
//! | `log` | `{"attempt": 1, "lines": [{"at": 0, "time": "2026-…Z", "level": "INFO", "source": "stdout", "text": "…"}]}`; its id is `ATTEMPT:OFFSET` of the byte after its last line, `at` that of a line's first byte |
//! | `attempt` | `{"attempt": 2}`: the log of another attempt begins |
//! | `state` | `{"state": "JOB_STATE_RUNNING", "word": "running", "attempt": 1, "stopping": false, "presumedLost": false}` |
//! | `counters` | `{"counters": [{"step": "…", "name": "…", "value": "12"}]}` |
//! | `end` | `{"state": "JOB_STATE_FAILED", "word": "failed", "reason": "…"}`: nothing more comes; the connection is to be closed |
//! | `leave` | `{"why": "session"}` (signed out, or the session is over) or `{"why": "stop"}` (the server ends; try again in a moment) |
//!
//! A line of the log that is too long is cut, and has `"cut": true`. Its text has no control characters but tabs.

use axum::Router;

use crate::Shared;

/// `/jobs/{id}/events`.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
}
