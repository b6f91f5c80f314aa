//! What is known of a request.

use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};

use hyper::{Method, Uri};

use super::Fault;

/// A request as the proxy saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// `GET`, `PUT`, …
    pub method: String,
    /// The path, encoded as it was.
    pub path: String,
    /// What follows `?`, or nothing.
    pub query: String,
    /// What the client was told; 0 where it got no answer, or has not got one yet.
    pub status: u16,
    /// How many bytes of a body the client has sent.
    pub request_bytes: u64,
    /// How many bytes of a body the client was sent.
    pub response_bytes: u64,
    /// What the proxy did to the request.
    pub fault: Option<Fault>,
}

/// A request on its way: its numbers grow while it is passed on.
#[derive(Debug)]
pub(super) struct Entry {
    method: String,
    path: String,
    query: String,
    pub(super) fault: Option<Fault>,
    pub(super) status: AtomicU16,
    pub(super) request_bytes: AtomicU64,
    pub(super) response_bytes: AtomicU64,
}

impl Entry {
    pub(super) fn new(method: &Method, uri: &Uri, fault: Option<Fault>) -> Self {
        Self {
            method: method.to_string(),
            path: uri.path().to_owned(),
            query: uri.query().unwrap_or_default().to_owned(),
            fault,
            status: AtomicU16::new(0),
            request_bytes: AtomicU64::new(0),
            response_bytes: AtomicU64::new(0),
        }
    }

    pub(super) fn recorded(&self) -> Recorded {
        Recorded {
            method: self.method.clone(),
            path: self.path.clone(),
            query: self.query.clone(),
            status: self.status.load(Ordering::SeqCst),
            request_bytes: self.request_bytes.load(Ordering::SeqCst),
            response_bytes: self.response_bytes.load(Ordering::SeqCst),
            fault: self.fault,
        }
    }
}
