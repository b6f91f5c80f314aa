//! Beam's portability API, as far as a launcher needs it. Knows what a pipeline is, and nothing of templates and buckets.
//!
//! | module | holds |
//! |---|---|
//! | [`messages`], [`services`] | the messages, declared by hand, and the gRPC services, generated |
//! | [`job_service`] | the Job service that a pipeline's program submits to |
//! | [`job_client`] | a client of engines' Job services |
//! | [`artifacts`] | files that workers need, received and handed on |
//! | [`environment`] | where a pipeline's workers come from |
//! | [`graph`] | a pipeline's graph: steps, what flows between them, and pictures of it |
//! | [`metrics`] | what a pipeline counted, decoded: a job's `metrics.json` |
//! | [`plain_text`] | names from pipelines, made harmless |
//! | [`options`] | pipeline options as they travel |
//! | [`pool_client`] | whether a worker pool is one |
//! | [`wire`] | a pipeline's environments replaced, every other byte as it came |
//! | [`worker`] | workers: what containers and pools are asked for, and the SDK's process it becomes |

pub mod artifacts;
pub mod environment;
mod error;
pub mod graph;
pub mod job_client;
pub mod job_service;
pub mod messages;
pub mod metrics;
pub mod options;
pub mod plain_text;
pub mod pool_client;
pub mod services;
pub mod wire;
pub mod worker;

pub use error::BeamError;
