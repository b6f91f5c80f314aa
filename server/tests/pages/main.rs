//! The pages from outside, without a script: what people see, fill in and send, over a bucket with templates and jobs of every kind.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that can't go on fails"
)]

mod cards;
mod form;
mod history;
mod hostile;
mod job;
mod journey;
mod log;
mod site;
#[allow(dead_code, unused_imports, reason = "the tests of the doors use the rest of it")]
#[path = "../http/support/mod.rs"]
mod support;
