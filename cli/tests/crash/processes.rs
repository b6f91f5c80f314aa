//! The processes of a command, found by a mark in their environment, which a child has from its parent.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

/// The variable with the mark.
pub(crate) const MARK: &str = "TMPL_TEST_MARK";

/// Which processes of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Victims {
    /// The command, its launcher, guard and program, and whatever else it started.
    All,
    /// The process that was typed.
    Client,
    /// The launcher of its job.
    Launcher,
}

impl Victims {
    fn has(self, words: &[&str]) -> bool {
        let of_ours = |word: &str| word.ends_with("crash-tmpl");
        match self {
            Self::All => true,
            Self::Launcher => words.get(1) == Some(&"__launcher"),
            Self::Client => {
                words.first().is_some_and(|word| of_ours(word))
                    && !words.get(1).is_some_and(|word| word.starts_with("__"))
            }
        }
    }
}

/// The processes with a mark that run.
pub(crate) fn find(mark: &str, victims: Victims) -> Vec<i32> {
    let wanted = format!("{MARK}={mark}");
    let mut found = Vec::new();
    for entry in std::fs::read_dir("/proc").unwrap() {
        let entry = entry.unwrap();
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        // A process that has ended meanwhile has neither.
        let environment = read(&entry.path().join("environ"));
        let arguments = read(&entry.path().join("cmdline"));
        let words: Vec<&str> = arguments.split_terminator('\0').collect();
        if environment.split('\0').any(|variable| variable == wanted) && victims.has(&words) {
            found.push(pid);
        }
    }
    found
}

/// Kills them with -9, until none is left. Gives those that it killed.
pub(crate) fn kill(mark: &str, victims: Victims) -> Vec<i32> {
    let mut killed = Vec::new();
    loop {
        let found = find(mark, victims);
        if found.is_empty() {
            return killed;
        }
        for pid in found {
            // One that has ended by itself is as dead.
            if kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).is_ok() && !killed.contains(&pid) {
                killed.push(pid);
            }
        }
    }
}

fn read(path: &Path) -> String {
    std::fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
}
