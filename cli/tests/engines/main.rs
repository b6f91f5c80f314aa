//! One template on every engine: real Prism, Flink and Spark, started, watched and ended the same way.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that can't go on fails")]

#[path = "../cli/support.rs"]
#[allow(dead_code, reason = "each test binary uses a part of it")]
mod support;

mod agreement;
mod bad_input;
mod check;
mod contact;
mod ends;
mod flink_faults;
mod flink_jar;
mod graph;
mod kills;
mod languages;
mod large;
mod lost;
mod retries;
mod site;
mod stub;
mod workers;
