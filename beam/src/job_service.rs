//! The Job service that a pipeline's program submits to: it keeps what it is given, and runs nothing.
//!
//! ```text
//! Describe → Prepare (pipeline, options) → artifacts, by reverse retrieval → state and message streams → Run
//! ```
//!
//! As soon as the program has asked for the run it is told that the job is done, so that one which waits for its pipeline ends.
//! The pipeline stays the bytes that came. One pipeline is taken: a program that submits a second one is told why not.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, Streaming};

use crate::artifacts::{self, Artifact};
use crate::messages::{
    ApiServiceDescriptor, ArtifactRequestWrapper, ArtifactResponseWrapper, CancelJobRequest,
    CancelJobResponse, DescribePipelineOptionsRequest, DescribePipelineOptionsResponse, DrainJobRequest,
    DrainJobResponse, GetJobMetricsRequest, GetJobMetricsResponse, GetJobPipelineRequest,
    GetJobPipelineResponse, GetJobStateRequest, GetJobsRequest, GetJobsResponse, JobInfo, JobMessagesRequest,
    JobMessagesResponse, JobState, JobStateEvent, MessageOrState, MetricResults, PrepareJobRequest,
    PrepareJobResponse, RunJobRequest, RunJobResponse,
};
use crate::services::jobs::job_service_server::{JobService as Jobs, JobServiceServer};
use crate::services::staging::artifact_staging_service_server::{
    ArtifactStagingService as Staging, ArtifactStagingServiceServer,
};
use crate::wire;

/// The job that a program submits is the only one.
const JOB: &str = "tmpl";
/// The longest pipeline that is taken. Engines take less.
const LONGEST: usize = 1 << 30;

/// What a program has submitted.
#[derive(Clone, Debug)]
pub struct Captured {
    /// The pipeline, encoded as it came.
    pub pipeline: Bytes,
    /// The options, an encoded `google.protobuf.Struct`.
    pub options: Bytes,
    /// The name that the program gave the job.
    pub job_name: String,
    /// What its workers need beside their environment.
    pub artifacts: Vec<Artifact>,
}

/// How far a program has come with its submission.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// It has not begun.
    #[default]
    Nothing,
    /// It has handed a pipeline over.
    Prepared,
    /// It has asked for the run.
    Submitted,
}

#[derive(Debug, Default)]
struct State {
    captured: Option<Captured>,
    /// Whether a second pipeline was refused.
    second: bool,
    /// Why the pipeline could not be kept.
    failure: Option<String>,
}

#[derive(Debug)]
struct Shared {
    folder: PathBuf,
    address: SocketAddr,
    state: Mutex<State>,
    stage: watch::Sender<Stage>,
}

/// A Job service on this machine's loopback, for one program. It ends when this is dropped.
#[derive(Debug)]
pub struct JobService {
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

impl JobService {
    /// Begins to listen on a free port. Artifacts are kept in `folder`, which must exist.
    pub async fn start(folder: PathBuf) -> std::io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            folder,
            address,
            state: Mutex::default(),
            stage: watch::Sender::new(Stage::Nothing),
        });
        let handler = Handler(Arc::clone(&shared));
        let jobs = JobServiceServer::new(handler.clone())
            .max_decoding_message_size(LONGEST)
            .max_encoding_message_size(usize::MAX);
        let staging = ArtifactStagingServiceServer::new(handler)
            .max_decoding_message_size(LONGEST)
            .max_encoding_message_size(usize::MAX);
        let serving = Server::builder()
            // Large windows: a pipeline of megabytes comes in one message.
            .initial_stream_window_size(1 << 22)
            .initial_connection_window_size(1 << 23)
            .add_service(jobs)
            .add_service(staging)
            // Small answers are not kept back until the last one was confirmed, which is 40 ms each time.
            .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)));
        let server = tokio::spawn(async move {
            let _ = serving.await;
        });
        Ok(Self { shared, server })
    }

    /// Where it listens: `127.0.0.1:port`.
    pub fn endpoint(&self) -> String {
        self.shared.address.to_string()
    }

    /// How far the program has come.
    pub fn stage(&self) -> Stage {
        *self.shared.stage.borrow()
    }

    /// Waits until the program has asked for its pipeline to be run.
    pub async fn submitted(&self) {
        let mut stage = self.shared.stage.subscribe();
        // The sender is in `self`, so it is there.
        let _ = stage.wait_for(|stage| *stage == Stage::Submitted).await;
    }

    /// What was submitted, if anything was.
    pub fn captured(&self) -> Option<Captured> {
        (self.stage() == Stage::Submitted).then(|| self.shared.state().captured.clone()).flatten()
    }

    /// Whether the program submitted a second pipeline, which was refused.
    pub fn has_second(&self) -> bool {
        self.shared.state().second
    }

    /// Why what the program submitted could not be taken.
    pub fn failure(&self) -> Option<String> {
        self.shared.state().failure.clone()
    }
}

