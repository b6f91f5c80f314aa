//! Phases that may take only so long.

use tmpl_bucket::JobRecord;
use tmpl_template::Phase;

use super::ExecutionError;

/// Does what a phase is for, within the phase's limit, if it has one.
pub(crate) async fn within<T, E: From<ExecutionError>>(
    record: &JobRecord,
    phase: Phase,
    work: impl Future<Output = Result<T, E>>,
) -> Result<T, E> {
    match record.limits.of(phase) {
        None => work.await,
        Some(limit) => match tokio::time::timeout(limit.unsigned_abs(), work).await {
            Ok(done) => done,
            Err(_) => Err(ExecutionError::Limit { phase, limit }.into()),
        },
    }
}

/// Waits until a phase's limit is over: for ever where it has none.
pub(crate) async fn over(record: &JobRecord, phase: Phase) -> ExecutionError {
    match record.limits.of(phase) {
        Some(limit) => {
            tokio::time::sleep(limit.unsigned_abs()).await;
            ExecutionError::Limit { phase, limit }
        }
        None => std::future::pending().await,
    }
}
