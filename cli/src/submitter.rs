//! Who gives a command, on which machine.

use tmpl_bucket::Submitter;

/// The user and the machine of this process.
pub(crate) fn submitter() -> Submitter {
    Submitter { who: user(), host: host() }
}

/// The user's name, or number where there is no name.
pub(crate) fn user() -> String {
    ["USER", "LOGNAME"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()))
        .unwrap_or_else(|| format!("uid {}", rustix::process::getuid().as_raw()))
}

/// The machine's name.
pub(crate) fn host() -> String {
    let name = fs_err::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim();
    if name.is_empty() { "localhost".to_owned() } else { name.to_owned() }
}
