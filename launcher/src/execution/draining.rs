//! A job that is to read nothing new: its engine is asked, by its launcher or by whoever looks after the job without one.

use jiff::Timestamp;
use tmpl_bucket::{Bucket, DrainAnswer, DrainRefusal, JobRecord, StopRequest};

use super::engine::Engine;

/// Passes a request on to the engine, and writes what came of it. Gives why the engine refused, where it did.
pub(super) async fn drain_there(
    engine: &Engine,
    id: &str,
    bucket: &Bucket,
    record: &JobRecord,
    request: &StopRequest,
) -> Option<DrainRefusal> {
    let refusal = engine.drain(id).await.err();
    let answer = DrainAnswer { request: request.time, time: Timestamp::now(), refusal };
    // Whoever waits for it sees the job's end in any case.
    let _ = bucket.answer_drain(&record.id, &answer).await;
    answer.refusal
}
