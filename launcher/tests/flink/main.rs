//! Flink's REST API, asked in real clusters of Flink 1 and Flink 2, and in what is none.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod beam;
mod native;
mod other;
mod support;
