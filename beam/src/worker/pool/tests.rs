//! Workers that are shell scripts, asked for over real connections.

use std::process::Stdio;

use futures::StreamExt;
use prost::Message;
use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::task::JoinHandle;
use tokio_stream::wrappers::TcpListenerStream;

use crate::messages::{
    ApiServiceDescriptor, Elements, FunctionSpec, GetProcessBundleDescriptorRequest, InstructionRequest,
    InstructionResponse, ProcessBundleDescriptor, ProcessBundleRequest, RemoteGrpcPort, Transform,
};
use crate::services::control::beam_fn_control_server::{BeamFnControl, BeamFnControlServer};
use crate::services::data::beam_fn_data_server::{BeamFnData, BeamFnDataServer};
use crate::services::pool::beam_fn_external_worker_pool_client::BeamFnExternalWorkerPoolClient;

use super::*;

type Client = BeamFnExternalWorkerPoolClient<tonic::transport::Channel>;

/// Runs the script that a request names, and remembers what it is told.
#[derive(Clone, Default)]
struct Scripts(Arc<Mutex<Vec<String>>>);

struct Script {
    child: Child,
    readers: Vec<JoinHandle<()>>,
}

impl HarnessSource for Scripts {
    type Running = Script;

    async fn start(
        &self,
        request: StartWorkerRequest,
        lines: mpsc::Sender<String>,
    ) -> Result<Script, WorkerError> {
        let script = request
            .params
            .get("script")
            .ok_or_else(|| WorkerError::Source { reason: "no script".to_owned() })?;
        let mut child = Command::new("sh")
            .args(["-c", script])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let readers = vec![
            tokio::spawn(read(child.stdout.take().unwrap(), lines.clone())),
            tokio::spawn(read(child.stderr.take().unwrap(), lines)),
        ];
        Ok(Script { child, readers })
    }

    fn line(&self, worker: &str, line: &str) {
        self.0.lock().unwrap().push(format!("{worker}: {line}"));
    }

    async fn failed(&self, request: &StartWorkerRequest, error: &WorkerError) {
        self.0.lock().unwrap().push(format!("{} failed: {error}", request.worker_id));
    }

    async fn ended(&self, _: Script, end: WorkerEnd) {
        let WorkerEnd { worker, exit, tail, stopped, .. } = &end;
        let told =
            format!("{worker} ended: {exit:?} {tail:?} stopped={stopped} failure={}", end.is_failure());
        self.0.lock().unwrap().push(told);
    }
}

impl RunningHarness for Script {
    async fn end(&mut self) -> WorkerExit {
        let status = self.child.wait().await.unwrap();
        for reader in self.readers.drain(..) {
            reader.await.unwrap();
        }
        status.code().map_or(WorkerExit::Signal(9), WorkerExit::Code)
    }

    async fn stop(&mut self, _: Duration) {
        self.child.start_kill().unwrap();
    }
}

async fn read(stream: impl AsyncRead + Unpin, lines: mpsc::Sender<String>) {
    let mut reader = BufReader::new(stream).lines();
    while let Some(line) = reader.next_line().await.unwrap() {
        lines.send(line).await.unwrap();
    }
}

/// A pool that serves, and what its source was told.
struct Served {
    told: Scripts,
    address: SocketAddr,
    end: oneshot::Sender<()>,
    task: JoinHandle<std::io::Result<()>>,
}

impl Served {
    async fn new() -> Self {
        let told = Scripts::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (end, ended) = oneshot::channel();
        let pool = WorkerPool::new(told.clone());
        let task = tokio::spawn(pool.serve(listener, async {
            let _ = ended.await;
        }));
        Self { told, address, end, task }
    }

    async fn client(&self) -> Client {
        let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{}", self.address)).unwrap();
        Client::new(endpoint.connect().await.unwrap())
    }

    fn told(&self) -> Vec<String> {
        self.told.0.lock().unwrap().clone()
    }