impl Drop for JobService {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Remembers why something was refused, and refuses it.
    fn fail(&self, status: Status) -> Status {
        self.state().failure.get_or_insert_with(|| status.message().to_owned());
        status
    }
}

/// A service's answers, one after the other.
type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

#[derive(Clone, Debug)]
struct Handler(Arc<Shared>);

impl Handler {
    /// The states of the one job as they come: stopped until the program has asked for the run, and then done.
    fn states(&self) -> impl Stream<Item = JobState> + Send + use<> {
        let stage = self.0.stage.subscribe();
        let end = stream::once(async move {
            let mut stage = stage;
            let _ = stage.wait_for(|stage| *stage == Stage::Submitted).await;
            stream::iter([JobState::Running, JobState::Done])
        });
        stream::iter([JobState::Stopped]).chain(end.flatten())
    }

    fn state_now(&self) -> JobState {
        if *self.0.stage.borrow() == Stage::Submitted { JobState::Done } else { JobState::Stopped }
    }
}

fn event(state: JobState) -> JobStateEvent {
    JobStateEvent { state: state.into(), timestamp: Some(std::time::SystemTime::now().into()) }
}

#[tonic::async_trait]
impl Jobs for Handler {
    async fn describe_pipeline_options(
        &self,
        _: Request<DescribePipelineOptionsRequest>,
    ) -> Result<Response<DescribePipelineOptionsResponse>, Status> {
        Ok(Response::new(DescribePipelineOptionsResponse::default()))
    }

    async fn prepare(
        &self,
        request: Request<PrepareJobRequest>,
    ) -> Result<Response<PrepareJobResponse>, Status> {
        let PrepareJobRequest { pipeline, pipeline_options, job_name } = request.into_inner();
        let unreadable = |error| self.0.fail(Status::invalid_argument(format!("{error}")));
        wire::environments(&pipeline).map_err(unreadable)?;
        {
            let mut state = self.0.state();
            if state.captured.is_some() {
                state.second = true;
                return Err(Status::failed_precondition(
                    "this program has submitted a pipeline already, and a launch runs one: make one pipeline of them, or a template \
                     each",
                ));
            }
            state.captured =
                Some(Captured { pipeline, options: pipeline_options, job_name, artifacts: Vec::new() });
        }
        self.0.stage.send_replace(Stage::Prepared);
        Ok(Response::new(PrepareJobResponse {
            preparation_id: JOB.to_owned(),
            artifact_staging_endpoint: Some(ApiServiceDescriptor { url: self.0.address.to_string() }),
            staging_session_token: JOB.to_owned(),
        }))
    }

    async fn run(&self, _: Request<RunJobRequest>) -> Result<Response<RunJobResponse>, Status> {
        if self.0.state().captured.is_none() {
            return Err(Status::failed_precondition("no pipeline was prepared"));
        }
        self.0.stage.send_replace(Stage::Submitted);
        Ok(Response::new(RunJobResponse { job_id: JOB.to_owned() }))
    }

