//! The checksums of files that did not change since this machine last read them.
//!
//! A file is known by its path, and taken for what it was while its size, times, inode and device are the same. Times have a grain: a
//! file that is written twice within it looks the same after both. So what was read sooner than that after its last change is not
//! remembered, and read again by the next build; from then on no write, whatever it does to the modification time, leaves the time
//! of change as it was.

use std::collections::BTreeMap;
use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::atomic_file;
use crate::checksum::Checksum;

/// Changes when the file means something else.
const FORMAT: u32 = 1;
/// What lies between two times that a file system tells apart: at least twice the longest tick of a kernel (10 ms).
const GRAIN: Duration = Duration::from_millis(20);
/// The same, of a file system that keeps whole seconds, or pairs of them.
const COARSE_GRAIN: Duration = Duration::from_secs(2);

/// What is known of files, read from a file of the cache and written there again.
#[derive(Debug)]
pub(crate) struct FileChecksums {
    place: PathBuf,
    files: Mutex<Files>,
}

#[derive(Debug, Default)]
struct Files {
    known: BTreeMap<String, Known>,
    /// Whether this build has learned something.
    news: bool,
    /// How many files were read.
    read: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Known {
    stamp: Stamp,
    checksum: Checksum,
}

/// What a file system says of a file, as far as it changes with the content. Times are in seconds and nanoseconds since 1970.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Stamp {
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    inode: u64,
    device: u64,
}

impl From<&Metadata> for Stamp {
    fn from(meta: &Metadata) -> Self {
        Self {
            size: meta.len(),
            modified: (meta.mtime(), meta.mtime_nsec()),
            changed: (meta.ctime(), meta.ctime_nsec()),
            inode: meta.ino(),
            device: meta.dev(),
        }
    }
}

impl Stamp {
    /// Whether every later write gives another stamp, for a stamp that was taken at this time.
    fn is_settled(&self, now: SystemTime) -> bool {
        let grain = if self.changed.1 == 0 { COARSE_GRAIN } else { GRAIN };
        let Some(limit) =
            now.checked_sub(grain).and_then(|time| time.duration_since(SystemTime::UNIX_EPOCH).ok())
        else {
            return false;
        };
        let limit = (i64::try_from(limit.as_secs()).unwrap_or(i64::MAX), i64::from(limit.subsec_nanos()));
        self.modified.max(self.changed) < limit
    }
}

impl FileChecksums {
    /// Reads what is known. A file that is missing, damaged or another's says nothing.
    pub(crate) fn load(place: PathBuf) -> Self {
        let known = fs::read(&place).ok().and_then(|bytes| parse(&bytes)).unwrap_or_default();
        Self { place, files: Mutex::new(Files { known, ..Files::default() }) }
    }

    /// The checksum of a file's content, and what the file system says of it.
    pub(crate) fn of(&self, path: &Path) -> io::Result<(Checksum, Metadata)> {
        let now = SystemTime::now();
        let meta = fs::metadata(path)?;
        let stamp = Stamp::from(&meta);
        let name = path.to_str();
        if let Some(known) = name.and_then(|name| self.files().known.get(name).cloned())
            && known.stamp == stamp
        {
            return Ok((known.checksum, meta));
        }
        let checksum = Checksum::of_file(path)?;
        // What was written while it was read may be any mixture.
        let is_whole = Stamp::from(&fs::metadata(path)?) == stamp;
        let mut files = self.files();
        files.read += 1;
        if let Some(name) = name {
            if is_whole && stamp.is_settled(now) {
                files.known.insert(name.to_owned(), Known { stamp, checksum: checksum.clone() });
                files.news = true;
            } else {
                files.news |= files.known.remove(name).is_some();
            }
        }
        Ok((checksum, meta))
    }

    /// Writes what is known, where this build learned something. Files that are gone are forgotten.
    pub(crate) fn save(&self) -> io::Result<()> {
        let mut files = self.files();
        if !files.news {
            return Ok(());
        }
        files.known.retain(|path, _| Path::new(path).exists());
        files.news = false;
        atomic_file::write(&self.place, &render(&files.known)?)
    }

    fn files(&self) -> MutexGuard<'_, Files> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A line with the checksum of what follows, then JSON: half of a file, or one with a flipped bit, must not be believed.
fn render(known: &BTreeMap<String, Known>) -> io::Result<Vec<u8>> {
    let body = serde_json::to_vec(&(FORMAT, known))?;
    let mut bytes = format!("{}\n", Checksum::of(&body)).into_bytes();
    bytes.extend(body);
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Option<BTreeMap<String, Known>> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (line, body) = (&bytes[..end], &bytes[end + 1..]);
    if Checksum::of(body).to_string().as_bytes() != line {
        return None;
    }
    let (format, known): (u32, _) = serde_json::from_slice(body).ok()?;
    (format == FORMAT).then_some(known)
}

#[cfg(test)]
mod tests {
    use std::thread::sleep;

    use super::*;

    struct Folder(tempfile::TempDir);

