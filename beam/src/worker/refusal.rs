//! A worker that can't begin, said where every engine hears it: to its control service, as the failure of the work itself.
//!
//! A pool could say it in its answer to `StartWorker` too. Beam's job servers in Java then fail the job with these words; but Prism
//! panics, and all its jobs are gone. Of a worker that is not heard of any more no engine takes notice. So the pool stands in for the worker:
//! it connects as the worker would, and answers every instruction with the reason. The answer to `StartWorker` has the reason
//! only where the control service can't be reached, since then there is no other way.

use std::time::Duration;

use futures::StreamExt;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use super::WorkerError;
use super::provision::{connect, of_worker};
use crate::messages::{InstructionRequest, InstructionResponse, StartWorkerRequest};
use crate::services::control::beam_fn_control_client::BeamFnControlClient;

/// How long the control service is tried to be reached: it listens before a worker is asked for.
const PATIENCE: Duration = Duration::from_secs(1);
/// Answers that may wait.
const QUEUE: usize = 16;

/// Somebody who stands in for a worker.
pub(super) struct Refusal {
    client: BeamFnControlClient<Channel>,
    worker: String,
    reason: String,
}

impl Refusal {
    /// Reaches the control service that the worker of a request would be told what to do by.
    pub(super) async fn of(request: &StartWorkerRequest, reason: &str) -> Result<Self, WorkerError> {
        let worker = request.worker_id.clone();
        let what = "control endpoint";
        let endpoint = request.control_endpoint.as_ref();
        let endpoint = endpoint.ok_or_else(|| WorkerError::Missing { worker: worker.clone(), what })?;
        let channel = connect(what, &endpoint.url, PATIENCE).await?;
        let client = BeamFnControlClient::new(channel).max_decoding_message_size(usize::MAX);
        Ok(Self { client, worker, reason: reason.to_owned() })
    }

    /// Answers every instruction with the reason, until the engine wants no more of this worker. Engines in Java answer the call itself
    /// with the first instruction only, and give that when `StartWorker` has been answered.
    pub(super) async fn answer_all(mut self) {
        let (answers, outgoing) = mpsc::channel(QUEUE);
        let Ok(call) = of_worker(&self.worker, ReceiverStream::new(outgoing)) else { return };
        let Ok(opened) = self.client.control(call).await else { return };
        let mut instructions = opened.into_inner();
        while let Some(Ok(InstructionRequest { instruction_id })) = instructions.next().await {
            let answer = InstructionResponse { instruction_id, error: self.reason.clone() };
            if answers.send(answer).await.is_err() {
                return;
            }
        }
    }
}
