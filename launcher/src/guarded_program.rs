//! A program that runs under its guard, as its launcher sees it.

use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream as StdUnixStream;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use tmpl_bucket::{ExitStatus, LogSource};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};
use tokio::process::{Child, Command};
use tokio::sync::mpsc::Sender;
use tokio::task::JoinHandle;

use crate::log_stream::{RawLine, read_lines};
use crate::place::GUARD_ARGUMENT;
use crate::process_tree::{descendants, signal_all};
use crate::protocol::{FromGuard, ToGuard};
use crate::session::Session;
use crate::{Invocation, LaunchError};

/// How long the streams of a program that is gone are read for its last lines.
const LAST_WORDS: Duration = Duration::from_secs(2);

/// A started program, seen through its guard.
pub(crate) struct GuardedProgram {
    group: Option<Pid>,
    orders: OwnedWriteHalf,
    answers: tokio::io::Lines<BufReader<OwnedReadHalf>>,
    readers: Vec<JoinHandle<()>>,
    /// How it ended, once the guard has said so.
    pub(crate) ended: Option<ExitStatus>,
    guard: Child,
    /// Whether everything below this process is the program's.
    alone: bool,
}

impl GuardedProgram {
    /// Starts it as the only program of this process. `executable` is this program, to be started again as the guard; `orphaned_grace`
    /// is how long the program has to end by itself when this process is gone.
    pub(crate) async fn start(
        executable: &Path,
        invocation: Invocation,
        orphaned_grace: Duration,
        session: &Session,
    ) -> Result<Self, LaunchError> {
        let mut program = Self::start_beside(executable, invocation, orphaned_grace, session.lines()).await?;
        program.alone = true;
        Ok(program)
    }

    /// The same for a program beside others. Its lines go to `lines`.
    pub(crate) async fn start_beside(
        executable: &Path,
        invocation: Invocation,
        orphaned_grace: Duration,
        lines: Option<Sender<RawLine>>,
    ) -> Result<Self, LaunchError> {
        let name = invocation.program.display().to_string();
        let failed = |source| LaunchError::Start { program: name.clone(), source };
        let (ours, theirs) = StdUnixStream::pair().map_err(failed)?;
        let mut guard = Command::new(executable)
            .arg(GUARD_ARGUMENT)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(failed)?;
        let mut readers = Vec::new();
        if let (Some(stdout), Some(stderr), Some(lines)) = (guard.stdout.take(), guard.stderr.take(), lines) {
            readers.push(tokio::spawn(read_lines(stdout, LogSource::Stdout, lines.clone())));
            readers.push(tokio::spawn(read_lines(stderr, LogSource::Stderr, lines)));
        }
        ours.set_nonblocking(true).map_err(failed)?;
        let (answers, orders) = UnixStream::from_std(ours).map_err(failed)?.into_split();
        let answers = BufReader::new(answers).lines();
        let mut program = Self { group: None, orders, answers, readers, ended: None, guard, alone: false };
        let (invocation, orphaned_grace_ms) = (Box::new(invocation), milliseconds(orphaned_grace));
        program.say(&ToGuard::Start { invocation, orphaned_grace_ms }).await.map_err(failed)?;
        match program.answer().await {
            Some(FromGuard::Started(pid)) => program.group = Pid::from_raw(pid),
            Some(FromGuard::NotStarted(why)) => return Err(failed(std::io::Error::other(why))),
            _ => return Err(LaunchError::GuardLost),
        }
        Ok(program)
    }

    /// Waits until the program and everything it started is gone. May be given up and asked again.
    pub(crate) async fn wait(&mut self) -> Result<ExitStatus, LaunchError> {
        if self.ended.is_none()
            && let Some(FromGuard::Ended(status)) = self.answer().await
        {
            self.ended = Some(status);
        }
        self.ended.ok_or(LaunchError::GuardLost)
    }

    /// Waits until the program and everything it started is gone, and all it wrote was read.
    pub(crate) async fn end(&mut self) -> Result<ExitStatus, LaunchError> {
        let _ = self.wait().await;
        if self.ended.is_none()
            && let Some(group) = self.group
        {
            // Without its guard the program must not go on: nobody would end it. What it left behind comes to this process
            // when the guard is gone for good, which is a moment after its socket closed.
            let _ = self.guard.wait().await;
            let limit = Instant::now() + LAST_WORDS;
            if !self.alone {
                // What is below this process may be others' programs; what left the group goes to the first process.
                let _ = kill_process_group(group, Signal::KILL);
            }
            while self.alone && Instant::now() < limit {
                signal_all(group, Signal::KILL);
                if descendants().is_empty() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        for mut reader in self.readers.drain(..) {
            // A stream that somebody still holds open, out of reach, must not hold the job's end up.
            if tokio::time::timeout(LAST_WORDS, &mut reader).await.is_err() {
                reader.abort();
            }
        }
        self.ended.ok_or(LaunchError::GuardLost)
    }

    /// Asks the program to end; the guard kills it after `grace`.
    pub(crate) async fn stop(&mut self, grace: Duration) {
        let grace_ms = milliseconds(grace);
        // A guard that can't be told is gone; waiting for its answer finds that out.
        let _ = self.say(&ToGuard::Stop { grace_ms }).await;
    }

    async fn say(&mut self, order: &ToGuard) -> std::io::Result<()> {
        let mut line = serde_json::to_vec(order)?;
        line.push(b'\n');
        self.orders.write_all(&line).await
    }

    async fn answer(&mut self) -> Option<FromGuard> {
        let line = self.answers.next_line().await.ok()??;
        serde_json::from_str(&line).ok()
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
