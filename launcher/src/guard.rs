//! The guard: a small process between the launcher and the program.
//!
//! It starts the program in a process group of its own, adopts whatever the program leaves behind, and ends all of it when the
//! program has ended, when it is told to, or when the launcher is gone. That last case is why it exists: a launcher that was
//! killed with -9 can't clean up, and a job that is said to be lost must not go on writing.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rustix::process::{Pid, Signal, set_child_subreaper};
use tokio::signal::unix::{SignalKind, signal};

use crate::process_tree::signal_all;
use crate::program_process::{self, Files};
use crate::protocol::{FromGuard, ToGuard};

/// Runs as the guard: reads its orders from the socket it was given as standard input. Returns when everything is over.
pub fn run() -> std::io::Result<()> {
    let _deaf = outlive_signals()?;
    let socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let mut orders = BufReader::new(socket.try_clone()?).lines();
    let Some(first) = orders.next() else { return Ok(()) };
    let ToGuard::Start { invocation, orphaned_grace_ms } = serde_json::from_str(&first?)? else {
        return Ok(());
    };
    // As a subreaper the guard inherits orphans of the program: a daemon that forked twice is still below it.
    set_child_subreaper(Some(rustix::process::getpid()))?;
    let files = Files::write(&invocation);
    let started = files
        .as_ref()
        .map_err(ToString::to_string)
        .and_then(|_| program_process::start(&invocation).map_err(|error| error.to_string()));
    let program = match started {
        Ok(program) => program,
        Err(why) => return say(&socket, &FromGuard::NotStarted(why)),
    };
    say(&socket, &FromGuard::Started(program.as_raw_nonzero().get()))?;
    let orphaned_grace = Duration::from_millis(orphaned_grace_ms);
    thread::spawn(move || obey(orders, program, orphaned_grace));
    let status = program_process::wait(program)?;
    program_process::end_the_rest(program);
    drop(files);
    say(&socket, &FromGuard::Ended(status))
}

/// Takes no notice of what ends other processes: a service manager signals everything it started at once, and it is the launcher
/// that then gives the program its time to end. A handler, unlike an ignored signal, is not handed down to the program.
fn outlive_signals() -> std::io::Result<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let entered = runtime.enter();
    for kind in [SignalKind::terminate(), SignalKind::interrupt(), SignalKind::hangup(), SignalKind::quit()] {
        // The handler stays when nobody listens any more.
        drop(signal(kind)?);
    }
    drop(entered);
    Ok(runtime)
}

/// Reads orders until the launcher is gone, which is an order too.
fn obey(orders: impl Iterator<Item = std::io::Result<String>>, program: Pid, orphaned_grace: Duration) {
    static STOPPING: AtomicBool = AtomicBool::new(false);
    let stop = move |grace: Duration| {
        if !STOPPING.swap(true, Ordering::SeqCst) {
            signal_all(program, Signal::TERM);
        }
        thread::spawn(move || {
            thread::sleep(grace);
            signal_all(program, Signal::KILL);
        });
    };
    for order in orders.map_while(Result::ok) {
        if let Ok(ToGuard::Stop { grace_ms }) = serde_json::from_str(&order) {
            stop(Duration::from_millis(grace_ms));
        }
    }
    stop(orphaned_grace);
}

/// Tells the launcher. One that is gone hears nothing, and that is no failure of the guard.
fn say(mut socket: &UnixStream, message: &FromGuard) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(message)?;
    line.push(b'\n');
    match socket.write_all(&line) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}
