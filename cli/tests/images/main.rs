//! Images: built by the real program, pushed to a real registry, read by programs of others, run by a real engine.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that can't go on fails")]

#[path = "../support/dockerd.rs"]
mod dockerd;
#[path = "../support/registry.rs"]
mod registry;
#[path = "../cli/support.rs"]
#[allow(dead_code, reason = "each test binary uses a part of it")]
mod support;

mod bad_input;
mod languages;
mod outputs;
mod platforms;
mod push;
mod reproducible;
mod workers;
mod zstd;

use crate::dockerd::made;

/// The base image that `make components` makes: Debian with Python.
fn base() -> String {
    format!("oci:{}", made(".tools/base", "components").display())
}