    /// Waits until the source was told this.
    async fn hears(&self, words: &str) {
        for _ in 0..1_000 {
            if self.told().iter().any(|told| told.contains(words)) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("nobody said {words:?}: {:?}", self.told());
    }
}

async fn start(client: &mut Client, id: &str, control: &str, script: Option<&str>) -> String {
    let request = StartWorkerRequest {
        worker_id: id.to_owned(),
        control_endpoint: Some(ApiServiceDescriptor { url: control.to_owned() }),
        params: script.map(|script| ("script".to_owned(), script.to_owned())).into_iter().collect(),
        ..StartWorkerRequest::default()
    };
    client.start_worker(request).await.unwrap().into_inner().error
}

async fn stop(client: &mut Client, id: &str) -> String {
    let request = StopWorkerRequest { worker_id: id.to_owned() };
    client.stop_worker(request).await.unwrap().into_inner().error
}

#[tokio::test]
async fn a_worker_that_ends_by_itself_is_told_with_its_last_lines() {
    let pool = Served::new().await;
    let mut client = pool.client().await;
    let script = "for i in $(seq 100); do echo line $i; done; echo no module >&2; exit 3";
    assert_eq!(start(&mut client, "w", "c:1", Some(script)).await, "");
    pool.hears("w ended: Code(3)").await;
    let told = pool.told().pop().unwrap();
    assert!(told.contains("\"line 99\"") && told.contains("no module"), "{told}");
    assert!(!told.contains("\"line 60\"") && told.ends_with("stopped=false failure=true"), "{told}");
    // An engine that stops it a moment later is not refused.
    assert_eq!(stop(&mut client, "w").await, "");
}

#[tokio::test]
async fn what_cannot_be_done_is_an_answer() {
    let pool = Served::new().await;
    let mut client = pool.client().await;
    assert_eq!(start(&mut client, "w", "c:1", None).await, "no script");
    pool.hears("w failed: no script").await;
    assert_eq!(start(&mut client, "", "c:1", Some("true")).await, "the worker has no id");
    assert_eq!(stop(&mut client, "nobody").await, "there is no worker `nobody` here");
    assert_eq!(start(&mut client, "v", "c:1", Some("exec sleep 60")).await, "");
    assert_eq!(start(&mut client, "v", "c:1", Some("exec sleep 60")).await, "worker `v` runs already");
    assert_eq!(stop(&mut client, "v").await, "");
    assert!(pool.told().last().unwrap().contains("stopped=true failure=false"), "{:?}", pool.told());
    // The name is free again.
    assert_eq!(start(&mut client, "v", "c:1", Some("true")).await, "");
}

#[tokio::test]
async fn jobs_that_count_their_workers_alike_do_not_end_each_others() {
    let pool = Served::new().await;
    let (mut one, mut other) = (pool.client().await, pool.client().await);
    assert_eq!(start(&mut one, "1-1", "c:1", Some("echo one; exec sleep 60")).await, "");
    assert_eq!(start(&mut other, "1-1", "c:2", Some("echo other; exec sleep 60")).await, "");
    pool.hears("1-1: one").await;
    pool.hears("1-1: other").await;
    let refused = stop(&mut pool.client().await, "1-1").await;
    assert!(refused.starts_with("2 workers are called `1-1`"), "{refused}");
    assert_eq!(stop(&mut other, "1-1").await, "");
    pool.hears("[\"other\"] stopped=true").await;
    assert_eq!(stop(&mut pool.client().await, "1-1").await, "");
    pool.hears("[\"one\"] stopped=true").await;
}

#[tokio::test]
async fn many_workers_run_at_once_and_end_with_the_pool() {
    let pool = Served::new().await;
    let starting = (0..20).map(|number| {
        let connecting = pool.client();
        async move {
            let mut client = connecting.await;
            start(&mut client, &format!("w{number}"), "c:1", Some("echo begun; exec sleep 60")).await
        }
    });
    let errors = futures::future::join_all(starting).await;
    assert!(errors.iter().all(String::is_empty), "{errors:?}");
    pool.end.send(()).unwrap();
    pool.task.await.unwrap().unwrap();
    let told = pool.told.0.lock().unwrap().clone();
    assert_eq!(told.iter().filter(|told| told.contains("stopped=true")).count(), 20, "{told:?}");
}

/// An engine that gives its worker one instruction, and keeps what it hears.
struct Instructs {
    heard: mpsc::Sender<(String, InstructionResponse)>,
    /// Its data service.
    data: String,
}

#[tonic::async_trait]
impl BeamFnControl for Instructs {
    type ControlStream = futures::stream::BoxStream<'static, Result<InstructionRequest, Status>>;

