//! The launcher as a container's entry point: the real program, with real Python, Java and Go below it, and with the kernel's
//! namespaces where it has to be the first process, another user, or alone with a read-only file system.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that can't go on fails")]

mod begin;
mod first_process;
mod flex;
mod image;
mod job;
#[path = "../../../beam/tests/support/runner.rs"]
mod runner;
mod support;
mod worker;
