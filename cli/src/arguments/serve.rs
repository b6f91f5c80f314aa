//! The page.

use clap::Args;

/// Serve the page: find templates, launch them, watch jobs and read what they did.
///
/// On this machine's own address (the default) the printed link opens it, once. Elsewhere people sign in: the table serve.sign_in or
/// serve.proxy of the configuration says how. A signal ends the server; jobs go on.
#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub(crate) struct ServeArguments {
    /// Where to listen; port 0 takes one that is free [default: the configuration, then 127.0.0.1:8080]
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) listen: Option<String>,
    /// Open the page in the browser
    #[arg(long)]
    pub(crate) open: bool,
    /// Launch and change nothing
    #[arg(long)]
    pub(crate) read_only: bool,
}
