//! Flink by its REST API: a cluster is asked by its `JobManager`, without Flink's own client and without Java.
//!
//! | module | holds |
//! |---|---|
//! | `client`, `cluster`, `jars`, `jobs` | the calls of the REST API, for Flink 1.19, 1.20 and 2 |
//! | `error`, `java_error`, `exceptions`, `other_server` | what goes wrong, in one line that says what to do |
//! | `beam_jar`, `zip_append`, `zip_end`, `upload` | Beam's jar, given our entry class on its way to the cluster |
//! | `graph_jar` | the pipeline's graph, uploaded for each launch |
//! | `job_id`, `submit` | a launch, which can be tried again without starting a second job |
//! | `state`, `metrics` | Flink's states and figures, as ours |
//! | `check` | what a cluster needs to take a launch |
//!
//! `entry/Launch.java` is what runs in the `JobManager`; `make engines` says how it is compiled.

mod beam_jar;
mod check;
mod client;
mod cluster;
mod error;
mod exceptions;
mod flink_version;
mod graph_jar;
mod jars;
mod java_error;
mod job_id;
mod jobs;
mod metrics;
mod other_server;
mod path;
mod state;
mod submit;
mod upload;
mod zip_append;
mod zip_end;

pub use beam_jar::{CheckedJar, JarError, jar_name};
pub use check::check;
pub(crate) use check::failed as failed_step;
pub use client::FlinkClient;
pub use cluster::{ClusterConfig, Features, LogPart, Overview, TaskManager};
pub use error::{FlinkError, remedy};
pub use exceptions::JobFailure;
pub use jars::{Jar, RunRequest, Uploaded};
pub use job_id::{FlinkJobId, NoFlinkJobId};
pub use jobs::{
    Accumulator, Cancellation, ExecutionResult, FlinkJob, SavepointStatus, Vertex, VertexMetrics,
};
pub use metrics::metrics;
pub use state::job_state;
pub use submit::{ENTRY_CLASS, FlinkJobParts, FlinkSubmission, submit};
pub use upload::Upload;
pub use zip_append::ZipError;
