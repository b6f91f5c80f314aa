//! A client of worker pools, as far as somebody other than an engine asks them anything.

use std::time::Duration;

use crate::BeamError;
use crate::job_client::channel;
use crate::messages::StopWorkerRequest;
use crate::services::pool::beam_fn_external_worker_pool_client::BeamFnExternalWorkerPoolClient;

/// How long an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(5);
/// A worker that no pool has.
const NOBODY: &str = "tmpl-runners-check";

/// Whether a worker pool answers at `endpoint` (`host:port`): it is asked for the end of a worker that it does not have.
pub async fn answers(endpoint: &str) -> Result<(), BeamError> {
    const CALL: &str = "StopWorker";
    let mut pool = BeamFnExternalWorkerPoolClient::new(channel(endpoint).await?);
    let asked = pool.stop_worker(StopWorkerRequest { worker_id: NOBODY.to_owned() });
    match tokio::time::timeout(PATIENCE, asked).await {
        // It has said that it knows no such worker.
        Ok(Ok(_)) => Ok(()),
        Ok(Err(status)) => Err(BeamError::refused(endpoint, CALL, &status)),
        Err(_) => Err(BeamError::Silent { endpoint: endpoint.to_owned(), call: CALL, limit: PATIENCE }),
    }
}
