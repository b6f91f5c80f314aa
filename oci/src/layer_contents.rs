//! What goes into a layer, before any of it is read.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::LayerError;
use crate::layer_path::LayerPath;
use crate::link_target::LinkTarget;

/// An ordered map from paths to what lies there. The order of adding makes no difference.
///
/// Paths are relative, with `/`, and without `.` and `..`; the directories above them come in by themselves. Files are
/// read when the layer is written, not when they are added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LayerContents {
    entries: BTreeMap<LayerPath, LayerEntry>,
}

/// What lies at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LayerEntry {
    Directory {
        mode: u32,
    },
    File {
        source: FileSource,
        mode: u32,
    },
    Symlink {
        target: LinkTarget,
    },
    /// The same file as at another path.
    HardLink {
        target: LayerPath,
    },
}

impl LayerEntry {
    const DIRECTORY: Self = Self::Directory { mode: 0o755 };

    fn file(source: FileSource, executable: bool) -> Self {
        Self::File { source, mode: if executable { 0o755 } else { 0o644 } }
    }
}

/// Where a file's bytes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FileSource {
    Path(PathBuf),
    Bytes(Vec<u8>),
}

impl LayerContents {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the file that lies at `source`; a symbolic link there is followed.
    pub fn file(&mut self, path: &str, source: PathBuf, executable: bool) -> Result<(), LayerError> {
        self.add(parse(path)?, LayerEntry::file(FileSource::Path(source), executable))
    }

    /// Adds a file with these bytes.
    pub fn bytes(&mut self, path: &str, bytes: Vec<u8>, executable: bool) -> Result<(), LayerError> {
        self.add(parse(path)?, LayerEntry::file(FileSource::Bytes(bytes), executable))
    }

    /// Adds a symbolic link. A target that leads out of the layer is refused; one that leads to nothing is not.
    pub fn symlink(&mut self, path: &str, target: &str) -> Result<(), LayerError> {
        let path = parse(path)?;
        let target = LinkTarget::new(&path, target).map_err(|problem| LayerError::Target {
            path: path.to_string(),
            target: target.to_owned(),
            problem,
        })?;
        self.add(path, LayerEntry::Symlink { target })
    }

    /// Adds a symbolic link to a place of the image that the layer is for, like `/usr/bin/python3`. Such a layer is for images
    /// alone: [`unpack_layer`](crate::unpack_layer) refuses it.
    pub fn symlink_into_image(&mut self, path: &str, target: &str) -> Result<(), LayerError> {
        let path = parse(path)?;
        let target = LinkTarget::absolute(target).map_err(|problem| LayerError::Target {
            path: path.to_string(),
            target: target.to_owned(),
            problem,
        })?;
        self.add(path, LayerEntry::Symlink { target })
    }

    /// Adds another name of a file that is in the layer already.
    pub fn hard_link(&mut self, path: &str, target: &str) -> Result<(), LayerError> {
        let (path, target) = (parse(path)?, parse(target)?);
        if !matches!(self.entries.get(&target), Some(LayerEntry::File { .. })) {
            return Err(LayerError::NoFile { path: path.to_string(), target: target.to_string() });
        }
        self.add(path, LayerEntry::HardLink { target })
    }

    /// Adds a directory; only an empty one needs to be named. One that is there already stays as it is.
    pub fn directory(&mut self, path: &str) -> Result<(), LayerError> {
        self.add(parse(path)?, LayerEntry::DIRECTORY)
    }

