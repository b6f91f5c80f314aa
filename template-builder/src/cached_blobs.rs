//! What takes room in the builder's cache: layers that were made or fetched, and files that builds of packages made.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fs_err as fs;
use serde::Serialize;

/// How much may lie in the builder's cache before the least recently used goes: 10 GiB.
pub const BLOBS_LIMIT: u64 = 10 * 1024 * 1024 * 1024;

/// The folders that it lies in.
const FOLDERS: [&str; 2] = ["blobs", "files"];

/// The large part of the builder's cache on this machine.
#[derive(Clone, Debug)]
pub struct CachedBlobs(PathBuf);

/// What a prune did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct PrunedBlobs {
    /// Blobs and files removed.
    pub blobs: usize,
    /// Bytes given back.
    pub bytes: u64,
    /// Bytes that stay.
    pub kept: u64,
}

/// Held by a build while it runs: what lies in the cache stays there.
#[derive(Debug)]
pub(crate) struct InUse(Option<File>);

struct Blob {
    path: PathBuf,
    size: u64,
    used: SystemTime,
}

impl CachedBlobs {
    /// Those of a cache's folder.
    pub fn of(cache: &tmpl_launcher::cache::Cache) -> Self {
        Self::at(cache.directory())
    }

    pub(crate) fn at(cache: &Path) -> Self {
        Self(cache.join("builder"))
    }

    /// Bytes of all blobs.
    pub fn size(&self) -> io::Result<u64> {
        Ok(self.blobs()?.iter().map(|blob| blob.size).sum())
    }

    /// Removes the least recently used until at most `limit` bytes stay. While a build runs, all stays.
    pub fn prune(&self, limit: u64) -> io::Result<PrunedBlobs> {
        self.prune_unused_since(limit, SystemTime::now())
    }

    /// The same, but what was used since a moment stays.
    pub(crate) fn prune_unused_since(&self, limit: u64, moment: SystemTime) -> io::Result<PrunedBlobs> {
        let mut blobs = self.blobs()?;
        blobs.sort_by(|a, b| (a.used, &a.path).cmp(&(b.used, &b.path)));
        let mut pruned =
            PrunedBlobs { kept: blobs.iter().map(|blob| blob.size).sum(), ..PrunedBlobs::default() };
        if pruned.kept <= limit {
            return Ok(pruned);
        }
        let Some(_alone) = self.alone() else { return Ok(pruned) };
        for blob in blobs.iter().take_while(|blob| blob.used < moment) {
            if pruned.kept <= limit {
                break;
            }
            match fs::remove_file(&blob.path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            pruned.blobs += 1;
            pruned.bytes += blob.size;
            pruned.kept -= blob.size;
        }
        Ok(pruned)
    }

    /// Waits until nothing is removed, and keeps it so. A cache that can't be locked (it can't be written, or its file system knows
    /// no locks) is used all the same: what is gone then fails the build that wanted it, and is made by the next one.
    pub(crate) fn hold(&self) -> InUse {
        InUse(self.lock_file().ok().filter(|file| file.lock_shared().is_ok()))
    }

    /// The right to remove things; nothing while a build holds them.
    fn alone(&self) -> Option<File> {
        self.lock_file().ok().filter(|file| file.try_lock().is_ok())
    }

    fn lock_file(&self) -> io::Result<File> {
        fs::create_dir_all(&self.0)?;
        let file = fs::OpenOptions::new().create(true).append(true).open(self.0.join("lock"))?;
        Ok(file.into())
    }

    fn blobs(&self) -> io::Result<Vec<Blob>> {
        let mut blobs = Vec::new();
        for folder in FOLDERS {
            let entries = match fs::read_dir(self.0.join(folder)) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                entries => entries?,
            };
            for entry in entries {
                let entry = entry?;
                // Another process may just have removed it.
                let Ok(meta) = entry.metadata() else { continue };
                if meta.is_file() {
                    blobs.push(Blob { path: entry.path(), size: meta.len(), used: used(&meta) });
                }
            }
        }
        Ok(blobs)
    }
}

impl InUse {
    /// Lets go before the value is dropped.
    pub(crate) fn release(&self) {
        if let Some(file) = &self.0 {
            // It ends with the process at the latest.
            let _ = file.unlock();
        }
    }
}

/// The time of a file is that of its last use.
fn used(meta: &Metadata) -> SystemTime {
    meta.modified().unwrap_or(SystemTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// A cache with blobs of these names, sizes, and ages in seconds.
    fn cache(blobs: &[(&str, usize, u64)]) -> (tempfile::TempDir, CachedBlobs) {
        let folder = tempfile::tempdir().unwrap();
        for (name, size, age) in blobs {
            let path = folder.path().join("builder").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, vec![0; *size]).unwrap();
            let used = SystemTime::now() - Duration::from_secs(*age);
            fs::OpenOptions::new().append(true).open(path).unwrap().file().set_modified(used).unwrap();
        }
        let cached = CachedBlobs::at(folder.path());
        (folder, cached)
    }

    fn names(folder: &Path) -> Vec<String> {
        let entries = FOLDERS
            .iter()
            .flat_map(|part| fs::read_dir(folder.join("builder").join(part)).into_iter().flatten());
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    const BLOBS: &[(&str, usize, u64)] = &[
        ("blobs/old", 100, 3000),
        ("files/older", 10, 5000),
        ("blobs/new", 1000, 10),
        ("blobs/mid", 200, 1000),
    ];

    #[test]
    fn the_least_recently_used_goes_first() {
        for (limit, left, blobs) in [
            (2000, &["mid", "new", "old", "older"][..], 0),
            (1310, &["mid", "new", "old", "older"], 0),
            (1309, &["mid", "new", "old"], 1),
            (1299, &["mid", "new"], 2),
            (1199, &["new"], 3),
            (0, &[], 4),
        ] {
            let (folder, cached) = cache(BLOBS);
            assert_eq!(cached.size().unwrap(), 1310);
            let pruned = cached.prune(limit).unwrap();
            assert_eq!(
                (names(folder.path()), pruned.blobs),
                (left.iter().map(|name| (*name).to_owned()).collect(), blobs)
            );
            assert_eq!((cached.size().unwrap(), pruned.bytes), (pruned.kept, 1310 - pruned.kept));
        }
    }

    #[test]
    fn what_a_build_uses_stays() {
        let (folder, cached) = cache(BLOBS);
        let held = cached.hold();
        let also = cached.hold();
        assert_eq!(cached.prune(0).unwrap(), PrunedBlobs { kept: 1310, ..PrunedBlobs::default() });
        held.release();
        assert_eq!(cached.prune(0).unwrap().blobs, 0);
        drop(also);
        // The build that sweeps has used two of them since it began.
        let began = SystemTime::now() - Duration::from_secs(2000);
        assert_eq!(cached.prune_unused_since(0, began).unwrap().blobs, 2);
        assert_eq!(names(folder.path()), ["mid", "new"]);
    }

    #[test]
    fn there_may_be_no_cache_yet() {
        let folder = tempfile::tempdir().unwrap();
        let cached = CachedBlobs::at(&folder.path().join("none"));
        assert_eq!((cached.size().unwrap(), cached.prune(0).unwrap()), (0, PrunedBlobs::default()));
        assert!(!folder.path().join("none").exists());
    }
}
