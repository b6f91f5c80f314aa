//! A test that goes on in a process of its own: with another environment, another clock, or as another user.

use std::ffi::OsStr;
use std::process::Command;

/// What the parent says to its child.
const WORD: &str = "TMPL_TEST_CHILD";
/// What the child says to its parent stands behind this.
const MARK: &str = "child says: ";

/// Runs an ignored test of this binary by another program that starts it (`faketime …`), or by itself. Gives what it said.
pub(crate) fn run(
    starter: &[&str],
    test: &str,
    word: &str,
    variables: impl IntoIterator<Item = (impl AsRef<OsStr>, impl AsRef<OsStr>)>,
) -> Vec<String> {
    let program = std::env::current_exe().unwrap();
    let mut command = match starter {
        [] => Command::new(&program),
        [starter, arguments @ ..] => {
            let mut command = Command::new(starter);
            command.args(arguments).arg(&program);
            command
        }
    };
    // What the machine's user has is nothing that a test goes by.
    for (name, _) in std::env::vars_os() {
        let name = name.to_string_lossy().into_owned();
        if ["AWS_", "GOOGLE_", "AZURE_", "STORAGE_"].iter().any(|prefix| name.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command.args(["--ignored", "--exact", "--nocapture", test]).env(WORD, word).envs(variables);
    let output =
        command.output().unwrap_or_else(|error| panic!("{command:?}: {error}\nhint: make components"));
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success() && said.contains("1 passed"), "{command:?}\n{said}\n{errors}");
    said.lines().filter_map(|line| Some(line.split_once(MARK)?.1.to_owned())).collect()
}

/// What the parent said. A test that somebody runs by hand was told nothing.
pub(crate) fn word() -> Option<String> {
    std::env::var(WORD).ok()
}

/// Says something to the parent.
pub(crate) fn say(text: impl std::fmt::Display) {
    println!("\n{MARK}{text}");
}
