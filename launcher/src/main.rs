//! `launcher`: the entry point of container images. One static file; everything it does is in the library.

use std::process::ExitCode;

use tmpl_launcher::container;
use tmpl_launcher::role::{self, Role};

fn main() -> ExitCode {
    #[cfg(feature = "store")]
    tmpl_launcher::this_process::bring_tls_along();
    match Role::of_this_process() {
        Some(Role::Guard) => role::guard(),
        Some(Role::Launcher) => container::run_job(),
        None => container::run(),
    }
}
