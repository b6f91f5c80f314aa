//! The end of a ZIP archive, which says where its directory lies: read and written, also in the form for more than 65,534 files.

use std::io::{Read, Seek, SeekFrom};
use std::ops::Range;

use super::zip_append::ZipError;

/// Bytes of the end, without the comment.
pub(super) const END: usize = 22;
const END_MARK: [u8; 4] = *b"PK\x05\x06";
const END64: usize = 56;
const END64_MARK: [u8; 4] = *b"PK\x06\x06";
const LOCATOR: usize = 20;
const LOCATOR_MARK: [u8; 4] = *b"PK\x06\x07";
/// What an archive may have behind its directory: the ends, and a comment of 64 KiB at most.
const LONGEST_END: u64 = (END + END64 + LOCATOR + 65_535) as u64;

/// What an archive's end says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ArchiveEnd {
    /// Where its directory lies.
    pub(super) directory: Range<u64>,
    /// How many files it has.
    pub(super) entries: u64,
    pub(super) comment: Vec<u8>,
}

pub(super) fn read(archive: &mut (impl Read + Seek)) -> Result<ArchiveEnd, ZipError> {
    let size = archive.seek(SeekFrom::End(0))?;
    let from = size.saturating_sub(LONGEST_END);
    archive.seek(SeekFrom::Start(from))?;
    let mut last = Vec::new();
    archive.take(LONGEST_END).read_to_end(&mut last)?;

    let at = (0..=last.len().saturating_sub(END)).rev().find(|at| is_end(&last, *at));
    let at = at.ok_or(ZipError::NoZip("it has no end"))?;
    let comment = last[at + END..].to_vec();
    let start = |at: usize| from + at as u64;
    let (directory_size, offset, entries, behind) = match at.checked_sub(LOCATOR) {
        Some(locator) if last[locator..].starts_with(&LOCATOR_MARK) => {
            let place = le64(&last, locator + 8);
            let end64 = place.checked_sub(from).and_then(|place| usize::try_from(place).ok());
            let end64 = end64.filter(|at| last.len() >= at + END64 && last[*at..].starts_with(&END64_MARK));
            let end64 = end64.ok_or(ZipError::NoZip("its end does not lead to its directory"))?;
            (le64(&last, end64 + 40), le64(&last, end64 + 48), le64(&last, end64 + 32), start(end64))
        }
        _ => {
            (le32(&last, at + 12).into(), le32(&last, at + 16).into(), le16(&last, at + 10).into(), start(at))
        }
    };
    let end = offset.checked_add(directory_size).ok_or(ZipError::NoZip("its end is damaged"))?;
    // Else there is a program before it, a signature behind it, or a part of it in another file.
    if end != behind {
        return Err(ZipError::Unsupported("its directory does not lie before its end"));
    }
    Ok(ArchiveEnd { directory: offset..end, entries, comment })
}

/// Whether an end with the comment that it says begins here: a comment may hold what looks like one.
fn is_end(bytes: &[u8], at: usize) -> bool {
    bytes[at..].starts_with(&END_MARK) && bytes.len() == at + END + usize::from(le16(bytes, at + 20))
}

/// Writes the end of an archive.
pub(super) fn write(archive: &mut Vec<u8>, directory: &Range<u64>, entries: u64, comment: &[u8]) {
    let size = directory.end - directory.start;
    let is_small = entries < u64::from(u16::MAX) && size.max(directory.start) < u64::from(u32::MAX);
    if !is_small {
        let mut end64 = END64_MARK.to_vec();
        // Bytes that follow, versions 4.5, disks.
        end64.extend((END64 as u64 - 12).to_le_bytes());
        end64.extend([45, 0, 45, 0]);
        end64.extend([0; 8]);
        for number in [entries, entries, size, directory.start] {
            end64.extend(number.to_le_bytes());
        }
        end64.extend(LOCATOR_MARK);
        end64.extend([0; 4]);
        end64.extend(directory.end.to_le_bytes());
        end64.extend(1_u32.to_le_bytes());
        archive.extend(end64);
    }
    // What is too large for a field is all ones there.
    let short = |number: u64| u16::try_from(number).unwrap_or(u16::MAX).to_le_bytes();
    let long = |number: u64| u32::try_from(number).unwrap_or(u32::MAX).to_le_bytes();
    archive.extend(END_MARK);
    archive.extend([0; 4]);
    archive.extend(short(entries));
    archive.extend(short(entries));
    archive.extend(long(size));
    archive.extend(long(directory.start));
    archive.extend(u16::try_from(comment.len()).unwrap_or_default().to_le_bytes());
    archive.extend(comment);
}

/// A number of two bytes; 0 where there are none.
pub(super) fn le16(bytes: &[u8], at: usize) -> u16 {
    bytes.get(at..at + 2).and_then(|bytes| bytes.try_into().ok()).map_or(0, u16::from_le_bytes)
}

/// A number of four bytes; 0 where there are none.
pub(super) fn le32(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn le64(bytes: &[u8], at: usize) -> u64 {
    bytes.get(at..at + 8).and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes)
}
