//! A file on its way into a layer.

use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;

use fs_err as fs;

use crate::checksum::Checksum;

/// Where a file's bytes are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Content {
    File(PathBuf),
    Bytes(Vec<u8>),
}

/// A file as a layer will hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct StagedFile {
    pub(crate) content: Content,
    pub(crate) checksum: Checksum,
    pub(crate) size: u64,
    pub(crate) executable: bool,
}

/// Path in the layer → file.
pub(crate) type StagedFiles = BTreeMap<String, StagedFile>;

impl StagedFile {
    pub(crate) fn of_bytes(bytes: Vec<u8>, executable: bool) -> Self {
        let (checksum, size) = (Checksum::of(&bytes), bytes.len() as u64);
        Self { content: Content::Bytes(bytes), checksum, size, executable }
    }

    pub(crate) fn read(&self) -> io::Result<Vec<u8>> {
        match &self.content {
            Content::File(path) => fs::read(path),
            Content::Bytes(bytes) => Ok(bytes.clone()),
        }
    }
}
