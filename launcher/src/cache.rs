//! What this machine keeps so that nothing is unpacked twice: layers, environments, interpreters. All of it can be deleted at
//! any time; it is made again from the bucket.
//!
//! ```text
//! layers/<hex>/            the unpacked tree, read-only files      <hex>.json  its size      <hex>.lock  last use, and a lock
//! environments/<key>/      hard links of some layers' files        <key>.json  which layers  <key>.lock  last use, and a lock
//! interpreters/<key>.json  an interpreter that was found
//! ```

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::LaunchError;

/// How much may lie unpacked before the least recently used goes: 10 GiB.
pub const DEFAULT_LIMIT: u64 = 10 * 1024 * 1024 * 1024;

/// The cache folder of this machine and user.
#[derive(Clone, Debug)]
pub struct Cache {
    directory: PathBuf,
    interpreters: Vec<PathBuf>,
}

/// What is known of an unpacked layer.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct LayerRecord {
    /// Bytes of its files.
    pub(crate) bytes: u64,
}

/// What is known of a joined environment.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct EnvironmentRecord {
    /// The hexadecimal digests of its layers.
    pub(crate) layers: Vec<String>,
}

/// What a prune did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Pruned {
    /// Layers removed.
    pub layers: usize,
    /// Environments removed.
    pub environments: usize,
    /// Bytes given back.
    pub bytes: u64,
    /// Bytes that stay.
    pub kept: u64,
}

/// A lock that is held while a cached thing is made or used; dropping it lets go.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Cache {
    /// Opens the cache, making its folders.
    pub fn open(directory: PathBuf) -> Result<Self, LaunchError> {
        let cache = Self::at(directory);
        cache.make_folders()?;
        Ok(cache)
    }

    /// The cache in a folder that is made when something is first put into it: in an image there may be nothing to put there, and
    /// no room.
    pub fn at(directory: PathBuf) -> Self {
        Self { directory, interpreters: Vec::new() }
    }

    pub(crate) fn make_folders(&self) -> Result<(), LaunchError> {
        for part in ["layers", "environments", "interpreters"] {
            let path = self.directory.join(part);
            fs::create_dir_all(&path).map_err(|source| LaunchError::Cache {
                action: "make",
                path,
                source,
            })?;
        }
        Ok(())
    }

    /// Names interpreters of this machine that are tried before those of uv and `PATH`.
    #[must_use]
    pub fn with_interpreters(mut self, interpreters: Vec<PathBuf>) -> Self {
        self.interpreters = interpreters;
        self
    }

    /// The interpreters that were named.
    pub(crate) fn interpreters(&self) -> &[PathBuf] {
        &self.interpreters
    }

    /// The folder.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where workers of a pool have their folders while they run.
    pub(crate) fn workers(&self) -> PathBuf {
        self.directory.join("workers")
    }

    /// Where the parameters of a job that are passed as files lie while it runs.
    pub(crate) fn parameters(&self, id: &tmpl_template::JobId) -> PathBuf {
        self.directory.join("parameters").join(id.as_str())
    }

    /// Where the program of an attempt writes what it counts.
    pub(crate) fn metrics(&self, id: &tmpl_template::JobId, attempt: u32) -> PathBuf {
        self.directory.join("metrics").join(id.as_str()).join(format!("{attempt}.json"))
    }

    /// Where the secrets of a job lie on their way into its container.
    #[cfg(feature = "docker")]
    pub(crate) fn secrets(&self, id: &tmpl_template::JobId) -> PathBuf {
        self.directory.join("secrets").join(id.as_str())
    }

    pub(crate) fn layer(&self, hex: &str) -> PathBuf {
        self.directory.join("layers").join(hex)
    }

    /// Whether a layer lies unpacked here.
    pub fn has_layer(&self, hex: &str) -> bool {
        self.layer(hex).is_dir()
    }

    pub(crate) fn environment(&self, key: &str) -> PathBuf {
        self.directory.join("environments").join(key)
    }

    pub(crate) fn interpreter(&self, key: &str) -> PathBuf {
        self.directory.join("interpreters").join(format!("{key}.json"))
    }

    /// Waits until nobody makes or removes `thing` (a path made by this cache).
    pub(crate) fn lock_to_make(thing: &Path) -> Result<Lock, LaunchError> {
        let (path, file) = open_lock(thing)?;
        file.lock().map_err(|source| LaunchError::Cache { action: "lock", path, source })?;
        Ok(Lock { _file: file })
    }

    /// Keeps `thing` from being pruned while it is used, and notes the use.
    pub(crate) fn lock_to_use(thing: &Path) -> Result<Lock, LaunchError> {
        let (path, file) = open_lock(thing)?;
        let noted = file.lock_shared().and_then(|()| file.set_modified(SystemTime::now()));
        noted.map_err(|source| LaunchError::Cache { action: "lock", path, source })?;
        Ok(Lock { _file: file })
    }

    /// A fresh folder beside `thing` to make it in; what is not renamed in the end is removed when it is dropped.
    pub(crate) fn workshop(thing: &Path) -> Result<tempfile::TempDir, LaunchError> {
        let parent = thing.parent().unwrap_or(Path::new("."));
        let made = tempfile::Builder::new().prefix(".making-").tempdir_in(parent);
        made.map_err(|source| LaunchError::Cache {
            action: "make a folder in",
            path: parent.to_owned(),
            source,
        })
    }

    /// Bytes of all unpacked layers. Environments are hard links to them and take no room of their own.
    pub fn size(&self) -> Result<u64, LaunchError> {
        Ok(self.layers()?.iter().map(|layer| layer.bytes).sum())
    }

    /// Removes the least recently used layers, and the environments made of them, until at most `limit` bytes stay. What a
    /// running job uses stays. Folders left behind by a killed process go too.
    pub fn prune(&self, limit: u64) -> Result<Pruned, LaunchError> {
        let mut pruned = Pruned::default();
        self.sweep_workshops()?;
        let mut layers = self.layers()?;
        layers.sort_by_key(|layer| layer.used);
        pruned.kept = layers.iter().map(|layer| layer.bytes).sum();
        for layer in layers {
            if pruned.kept <= limit {
                break;
            }
            let users = self.environments_of(&layer.hex)?;
            let removed = users.iter().map(|user| try_remove(user)).collect::<Result<Vec<bool>, _>>()?;
            pruned.environments += removed.iter().filter(|removed| **removed).count();
            if removed.iter().all(|removed| *removed) && try_remove(&self.layer(&layer.hex))? {
                pruned.layers += 1;
                pruned.bytes += layer.bytes;
                pruned.kept -= layer.bytes;
            }
        }
        Ok(pruned)
    }

    fn layers(&self) -> Result<Vec<KnownLayer>, LaunchError> {
        let mut layers = Vec::new();
        for path in records(&self.directory.join("layers"))? {
            let Some(record) = read_record::<LayerRecord>(&path) else { continue };
            let thing = path.with_extension("");
            let used = fs::metadata(thing.with_extension("lock")).and_then(|meta| meta.modified());
            layers.push(KnownLayer {
                hex: file_name(&thing),
                bytes: record.bytes,
                used: used.unwrap_or(SystemTime::UNIX_EPOCH),
            });
        }
        Ok(layers)
    }

    fn environments_of(&self, layer: &str) -> Result<Vec<PathBuf>, LaunchError> {
        let mut users = Vec::new();
        for path in records(&self.directory.join("environments"))? {
            let record = read_record::<EnvironmentRecord>(&path);
            if record.is_some_and(|record| record.layers.iter().any(|hex| hex == layer)) {
                users.push(path.with_extension(""));
            }
        }
        Ok(users)
    }

    fn sweep_workshops(&self) -> Result<(), LaunchError> {
        for part in ["layers", "environments"] {
            for entry in list(&self.directory.join(part))? {
                let old = entry.metadata().and_then(|meta| meta.modified()).is_ok_and(|made| {
                    made.elapsed().is_ok_and(|age| age > std::time::Duration::from_hours(24))
                });
                if old && entry.file_name().to_string_lossy().starts_with(".making-") {
                    remove(&entry.path())?;
                }
            }
        }
        Ok(())
    }
}

