//! What is left when processes are killed, race, lose the network or disagree about the time: on local disk, and on `MinIO` behind
//! a proxy. Each test uses the whole machine, so they run one after the other; each prints what it counted.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that can't go on fails")]
#![expect(clippy::print_stdout, reason = "what was counted is told")]

#[path = "../cli/support.rs"]
#[allow(dead_code, reason = "each test binary uses a part of it")]
mod support;

mod aftermath;
mod clocks;
mod every_operation;
mod faults;
mod lanes;
mod moments;
mod network;
mod processes;
mod races;
mod site;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Held by a test while it runs: a test that another one slows down finds leases run out.
fn alone() -> MutexGuard<'static, ()> {
    static RUNNING: Mutex<()> = Mutex::new(());
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}
