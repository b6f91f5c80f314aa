//! The guard: a small process between the launcher and the program.
//!
//! It starts the program in a process group of its own, adopts whatever the program leaves behind, and ends all of it when the
//! program has ended, when it is told to, or when the launcher is gone. That last case is why it exists: a launcher that was
//! killed with -9 can't clean up, and a job that is said to be lost must not go on writing.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use fs_err::os::unix::fs::OpenOptionsExt;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, set_child_subreaper, wait as wait_any};
use tmpl_bucket::ExitStatus;
use tokio::signal::unix::{SignalKind, signal};

use crate::process_tree::{descendants, signal_all};
use crate::protocol::{FromGuard, ToGuard};
use crate::{ArgumentValue, Invocation};

/// How long a program has to end by itself when its launcher is gone: well below the lease, so that a job that is said to be
/// lost has stopped writing by then.
const ORPHANED_GRACE: Duration = Duration::from_secs(2);
/// How long killed processes may take to disappear (one in uninterruptible sleep can't be waited for).
const REAP_LIMIT: Duration = Duration::from_secs(5);

/// Runs as the guard: reads its orders from the socket it was given as standard input. Returns when everything is over.
pub fn run() -> std::io::Result<()> {
    let _deaf = outlive_signals()?;
    let socket = UnixStream::from(std::io::stdin().as_fd().try_clone_to_owned()?);
    let mut orders = BufReader::new(socket.try_clone()?).lines();
    let Some(first) = orders.next() else { return Ok(()) };
    let ToGuard::Start(invocation) = serde_json::from_str(&first?)? else { return Ok(()) };
    // As a subreaper the guard inherits orphans of the program: a daemon that forked twice is still below it.
    set_child_subreaper(Some(rustix::process::getpid()))?;
    let files = write_files(&invocation);
    let started = files
        .as_ref()
        .map_err(ToString::to_string)
        .and_then(|_| start(&invocation).map_err(|error| error.to_string()));
    let program = match started {
        Ok(program) => program,
        Err(why) => return say(&socket, &FromGuard::NotStarted(why)),
    };
    say(&socket, &FromGuard::Started(program.as_raw_nonzero().get()))?;
    thread::spawn(move || obey(orders, program));
    let status = wait(program)?;
    end_the_rest(program);
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

fn start(invocation: &Invocation) -> std::io::Result<Pid> {
    let mut command = Command::new(&invocation.program);
    command.args(&invocation.arguments).current_dir(&invocation.directory);
    for (name, _) in std::env::vars_os() {
        let name_text = name.to_string_lossy();
        if invocation.removed.iter().any(|removed| match removed.strip_suffix('*') {
            Some(prefix) => name_text.starts_with(prefix),
            None => name_text == removed.as_str(),
        }) {
            command.env_remove(&name);
        }
    }
    for (name, value) in &invocation.environment {
        // The launcher has resolved every secret; what is left is plain.
        let (ArgumentValue::Plain(value) | ArgumentValue::Secret(value)) = value;
        command.env(name, value);
    }
    let inherited = std::env::var_os("PATH").unwrap_or_default();
    let folders = invocation.search_path.iter().cloned().chain(std::env::split_paths(&inherited));
    command.env("PATH", std::env::join_paths(folders).map_err(std::io::Error::other)?);
    let child = command.stdin(Stdio::null()).process_group(0).spawn()?;
    let pid = i32::try_from(child.id()).map_err(std::io::Error::other)?;
    Pid::from_raw(pid).ok_or_else(|| std::io::Error::other("the program has no process id"))
}

/// The files a program gets parameters in. They may hold secrets, so the process that is sure to outlive the program removes
/// them: this one.
struct Files(Vec<std::path::PathBuf>);

impl Drop for Files {
    fn drop(&mut self) {
        for folder in &self.0 {
            let _ = fs_err::remove_dir_all(folder);
        }
    }
}

fn write_files(invocation: &Invocation) -> std::io::Result<Files> {
    let mut files = Files(Vec::new());
    for file in &invocation.files {
        if let Some(folder) = file.path.parent().filter(|folder| !files.0.iter().any(|known| known == folder))
        {
            std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            files.0.push(folder.to_owned());
        }
        let mut written =
            fs_err::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file.path)?;
        let (ArgumentValue::Plain(content) | ArgumentValue::Secret(content)) = &file.content;
        written.write_all(content.as_bytes())?;
    }
    Ok(files)
}

/// Reads orders until the launcher is gone, which is an order too.
fn obey(orders: impl Iterator<Item = std::io::Result<String>>, program: Pid) {
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
    stop(ORPHANED_GRACE);
}

/// Waits for the program, reaping adopted orphans on the way.
fn wait(program: Pid) -> std::io::Result<ExitStatus> {
    loop {
        match wait_any(WaitOptions::empty()) {
            Ok(Some((pid, status))) if pid == program => {
                if let Some(status) = exit_status(status) {
                    return Ok(status);
                }
            }
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn exit_status(status: WaitStatus) -> Option<ExitStatus> {
    let code = status.exit_status().map(ExitStatus::Code);
    code.or_else(|| status.terminating_signal().map(ExitStatus::Signal))
}

/// Kills what the program left behind and waits until it is gone.
fn end_the_rest(program: Pid) {
    let limit = Instant::now() + REAP_LIMIT;
    loop {
        signal_all(program, Signal::KILL);
        while let Ok(Some(_)) = wait_any(WaitOptions::NOHANG) {}
        if descendants().is_empty() || Instant::now() > limit {
            return;
        }
        thread::sleep(Duration::from_millis(5));
    }
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
