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
    let own = getpid().as_raw_nonzero().get();
    let found = listed_children(own).map_or_else(|| scan(own), follow);
    found.into_iter().filter_map(Pid::from_raw).collect()
}

/// The children of a process as the kernel lists them, or nothing where this kernel does not: one small file a thread instead
/// of one a process of the whole machine.
fn listed_children(pid: i32) -> Option<Vec<i32>> {
    let mut children = Vec::new();
    for thread in fs::read_dir(format!("/proc/{pid}/task")).ok()?.flatten() {
        let listed = fs::read_to_string(thread.path().join("children")).ok()?;
        children.extend(listed.split_whitespace().filter_map(|child| child.parse::<i32>().ok()));
    }
    Some(children)
}

/// These processes and everything below them, without those that have ended and only wait to be reaped.
fn follow(mut found: Vec<i32>) -> Vec<i32> {
    let mut next = 0;
    while let Some(&pid) = found.get(next) {
        // One that ended meanwhile has no children left: they have gone to the process above.
        found.extend(listed_children(pid).unwrap_or_default());
        next += 1;
    }
    let lives = |pid: &i32| {
        fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| parent_of(&stat).is_some())
    };
    found.retain(lives);
    found
}

/// The same, by asking every process of the machine for its parent.
fn scan(own: i32) -> Vec<i32> {
    let parents = processes();
    let mut found = vec![own];
    let mut next = 0;
    while let Some(&parent) = found.get(next) {
        found.extend(parents.iter().filter(|(_, its_parent)| *its_parent == parent).map(|(pid, _)| *pid));
        next += 1;
    }
    found.split_off(1)
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
        let pid = i32::try_from(child.id()).unwrap();
        let found = descendants().iter().any(|found| found.as_raw_nonzero().get() == pid);
        let scanned = scan(getpid().as_raw_nonzero().get()).contains(&pid);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(found && scanned, "listed: {found}, scanned: {scanned}");
    }
}