    /// Sets the permissions of a file or directory that is in the layer: the lower twelve bits count. (What is unpacked here becomes
    /// read-only all the same.)
    pub fn set_mode(&mut self, path: &str, permissions: u32) -> Result<(), LayerError> {
        let parsed = parse(path)?;
        match self.entries.get_mut(&parsed) {
            Some(LayerEntry::Directory { mode } | LayerEntry::File { mode, .. }) => {
                *mode = permissions & 0o7777;
                Ok(())
            }
            _ => Err(LayerError::NoFile { path: path.to_owned(), target: path.to_owned() }),
        }
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Everything, directories before what is in them.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (&LayerPath, &LayerEntry)> {
        self.entries.iter()
    }

    fn add(&mut self, path: LayerPath, entry: LayerEntry) -> Result<(), LayerError> {
        match self.entries.get(&path) {
            // Naming a directory that another path brought in must not depend on which came first.
            Some(LayerEntry::Directory { .. }) if entry == LayerEntry::DIRECTORY => return Ok(()),
            Some(_) => return Err(LayerError::Twice { path: path.to_string() }),
            None => {}
        }
        let blocked = |parent: &LayerPath| {
            !matches!(self.entries.get(parent), None | Some(LayerEntry::Directory { .. }))
        };
        if let Some(parent) = path.parents().find(blocked) {
            return Err(LayerError::NotADirectory { path: path.to_string(), parent: parent.to_string() });
        }
        for parent in path.parents() {
            self.entries.entry(parent).or_insert(LayerEntry::DIRECTORY);
        }
        self.entries.insert(path, entry);
        Ok(())
    }
}

fn parse(path: &str) -> Result<LayerPath, LayerError> {
    path.parse().map_err(|problem| LayerError::Path { path: path.to_owned(), problem })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(contents: &LayerContents) -> Vec<&str> {
        contents.entries().map(|(path, _)| path.as_str()).collect()
    }

    /// Adds a directory (`a/`), a symbolic link (`a -> b`), a hard link (`a = b`) or a file.
    fn add(contents: &mut LayerContents, what: &str) -> Result<(), LayerError> {
        if let Some((path, target)) = what.split_once(" = ") {
            contents.hard_link(path, target)
        } else if let Some((path, target)) = what.split_once(" -> ") {
            contents.symlink(path, target)
        } else if let Some(path) = what.strip_suffix('/') {
            contents.directory(path)
        } else {
            contents.bytes(what, Vec::new(), false)
        }
    }

    fn all(what: &[&str]) -> Result<LayerContents, LayerError> {
        let mut contents = LayerContents::new();
        what.iter().try_for_each(|what| add(&mut contents, what))?;
        Ok(contents)
    }

    #[test]
    fn directories_come_in_by_themselves_and_first() {
        let contents = all(&["b/c/d", "a-b", "a/b", "a.b"]).unwrap();
        assert_eq!(paths(&contents), ["a", "a-b", "a.b", "a/b", "b", "b/c", "b/c/d"]);
    }

    #[test]
    fn the_order_of_adding_leaves_no_trace() {
        let what = ["b/c/d", "b/", "a -> b/c", "b/c/", "e/"];
        let expected = all(&what).unwrap();
        for shift in 1..what.len() {
            let mut turned = what;
            turned.rotate_left(shift);
            assert_eq!(all(&turned).unwrap(), expected);
            turned.reverse();
            assert_eq!(all(&turned).unwrap(), expected);
        }
    }

    #[test]
    fn what_can_not_be_is_refused() {
        for (what, message) in [
            (&["a", "a"][..], "`a` is in the layer already"),
            (&["a", "a -> b"], "`a` is in the layer already"),
            (&["a/", "a"], "`a` is in the layer already"),
            (&["a", "a/"], "`a` is in the layer already"),
            (&["a/b", "a"], "`a` is in the layer already"),
            (&["a", "a/b/c"], "`a/b/c` can't be in the layer: `a` is not a directory there"),
            (&["b/", "a -> b", "a/c"], "`a/c` can't be in the layer: `a` is not a directory there"),
            (&["../a"], "path `../a` has a `..` part"),
            (&["a\0\n"], r"path `a\0\n` holds a NUL character"),
            (&["a -> ../b"], "symbolic link `a` -> `../b`: its target leads out of the layer"),
            (&["a -> /etc"], "symbolic link `a` -> `/etc`: its target is absolute"),
            (&["a = b"], "`a` can't be a name of `b`: there is no such file in the layer"),
            (&["b/", "a = b"], "`a` can't be a name of `b`: there is no such file in the layer"),
            (&["b", "a = ../b"], "path `../b` has a `..` part"),
        ] {
            let error = all(what).unwrap_err();
            assert_eq!(error.to_string(), message);
            assert!(error.hint().is_some(), "{message}");
        }
    }

    #[test]
    fn a_refused_path_leaves_nothing_behind() {
        let mut contents = all(&["a"]).unwrap();
        let before = contents.clone();
        for what in ["a/b/c", "a", "x/../y", "x/y -> ../../z"] {
            add(&mut contents, what).unwrap_err();
        }
        assert_eq!(contents, before);
    }
}
