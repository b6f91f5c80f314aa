//! A folder or file of the machine that a container sees, and which paths a container sees at all.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use super::ProfileError;

/// A mount: `/data`, `/data:/input`, `/data:/input:ro`, `/data:ro`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mount {
    /// Where it lies on the machine.
    pub source: PathBuf,
    /// Where the container sees it.
    pub target: PathBuf,
    /// Whether the container can't write to it.
    pub read_only: bool,
}

impl Mount {
    /// A folder that the container sees where the machine has it, and may write to.
    pub fn same(path: &Path) -> Self {
        Self { source: path.to_owned(), target: path.to_owned(), read_only: false }
    }

    /// Where on the machine a path of the container lies, if it lies in this mount.
    fn source_of(&self, inside: &Path) -> Option<PathBuf> {
        let rest = inside.strip_prefix(&self.target).ok()?;
        Some(if rest.as_os_str().is_empty() { self.source.clone() } else { self.source.join(rest) })
    }

    /// Where in the container a path of the machine is seen, if this mount shows it.
    fn target_of(&self, outside: &Path) -> Option<PathBuf> {
        let rest = outside.strip_prefix(&self.source).ok()?;
        Some(if rest.as_os_str().is_empty() { self.target.clone() } else { self.target.join(rest) })
    }
}

/// Where on the machine a path of the container lies; nothing where no mount covers it.
pub(super) fn source_of(mounts: &[Mount], inside: &Path) -> Option<PathBuf> {
    // Of two mounts, one in the other, the inner one is what the container sees.
    let covering = mounts.iter().filter(|mount| inside.starts_with(&mount.target));
    covering.max_by_key(|mount| mount.target.components().count())?.source_of(inside)
}

/// Where the container sees a path of the machine, if it sees it somewhere.
pub(super) fn target_of(mounts: &[Mount], outside: &Path) -> Option<PathBuf> {
    mounts.iter().find_map(|mount| mount.target_of(outside))
}

impl FromStr for Mount {
    type Err = ProfileError;

    fn from_str(text: &str) -> Result<Self, ProfileError> {
        let refuse = || {
            ProfileError::new(
                "mount",
                text,
                "write /folder, or /folder:/in/the/container:ro, with absolute paths",
            )
        };
        let (paths, read_only) = match text.rsplit_once(':') {
            Some((paths, "ro")) => (paths, true),
            Some((paths, "rw")) => (paths, false),
            _ => (text, false),
        };
        let (source, target) = paths.split_once(':').unwrap_or((paths, paths));
        let path = |text: &str| {
            let path = Path::new(text);
            let plain = path.components().all(|part| !matches!(part, Component::ParentDir));
            (path.is_absolute() && plain && !text.contains([':', '\0'])).then(|| path.components().collect())
        };
        match (path(source), path(target)) {
            (Some(source), Some(target)) if target != Path::new("/") => {
                Ok(Self { source, target, read_only })
            }
            _ => Err(refuse()),
        }
    }
}

impl fmt::Display for Mount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let how = if self.read_only { "ro" } else { "rw" };
        write!(formatter, "{}:{}:{how}", self.source.display(), self.target.display())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_read_as_docker_reads_them() {
        for (text, shown) in [
            ("/data", "/data:/data:rw"),
            ("/data/", "/data:/data:rw"),
            ("/data:ro", "/data:/data:ro"),
            ("/data:/input", "/data:/input:rw"),
            ("/data:/input:ro", "/data:/input:ro"),
            ("/data:/input:rw", "/data:/input:rw"),
        ] {
            assert_eq!(text.parse::<Mount>().unwrap().to_string(), shown);
        }
        for text in
            ["", "data", "data:/data", "/data:input", "/data:/", "/a/../b", "/a:/b:/c", "/a:/b:z", ":", "ro"]
        {
            assert!(text.parse::<Mount>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_inner_mount_is_the_one_that_is_seen() {
        let mounts: Vec<Mount> =
            ["/data:/in", "/more:/in/more", "/same"].map(|text| text.parse().unwrap()).into();
        for (inside, outside) in [
            ("/in", Some("/data")),
            ("/in/a", Some("/data/a")),
            ("/in/more/b", Some("/more/b")),
            ("/same/c", Some("/same/c")),
            ("/inside", None),
            ("/data", None),
        ] {
            assert_eq!(source_of(&mounts, Path::new(inside)), outside.map(PathBuf::from), "{inside}");
        }
        assert_eq!(target_of(&mounts, Path::new("/data/a")), Some("/in/a".into()));
        assert_eq!(target_of(&mounts, Path::new("/other")), None);
    }
}
