//! How much memory a job may take, told when it wanted more.

use std::fmt;
use std::path::{Path, PathBuf};

/// Where control groups lie.
const GROUPS: &str = "/sys/fs/cgroup";
/// Limits from here on are none: older kernels write the largest number of pages there is.
const UNLIMITED: u64 = 1 << 60;

/// The kernel killed a process because memory ran out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfMemory {
    /// The limit of the container or control group, in bytes, where there is one.
    pub(crate) limit: Option<u64>,
}

impl fmt::Display for OutOfMemory {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.limit {
            Some(bytes) => write!(formatter, "out of memory (the limit is {} MiB)", bytes >> 20),
            None => formatter.write_str("out of memory"),
        }
    }
}

/// The most memory that this process and its children may take, in bytes, where that is limited.
pub(crate) fn memory_limit() -> Option<u64> {
    let groups = fs_err::read_to_string("/proc/self/cgroup").ok()?;
    limit_files(&groups).iter().filter_map(|file| limit_in(file)).min()
}

fn limit_in(file: &Path) -> Option<u64> {
    // A group that is not limited says `max`.
    fs_err::read_to_string(file).ok()?.trim().parse().ok().filter(|limit| *limit < UNLIMITED)
}

/// The files with the limits of a process's group and of those around it. `groups` is the process's `/proc/self/cgroup`.
///
/// In a container the group's path may be the one outside, of which only the end is there: what is at the top then is the
/// container's own group.
fn limit_files(groups: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (top, name) = match controllers {
            "" => (PathBuf::from(GROUPS), "memory.max"),
            _ if controllers.split(',').any(|controller| controller == "memory") => {
                (Path::new(GROUPS).join("memory"), "memory.limit_in_bytes")
            }
            _ => continue,
        };
        files.extend(
            Path::new(path.trim_start_matches('/')).ancestors().map(|group| top.join(group).join(name)),
        );
    }
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_looked_for_in_the_group_and_around_it() {
        let files = |groups: &str| {
            let found: Vec<_> = limit_files(groups).iter().map(|file| file.display().to_string()).collect();
            found.join(" ").replace("/sys/fs/cgroup", "")
        };
        for (groups, expected) in [
            ("0::/", "/memory.max"),
            ("0::/docker/c", "/docker/c/memory.max /docker/memory.max /memory.max"),
            (
                "9:name=systemd:/x\n4:memory:/docker/c\n1:cpu:/y",
                "/memory/docker/c/memory.limit_in_bytes /memory/docker/memory.limit_in_bytes /memory/memory.limit_in_bytes",
            ),
            ("nonsense", ""),
        ] {
            assert_eq!(files(groups), expected, "{groups}");
        }
    }

    #[test]
    fn a_limit_is_told_where_there_is_one() {
        assert_eq!(OutOfMemory { limit: Some(64 << 20) }.to_string(), "out of memory (the limit is 64 MiB)");
        assert_eq!(OutOfMemory { limit: None }.to_string(), "out of memory");
    }

    #[test]
    fn a_file_that_says_max_or_a_number_of_pages_is_no_limit() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for (text, limit) in
            [("max\n", None), ("67108864\n", Some(64 << 20)), ("9223372036854771712\n", None), ("", None)]
        {
            fs_err::write(file.path(), text).unwrap();
            assert_eq!(limit_in(file.path()), limit, "{text}");
        }
        assert_eq!(limit_in(Path::new("/no/such/file")), None);
    }
}
