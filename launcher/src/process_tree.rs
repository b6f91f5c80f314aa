//! The processes below this one, read from `/proc`: what a process group alone misses, because a child may leave its group.

use fs_err as fs;
use rustix::process::{Pid, Signal, getpgid, getpid, kill_process, kill_process_group};

/// Sends a signal to a process group and to everything below this process. What is gone already is no error.
pub(crate) fn signal_all(group: Pid, signal: Signal) {
    let _ = kill_process_group(group, signal);
    // Members of the group have it already: a handler that counts signals sees one.
    for pid in descendants().into_iter().filter(|pid| getpgid(Some(*pid)) != Ok(group)) {
        let _ = kill_process(pid, signal);
    }
}

/// Every process below this one that has not ended, in no order.
pub(crate) fn descendants() -> Vec<Pid> {
    let parents = processes();
    let mut found: Vec<i32> = vec![getpid().as_raw_nonzero().get()];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(parents.iter().filter(|(_, its_parent)| *its_parent == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found[1..].iter().filter_map(|pid| Pid::from_raw(*pid)).collect()
}

/// `(process, parent)` of every process but the ended ones that only wait to be reaped.
fn processes() -> Vec<(i32, i32)> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse::<i32>().ok())
        .filter_map(|pid| Some((pid, parent_of(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)?)))
        .collect()
}

/// The parent in a line of `/proc/<pid>/stat`. The second field is a name in parentheses that may hold anything.
fn parent_of(stat: &str) -> Option<i32> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    let state = fields.next()?;
    let parent = fields.next()?.parse().ok()?;
    (state != "Z").then_some(parent)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_is_read_past_any_name() {
        for (line, parent) in [
            ("12 (python3) S 7 12 12 0", Some(7)),
            ("12 (a) b (c) R 8 12", Some(8)),
            ("12 (gone) Z 8 12", None),
            ("nonsense", None),
        ] {
            assert_eq!(parent_of(line), parent, "{line}");
        }
    }

    #[test]
    fn a_child_is_found_below_this_process() {
        let mut child = std::process::Command::new("sleep").arg("30").spawn().unwrap();
        let found =
            descendants().iter().any(|pid| pid.as_raw_nonzero().get() == i32::try_from(child.id()).unwrap());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(found);
    }
}
