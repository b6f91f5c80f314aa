//! Who gives a command, on which machine.

use tmpl_bucket::Submitter;
use tmpl_launcher::this_process::host;

/// The user and the machine of this process.
pub(crate) fn submitter() -> Submitter {
    Submitter { who: user(), host: host() }
}

/// The user's name, or number where there is no name.
pub(crate) fn user() -> String {
    let named =
        ["USER", "LOGNAME"].iter().find_map(|name| std::env::var(name).ok().filter(|name| !name.is_empty()));
    let number = rustix::process::getuid().as_raw().to_string();
    named.or_else(|| name_of(&number)).unwrap_or_else(|| format!("uid {number}"))
}

/// The name of a user in `/etc/passwd`: `name:password:number:…`.
fn name_of(number: &str) -> Option<String> {
    let users = fs_err::read_to_string("/etc/passwd").ok()?;
    let mut users = users.lines().map(|line| line.split(':').collect::<Vec<_>>());
    users.find(|user| user.get(2) == Some(&number)).and_then(|user| Some((*user.first()?).to_owned()))
}
