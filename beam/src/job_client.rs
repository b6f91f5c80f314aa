//! A client of Beam's Job API: Prism, Beam's own job servers of Flink and Spark, and any other.

use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use tonic::Status;
use tonic::transport::{Channel, Endpoint};

use crate::artifacts::{self, Artifact};
use crate::error::BeamError;
use crate::messages::{
    CancelJobRequest, DescribePipelineOptionsRequest, DrainJobRequest, GetJobMetricsRequest,
    GetJobStateRequest, GetJobsRequest, JobInfo, JobMessagesRequest, JobState, MessageOrState, MetricResults,
    PrepareJobRequest, PrepareJobResponse, RunJobRequest,
};
use crate::services::jobs::job_service_client::JobServiceClient;

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a call may take that only asks.
const ANSWER: Duration = Duration::from_secs(15);

/// A pipeline as it is handed to an engine.
#[derive(Clone, Debug)]
pub struct Submission {
    /// The pipeline, encoded.
    pub pipeline: Bytes,
    /// The options, an encoded `google.protobuf.Struct`.
    pub options: Bytes,
    /// What the engine calls the job.
    pub job_name: String,
}

/// A connection to a Job service.
#[derive(Clone, Debug)]
pub struct JobClient {
    endpoint: String,
    client: JobServiceClient<Channel>,
}

impl JobClient {
    /// Connects to `endpoint`, written `host:port`.
    pub async fn connect(endpoint: &str) -> Result<Self, BeamError> {
        let channel = channel(endpoint).await?;
        // A pipeline of many steps is longer than gRPC's usual limit of 4 MB.
        let client = JobServiceClient::new(channel)
            .max_decoding_message_size(usize::MAX)
            .max_encoding_message_size(usize::MAX);
        Ok(Self { endpoint: endpoint.to_owned(), client })
    }

    /// Asks what options the service offers: the smallest question, which only a Job service answers.
    pub async fn describe(&self) -> Result<usize, BeamError> {
        let mut client = self.client.clone();
        let answer = client.describe_pipeline_options(DescribePipelineOptionsRequest {});
        Ok(self.soon("DescribePipelineOptions", answer).await?.options.len())
    }

    /// Hands a pipeline over without running it. The service says where artifacts go.
    pub async fn prepare(&self, submission: &Submission) -> Result<PrepareJobResponse, BeamError> {
        let request = PrepareJobRequest {
            pipeline: submission.pipeline.clone(),
            pipeline_options: submission.options.clone(),
            job_name: submission.job_name.clone(),
        };
        let mut client = self.client.clone();
        let answer = client.prepare(request).await;
        answer.map(tonic::Response::into_inner).map_err(|status| self.refused("Prepare", &status))
    }

    /// Gives the service the artifacts it asks for.
    pub async fn stage(
        &self,
        prepared: &PrepareJobResponse,
        artifacts: &[Artifact],
    ) -> Result<(), BeamError> {
        let named = prepared.artifact_staging_endpoint.as_ref().map(|endpoint| endpoint.url.clone());
        // One that names no place takes them where it listens itself.
        let endpoint = named.filter(|url| !url.is_empty()).unwrap_or_else(|| self.endpoint.clone());
        let channel = channel(&endpoint).await?;
        artifacts::offer(&endpoint, channel, &prepared.staging_session_token, artifacts).await
    }

    /// Starts a pipeline that was prepared. Gives the job's id.
    pub async fn run(&self, prepared: &PrepareJobResponse) -> Result<String, BeamError> {
        let request = RunJobRequest {
            preparation_id: prepared.preparation_id.clone(),
            retrieval_token: prepared.staging_session_token.clone(),
        };
        let mut client = self.client.clone();
        let answer = client.run(request).await;
        Ok(answer.map_err(|status| self.refused("Run", &status))?.into_inner().job_id)
    }

