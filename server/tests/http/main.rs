//! The server from outside: over TCP, with a bucket of its own.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that can't go on fails"
)]

mod doors;
mod forms;
mod fuzz;
mod hostile;
mod live;
mod openid;
mod operating;
mod proxy;
mod roles;
mod stores;
mod support;
