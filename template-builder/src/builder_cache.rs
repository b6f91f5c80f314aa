//! What this machine keeps so that nothing is built twice. All of it can be deleted at any time.
//!
//! ```text
//! builder/layers/<key>.json         a layer that was made, by the key of what went in
//! builder/blobs/<hex>               its bytes
//! builder/dependencies/<key>.json   the layers of a lock
//! builder/distributions/<key>.json  the size and the files of one installed distribution
//! builder/packages/<key>.json       what a package's build made of its sources; files that are no copy of a source in
//! builder/files/<hex>
//! builder/bytecode/<key>.json       what a project's own sources were compiled to; the bytecode is in builder/files
//! builder/imports/<key>.json        a project's own sources whose imports were all found
//! builder/bases/<key>.json          which interpreters a base of images has
//! builder/checked/<key>             a set of dependencies and main modules that was found to work
//! builder/checksums/<key>           the checksums of a project's files, with the stamps that the files had
//! builder/buckets/<key>/<hex>       the stamp a blob of a bucket had when it was verified
//! builder/sdk/<key>/                our package for authors of pipelines, where uv looks for it
//! builder/helpers/, builder/work/   our Python programs; folders of builds that are under way
//! ```
//!
//! One file a key, written whole or not at all: builds that run at once never see each other's halves.

use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs_err as fs;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::atomic_file;
use crate::checksum::Checksum;

/// How long something that nobody used stays.
const KEPT: Duration = Duration::from_hours(30 * 24);
/// Looking at everything takes a while: not every build does.
const BETWEEN_SWEEPS: Duration = Duration::from_hours(1);
/// The folders whose files go when nobody used them for so long.
const SWEPT: [&str; 11] = [
    "layers",
    "blobs",
    "dependencies",
    "distributions",
    "packages",
    "files",
    "checked",
    "bases",
    "bytecode",
    "imports",
    "checksums",
];
/// A folder of a build that began so long ago belongs to one that was killed.
const ABANDONED: Duration = Duration::from_hours(24);

/// A kind of record.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Layers,
    Dependencies,
    Distributions,
    Packages,
    Checked,
    Bases,
    Bytecode,
    Imports,
}

/// The builder's part of the cache.
#[derive(Clone, Debug)]
pub(crate) struct BuilderCache(PathBuf);

impl BuilderCache {
    pub(crate) fn new(cache: &Path) -> Self {
        Self(cache.join("builder"))
    }

    pub(crate) fn read<T: DeserializeOwned>(&self, kind: Kind, key: &Checksum) -> Option<T> {
        let path = self.record(kind, key);
        let record = atomic_file::read_record(&path)?;
        note_use(&path);
        Some(record)
    }

    pub(crate) fn write(&self, kind: Kind, key: &Checksum, record: &impl Serialize) -> io::Result<()> {
        atomic_file::write_record(&self.record(kind, key), record)
    }

    fn record(&self, kind: Kind, key: &Checksum) -> PathBuf {
        let folder = match kind {
            Kind::Layers => "layers",
            Kind::Dependencies => "dependencies",
            Kind::Distributions => "distributions",
            Kind::Packages => "packages",
            Kind::Checked => "checked",
            Kind::Bases => "bases",
            Kind::Bytecode => "bytecode",
            Kind::Imports => "imports",
        };
        self.0.join(folder).join(format!("{}.json", key.hex()))
    }

    /// Where the bytes of a layer lie, or will lie.
    pub(crate) fn blob(&self, hex: &str) -> PathBuf {
        self.0.join("blobs").join(hex)
    }

    /// The bytes of a layer, if they are here.
    pub(crate) fn find_blob(&self, hex: &str, size: u64) -> Option<PathBuf> {
        let path = self.blob(hex);
        let there = fs::metadata(&path).is_ok_and(|meta| meta.len() == size);
        there.then(|| note_use(&path)).map(|()| path)
    }

