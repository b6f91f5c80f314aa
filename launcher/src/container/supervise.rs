//! The first process of a container: starts the program, passes signals on, reaps what nobody else reaps, ends as the program
//! ends.

use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, getpid, kill_process_group, set_child_subreaper};
use tmpl_bucket::ExitStatus;
use tokio::runtime::Runtime;
use tokio::signal::unix::{Signal as Received, SignalKind, signal};
use tokio::sync::mpsc::{Sender, channel};

use crate::process_tree::signal_all;
use crate::{Invocation, LaunchError, program_process};

/// How long a program has to end after it was told a second time.
const GRACE: Duration = Duration::from_secs(5);

/// The signals that are passed on, and whether they ask the program to end.
const PASSED_ON: [(Signal, bool); 7] = [
    (Signal::TERM, true),
    (Signal::INT, true),
    (Signal::HUP, true),
    (Signal::QUIT, true),
    (Signal::USR1, false),
    (Signal::USR2, false),
    (Signal::CONT, false),
];

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ended(pub(crate) ExitStatus);

impl Ended {
    /// The exit code that says the same: the program's own, or 128 and the number of the signal.
    pub(crate) fn exit_code(self) -> ExitCode {
        let Self(status) = self;
        let code = match status {
            ExitStatus::Code(code) => u8::try_from(code & 0xff),
            ExitStatus::Signal(signal) => u8::try_from(128 + signal),
        };
        ExitCode::from(code.unwrap_or(u8::MAX))
    }
}

/// Whether the kernel takes this process for the first one, which inherits every orphan and gets no signal by default.
pub(crate) fn is_first_process() -> bool {
    getpid().is_init()
}

/// The folder that the container was started in.
pub(crate) fn directory() -> Result<PathBuf, LaunchError> {
    std::env::current_dir()
        .map_err(|source| LaunchError::Start { program: "in this folder".to_owned(), source })
}

/// Starts a program, which keeps this process's standard output and error, and waits for its end.
pub(crate) fn run(invocation: &Invocation) -> Result<Ended, LaunchError> {
    let failed = |source| LaunchError::Start { program: invocation.program.display().to_string(), source };
    // Before the program starts: no signal may get lost, and the first process has none of the kernel's defaults.
    let (runtime, listening) = listen().map_err(failed)?;
    // Below another first process (`docker run --init`) orphans come here all the same.
    set_child_subreaper(Some(getpid())).map_err(|error| failed(error.into()))?;
    let program = program_process::start(invocation).map_err(failed)?;
    thread::spawn(move || pass_on(&runtime, listening, program));
    let status = program_process::wait(program).map_err(failed)?;
    program_process::end_the_rest(program);
    Ok(Ended(status))
}

type Listening = Vec<(Received, Signal, bool)>;

fn listen() -> std::io::Result<(Runtime, Listening)> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let entered = runtime.enter();
    let listening = PASSED_ON
        .iter()
        .map(|(kind, ends)| Ok((signal(SignalKind::from_raw(kind.as_raw()))?, *kind, *ends)))
        .collect::<std::io::Result<Listening>>()?;
    drop(entered);
    Ok((runtime, listening))
}

/// Passes signals on to the program's group until this process ends. Told to end twice, the program is killed after a while.
fn pass_on(runtime: &Runtime, listening: Listening, program: Pid) {
    runtime.block_on(async {
        let (signals, mut received) = channel(8);
        for (stream, kind, ends) in listening {
            tokio::spawn(forward(stream, (kind, ends), signals.clone()));
        }
        let mut asked_to_end = 0;
        while let Some((kind, ends)) = received.recv().await {
            let _ = kill_process_group(program, kind);
            asked_to_end += u32::from(ends);
            if ends && asked_to_end == 2 {
                tokio::spawn(async move {
                    tokio::time::sleep(GRACE).await;
                    signal_all(program, Signal::KILL);
                });
            }
        }
    });
}

async fn forward(mut stream: Received, what: (Signal, bool), signals: Sender<(Signal, bool)>) {
    while stream.recv().await.is_some() {
        let _ = signals.send(what).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exit_code_says_how_the_program_ended() {
        for (status, code) in [
            (ExitStatus::Code(0), 0),
            (ExitStatus::Code(7), 7),
            (ExitStatus::Code(255), 255),
            (ExitStatus::Signal(9), 137),
            (ExitStatus::Signal(15), 143),
        ] {
            assert_eq!(Ended(status).exit_code(), ExitCode::from(code));
        }
    }
}
