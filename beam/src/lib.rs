//! Beam's portability API, as far as a launcher needs it. Knows what a pipeline is, and nothing of templates and buckets.
//!
//! | module | holds |
//! |---|---|
//! | [`messages`], [`services`] | the messages, declared by hand, and the gRPC services, generated |
//! | [`metrics`] | what a pipeline counted, decoded: a job's `metrics.json` |
//! | [`plain_text`] | names from pipelines, made harmless |
//! | [`worker`] | workers: what containers and pools are asked for, and the SDK's process it becomes |

pub mod messages;
pub mod metrics;
pub mod plain_text;
pub mod services;
pub mod worker;
