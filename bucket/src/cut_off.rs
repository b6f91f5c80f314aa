//! What is left of writes that were cut off. In a folder of this machine an object is written beside its place, under its name, `#` and
//! a number, and put there when it is whole: who is killed meanwhile leaves a file that no list shows.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::layout;

/// What launches, builds and collections write.
const STAGING: &str = "staging";

/// A file that is being written, or was.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unfinished {
    pub(crate) path: PathBuf,
    pub(crate) size: u64,
    pub(crate) modified: Timestamp,
}

/// All of them, but for those in the folders of jobs: these are a job's own, and go with it.
pub(crate) fn unfinished(root: &Path) -> io::Result<Vec<Unfinished>> {
    let (jobs, temporary) = (root.join(layout::JOBS), root.join(layout::TEMPORARY));
    let mut folders = vec![root.join(layout::TEMPLATES), root.join(STAGING), temporary.clone()];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        let entries = match fs_err::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        for entry in entries {
            let entry = entry?;
            let kind = entry.file_type()?;
            // In the temporary folder, every folder is a job's or somebody else's.
            if kind.is_dir() && entry.path() != jobs && folder != temporary {
                folders.push(entry.path());
            } else if kind.is_file() && is_unfinished(&entry.file_name().to_string_lossy()) {
                // One that is finished now is no longer there.
                let Ok(metadata) = entry.metadata() else { continue };
                let modified = Timestamp::try_from(metadata.modified()?).unwrap_or(Timestamp::MAX);
                found.push(Unfinished { path: entry.path(), size: metadata.len(), modified });
            }
        }
    }
    Ok(found)
}

fn is_unfinished(name: &str) -> bool {
    name.rsplit_once('#')
        .is_some_and(|(_, number)| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_writes_are_told_from_objects() {
        let root = tempfile::tempdir().unwrap();
        let files = [
            "templates/a.json",
            "templates/a.json#1",
            "templates/a/log/00000001.json#12",
            "staging/blobs/sha256/ab#1",
            "staging/blobs/sha256/ab#",
            "staging/jobs/2026-11-21/id/job.json#1",
            "tmp/id/some#1",
            "tmp/.clock-1f#1",
        ];
        for file in files {
            let path = root.path().join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, "12").unwrap();
        }
        let found = unfinished(root.path()).unwrap();
        assert!(found.iter().all(|file| file.size == 2 && file.modified <= Timestamp::now()));
        let mut paths: Vec<_> =
            found.iter().map(|file| file.path.strip_prefix(root.path()).unwrap().to_str().unwrap()).collect();
        paths.sort_unstable();
        assert_eq!(
            paths,
            [
                "staging/blobs/sha256/ab#1",
                "templates/a.json#1",
                "templates/a/log/00000001.json#12",
                "tmp/.clock-1f#1"
            ]
        );
    }
}
