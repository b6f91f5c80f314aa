//! A proxy between a client and a server, which records every request and does to it what a network or a store may do.
//!
//! It passes on what it gets as it is, the `Host` header too: S3's signatures cover it. Bodies are streamed.

mod body;
mod fault;
mod record;
mod serve;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard};

use tokio::runtime::Runtime;
use tokio::sync::watch;

pub use self::fault::{Fault, Faults};
use self::record::Entry;
pub use self::record::Recorded;

/// A running proxy. It ends when it is dropped.
#[derive(Debug)]
pub struct Proxy {
    endpoint: String,
    shared: Arc<Shared>,
    runtime: Option<Runtime>,
}

/// What becomes of a request that a hook has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// It is passed on.
    PassOn,
    /// The connection is reset; the server never sees the request.
    Drop,
}

type Hook = Box<dyn FnMut(&Recorded) -> Then + Send>;

/// What the connections share.
struct Shared {
    upstream: String,
    state: Mutex<State>,
    hook: Mutex<Option<Hook>>,
    blocked: watch::Sender<bool>,
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Shared").field("upstream", &self.upstream).finish_non_exhaustive()
    }
}

#[derive(Default)]
struct State {
    entries: Vec<Arc<Entry>>,
    faults: Option<fault::Dice>,
    /// Faults for certain requests, in the order in which they were asked for.
    aimed: Vec<Aimed>,
    injected: BTreeMap<Fault, usize>,
}

struct Aimed {
    method: String,
    part: String,
    fault: Fault,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Proxy {
    /// Starts a proxy before a server, whose endpoint is `http://HOST:PORT`. May be called from async code as well: it has
    /// threads of its own.
    pub fn start(upstream: &str) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("proxy")
            .enable_all()
            .build()
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            upstream: upstream.trim_start_matches("http://").trim_end_matches('/').to_owned(),
            state: Mutex::default(),
            hook: Mutex::default(),
            blocked: watch::Sender::new(false),
        });
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener).unwrap()
        };
        runtime.spawn(serve::serve(listener, Arc::clone(&shared)));
        Self { endpoint, shared, runtime: Some(runtime) }
    }

    /// Where it listens: `http://127.0.0.1:PORT`.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Every request since the start, or since [`Proxy::clear`], in the order of arrival.
    pub fn requests(&self) -> Vec<Recorded> {
        self.shared.state().entries.iter().map(|entry| entry.recorded()).collect()
    }

    /// How many bytes clients have sent in the bodies of these requests.
    pub fn request_bytes(&self) -> u64 {
        self.requests().iter().map(|request| request.request_bytes).sum()
    }

    /// Forgets the requests, and how many faults were injected.
    pub fn clear(&self) {
        let mut state = self.shared.state();
        state.entries.clear();
        state.injected.clear();
    }

    /// From now on some requests meet a fault. The same seed and the same order of requests give the same faults.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.state().faults = Some(fault::Dice::new(faults));
    }

    /// From now on requests meet no faults.
    pub fn clear_faults(&self) {
        let mut state = self.shared.state();
        state.faults = None;
        state.aimed.clear();
    }

    /// The next request with this method whose path and query contain a part meets a fault, once. Asked for several times,
    /// several requests meet one. The fault has to be one that can happen to the request.
    pub fn fault_once(&self, method: &str, part: &str, fault: Fault) {
        let aimed = Aimed { method: method.to_owned(), part: part.to_owned(), fault };
        self.shared.state().aimed.push(aimed);
    }

    /// How many faults were injected, by their kind.
    pub fn injected(&self) -> BTreeMap<Fault, usize> {
        self.shared.state().injected.clone()
    }

    /// Sees every request before it is passed on, and decides. Replaces the hook that was there.
    pub fn on_request(&self, hook: impl FnMut(&Recorded) -> Then + Send + 'static) {
        *self.shared.hook.lock().unwrap() = Some(Box::new(hook));
    }

    /// The `n`-th request from now (the first is 1) is not passed on: the hook is called in its place, which may kill the
    /// client, and its connection is reset. Later requests are passed on. Replaces the hook that was there.
    pub fn stop_after(&self, n: usize, hook: impl FnOnce() + Send + 'static) {
        let mut seen = 0;
        let mut hook = Some(hook);
        self.on_request(move |_| {
            seen += 1;
            match hook.take_if(|_| seen == n) {
                Some(hook) => {
                    hook();
                    Then::Drop
                }
                None => Then::PassOn,
            }
        });
    }

    /// Passes nothing on and answers nothing, while connections are accepted and stay open: the network is lost.
    pub fn block(&self) {
        self.shared.blocked.send_replace(true);
    }

    /// The network is there again: what has waited goes on.
    pub fn unblock(&self) {
        self.shared.blocked.send_replace(false);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
