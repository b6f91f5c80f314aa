//! Connections: taken as they come, and let go of in peace.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::body::Incoming;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;
use tower::ServiceExt;

use crate::{Shared, StartError};

/// A client that has not sent its headers by then is not waited for.
const HEADERS_TIME: Duration = Duration::from_secs(10);
/// What still goes on so long after the server was told to stop is cut off.
const LAST_REQUESTS: Duration = Duration::from_secs(10);

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
    let app = crate::app(server);
    let connections = GracefulShutdown::new();
    tokio::pin!(stop);
    loop {
        tokio::select! {
            accepted = listening.listener.accept() => match accepted {
                Ok((stream, peer)) => {
                    let served = connection(stream, peer, app.clone());
                    let watched = connections.watch(served);
                    tokio::spawn(async move { watched.await.ok() });
                }
                // Out of descriptors, most likely: others will end.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            () = &mut stop => break,
        }
    }
    drop(listening);
    let _ = tokio::time::timeout(LAST_REQUESTS, connections.shutdown()).await;
}

fn connection(
    stream: tokio::net::TcpStream,
    peer: SocketAddr,
    app: Router,
) -> impl hyper_util::server::graceful::GracefulConnection<Error = hyper::Error> {
    let service = app.map_request(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(Peer(peer));
        request.map(axum::body::Body::new) as Request
    });
    hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_TIME)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service))
}
