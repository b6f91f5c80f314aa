//! The client of registries against real servers, servers that misbehave, and connections that break.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test that can't go on fails")]

mod registry {
    mod authorization;
    mod conformance;
    mod interruptions;
    mod killed;
    mod misbehaviour;
    pub(crate) mod support;
    mod tls;
}
