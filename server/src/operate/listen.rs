//! Connections: taken as they come, and let go of in peace.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::{GracefulConnection, GracefulShutdown};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tower::ServiceExt;

use super::patience::Patient;
use crate::{Shared, StartError};

/// A client that has not sent its headers by then is not waited for: neither at first, nor between two requests.
const HEADERS_TIME: Duration = Duration::from_secs(30);
/// One that takes nothing of its answer for so long neither.
const WRITE_TIME: Duration = Duration::from_mins(1);
/// The headers of a request have at most so many bytes, and are at most so many.
const LARGEST_HEADERS: usize = 32 * 1024;
const MOST_HEADERS: usize = 100;
/// What still goes on so long after the server was told to stop is cut off.
const LAST_REQUESTS: Duration = Duration::from_secs(10);
/// How long it is waited before the next connection is taken where the system has no room for one.
const PAUSE: Duration = Duration::from_millis(50);

/// Where a connection comes from.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer(pub(crate) SocketAddr);

/// A server that has its port.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    /// Where.
    pub address: SocketAddr,
}

impl Listening {
    /// Takes the port.
    pub async fn at(address: &str) -> Result<Self, StartError> {
        let failed = |source| StartError::Listen { address: address.to_owned(), source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        Ok(Self { listener, address })
    }
}

/// Serves until it is told to stop; then lets requests end that have begun. Jobs go on.
pub async fn serve(server: Shared, listening: Listening, stop: impl Future<Output = ()>) {
    let app = crate::app(Arc::clone(&server));
    let asked = Arc::clone(&server);
    tokio::spawn(async move {
        if let Some(trouble) = asked.door.trouble().await {
            asked.log.note("people can't sign in", Some(&trouble));
        }
    });
    let connections = GracefulShutdown::new();
    let places = Arc::new(Semaphore::new(server.settings.limits.connections));
    tokio::pin!(stop);
    loop {
        // One that finds no room waits in the system's own queue.
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listening.listener.accept().await)
        };
        tokio::select! {
            (place, accepted) = accepted => match accepted {
                Ok((stream, client)) => {
                    let talk = connections.watch(connection(stream, client, app.clone()));
                    let server = Arc::clone(&server);
                    tokio::spawn(async move {
                        server.metrics.connections.change(1);
                        // A client that breaks off is none of our business.
                        let _ = talk.await;
                        server.metrics.connections.change(-1);
                        drop(place);
                    });
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            },
            () = &mut stop => break,
        }
    }
    drop(listening);
    server.stopping.send_replace(true);
    let _ = tokio::time::timeout(LAST_REQUESTS, connections.shutdown()).await;
    server.log.close();
}

fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
) -> impl GracefulConnection<Error = hyper::Error> {
    // Lines of a log are small, and each is wanted at once.
    let _ = stream.set_nodelay(true);
    let service = app.map_request(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        request.map(Body::new)
    });
    http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_TIME)
        .max_buf_size(LARGEST_HEADERS)
        .max_headers(MOST_HEADERS)
        .serve_connection(TokioIo::new(Patient::new(stream, WRITE_TIME)), TowerToHyperService::new(service))
}