    async fn get_jobs(&self, _: Request<GetJobsRequest>) -> Result<Response<GetJobsResponse>, Status> {
        let name = self.0.state().captured.as_ref().map(|captured| captured.job_name.clone());
        let info =
            name.map(|job_name| JobInfo { job_id: JOB.to_owned(), job_name, state: self.state_now().into() });
        Ok(Response::new(GetJobsResponse { job_info: info.into_iter().collect() }))
    }

    async fn get_state(&self, _: Request<GetJobStateRequest>) -> Result<Response<JobStateEvent>, Status> {
        Ok(Response::new(event(self.state_now())))
    }

    async fn get_pipeline(
        &self,
        _: Request<GetJobPipelineRequest>,
    ) -> Result<Response<GetJobPipelineResponse>, Status> {
        let pipeline = self.0.state().captured.as_ref().map(|captured| captured.pipeline.clone());
        let pipeline = pipeline.ok_or_else(|| Status::not_found("no pipeline was prepared"))?;
        Ok(Response::new(GetJobPipelineResponse { pipeline }))
    }

    async fn cancel(&self, _: Request<CancelJobRequest>) -> Result<Response<CancelJobResponse>, Status> {
        Ok(Response::new(CancelJobResponse { state: self.state_now().into() }))
    }

    async fn drain(&self, _: Request<DrainJobRequest>) -> Result<Response<DrainJobResponse>, Status> {
        Ok(Response::new(DrainJobResponse { state: self.state_now().into() }))
    }

    type GetStateStreamStream = Answers<JobStateEvent>;

    async fn get_state_stream(
        &self,
        _: Request<GetJobStateRequest>,
    ) -> Result<Response<Self::GetStateStreamStream>, Status> {
        // It has no end: what waits for one hears the last state, and goes on. A program in Python ends meanwhile, and if its gRPC is just
        // then dealing with the end of a stream, on a thread that Python stops, the lock that it held keeps Python waiting for ever.
        let told = self.states().map(|state| Ok(event(state))).chain(stream::pending());
        Ok(Response::new(Box::pin(told)))
    }

    type GetMessageStreamStream = Answers<JobMessagesResponse>;

    async fn get_message_stream(
        &self,
        _: Request<JobMessagesRequest>,
    ) -> Result<Response<Self::GetMessageStreamStream>, Status> {
        let told = self
            .states()
            .map(|state| Ok(JobMessagesResponse { response: Some(MessageOrState::State(event(state))) }));
        Ok(Response::new(Box::pin(told)))
    }

    async fn get_job_metrics(
        &self,
        _: Request<GetJobMetricsRequest>,
    ) -> Result<Response<GetJobMetricsResponse>, Status> {
        // Some SDKs ask for them at once when a job is done; nothing was counted yet.
        Ok(Response::new(GetJobMetricsResponse { metrics: Some(MetricResults::default()) }))
    }
}

#[tonic::async_trait]
impl Staging for Handler {
    type ReverseArtifactRetrievalServiceStream = Answers<ArtifactRequestWrapper>;

    async fn reverse_artifact_retrieval_service(
        &self,
        request: Request<Streaming<ArtifactResponseWrapper>>,
    ) -> Result<Response<Self::ReverseArtifactRetrievalServiceStream>, Status> {
        let mut answers = request.into_inner();
        let (questions, stream) = mpsc::channel(4);
        let shared = Arc::clone(&self.0);
        tokio::spawn(async move {
            // The first answer says for which job; there is one.
            let _ = answers.next().await;
            let pipeline = shared.state().captured.as_ref().map(|captured| captured.pipeline.clone());
            let environments = wire::environments(&pipeline.unwrap_or_default()).unwrap_or_default();
            let needed: Vec<_> =
                environments.into_iter().map(|(id, environment)| (id, environment.dependencies)).collect();
            match artifacts::receive(&shared.folder, &needed, &mut answers, &questions).await {
                Ok(kept) => {
                    if let Some(captured) = &mut shared.state().captured {
                        captured.artifacts = kept;
                    }
                }
                Err(status) => {
                    let _ = questions.send(Err(shared.fail(status))).await;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }
}
