//! Prism, Beam's own engine for one machine, in Go.

use std::process::Command;

use super::{Engine, component};

impl Engine {
    /// Starts Prism. It listens on every network of this machine, and has no option for less.
    pub fn prism() -> Self {
        let program = component("bin/prism");
        Self::start("Prism", move |port, _| {
            let mut command = Command::new(&program);
            // A page for people would have a second port.
            command.args(["--serve_http=false", "--log_kind=text", &format!("--job_port={port}")]);
            command
        })
    }
}
