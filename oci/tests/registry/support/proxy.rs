//! A proxy of connections that counts what goes through it, and cuts them.

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

/// Where connections are cut: after so many bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cut {
    /// On the way to the server.
    pub(crate) upwards: Option<u64>,
    /// On the way back.
    pub(crate) downwards: Option<u64>,
    /// So long it waits after each piece (of at most 64 KiB).
    pub(crate) delay: Duration,
}

/// A proxy before a server.
pub(crate) struct Proxy {
    /// HOST:PORT
    pub(crate) address: String,
    up: Arc<AtomicU64>,
    down: Arc<AtomicU64>,
    cuts: Arc<AtomicU64>,
}

impl Proxy {
    pub(crate) fn start(server: &str, cut: Cut) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (up, down, cuts) = <(Arc<AtomicU64>, Arc<AtomicU64>, Arc<AtomicU64>)>::default();
        let proxy = Self { address, up: Arc::clone(&up), down: Arc::clone(&down), cuts: Arc::clone(&cuts) };
        let server = server.to_owned();
        thread::spawn(move || {
            for client in listener.incoming() {
                let Ok(client) = client else { return };
                let Ok(server) = TcpStream::connect(&server) else { continue };
                for (from, to, limit, count) in [
                    (client.try_clone().unwrap(), server.try_clone().unwrap(), cut.upwards, Arc::clone(&up)),
                    (server, client, cut.downwards, Arc::clone(&down)),
                ] {
                    let cuts = Arc::clone(&cuts);
                    thread::spawn(move || pump(from, to, limit, cut.delay, &count, &cuts));
                }
            }
        });
        proxy
    }

    /// How many bytes went to the server.
    pub(crate) fn up(&self) -> u64 {
        self.up.load(Ordering::SeqCst)
    }

    /// How many bytes came back.
    pub(crate) fn down(&self) -> u64 {
        self.down.load(Ordering::SeqCst)
    }

    /// How many connections were cut.
    pub(crate) fn cuts(&self) -> u64 {
        self.cuts.load(Ordering::SeqCst)
    }
}

fn pump(
    mut from: TcpStream,
    mut to: TcpStream,
    limit: Option<u64>,
    delay: Duration,
    count: &AtomicU64,
    cuts: &AtomicU64,
) {
    let mut buffer = vec![0; 64 * 1024];
    let mut passed = 0;
    loop {
        let left =
            limit.map_or(buffer.len(), |limit| usize::try_from(limit - passed).unwrap().min(buffer.len()));
        let Ok(read @ 1..) = from.read(&mut buffer[..left]) else { break };
        count.fetch_add(read as u64, Ordering::SeqCst);
        passed += read as u64;
        if to.write_all(&buffer[..read]).is_err() {
            break;
        }
        thread::sleep(delay);
        if limit == Some(passed) {
            cuts.fetch_add(1, Ordering::SeqCst);
            break;
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
