//! A worker that can't begin, said where every engine hears it: to its control service, as the failure of the work itself.
//!
//! A pool could say it in its answer to `StartWorker` too. Beam's job servers in Java then fail the job with these words; but Prism
//! panics, and all its jobs are gone. Of a worker that is not heard of any more no engine takes notice. So the pool stands in for the worker:
//! it connects as the worker would, and answers every instruction with the reason. The answer to `StartWorker` has the reason
//! only where the control service can't be reached, since then there is no other way.
//!
//! Engines in Java, when they have given the first instruction, wait up to three minutes for the worker to connect to their data service
//! before they look at what it has answered: so the pool connects there, too.

use std::time::Duration;

use futures::StreamExt;
use prost::Message;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;

use super::WorkerError;
use super::provision::{connect, of_worker};
use crate::messages::{
    Elements, GetProcessBundleDescriptorRequest, InstructionRequest, InstructionResponse, RemoteGrpcPort,
    StartWorkerRequest,
};
use crate::services::control::beam_fn_control_client::BeamFnControlClient;
use crate::services::data::beam_fn_data_client::BeamFnDataClient;

/// How long the control service is tried to be reached: it listens before a worker is asked for.
const PATIENCE: Duration = Duration::from_secs(1);
/// The steps of a bundle that say where its elements come from and go to.
const DATA_URNS: [&str; 2] = ["beam:runner:source:v1", "beam:runner:sink:v1"];
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
        // Ended with this.
        let mut connections = JoinSet::new();
        while let Some(Ok(InstructionRequest { instruction_id, process_bundle })) = instructions.next().await
        {
            let answer = InstructionResponse { instruction_id, error: self.reason.clone() };
            if answers.send(answer).await.is_err() {
                return;
            }
            if let Some(bundle) = process_bundle
                && connections.is_empty()
                && let Some(endpoint) = self.data_endpoint(bundle.process_bundle_descriptor_id).await
            {
                connections.spawn(stay_connected(endpoint, self.worker.clone()));
            }
        }
    }

    /// Where the elements of a bundle would come from and go to.
    async fn data_endpoint(&mut self, process_bundle_descriptor_id: String) -> Option<String> {
        let question = GetProcessBundleDescriptorRequest { process_bundle_descriptor_id };
        let question = of_worker(&self.worker, question).ok()?;
        let descriptor = self.client.get_process_bundle_descriptor(question).await.ok()?.into_inner();
        let ends = descriptor.transforms.into_values().filter_map(|step| step.spec);
        let mut ends = ends.filter(|spec| DATA_URNS.contains(&spec.urn.as_str()));
        Some(RemoteGrpcPort::decode(ends.next()?.payload).ok()?.api_service_descriptor?.url)
    }
}

/// Is connected to a data service as a worker, until it ends the call. What it sends is the bundle that has failed.
async fn stay_connected(endpoint: String, worker: String) {
    let Ok(channel) = connect("data endpoint", &endpoint, PATIENCE).await else { return };
    // The connection is there as long as the sender: a body that has no end holds it for ever.
    let (_sender, nothing) = mpsc::channel::<Elements>(1);
    let Ok(call) = of_worker(&worker, ReceiverStream::new(nothing)) else { return };
    if let Ok(opened) = BeamFnDataClient::new(channel).data(call).await {
        let mut elements = opened.into_inner();
        while let Some(Ok(Elements {})) = elements.next().await {}
    }
}
