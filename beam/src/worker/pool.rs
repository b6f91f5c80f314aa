//! A worker pool: `BeamFnExternalWorkerPool`, by which engines ask for workers that are no containers of theirs.
//!
//! A worker is known by its name and its control endpoint: several engines, or several jobs of one, may use one pool and count their
//! workers from one each.

use std::collections::HashMap;
use std::future::Future;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot, watch};
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status};

use super::WorkerError;
use super::pool_worker::{self, Asked, WorkerEnd, WorkerExit};
use crate::messages::{StartWorkerRequest, StartWorkerResponse, StopWorkerRequest, StopWorkerResponse};
use crate::services::pool::beam_fn_external_worker_pool_server::{
    BeamFnExternalWorkerPool, BeamFnExternalWorkerPoolServer,
};

/// How long an engine waits at most to hear that its worker started. What takes longer goes on, and its failure is told as the end of
/// a worker.
const ANSWER: Duration = Duration::from_secs(30);
/// How long a worker has to end after it was told to.
const GRACE: Duration = Duration::from_secs(5);
/// How long engines have to hear that the pool ends.
const FAREWELL: Duration = Duration::from_millis(500);
/// Names of ended workers that are remembered: an engine may stop a worker that has just ended by itself.
const REMEMBERED: usize = 1_000;

/// Says which harness a worker has, and starts it.
pub trait HarnessSource: Send + Sync + 'static {
    /// A harness that runs.
    type Running: RunningHarness;

    /// Starts a worker's harness. Returns when it runs; its lines go to `lines`. Where this is dropped before, nothing may be left
    /// behind.
    fn start(
        &self,
        request: StartWorkerRequest,
        lines: mpsc::Sender<String>,
    ) -> impl Future<Output = Result<Self::Running, WorkerError>> + Send;

    /// Is told every line that a worker writes.
    fn line(&self, worker: &str, line: &str);

    /// Is told that a worker could not be started.
    fn failed(&self, request: &StartWorkerRequest, error: &WorkerError) -> impl Future<Output = ()> + Send;

    /// Is told that a worker has ended, whoever ended it.
    fn ended(&self, running: Self::Running, end: WorkerEnd) -> impl Future<Output = ()> + Send;
}

/// A harness that runs, and everything it started.
pub trait RunningHarness: Send + 'static {
    /// Waits until all of it is gone, and all it wrote was sent. May be dropped and called again.
    fn end(&mut self) -> impl Future<Output = WorkerExit> + Send;

    /// Asks it to end, and kills it after `grace`.
    fn stop(&mut self, grace: Duration) -> impl Future<Output = ()> + Send;
}

/// A server that starts and ends workers.
pub struct WorkerPool<S> {
    source: Arc<S>,
    workers: Arc<Mutex<Workers>>,
}

/// What a worker is known by.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Key {
    id: String,
    control_endpoint: String,
}

/// The workers of a pool.
#[derive(Default)]
struct Workers {
    living: HashMap<Key, Living>,
    ended: std::collections::VecDeque<String>,
    /// Whether the pool ends: nobody is started any more.
    closed: bool,
}

struct Living {
    /// Who asked for it.
    peer: Option<SocketAddr>,
    /// Ends it when `true` is sent.
    stop: watch::Sender<bool>,
    /// Closed when it has ended.
    gone: watch::Receiver<()>,
}

impl<S: HarnessSource> WorkerPool<S> {
    /// A pool that starts what `source` says.
    pub fn new(source: S) -> Self {
        Self { source: Arc::new(source), workers: Arc::default() }
    }

    /// Serves engines until `until` is done; then ends every worker and returns when all are gone.
    pub async fn serve(self, listener: TcpListener, until: impl Future<Output = ()>) -> std::io::Result<()> {
        let workers = Arc::clone(&self.workers);
        let (say, heard) = oneshot::channel::<()>();
        let service = BeamFnExternalWorkerPoolServer::new(self);
        let server = Server::builder().add_service(service).serve_with_incoming_shutdown(
            TcpIncoming::from(listener).with_nodelay(Some(true)),
            async {
                let _ = heard.await;
            },
        );
        tokio::pin!(server);
        tokio::select! {
            ended = &mut server => return ended.map_err(std::io::Error::other),
            () = until => {}
        }
        // Requests that are under way are still answered.
        let ending = end_all(&workers);
        tokio::pin!(ending);
        tokio::select! {
            () = &mut ending => {}
            _ = &mut server => ending.await,
        }
        let _ = say.send(());
        let _ = tokio::time::timeout(FAREWELL, server).await;
        Ok(())
    }