    impl Folder {
        fn new(files: usize) -> Self {
            let folder = Self(tempfile::tempdir().unwrap());
            for number in 0..files {
                fs::write(folder.file(number), format!("file {number}")).unwrap();
            }
            folder
        }

        fn file(&self, number: usize) -> PathBuf {
            self.0.path().join(format!("{number}.py"))
        }

        fn place(&self) -> PathBuf {
            self.0.path().join("cache/checksums")
        }

        /// One build: the checksums of so many files, and how many files were read for them.
        fn build(&self, files: usize) -> (Vec<Checksum>, usize) {
            let checksums = FileChecksums::load(self.place());
            let found = (0..files).map(|number| checksums.of(&self.file(number)).unwrap().0).collect();
            checksums.save().unwrap();
            (found, checksums.files().read)
        }
    }

    fn settle() {
        sleep(COARSE_GRAIN + Duration::from_millis(50));
    }

    fn set_modified(path: &Path, time: SystemTime) {
        fs::OpenOptions::new().append(true).open(path).unwrap().file().set_modified(time).unwrap();
    }

    #[test]
    fn what_did_not_change_is_not_read() {
        let folder = Folder::new(40);
        settle();
        let (first, read) = folder.build(40);
        assert_eq!(read, 40);
        assert_eq!(folder.build(40), (first.clone(), 0));
        // Touched: read once, and the same.
        (0..40).for_each(|number| set_modified(&folder.file(number), SystemTime::now()));
        settle();
        assert_eq!(folder.build(40), (first.clone(), 40));
        assert_eq!(folder.build(40), (first.clone(), 0));
        // One changed, one gone.
        fs::write(folder.file(7), "FILE 7").unwrap();
        fs::remove_file(folder.file(39)).unwrap();
        settle();
        let (changed, read) = folder.build(39);
        assert_eq!(read, 1);
        let differing: Vec<usize> = (0..39).filter(|number| changed[*number] != first[*number]).collect();
        assert_eq!(differing, [7]);
        let text = fs::read_to_string(folder.place()).unwrap();
        assert!(text.contains("38.py") && !text.contains("39.py"), "{text}");
    }

    #[test]
    fn a_byte_that_changes_under_the_same_times_is_seen() {
        let folder = Folder::new(1);
        let path = folder.file(0);
        let time = SystemTime::now() - Duration::from_hours(1);
        // Written and built as fast as it goes: within one tick, and over its edges.
        for round in 0..300_u32 {
            let text = format!("round {round:03}");
            fs::write(&path, &text).unwrap();
            set_modified(&path, time);
            let (found, _) = folder.build(1);
            assert_eq!(found, [Checksum::of(text.as_bytes())], "{text}");
        }
        settle();
        assert_eq!(folder.build(1).1, 1);
        assert_eq!(folder.build(1).1, 0);
        fs::write(&path, "round XXX").unwrap();
        set_modified(&path, time);
        assert_eq!(folder.build(1).0, [Checksum::of(b"round XXX")]);
    }

    #[test]
    fn another_file_of_the_same_size_and_times_is_another_file() {
        let folder = Folder::new(2);
        let time = SystemTime::now() - Duration::from_hours(1);
        (0..2).for_each(|number| set_modified(&folder.file(number), time));
        settle();
        folder.build(2);
        fs::rename(folder.file(1), folder.file(0)).unwrap();
        assert_eq!(folder.build(1).0, [Checksum::of(b"file 1")]);
    }

    #[test]
    fn a_damaged_file_is_ignored() {
        let folder = Folder::new(3);
        settle();
        let (expected, _) = folder.build(3);
        let good = fs::read(folder.place()).unwrap();
        let mut flipped = good.clone();
        let hex = good.windows(7).rposition(|window| window == b"sha256:").unwrap() + 10;
        flipped[hex] = if good[hex] == b'0' { b'1' } else { b'0' };
        let other = format!("{}\n[]", Checksum::of(b"[]")).into_bytes();
        for damaged in [Vec::new(), b"\n".to_vec(), good[..good.len() / 2].to_vec(), flipped, other] {
            fs::write(folder.place(), damaged).unwrap();
            assert_eq!(folder.build(3), (expected.clone(), 3));
            assert_eq!(folder.build(3), (expected.clone(), 0));
        }
    }

    #[test]
    fn times_within_a_grain_of_now_are_not_settled() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1000);
        let stamp = |modified, changed| Stamp { size: 1, modified, changed, inode: 1, device: 1 };
        for (modified, changed, settled) in [
            ((900, 5), (900, 5), true),
            ((999, 970_000_000), (999, 970_000_000), true),
            ((900, 5), (999, 990_000_000), false),
            ((999, 990_000_000), (900, 5), false),
            // Whole seconds.
            ((997, 0), (997, 0), true),
            ((998, 0), (998, 0), false),
            // A clock that was set back.
            ((2000, 5), (900, 5), false),
        ] {
            assert_eq!(stamp(modified, changed).is_settled(now), settled, "{modified:?} {changed:?}");
        }
    }
}