    /// The jobs that the service knows.
    pub async fn jobs(&self) -> Result<Vec<JobInfo>, BeamError> {
        let mut client = self.client.clone();
        Ok(self.soon("GetJobs", client.get_jobs(GetJobsRequest {})).await?.job_info)
    }

    /// The state of a job now.
    pub async fn state(&self, id: &str) -> Result<JobState, BeamError> {
        let mut client = self.client.clone();
        let answer = client.get_state(GetJobStateRequest { job_id: id.to_owned() });
        let event = self.soon("GetState", answer).await?;
        Ok(JobState::try_from(event.state).unwrap_or(JobState::Unspecified))
    }

    /// What the service says of a job from now on: messages and states, in their order.
    pub async fn news(
        &self,
        id: &str,
    ) -> Result<impl Stream<Item = Result<MessageOrState, BeamError>> + Send + use<>, BeamError> {
        let mut client = self.client.clone();
        let request = JobMessagesRequest { job_id: id.to_owned() };
        let stream = self.soon("GetMessageStream", client.get_message_stream(request)).await?;
        let this = self.clone();
        Ok(stream.filter_map(move |read| {
            let read = match read {
                Ok(answer) => answer.response.map(Ok),
                Err(status) => Some(Err(this.refused("GetMessageStream", &status))),
            };
            std::future::ready(read)
        }))
    }

    /// What a job has counted.
    pub async fn metrics(&self, id: &str) -> Result<MetricResults, BeamError> {
        let mut client = self.client.clone();
        let answer = client.get_job_metrics(GetJobMetricsRequest { job_id: id.to_owned() });
        Ok(self.soon("GetJobMetrics", answer).await?.metrics.unwrap_or_default())
    }

    /// Asks for a job's end. Gives the state that the service says it has now.
    pub async fn cancel(&self, id: &str) -> Result<JobState, BeamError> {
        let mut client = self.client.clone();
        let answer = client.cancel(CancelJobRequest { job_id: id.to_owned() });
        let state = self.soon("Cancel", answer).await?.state;
        Ok(JobState::try_from(state).unwrap_or(JobState::Unspecified))
    }

    /// Asks a job to read nothing new and to finish what it has.
    pub async fn drain(&self, id: &str) -> Result<JobState, BeamError> {
        let mut client = self.client.clone();
        let answer = client.drain(DrainJobRequest { job_id: id.to_owned() });
        let state = self.soon("Drain", answer).await?.state;
        Ok(JobState::try_from(state).unwrap_or(JobState::Unspecified))
    }

    /// The answer to a question that a service in good health answers at once.
    async fn soon<T>(
        &self,
        call: &'static str,
        answer: impl Future<Output = Result<tonic::Response<T>, Status>>,
    ) -> Result<T, BeamError> {
        match tokio::time::timeout(ANSWER, answer).await {
            Ok(answer) => {
                answer.map(tonic::Response::into_inner).map_err(|status| self.refused(call, &status))
            }
            Err(_) => Err(BeamError::Silent { endpoint: self.endpoint.clone(), call, limit: ANSWER }),
        }
    }

    fn refused(&self, call: &'static str, status: &Status) -> BeamError {
        BeamError::refused(&self.endpoint, call, status)
    }
}

/// A connection to a service of Beam's.
pub(crate) async fn channel(endpoint: &str) -> Result<Channel, BeamError> {
    let wrong = || BeamError::NoEndpoint { endpoint: endpoint.to_owned() };
    let (host, port) = endpoint.rsplit_once(':').ok_or_else(wrong)?;
    if host.is_empty() || host.contains('/') || port.parse::<u16>().is_err() {
        return Err(wrong());
    }
    let channel = Endpoint::from_shared(format!("http://{endpoint}")).map_err(|_| wrong())?;
    channel
        .connect_timeout(CONNECT)
        .http2_keep_alive_interval(Duration::from_secs(30))
        .connect()
        .await
        .map_err(|source| BeamError::Unreachable { endpoint: endpoint.to_owned(), source })
}
