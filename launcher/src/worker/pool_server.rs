//! The pool as a process: listens, tells its port, and ends its workers when it is told to end.

use std::future::Future;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use fs_err as fs;
use tmpl_beam::worker::WorkerPool;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};

use super::TemplateWorkers;

/// A pool that can't begin, or go on.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PoolError {
    /// The address is taken, or no address.
    #[error("a worker pool can't listen at {address}")]
    Listen {
        /// The address.
        address: String,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The file for the port can't be written.
    #[error("can't write {}", path.display())]
    PortFile {
        /// The file.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The server gave up.
    #[error("the worker pool ended")]
    Serve {
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
}

impl PoolError {
    /// The remedy, in words.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Listen { .. } => Some(
                "choose another with --listen HOST:PORT; port 0 takes one that is free, and --port-file tells it",
            ),
            Self::PortFile { .. } => Some("name a file in a folder that may be written to with --port-file"),
            Self::Serve { .. } => None,
        }
    }
}

/// Serves a pool at `address` (`host:port`) until `until` is done, then ends its workers. `listening` is told where it listens; the port
/// goes into `port_file`, which is whole when it is there.
pub async fn serve_pool(
    workers: TemplateWorkers,
    address: &str,
    port_file: Option<&Path>,
    listening: impl FnOnce(SocketAddr),
    until: impl Future<Output = ()>,
) -> Result<(), PoolError> {
    let failed = |source| PoolError::Listen { address: address.to_owned(), source };
    let listener = TcpListener::bind(address).await.map_err(failed)?;
    let bound = listener.local_addr().map_err(failed)?;
    if let Some(path) = port_file {
        write_port(path, bound.port())
            .map_err(|source| PoolError::PortFile { path: path.to_owned(), source })?;
    }
    listening(bound);
    WorkerPool::new(workers).serve(listener, until).await.map_err(|source| PoolError::Serve { source })
}

/// Waits for a signal that asks this process to end. From the call on no such signal ends it by itself.
pub fn end_signal() -> std::io::Result<impl Future<Output = ()>> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut hang_up = signal(SignalKind::hangup())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
            _ = hang_up.recv() => {}
        }
    })
}

/// Writes a port so that nobody reads half of it.
fn write_port(path: &Path, port: u16) -> std::io::Result<()> {
    let mut unfinished = path.as_os_str().to_owned();
    unfinished.push(".part");
    fs::write(&unfinished, port.to_string())?;
    fs::rename(&unfinished, path)
}
