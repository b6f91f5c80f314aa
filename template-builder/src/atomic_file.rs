//! Files that are there whole or not at all.

use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use fs_err as fs;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tempfile::NamedTempFile;

/// Writes a file through a temporary one beside it.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = beside(path)?;
    file.write_all(bytes)?;
    put(file, path)
}

/// A temporary file in the folder of `path`, which is made where it lacks. It has the mode of other new files.
pub(crate) fn beside(path: &Path) -> io::Result<NamedTempFile> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let readable = std::fs::Permissions::from_mode(0o666);
    let made = tempfile::Builder::new().prefix(".writing-").permissions(readable).tempfile_in(folder);
    made.map_err(|error| {
        io::Error::new(error.kind(), format!("can't write in {}: {error}", folder.display()))
    })
}

/// Puts a finished temporary file in its place.
pub(crate) fn put(file: NamedTempFile, path: &Path) -> io::Result<()> {
    let put = file.persist(path);
    put.map(drop).map_err(|error| {
        io::Error::new(error.error.kind(), format!("can't write {}: {error}", path.display()))
    })
}

/// A record of a cache: nothing where there is none, or none that can be read.
pub(crate) fn read_record<T: DeserializeOwned>(path: &Path) -> Option<T> {
    serde_json::from_slice(&fs::read(path).ok()?).ok()
}

/// Writes a record of a cache.
pub(crate) fn write_record(path: &Path, record: &impl Serialize) -> io::Result<()> {
    write(path, &serde_json::to_vec(record)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_replaced_whole_and_nothing_is_left_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/record.json");
        write(&path, b"old").unwrap();
        assert_eq!(read_record::<Vec<u32>>(&path), None);
        write_record(&path, &[1, 2]).unwrap();
        assert_eq!(read_record(&path), Some(vec![1, 2]));
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
        assert_ne!(fs::metadata(&path).unwrap().permissions().mode() & 0o400, 0);
    }
}
