//! A Job service that takes every job and does as it is told to here: what real engines do at bad moments only.

use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use futures::stream::{self, BoxStream, StreamExt};
use tmpl_beam::messages::*;
use tmpl_beam::services::jobs::job_service_server::{JobService, JobServiceServer};
use tmpl_beam::services::staging::artifact_staging_service_server::{
    ArtifactStagingService, ArtifactStagingServiceServer,
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{Request, Response, Status, Streaming};

/// A running stub. It ends with the test's process.
#[derive(Clone, Default)]
pub(crate) struct Stub {
    state: Arc<Mutex<State>>,
}

/// What it knows, and how it behaves.
#[derive(Default)]
struct State {
    jobs: Vec<JobInfo>,
    /// Whether the answer to `Run` is an error although the job runs.
    loses_answers: bool,
    cancelled: usize,
}

impl Stub {
    /// Starts one whose jobs run for ever. Gives its endpoint too.
    pub(crate) fn start() -> (Self, String) {
        let stub = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let endpoint = listener.local_addr().unwrap().to_string();
        let service = stub.clone();
        std::thread::spawn(move || {
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(
                async move {
                    let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                    let jobs = JobServiceServer::new(service.clone()).max_decoding_message_size(usize::MAX);
                    tonic::transport::Server::builder()
                        .add_service(jobs)
                        .add_service(ArtifactStagingServiceServer::new(service))
                        .serve_with_incoming(TcpListenerStream::new(listener))
                        .await
                        .unwrap();
                },
            );
        });
        (stub, endpoint)
    }

    /// From now on nobody hears that a job was taken.
    pub(crate) fn lose_answers(&self) {
        self.state.lock().unwrap().loses_answers = true;
    }

    /// The jobs that were run, with their states.
    pub(crate) fn jobs(&self) -> Vec<(String, JobState)> {
        let state = self.state.lock().unwrap();
        state.jobs.iter().map(|job| (job.job_name.clone(), job.state())).collect()
    }

    /// All its jobs are done.
    pub(crate) fn finish(&self) {
        self.state.lock().unwrap().jobs.iter_mut().for_each(|job| job.set_state(JobState::Done));
    }

    /// How often somebody has asked to cancel.
    pub(crate) fn cancelled(&self) -> usize {
        self.state.lock().unwrap().cancelled
    }

    fn of(&self, id: &str) -> Result<i32, Status> {
        let state = self.state.lock().unwrap();
        let job = state.jobs.iter().find(|job| job.job_id == id);
        job.map(|job| job.state).ok_or_else(|| Status::not_found(format!("no job {id}")))
    }
}

type Answer<T> = Result<Response<T>, Status>;

#[tonic::async_trait]
impl JobService for Stub {
    type GetStateStreamStream = BoxStream<'static, Result<JobStateEvent, Status>>;
    type GetMessageStreamStream = BoxStream<'static, Result<JobMessagesResponse, Status>>;

    async fn prepare(&self, request: Request<PrepareJobRequest>) -> Answer<PrepareJobResponse> {
        let preparation_id = request.into_inner().job_name;
        Ok(Response::new(PrepareJobResponse { preparation_id, ..PrepareJobResponse::default() }))
    }

    async fn run(&self, request: Request<RunJobRequest>) -> Answer<RunJobResponse> {
        let mut state = self.state.lock().unwrap();
        let job_id = format!("stub-{}", state.jobs.len() + 1);
        let job_name = request.into_inner().preparation_id;
        state.jobs.push(JobInfo { job_id: job_id.clone(), job_name, state: JobState::Running.into() });
        if state.loses_answers {
            return Err(Status::unavailable("the connection is gone"));
        }
        Ok(Response::new(RunJobResponse { job_id }))
    }

    async fn get_jobs(&self, _: Request<GetJobsRequest>) -> Answer<GetJobsResponse> {
        Ok(Response::new(GetJobsResponse { job_info: self.state.lock().unwrap().jobs.clone() }))
    }

    async fn get_state(&self, request: Request<GetJobStateRequest>) -> Answer<JobStateEvent> {
        let state = self.of(&request.into_inner().job_id)?;
        Ok(Response::new(JobStateEvent { state, timestamp: None }))
    }

    async fn get_pipeline(&self, _: Request<GetJobPipelineRequest>) -> Answer<GetJobPipelineResponse> {
        Err(Status::unimplemented("it keeps none"))
    }

    /// Says yes, and lets the job go on.
    async fn cancel(&self, request: Request<CancelJobRequest>) -> Answer<CancelJobResponse> {
        let state = self.of(&request.into_inner().job_id)?;
        self.state.lock().unwrap().cancelled += 1;
        Ok(Response::new(CancelJobResponse { state }))
    }

    async fn drain(&self, _: Request<DrainJobRequest>) -> Answer<DrainJobResponse> {
        Err(Status::unimplemented("it does not drain"))
    }

    async fn get_state_stream(&self, _: Request<GetJobStateRequest>) -> Answer<Self::GetStateStreamStream> {
        Ok(Response::new(stream::pending().boxed()))
    }

    async fn get_message_stream(
        &self,
        _: Request<JobMessagesRequest>,
    ) -> Answer<Self::GetMessageStreamStream> {
        Ok(Response::new(stream::pending().boxed()))
    }

    async fn get_job_metrics(&self, _: Request<GetJobMetricsRequest>) -> Answer<GetJobMetricsResponse> {
        Ok(Response::new(GetJobMetricsResponse::default()))
    }

    async fn describe_pipeline_options(
        &self,
        _: Request<DescribePipelineOptionsRequest>,
    ) -> Answer<DescribePipelineOptionsResponse> {
        Ok(Response::new(DescribePipelineOptionsResponse::default()))
    }
}

#[tonic::async_trait]
impl ArtifactStagingService for Stub {
    type ReverseArtifactRetrievalServiceStream = BoxStream<'static, Result<ArtifactRequestWrapper, Status>>;

    /// Wants nothing.
    async fn reverse_artifact_retrieval_service(
        &self,
        _: Request<Streaming<ArtifactResponseWrapper>>,
    ) -> Answer<Self::ReverseArtifactRetrievalServiceStream> {
        Ok(Response::new(stream::empty().boxed()))
    }
}