struct KnownLayer {
    hex: String,
    bytes: u64,
    used: SystemTime,
}

/// Notes what is known of `thing` beside it.
pub(crate) fn write_record(thing: &Path, record: &impl Serialize) -> Result<(), LaunchError> {
    let path = thing.with_extension("json");
    let text = serde_json::to_vec(record).unwrap_or_default();
    fs::write(&path, text).map_err(|source| LaunchError::Cache { action: "write", path, source })
}

/// The name of a cached thing that these words decide.
pub(crate) fn key_of(words: &[Vec<u8>]) -> String {
    tmpl_template::sha256_of(&words.join(&0)).digest()[..32].to_owned()
}

fn read_record<T: serde::de::DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

fn records(folder: &Path) -> Result<Vec<PathBuf>, LaunchError> {
    let paths = list(folder)?.into_iter().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect())
}

fn list(folder: &Path) -> Result<Vec<fs::DirEntry>, LaunchError> {
    let entries = fs::read_dir(folder).and_then(Iterator::collect);
    entries.map_err(|source| LaunchError::Cache { action: "list", path: folder.to_owned(), source })
}

fn open_lock(thing: &Path) -> Result<(PathBuf, File), LaunchError> {
    let path = thing.with_extension("lock");
    let opened = fs::OpenOptions::new().create(true).append(true).open(&path);
    match opened {
        Ok(file) => Ok((path, file.into())),
        Err(source) => Err(LaunchError::Cache { action: "open", path, source }),
    }
}

/// Removes a cached thing unless somebody uses it. The record goes first: a thing without one is not known any more.
fn try_remove(thing: &Path) -> Result<bool, LaunchError> {
    let (path, file) = open_lock(thing)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => return Ok(false),
        Err(std::fs::TryLockError::Error(source)) => {
            return Err(LaunchError::Cache { action: "lock", path, source });
        }
    }
    // The lock's file goes last: whoever waits for it then makes the thing anew under a name that nobody holds.
    let _ = fs::remove_file(thing.with_extension("json"));
    if thing.is_dir() {
        // Renamed first, so that a half-removed tree is never taken for a whole one.
        let doomed = thing.with_file_name(format!(".making-removed-{}", file_name(thing)));
        fs::rename(thing, &doomed).map_err(|source| LaunchError::Cache {
            action: "remove",
            path: thing.to_owned(),
            source,
        })?;
        remove(&doomed)?;
    }
    let _ = fs::remove_file(path);
    Ok(true)
}

fn remove(path: &Path) -> Result<(), LaunchError> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(LaunchError::Cache { action: "remove", path: path.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}

fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
