//! Workers of jobs: `tmpl worker-pool` below a real job service of Beam's, and what is left when anything in between is killed.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that can't go on fails")]

mod failures;
mod job_service;
mod kills;
mod overhead;
mod pool;
mod prism;
#[path = "../../../beam/tests/support/runner.rs"]
mod runner;
#[allow(dead_code, reason = "these tests use a part of it")]
#[path = "../cli/support.rs"]
mod support;
