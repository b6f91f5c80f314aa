//! `tmpl serve`: the page.

use std::process::{Command, ExitCode, Stdio};

use tmpl_launcher::this_process::executable;
use tmpl_launcher::worker::end_signal;
use tmpl_server::{Listening, Parts, Server, StartError};
use tokio::runtime::{Builder, Runtime};

use crate::arguments::ServeArguments;
use crate::context::Context;
use crate::report::{ENVIRONMENT, Failure, TEMPORARY, USAGE};
use crate::submitter;

/// Where the page is when nobody says where.
const LISTEN: &str = "127.0.0.1:8080";

pub(crate) async fn run(context: &Context<'_>, arguments: &ServeArguments) -> Result<ExitCode, Failure> {
    let mut settings = context.settings.serve.clone();
    settings.read_only |= arguments.read_only;
    let listen = arguments.listen.clone().or(settings.listen.clone()).unwrap_or_else(|| LISTEN.to_owned());
    let bucket = context.open_bucket()?;
    let stop = end_signal()?;
    let threads = Threads::new()?;
    let listening = threads.run(async move { Listening::at(&listen).await }).await??;
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
    threads.run(tmpl_server::serve(server, listening, stop)).await?;
    Ok(ExitCode::SUCCESS)
}

/// An event loop with several threads: every other command does one thing at a time.
struct Threads(Option<Runtime>);

impl Threads {
    fn new() -> Result<Self, Failure> {
        Ok(Self(Some(Builder::new_multi_thread().enable_all().build()?)))
    }

    async fn run<T: Send + 'static>(
        &self,
        task: impl Future<Output = T> + Send + 'static,
    ) -> Result<T, Failure> {
        let stopped = || Failure::new(TEMPORARY, "the server has no event loop");
        let running = self.0.as_ref().ok_or_else(stopped)?.spawn(task);
        running
            .await
            .map_err(|error| Failure::new(TEMPORARY, format!("the server ended unexpectedly: {error}")))
    }
}

/// What still goes on is left behind: nobody can be waited for here.
impl Drop for Threads {
    fn drop(&mut self) {
        if let Some(threads) = self.0.take() {
            threads.shutdown_background();
        }
    }
}

/// The access log is talk.
fn log(context: &Context<'_>) -> Box<dyn std::io::Write + Send> {
    if context.printer.is_quiet() { Box::new(std::io::sink()) } else { Box::new(std::io::stderr()) }
}

/// Opens an address in the browser. Where there is none, it has been printed.
fn open(address: &str) {
    let browser = Command::new("xdg-open").arg(address).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    if let Ok(mut browser) = browser {
        std::thread::spawn(move || browser.wait());
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        let code = if matches!(error, StartError::Listen { .. }) { ENVIRONMENT } else { USAGE };
        Self::of(&error, code, error.hint())
    }
}
