//! A pool of workers.

use std::path::PathBuf;

use clap::Args;
use tmpl_template::JobId;

use super::job_id;

/// Serve engines with workers of a bucket's jobs.
///
/// Runs beside each process of an engine that executes steps (a TaskManager, an executor) until a signal ends it, and its workers
/// with it. A worker is the program of the job's own template, joined from the layers in the bucket.
#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub(crate) struct WorkerPoolArguments {
    /// Where to listen; port 0 takes one that is free
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:50000")]
    pub(crate) listen: String,
    /// Write the port into this file once it is listened to
    #[arg(long, value_name = "FILE")]
    pub(crate) port_file: Option<PathBuf>,
    /// Serve this job alone
    #[arg(long, value_name = "ID", value_parser = job_id)]
    pub(crate) job: Option<JobId>,
    /// The attempt of that job
    #[arg(long, value_name = "N", default_value_t = 1, requires = "job")]
    pub(crate) attempt: u32,
}
