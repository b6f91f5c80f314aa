//! The client of registries against real servers, servers that misbehave, and connections that break.

mod registry {
    mod authorization;
    mod conformance;
    mod interruptions;
    mod killed;
    mod misbehaviour;
    pub(crate) mod support;
    mod tls;
}
