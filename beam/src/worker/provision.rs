//! What a worker is told before it begins: asked of the runner's `ProvisionService`.

use std::time::{Duration, Instant};

use prost_types::value::Kind;
use tonic::metadata::AsciiMetadataValue;
use tonic::transport::{Channel, Endpoint};
use tonic::{Request, Status};

use super::options;
use super::{WorkerError, WorkerStart};
use crate::messages::{ApiServiceDescriptor, GetProvisionInfoRequest, ProvisionInfo};
use crate::services::provision::provision_service_client::ProvisionServiceClient;

/// How long one try to connect may take.
const CONNECT: Duration = Duration::from_secs(5);
/// The pause after one that failed.
const PAUSE: Duration = Duration::from_millis(100);
/// The header by which a runner with one endpoint for all its workers knows which one asks.
const WORKER_ID: &str = "worker_id";

/// A worker and what its runner has told it. Its endpoints are complete.
#[derive(Clone, Debug, PartialEq)]
pub struct Provisioned {
    /// The worker.
    pub start: WorkerStart,
    /// In the runner's words.
    pub info: ProvisionInfo,
}

/// Asks a runner what one of its workers is for. Tries to reach it for as long as `patience`: a runner may name an endpoint a moment
/// before it listens.
pub async fn provision(start: &WorkerStart, patience: Duration) -> Result<Provisioned, WorkerError> {
    let endpoint = &start.provision_endpoint;
    let channel = connect("provision endpoint", endpoint, patience).await?;
    let mut client = ProvisionServiceClient::new(channel).max_decoding_message_size(usize::MAX);
    let request = of_worker(&start.id, GetProvisionInfoRequest {})?;
    let refused = |message: String| WorkerError::Refused {
        endpoint: endpoint.clone(),
        call: "GetProvisionInfo",
        message,
    };
    let answer = client.get_provision_info(request).await.map_err(|status| refused(words(&status)))?;
    let info = answer.into_inner().info.ok_or_else(|| refused("the answer is empty".to_owned()))?;
    Provisioned::new(start.clone(), info)
}

impl Provisioned {
    fn new(mut start: WorkerStart, info: ProvisionInfo) -> Result<Self, WorkerError> {
        // What the runner says now counts before what the worker was started with.
        let said = [
            (&info.logging_endpoint, &mut start.logging_endpoint, "logging endpoint"),
            (&info.artifact_endpoint, &mut start.artifact_endpoint, "artifact endpoint"),
            (&info.control_endpoint, &mut start.control_endpoint, "control endpoint"),
        ];
        for (said, held, what) in said {
            if let Some(ApiServiceDescriptor { url }) = said
                && !url.is_empty()
            {
                held.clone_from(url);
            }
            // A worker without artifacts needs nobody to ask for them.
            if held.is_empty() && (what != "artifact endpoint" || !info.dependencies.is_empty()) {
                return Err(WorkerError::Missing { worker: start.id, what });
            }
        }
        Ok(Self { start, info })
    }

    /// The pipeline's options as JSON.
    pub fn options_json(&self) -> String {
        self.info
            .pipeline_options
            .as_ref()
            .map_or_else(|| "{}".to_owned(), |options| options::to_json(options).to_string())
    }

    /// An option of the pipeline that is a text, by its name in snake case.
    pub fn option(&self, name: &str) -> Option<&str> {
        match options::find(self.info.pipeline_options.as_ref()?, name)? {
            Kind::StringValue(text) => Some(text),
            _ => None,
        }
    }

    /// An option of the pipeline that is a list of texts. Nothing where it is not there, which is not the same as an empty list.
    pub(crate) fn option_list(&self, name: &str) -> Option<Vec<&str>> {
        let Kind::ListValue(list) = options::find(self.info.pipeline_options.as_ref()?, name)? else {
            return None;
        };
        let texts = list.values.iter().filter_map(|value| match &value.kind {
            Some(Kind::StringValue(text)) => Some(text.as_str()),
            _ => None,
        });
        Some(texts.collect())
    }

    /// Whether the pipeline has an experiment.
    pub(crate) fn has_experiment(&self, name: &str) -> bool {
        self.option_list("experiments").is_some_and(|experiments| experiments.contains(&name))
    }
}

/// A request that says which worker asks.
pub(crate) fn of_worker<T>(id: &str, message: T) -> Result<Request<T>, WorkerError> {
    let malformed = |_| WorkerError::Malformed { what: "name of a worker", text: id.to_owned() };
    let value: AsciiMetadataValue = id.parse().map_err(malformed)?;
    let mut request = Request::new(message);
    request.metadata_mut().insert(WORKER_ID, value);
    Ok(request)
}

/// Connects to an endpoint of a runner.
pub(crate) async fn connect(
    what: &'static str,
    endpoint: &str,
    patience: Duration,
) -> Result<Channel, WorkerError> {
    let malformed = |_| WorkerError::Malformed { what: "endpoint", text: endpoint.to_owned() };
    let target = Endpoint::from_shared(format!("http://{endpoint}")).map_err(malformed)?;
    let target = target.connect_timeout(CONNECT);
    let given_up = Instant::now() + patience;
    loop {
        match target.connect().await {
            Ok(channel) => return Ok(channel),
            Err(source) if Instant::now() + PAUSE > given_up => {
                return Err(WorkerError::Unreachable {
                    what,
                    endpoint: endpoint.to_owned(),
                    patience,
                    source,
                });
            }
            Err(_) => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// What a runner says of its refusal.
pub(crate) fn words(status: &Status) -> String {
    match status.message() {
        "" => status.code().description().to_owned(),
        message => message.to_owned(),
    }
}
