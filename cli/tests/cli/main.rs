//! The command line as its users see it: the real program, real uv, real processes, whole outputs.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that can't go on fails"
)]

#[path = "../support/dockerd.rs"]
mod dockerd;
mod support;

mod bad_bucket;
mod bad_parameters;
mod bad_projects;
mod beam;
mod beam_store;
mod build;
mod cards;
mod counters;
mod docker;
mod docker_store;
mod engine;
mod environment;
mod gcloud;
mod graph;
mod init;
mod jobs;
mod launch;
mod lint;
mod offline;
mod runners;
mod secrets;
mod serve;
mod supervision;
mod templates;