    /// Where a file lies that a package's build made, by its content.
    pub(crate) fn file(&self, checksum: &Checksum) -> PathBuf {
        self.0.join("files").join(checksum.hex())
    }

    /// Where the stamp of a bucket's blob is noted.
    pub(crate) fn stamp(&self, bucket: &str, hex: &str) -> PathBuf {
        self.0.join("buckets").join(&Checksum::of(bucket.as_bytes()).hex()[..16]).join(hex)
    }

    /// Where the checksums of a project's files are noted.
    pub(crate) fn checksums(&self, project: &Path) -> PathBuf {
        self.0.join("checksums").join(Checksum::of(project.as_os_str().as_encoded_bytes()).hex())
    }

    /// The folder of our package for authors, by the content of its wheel.
    pub(crate) fn sdk(&self, wheel: &Checksum) -> PathBuf {
        self.0.join("sdk").join(&wheel.hex()[..16])
    }

    pub(crate) fn helpers(&self) -> PathBuf {
        self.0.join("helpers")
    }

    /// A folder that is gone when the build is. On the cache's file system: what is finished in it is renamed into place.
    pub(crate) fn work(&self) -> io::Result<tempfile::TempDir> {
        let folder = self.0.join("work");
        fs::create_dir_all(&folder)?;
        tempfile::Builder::new().prefix("build-").tempdir_in(folder)
    }

    /// Whether the last sweep is some time ago; from then on this is the last one.
    pub(crate) fn is_due_for_a_sweep(&self) -> bool {
        let mark = self.0.join("swept");
        let age = fs::metadata(&mark).and_then(|meta| meta.modified()).map(|swept| swept.elapsed());
        // A time to come is that of a clock that was wrong.
        let is_due = !age.is_ok_and(|age| age.is_ok_and(|age| age < BETWEEN_SWEEPS));
        if is_due {
            let _ = atomic_file::write(&mark, b"");
        }
        is_due
    }

    /// Removes what nobody used for long. That it could not is no reason to fail a build.
    pub(crate) fn sweep(&self) {
        for folder in SWEPT {
            for entry in fs::read_dir(self.0.join(folder)).into_iter().flatten().flatten() {
                if is_older(&entry, KEPT) {
                    let _ = fs::remove_file(entry.path());
                }
            }
        }
        for entry in fs::read_dir(self.0.join("work")).into_iter().flatten().flatten() {
            if is_older(&entry, ABANDONED) {
                let _ = fs::remove_dir_all(entry.path());
            }
        }
    }
}

fn is_older(entry: &fs::DirEntry, limit: Duration) -> bool {
    let age = entry.metadata().and_then(|meta| meta.modified()).map(|modified| modified.elapsed());
    age.is_ok_and(|age| age.is_ok_and(|age| age > limit))
}

/// The time of a file is that of its last use.
pub(crate) fn note_use(path: &Path) {
    if let Ok(file) = fs::OpenOptions::new().append(true).open(path) {
        let _ = file.file().set_modified(SystemTime::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_used_for_long_goes() {
        let folder = tempfile::tempdir().unwrap();
        let cache = BuilderCache::new(folder.path());
        let old = SystemTime::now() - KEPT - Duration::from_mins(1);
        for (hex, used) in [("old", false), ("used", true)] {
            fs::create_dir_all(cache.blob(hex).parent().unwrap()).unwrap();
            fs::write(cache.blob(hex), "12").unwrap();
            fs::OpenOptions::new()
                .append(true)
                .open(cache.blob(hex))
                .unwrap()
                .file()
                .set_modified(old)
                .unwrap();
            assert_eq!(cache.find_blob(hex, 3), None);
            assert!(!used || cache.find_blob(hex, 2).is_some());
        }
        assert!(cache.is_due_for_a_sweep());
        assert!(!cache.is_due_for_a_sweep());
        cache.sweep();
        assert!(!cache.blob("old").exists());
        assert!(cache.blob("used").exists());
    }
}
