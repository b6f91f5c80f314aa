//! Workers of jobs: an engine asks a pool of ours for one, and gets the template's own program, joined from the layers that the job was
//! launched with. Nothing is installed.
//!
//! | module | holds |
//! |---|---|
//! | `worker_job` | which job a worker is for: what the engine, the pipeline's options or the pool's operator says |
//! | `worker_program` | from a template's program, an image or a plain Python to what an SDK's worker is started with |
//! | `worker_invocation` | the worker's process: variables, folder, files |
//! | `template_workers` | all of that for a request to a pool, under a guard; and the end of a worker, written down |
//! | `replacement` | a worker in place of one that ended |
//! | `pool_news` | what happens to a pool's workers, in words |
//! | `pool_server` | the pool as a process: listens, tells its port, ends its workers when it is told to end |

mod pool_news;
mod pool_server;
mod replacement;
mod template_workers;
mod worker_invocation;
mod worker_job;
mod worker_program;

pub use pool_news::PoolNews;
pub use pool_server::{PoolError, end_signal, serve_pool};
pub use template_workers::TemplateWorkers;
pub(crate) use template_workers::of_image;
pub(crate) use worker_invocation::worker_invocation;
pub use worker_job::{ATTEMPT_WORD, BUCKET_WORD, JOB_WORD, WorkerJob};
pub(crate) use worker_program::WorkerProgram;
