//! Jobs as launchers write them.

use jiff::Timestamp;
use serde_json::json;
use tmpl_bucket::{Attempt, Bucket, Event, EventKind, FinalRecord, JobRecord, LogLevel, LogLine, LogSource};
use tmpl_template::{JobId, JobState};

/// A launch of a template that was accepted at this moment.
pub(crate) fn job(template: &str, name: &str) -> JobRecord {
    let now = Timestamp::now();
    let id = JobId::new(now, getrandom::u64().unwrap());
    serde_json::from_value(json!({
        "format": 1,
        "id": id,
        "name": name,
        "created": now,
        "template": { "name": template, "digest": format!("sha256:{}", "0".repeat(64)) },
        "parameters": {},
        "runner": "direct",
        "place": "process",
        "submitter": { "who": "ann", "host": "here" },
    }))
    .unwrap()
}

/// Accepts a job whose launcher has begun, and lives for as long as a test takes.
pub(crate) async fn begun(bucket: &Bucket, template: &str, name: &str) -> JobRecord {
    let record = JobRecord { lease: Some(jiff::SignedDuration::from_mins(10)), ..job(template, name) };
    bucket.accept_job(&record).await.unwrap();
    begin_attempt(bucket, &record, 1).await;
    let event = Event { time: Timestamp::now(), kind: EventKind::State(JobState::Running) };
    bucket.record_event(&record.id, 1, 0, &event).await.unwrap();
    record
}

pub(crate) async fn begin_attempt(bucket: &Bucket, record: &JobRecord, number: u32) {
    let attempt =
        Attempt { time: Timestamp::now(), host: "here".into(), pid: 1, tmpl_version: None, platform: None };
    assert!(bucket.take_attempt(&record.id, number, &attempt).await.unwrap());
    bucket.renew_lease(&record.id, number).await.unwrap();
}

pub(crate) async fn end(bucket: &Bucket, record: &JobRecord, state: JobState, reason: &str) {
    bucket.finish_job(record, &FinalRecord::new(state, reason.into(), 0)).await.unwrap();
}

/// A line as launchers write it.
pub(crate) fn line(message: &str) -> Vec<u8> {
    let line = LogLine {
        time: Timestamp::now(),
        level: LogLevel::Info,
        source: LogSource::Stdout,
        message: message.to_owned(),
    };
    let mut bytes = serde_json::to_vec(&line).unwrap();
    bytes.push(b'\n');
    bytes
}
