//! The messages of Beam's portability API that are needed here, declared by hand: names, numbers and types are those of Beam
//! 2.77.0's `.proto` files, where every field is explained.
//!
//! What is only passed on is declared as bytes: a message and a bytes field have the same form on the wire, so nothing that a newer
//! SDK adds is lost on the way.
#![allow(missing_docs, reason = "names and meaning of the fields are those of Beam's .proto files")]

mod artifact;
mod environment;
mod job;
mod metrics;
mod pipeline;
mod windowing;
mod worker;

pub use artifact::*;
pub use environment::*;
pub use job::*;
pub use metrics::*;
pub use pipeline::*;
pub use windowing::*;
pub use worker::*;