    async fn control(
        &self,
        request: Request<tonic::Streaming<InstructionResponse>>,
    ) -> Result<Response<Self::ControlStream>, Status> {
        let worker = request.metadata().get("worker_id").unwrap().to_str().unwrap().to_owned();
        let heard = self.heard.clone();
        tokio::spawn(async move {
            let mut answers = request.into_inner();
            while let Ok(Some(answer)) = answers.message().await {
                heard.send((worker.clone(), answer)).await.unwrap();
            }
            heard.send((worker, InstructionResponse::default())).await.unwrap();
        });
        let process_bundle = ProcessBundleRequest { process_bundle_descriptor_id: "steps".to_owned() };
        let instruction =
            InstructionRequest { instruction_id: "inst001".to_owned(), process_bundle: Some(process_bundle) };
        let forever = futures::stream::pending();
        Ok(Response::new(futures::stream::iter([Ok(instruction)]).chain(forever).boxed()))
    }

    async fn get_process_bundle_descriptor(
        &self,
        request: Request<GetProcessBundleDescriptorRequest>,
    ) -> Result<Response<ProcessBundleDescriptor>, Status> {
        assert_eq!(request.metadata().get("worker_id").unwrap(), "w");
        assert_eq!(request.get_ref().process_bundle_descriptor_id, "steps");
        let port =
            RemoteGrpcPort { api_service_descriptor: Some(ApiServiceDescriptor { url: self.data.clone() }) };
        let step = |urn: &str, payload: Vec<u8>| Transform {
            spec: Some(FunctionSpec { urn: urn.to_owned(), payload: payload.into() }),
            ..Transform::default()
        };
        let steps = [
            ("do".to_owned(), step("beam:transform:pardo:v1", vec![1, 2])),
            ("read".to_owned(), step("beam:runner:source:v1", port.encode_to_vec())),
        ];
        Ok(Response::new(ProcessBundleDescriptor { transforms: steps.into() }))
    }
}

/// A data service that tells who connects, and says nothing, as those in Java do.
struct Silent(mpsc::Sender<String>);

#[tonic::async_trait]
impl BeamFnData for Silent {
    type DataStream = futures::stream::BoxStream<'static, Result<Elements, Status>>;

    async fn data(
        &self,
        request: Request<tonic::Streaming<Elements>>,
    ) -> Result<Response<Self::DataStream>, Status> {
        let worker = request.metadata().get("worker_id").unwrap().to_str().unwrap().to_owned();
        self.0.send(worker).await.unwrap();
        std::future::pending().await
    }
}

#[tokio::test]
async fn an_engine_is_told_why_a_worker_can_not_begin_when_it_gives_it_work() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let control = listener.local_addr().unwrap().to_string();
    let (heard, mut answers) = mpsc::channel(1);
    let (connected, mut connections) = mpsc::channel(1);
    let service = BeamFnControlServer::new(Instructs { heard, data: control.clone() });
    let data = BeamFnDataServer::new(Silent(connected));
    let server = Server::builder().add_service(service).add_service(data);
    tokio::spawn(server.serve_with_incoming(TcpListenerStream::new(listener)));
    let pool = Served::new().await;
    let mut client = pool.client().await;
    // An engine that panics where it hears an error goes on.
    assert_eq!(start(&mut client, "w", &control, None).await, "");
    let (worker, answer) = answers.recv().await.unwrap();
    assert_eq!((worker.as_str(), answer.instruction_id.as_str()), ("w", "inst001"));
    assert_eq!(answer.error, "no script");
    // One that waits for the worker's other connection before it looks at the answer goes on, too.
    assert_eq!(connections.recv().await.as_deref(), Some("w"));
    // It is ended like any other.
    assert_eq!(stop(&mut client, "w").await, "");
    assert_eq!(answers.recv().await, Some(("w".to_owned(), InstructionResponse::default())));
}
