//! The client of registries against real servers, servers that misbehave, and connections that break.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "tests: helpers fail the test that called them"
)]

mod registry {
    mod authorization;
    mod conformance;
    mod interruptions;
    mod killed;
    mod misbehaviour;
    pub(crate) mod support;
    mod tls;
}
