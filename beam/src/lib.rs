//! Beam's portability API, as far as a launcher needs it. Knows what a pipeline is, and nothing of templates and buckets.
//!
//! | module | holds |
//! |---|---|
//! | [`messages`], [`services`] | the messages, declared by hand, and the gRPC services, generated |

pub mod messages;
pub mod services;
