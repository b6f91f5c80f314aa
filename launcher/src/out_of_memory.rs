//! Whether the kernel killed something because memory ran out: a program that it kills can't say so itself.

use std::path::{Path, PathBuf};

/// Where control groups are mounted.
const GROUPS: &str = "/sys/fs/cgroup";

/// How many processes the kernel has killed because memory ran out: of this process's control group where the kernel counts
/// them, else on the whole machine.
pub(crate) fn out_of_memory_kills() -> u64 {
    let own = fs_err::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let count = |path: &Path| counter(&fs_err::read_to_string(path).ok()?);
    let of_group = files(&own).iter().find_map(|path| count(path));
    of_group.or_else(|| count(Path::new("/proc/vmstat"))).unwrap_or(0)
}

/// The files that may have the count, by the lines of `/proc/self/cgroup`: version 2, then version 1. In a container the mount
/// shows the container's own group as its root, while the line may still have the path on the host.
fn files(own: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for line in own.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else { continue };
        let (folder, file) = match controllers {
            "" => (PathBuf::from(GROUPS), "memory.events"),
            _ if controllers.split(',').any(|name| name == "memory") => {
                (Path::new(GROUPS).join("memory"), "memory.oom_control")
            }
            _ => continue,
        };
        found.push(folder.join(path.trim_start_matches('/')).join(file));
        found.push(folder.join(file));
    }
    found
}

/// The count in any of these files: a line `oom_kill 3`.
fn counter(text: &str) -> Option<u64> {
    text.lines().find_map(|line| line.strip_prefix("oom_kill ")?.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_versions_of_control_groups_are_looked_at() {
        let paths =
            |own: &str| -> Vec<String> { files(own).iter().map(|path| path.display().to_string()).collect() };
        assert_eq!(paths("0::/\n"), ["/sys/fs/cgroup/memory.events", "/sys/fs/cgroup/memory.events"]);
        assert_eq!(
            paths("12:cpu,cpuacct:/x\n5:memory:/docker/ab\n0::/docker/ab\nnonsense\n"),
            [
                "/sys/fs/cgroup/memory/docker/ab/memory.oom_control",
                "/sys/fs/cgroup/memory/memory.oom_control",
                "/sys/fs/cgroup/docker/ab/memory.events",
                "/sys/fs/cgroup/memory.events",
            ]
        );
    }

    #[test]
    fn the_kernels_files_have_the_count_in_one_spelling() {
        for (text, count) in [
            ("low 0\nhigh 0\nmax 9\noom 2\noom_kill 2\noom_group_kill 0\n", Some(2)),
            ("oom_kill_disable 0\nunder_oom 0\noom_kill 4\n", Some(4)),
            ("nr_free_pages 1\noom_kill 0\n", Some(0)),
            ("oom_kill_disable 0\nunder_oom 0\n", None),
        ] {
            assert_eq!(counter(text), count, "{text}");
        }
    }
}
