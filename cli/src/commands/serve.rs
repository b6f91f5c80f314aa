//! `tmpl serve`: the page.

use std::process::{Command, ExitCode, Stdio};

use tmpl_launcher::this_process::executable;
use tmpl_launcher::worker::end_signal;
use tmpl_server::{Listening, Parts, Server, StartError};

use crate::arguments::ServeArguments;
use crate::context::Context;
use crate::report::{ENVIRONMENT, Failure, TEMPORARY};
use crate::submitter;

/// Where the page is when nobody says where.
const LISTEN: &str = "127.0.0.1:8080";

pub(crate) async fn run(context: &Context<'_>, arguments: &ServeArguments) -> Result<ExitCode, Failure> {
    let mut settings = context.settings.serve.clone();
    settings.read_only |= arguments.read_only;
    let listen = arguments.listen.clone().or(settings.listen.clone()).unwrap_or_else(|| LISTEN.to_owned());
    let bucket = context.open_bucket()?;
    let stop = end_signal()?;
    // Every other command does one thing at a time.
    let threads = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let listening = threads.spawn(async move { Listening::at(&listen).await }).await.map_err(crashed)??;
    let server = Server::new(Parts {
        bucket,
        cache: context.settings.cache()?,
        runners: context.settings.runners.clone(),
        notices: context.settings.notices.clone(),
        lease: context.settings.lease,
        executable: executable()?,
        settings,
        listening: listening.address,
        user: submitter::user(),
        log: log(context),
    })?;
    let address = server.address();
    context.printer.data(&address)?;
    if arguments.open {
        open(&address);
    }
    let served = threads.spawn(tmpl_server::serve(server, listening, stop)).await;
    threads.shutdown_background();
    served.map(|()| ExitCode::SUCCESS).map_err(crashed)
}

/// The access log is talk.
fn log(context: &Context<'_>) -> Box<dyn std::io::Write + Send> {
    if context.printer.is_quiet() { Box::new(std::io::sink()) } else { Box::new(std::io::stderr()) }
}

/// A task that did not come to its end.
fn crashed(error: tokio::task::JoinError) -> Failure {
    Failure::new(TEMPORARY, format!("the server ended unexpectedly: {error}"))
}

/// Opens an address in the browser. Where there is none, it has been printed.
fn open(address: &str) {
    let browser = Command::new("xdg-open").arg(address).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    drop(browser);
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        Self::of(&error, ENVIRONMENT, error.hint())
    }
}
