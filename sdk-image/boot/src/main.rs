//! `boot`: the entry point of worker images. With the arguments of a Beam worker it becomes that worker, with `--worker-pool` it serves
//! engines that ask for workers over the network. What it starts is the template of its image, the template of the job that an engine
//! names, or the Python of the image, in which Beam's SDK is installed. It installs nothing.

use std::process::ExitCode;

use tmpl_launcher::container;
use tmpl_launcher::role::{self, Role};

fn main() -> ExitCode {
    #[cfg(feature = "store")]
    tmpl_launcher::this_process::bring_tls_along();
    match Role::of_this_process() {
        Some(Role::Guard) => role::guard(),
        _ => container::boot(),
    }
}
