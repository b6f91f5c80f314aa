//! The bucket as people use it: launches under keys, attempts, history, results, notices, collection, stores, credentials, rights.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that can't go on fails")]

#[path = "../cli/support.rs"]
#[allow(dead_code, reason = "each test binary uses a part of it")]
mod support;

mod collection;
mod credentials;
mod doctor;
mod history;
mod keys;
mod names;
mod notices;
mod place;
mod receiver;
mod remote;
mod results;
mod retries;
mod roles;
mod settings;
mod stores;
