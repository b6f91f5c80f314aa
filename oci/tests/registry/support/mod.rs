//! What the tests of the client need.

pub(crate) mod blob;
pub(crate) mod proxy;
pub(crate) mod scripted;
pub(crate) mod server;
