//! A file more in a ZIP archive without its other bytes being written again: everything up to the archive's directory stays, and what
//! follows is made anew.
//!
//! ```text
//! before   file … file  directory             end
//! after    file … file  our file  directory + our entry   end
//! ```

use std::io::{self, Read, Seek, SeekFrom, Write};

use thiserror::Error;

use super::zip_end::{self, ArchiveEnd, END, le16, le32};

const ENTRY: [u8; 4] = *b"PK\x01\x02";
/// Bytes of an entry of the directory, without name and extras.
const ENTRY_SIZE: usize = 46;
/// A directory of a jar with hundreds of thousands of classes has some tens of millions.
const LARGEST_DIRECTORY: u64 = 512 << 20;

/// Why nothing can be appended to an archive.
#[derive(Debug, Error)]
pub enum ZipError {
    /// It is no archive.
    #[error("it is no ZIP archive: {0}")]
    NoZip(&'static str),
    /// It is an archive that we do not append to.
    #[error("{0}")]
    Unsupported(&'static str),
    /// It can't be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// An archive with a file more.
#[derive(Debug)]
pub(super) struct Appended {
    /// How many bytes of the archive stay.
    pub(super) keep: u64,
    /// What follows them.
    pub(super) tail: Vec<u8>,
    /// The names of the files that were in it.
    pub(super) names: Vec<String>,
}

/// Appends a file, which takes the place of one with the same name.
pub(super) fn append(
    archive: &mut (impl Read + Seek),
    name: &str,
    content: &[u8],
) -> Result<Appended, ZipError> {
    let ArchiveEnd { directory, entries, comment } = zip_end::read(archive)?;
    if directory.end - directory.start > LARGEST_DIRECTORY {
        return Err(ZipError::Unsupported("its directory is too large"));
    }
    archive.seek(SeekFrom::Start(directory.start))?;
    let mut old = Vec::new();
    archive.take(directory.end - directory.start).read_to_end(&mut old)?;

    let (local, mut entry) = one_file(name, content)?;
    let offset = u32::try_from(directory.start).ok().filter(|offset| *offset < u32::MAX);
    let offset = offset.ok_or(ZipError::Unsupported("it has more than 4 GB"))?;
    // Where the file begins. It stood at the beginning of an archive of its own.
    if let Some(field) = entry.get_mut(42..46) {
        field.copy_from_slice(&offset.to_le_bytes());
    }

    let mut tail = local;
    let directory_start = directory.start + tail.len() as u64;
    let mut names = Vec::with_capacity(usize::try_from(entries).unwrap_or_default());
    let mut kept = 0;
    let mut rest = old.as_slice();
    while !rest.is_empty() {
        let size = entry_size(rest).ok_or(ZipError::NoZip("its directory is damaged"))?;
        let (one, behind) = rest.split_at(size);
        rest = behind;
        let its_name = String::from_utf8_lossy(&one[ENTRY_SIZE..ENTRY_SIZE + usize::from(le16(one, 28))]);
        if its_name == name {
            continue;
        }
        names.push(its_name.into_owned());
        tail.write_all(one)?;
        kept += 1;
    }
    if names.len() as u64 > entries {
        return Err(ZipError::NoZip("its directory has more entries than its end says"));
    }
    tail.write_all(&entry)?;
    let directory_end = directory.start + tail.len() as u64;
    zip_end::write(&mut tail, &(directory_start..directory_end), kept + 1, &comment);
    Ok(Appended { keep: directory.start, tail, names })
}

/// The size of the entry that bytes begin with.
fn entry_size(bytes: &[u8]) -> Option<usize> {
    if !bytes.starts_with(&ENTRY) || bytes.len() < ENTRY_SIZE {
        return None;
    }
    let size = ENTRY_SIZE + [28, 30, 32].iter().map(|at| usize::from(le16(bytes, *at))).sum::<usize>();
    (size <= bytes.len()).then_some(size)
}

/// A file as it lies in an archive, and its entry in the directory.
fn one_file(name: &str, content: &[u8]) -> Result<(Vec<u8>, Vec<u8>), ZipError> {
    let mut archive = super::graph_jar::zip(&[(name, content)])?;
    let end = archive.len().checked_sub(END).ok_or(ZipError::NoZip("it has no end"))?;
    let start = usize::try_from(le32(&archive, end + 16)).unwrap_or_default();
    archive.truncate(end);
    let entry = archive.split_off(start.min(archive.len()));
    Ok((archive, entry))
}

#[cfg(test)]
mod tests;
