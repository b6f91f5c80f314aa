//! The parts of an engine that are this launcher's own processes: a Prism, a worker pool. Each runs under a guard, and is gone with
//! the launcher.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tmpl_beam::job_client::JobClient;
use tokio::time::sleep;

use super::{Execution, ExecutionError};
use crate::guarded_program::GuardedProgram;
use crate::launch::GRACE;
use crate::place::CACHE_VARIABLE;
use crate::session::Session;
use crate::{ArgumentValue, Invocation, LaunchError};

/// How long a part may take until it answers.
const BEGIN_LIMIT: Duration = Duration::from_mins(1);
const POLL: Duration = Duration::from_millis(10);
/// How long a part has to end when it is no longer needed.
const END_GRACE: Duration = Duration::from_secs(2);

/// What a Prism is called.
pub(super) const PRISM: &str = "prism";

/// The parts that run.
#[derive(Default)]
pub(crate) struct OwnParts {
    parts: Vec<(String, GuardedProgram)>,
}

impl OwnParts {
    /// Whether there is any.
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// Ends them, the newest first.
    pub(crate) async fn end(&mut self) {
        while let Some((_, mut part)) = self.parts.pop() {
            part.stop(END_GRACE).await;
            let _ = part.end().await;
        }
    }

    /// Waits until one of them has ended by itself, which none should. Gives its name.
    pub(crate) async fn ended(&mut self) -> String {
        if self.parts.is_empty() {
            return std::future::pending().await;
        }
        let ends = self.parts.iter_mut().map(|(name, part)| {
            Box::pin(async move {
                let _ = part.wait().await;
                name.clone()
            })
        });
        futures::future::select_all(ends).await.0
    }

    /// Starts a Prism. Gives its endpoint.
    pub(super) async fn start_prism(
        &mut self,
        execution: &Execution<'_>,
        session: &Session,
    ) -> Result<String, LaunchError> {
        let program = execution.profile.program.clone().unwrap_or_else(|| "prism".to_owned());
        let not_begun = |reason: String| ExecutionError::NotBegun { program: program.clone(), reason };
        let port = free_port().map_err(|error| not_begun(error.to_string()))?;
        let found = find(&program).ok_or_else(|| not_begun("there is no such program".to_owned()))?;
        let arguments = vec![
            format!("--job_port={port}"),
            "--serve_http=false".to_owned(),
            "--log_level=warn".to_owned(),
            "--log_kind=json".to_owned(),
        ];
        self.start(PRISM, invocation(found, arguments, BTreeMap::new()), execution, session).await?;
        let endpoint = format!("127.0.0.1:{port}");
        let begun = Instant::now();
        while JobClient::connect(&endpoint).await.is_err() {
            self.check_alive(PRISM, &not_begun).await?;
            if begun.elapsed() > BEGIN_LIMIT {
                return Err(not_begun(format!("it does not answer after {} s", BEGIN_LIMIT.as_secs())).into());
            }
            sleep(POLL).await;
        }
        Ok(endpoint)
    }

    /// Starts a worker pool for this attempt alone. Gives its endpoint.
    pub(super) async fn start_pool(
        &mut self,
        execution: &Execution<'_>,
        session: &Session,
    ) -> Result<String, LaunchError> {
        let Execution { context, record, attempt, .. } = execution;
        let not_begun =
            |reason: String| ExecutionError::NotBegun { program: "the worker pool".to_owned(), reason };
        let folder = tempfile::tempdir().map_err(|error| not_begun(error.to_string()))?;
        let port_file = folder.path().join("port");
        let arguments = vec![
            "worker-pool".to_owned(),
            format!("--bucket={}", context.bucket.url()),
            "--listen=127.0.0.1:0".to_owned(),
            format!("--port-file={}", port_file.display()),
            format!("--job={}", record.id),
            format!("--attempt={attempt}"),
        ];
        let cache = context.cache.directory().display().to_string();
        let variables = [(CACHE_VARIABLE.to_owned(), ArgumentValue::Plain(cache))].into();
        let invocation = invocation(context.executable.clone(), arguments, variables);
        self.start("the worker pool", invocation, execution, session).await?;
        let begun = Instant::now();
        loop {
            let port = fs_err::read_to_string(&port_file).unwrap_or_default();
            if let Ok(port) = port.trim_end().parse::<u16>() {
                return Ok(format!("127.0.0.1:{port}"));
            }
            self.check_alive("the worker pool", &not_begun).await?;
            if begun.elapsed() > BEGIN_LIMIT {
                return Err(not_begun(format!("it does not answer after {} s", BEGIN_LIMIT.as_secs())).into());
            }
            sleep(POLL).await;
        }
    }

    async fn start(
        &mut self,
        name: &str,
        invocation: Invocation,
        execution: &Execution<'_>,
        session: &Session,
    ) -> Result<(), LaunchError> {
        let started =
            GuardedProgram::start_beside(&execution.context.executable, invocation, GRACE, session.lines())
                .await?;
        self.parts.push((name.to_owned(), started));
        Ok(())
    }

    /// Finds out at once that a part which is being waited for has ended.
    async fn check_alive(
        &mut self,
        name: &str,
        not_begun: &impl Fn(String) -> ExecutionError,
    ) -> Result<(), LaunchError> {
        let Some((_, part)) = self.parts.iter_mut().find(|(part, _)| part == name) else { return Ok(()) };
        match tokio::time::timeout(Duration::from_millis(1), part.wait()).await {
            Ok(_) => Err(not_begun("it ended at once; its last lines are in the log".to_owned()).into()),
            Err(_) => Ok(()),
        }
    }
}

fn invocation(
    program: PathBuf,
    arguments: Vec<String>,
    environment: BTreeMap<String, ArgumentValue>,
) -> Invocation {
    Invocation {
        program,
        arguments,
        environment,
        removed: vec!["TMPL_JOB".to_owned(), "TMPL_BUCKET".to_owned()],
        search_path: Vec::new(),
        directory: PathBuf::from("/"),
        files: Vec::new(),
    }
}

/// A port that nobody listens at now.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// A program by its path, or by its name on `PATH`.
fn find(program: &str) -> Option<PathBuf> {
    if program.contains('/') {
        return Some(PathBuf::from(program)).filter(|path| path.is_file());
    }
    let folders = std::env::var_os("PATH")?;
    std::env::split_paths(&folders).map(|folder| folder.join(Path::new(program))).find(|path| path.is_file())
}
