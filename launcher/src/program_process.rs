//! The program as a process: started in a group of its own, waited for, and everything that it left behind ended.

use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use fs_err::os::unix::fs::OpenOptionsExt;
use rustix::process::{Pid, Signal, WaitOptions, WaitStatus, wait as wait_any};
use tmpl_bucket::ExitStatus;

use crate::process_tree::{descendants, signal_all};
use crate::{ArgumentValue, Invocation};

/// How long killed processes may take to disappear (one in uninterruptible sleep can't be waited for).
const REAP_LIMIT: Duration = Duration::from_secs(5);

/// Starts a program in a process group of its own.
pub(crate) fn start(invocation: &Invocation) -> std::io::Result<Pid> {
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
    for (name, value) in nobody() {
        command.env(name, value);
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

/// What a user without a name lacks. A container may run as any number; programs that then ask who they are (Beam's SDK for Go does,
/// before anything else) find no answer in `/etc/passwd` and take these variables, or end.
pub(crate) fn nobody() -> Vec<(&'static str, std::ffi::OsString)> {
    let number = || rustix::process::getuid().as_raw().to_string().into();
    let values: [(&str, &dyn Fn() -> std::ffi::OsString); 2] =
        [("USER", &number), ("HOME", &|| std::env::temp_dir().into_os_string())];
    let missing = values.into_iter().filter(|(name, _)| std::env::var_os(name).is_none());
    missing.map(|(name, value)| (name, value())).collect()
}

/// The files a program gets parameters in. They may hold secrets, so the process that is sure to outlive the program removes
/// them: this one.
pub(crate) struct Files(Vec<std::path::PathBuf>);

impl Drop for Files {
    fn drop(&mut self) {
        for folder in &self.0 {
            let _ = fs_err::remove_dir_all(folder);
        }
    }
}

impl Files {
    /// Writes them, in folders that only this user can enter.
    pub(crate) fn write(invocation: &Invocation) -> std::io::Result<Self> {
        let mut files = Self(Vec::new());
        for file in &invocation.files {
            if let Some(folder) =
                file.path.parent().filter(|folder| !files.0.iter().any(|known| known == folder))
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
}

/// Waits for the program, reaping adopted orphans on the way.
pub(crate) fn wait(program: Pid) -> std::io::Result<ExitStatus> {
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
pub(crate) fn end_the_rest(program: Pid) {
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