    /// Starts a worker and waits until it runs.
    async fn start(&self, request: StartWorkerRequest, peer: Option<SocketAddr>) -> Result<(), String> {
        let key = Key::of(&request)?;
        let (stop, stopped) = watch::channel(false);
        let (living, gone) = watch::channel(());
        {
            let mut workers = locked(&self.workers);
            if workers.closed {
                return Err("this worker pool is ending".to_owned());
            }
            if workers.living.contains_key(&key) {
                return Err(format!("worker `{}` runs already", key.id));
            }
            workers.living.insert(key.clone(), Living { peer, stop, gone });
        }
        let (answer, answered) = oneshot::channel();
        let (source, workers) = (Arc::clone(&self.source), Arc::clone(&self.workers));
        // A task of its own: an engine that hangs up does not end its worker, it may ask again.
        tokio::spawn(async move {
            pool_worker::live(&*source, Asked { request, stopped, answer, grace: GRACE }).await;
            locked(&workers).forget(&key);
            drop(living);
        });
        match tokio::time::timeout(ANSWER, answered).await {
            Ok(Ok(started)) => started,
            // It was stopped before it ran.
            Ok(Err(_)) => Err("the worker was stopped before it ran".to_owned()),
            Err(_) => Ok(()),
        }
    }

    /// Ends a worker and waits until it is gone.
    async fn stop(&self, id: &str, peer: Option<SocketAddr>) -> Result<(), String> {
        let gone = {
            let workers = locked(&self.workers);
            match workers.meant(id, peer) {
                Meant::One(living) => {
                    let _ = living.stop.send(true);
                    living.gone.clone()
                }
                Meant::Ended => return Ok(()),
                Meant::Nobody => return Err(format!("there is no worker `{id}` here")),
                Meant::Several(count) => {
                    return Err(format!(
                        "{count} workers are called `{id}`, and none was asked for over this connection: each ends with its job"
                    ));
                }
            }
        };
        wait_until_closed(gone).await;
        Ok(())
    }
}

#[tonic::async_trait]
impl<S: HarnessSource> BeamFnExternalWorkerPool for WorkerPool<S> {
    async fn start_worker(
        &self,
        request: Request<StartWorkerRequest>,
    ) -> Result<Response<StartWorkerResponse>, Status> {
        let peer = request.remote_addr();
        let error = self.start(request.into_inner(), peer).await.err().unwrap_or_default();
        Ok(Response::new(StartWorkerResponse { error }))
    }

    async fn stop_worker(
        &self,
        request: Request<StopWorkerRequest>,
    ) -> Result<Response<StopWorkerResponse>, Status> {
        let peer = request.remote_addr();
        let error = self.stop(&request.into_inner().worker_id, peer).await.err().unwrap_or_default();
        Ok(Response::new(StopWorkerResponse { error }))
    }
}

impl Key {
    fn of(request: &StartWorkerRequest) -> Result<Self, String> {
        if request.worker_id.is_empty() {
            return Err("the worker has no id".to_owned());
        }
        let control_endpoint =
            request.control_endpoint.as_ref().map_or_else(String::new, |it| it.url.clone());
        Ok(Self { id: request.worker_id.clone(), control_endpoint })
    }
}

/// Which worker a name means.
enum Meant<'a> {
    One(&'a Living),
    Several(usize),
    Ended,
    Nobody,
}

impl Workers {
    /// The worker of this name. Of several, the one that was asked for over the same connection, or else from the same machine.
    fn meant(&self, id: &str, peer: Option<SocketAddr>) -> Meant<'_> {
        let named: Vec<&Living> =
            self.living.iter().filter(|(key, _)| key.id == id).map(|(_, living)| living).collect();
        let only = |fits: &dyn Fn(SocketAddr, SocketAddr) -> bool| {
            let mut fitting = named
                .iter()
                .filter(|living| living.peer.zip(peer).is_some_and(|(own, asks)| fits(own, asks)));
            fitting.next().filter(|_| fitting.next().is_none()).copied()
        };
        match named.as_slice() {
            [] if self.ended.iter().any(|ended| ended == id) => Meant::Ended,
            [] => Meant::Nobody,
            [living] => Meant::One(living),
            several => only(&|own, asks| own == asks)
                .or_else(|| only(&|own, asks| own.ip() == asks.ip()))
                .map_or(Meant::Several(several.len()), Meant::One),
        }
    }

    fn forget(&mut self, key: &Key) {
        self.living.remove(key);
        if self.ended.len() == REMEMBERED {
            self.ended.pop_front();
        }
        self.ended.push_back(key.id.clone());
    }
}

/// Tells every worker to end, lets nobody start any more, and waits until all are gone.
async fn end_all(workers: &Mutex<Workers>) {
    let gone: Vec<watch::Receiver<()>> = {
        let mut workers = locked(workers);
        workers.closed = true;
        let stopped = workers.living.values().map(|living| {
            let _ = living.stop.send(true);
            living.gone.clone()
        });
        stopped.collect()
    };
    for worker in gone {
        wait_until_closed(worker).await;
    }
}

async fn wait_until_closed(mut gone: watch::Receiver<()>) {
    while gone.changed().await.is_ok() {}
}

/// The workers. Whoever panicked with them in hand left them whole: every change is one step.
fn locked(workers: &Mutex<Workers>) -> MutexGuard<'_, Workers> {
    workers.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
