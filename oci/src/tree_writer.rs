//! Files, directories and links below one directory, and nothing anywhere else.
//!
//! Everything below that directory was made by this writer, and it remembers what: so it knows without asking the disk that
//! no path goes through a symbolic link and that nothing is written twice.

use std::collections::HashMap;
use std::fs::{DirBuilder, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use fs_err as fs;

use crate::layer_path::LayerPath;
use crate::link_target::LinkTarget;
use crate::{Layer, UnpackedLayer};

/// How much of a file is copied at a time, in bytes.
const BUFFER_SIZE: usize = 256 * 1024;

/// Why an entry was not written.
#[derive(Debug)]
pub(crate) enum TreeProblem {
    /// It must not be there. A predicate, to stand behind the entry's path.
    Refused(String),
    /// Its bytes end too early, or its header can't be read.
    Broken(io::Error),
    /// The system said no.
    Io {
        /// What was tried.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
}

/// What was made at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Directory,
    /// A directory that no entry has named so far.
    ImpliedDirectory,
    File,
    Symlink,
}

/// Writes below `root`, which is empty at first.
#[derive(Debug)]
pub(crate) struct TreeWriter<'a> {
    root: &'a Path,
    made: HashMap<LayerPath, Kind>,
    buffer: Vec<u8>,
    unpacked: UnpackedLayer,
}

impl<'a> TreeWriter<'a> {
    pub(crate) fn new(root: &'a Path) -> Self {
        Self { root, made: HashMap::new(), buffer: vec![0; BUFFER_SIZE], unpacked: UnpackedLayer::default() }
    }

    /// What was written so far.
    pub(crate) fn unpacked(&self) -> UnpackedLayer {
        self.unpacked
    }

    pub(crate) fn directory(&mut self, path: LayerPath) -> Result<(), TreeProblem> {
        if let Some(kind @ Kind::ImpliedDirectory) = self.made.get_mut(&path) {
            *kind = Kind::Directory;
            return Ok(());
        }
        self.prepare(&path)?;
        self.make_directory(&path)?;
        self.made.insert(path, Kind::Directory);
        Ok(())
    }

    pub(crate) fn symlink(&mut self, path: LayerPath, target: &LinkTarget) -> Result<(), TreeProblem> {
        self.prepare(&path)?;
        let place = self.root.join(path.as_str());
        symlink(target.as_str(), &place).map_err(|source| TreeProblem::Io {
            action: "make",
            path: place,
            source,
        })?;
        self.made.insert(path, Kind::Symlink);
        Ok(())
    }

    /// Gives a file that was written another name.
    pub(crate) fn hard_link(&mut self, path: LayerPath, target: &LayerPath) -> Result<(), TreeProblem> {
        self.prepare(&path)?;
        if self.made.get(target) != Some(&Kind::File) {
            return Err(TreeProblem::Refused(format!(
                "is a hard link to `{target}`, which is no file before it"
            )));
        }
        let place = self.root.join(path.as_str());
        let linked = fs::hard_link(self.root.join(target.as_str()), &place);
        linked.map_err(|source| TreeProblem::Io { action: "make", path: place, source })?;
        self.made.insert(path, Kind::File);
        self.unpacked.files += 1;
        Ok(())
    }

    /// Writes a file with the next `size` bytes of `content`.
    pub(crate) fn file(
        &mut self,
        path: LayerPath,
        executable: bool,
        size: u64,
        content: &mut impl Read,
    ) -> Result<(), TreeProblem> {
        self.prepare(&path)?;
        let place = self.root.join(path.as_str());
        let failed = |source| TreeProblem::Io { action: "write", path: place.clone(), source };
        let mode = if executable { 0o555 } else { 0o444 };
        // The errors name the path themselves, so the file is the standard library's. `create_new` follows no link.
        let mut file =
            OpenOptions::new().write(true).create_new(true).mode(mode).open(&place).map_err(failed)?;
        let mut left = size;
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(BUFFER_SIZE).min(BUFFER_SIZE);
            let read = content.read(&mut self.buffer[..wanted]).map_err(TreeProblem::Broken)?;
            if read == 0 {
                return Err(TreeProblem::Broken(io::ErrorKind::UnexpectedEof.into()));
            }
            file.write_all(&self.buffer[..read]).map_err(failed)?;
            left -= read as u64;
        }
        // The umask may have taken bits away.
        file.set_permissions(Permissions::from_mode(mode)).map_err(failed)?;
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(Layer::MODIFIED)).map_err(failed)?;
        self.made.insert(path, Kind::File);
        self.unpacked.files += 1;
        self.unpacked.bytes += size;
        Ok(())
    }

    /// Makes sure that nothing is at `path` and that only real directories lead there.
    fn prepare(&mut self, path: &LayerPath) -> Result<(), TreeProblem> {
        if self.made.contains_key(path) {
            return Err(TreeProblem::Refused("is there twice".to_owned()));
        }
        let Some(parent) = path.parent() else { return Ok(()) };
        if let Some(Kind::Directory | Kind::ImpliedDirectory) = self.made.get(parent) {
            // What leads there was checked when it was made.
            return Ok(());
        }
        for parent in path.parents() {
            match self.made.get(&parent) {
                Some(Kind::Directory | Kind::ImpliedDirectory) => {}
                Some(Kind::File) => {
                    return Err(TreeProblem::Refused(format!("lies below the file `{parent}`")));
                }
                Some(Kind::Symlink) => {
                    return Err(TreeProblem::Refused(format!("lies behind the symbolic link `{parent}`")));
                }
                None => {
                    self.make_directory(&parent)?;
                    self.made.insert(parent, Kind::ImpliedDirectory);
                }
            }
        }
        Ok(())
    }

    fn make_directory(&self, path: &LayerPath) -> Result<(), TreeProblem> {
        let place = self.root.join(path.as_str());
        let failed = |source| TreeProblem::Io { action: "make", path: place.clone(), source };
        DirBuilder::new().mode(0o755).create(&place).map_err(failed)?;
        fs::set_permissions(&place, Permissions::from_mode(0o755)).map_err(failed)
    }
}
