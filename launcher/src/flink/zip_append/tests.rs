//! Archives with our class added, read again by a reader of archives.

use std::io::Cursor;

use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use super::*;

fn archive(files: usize, comment: &str) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    for file in 0..files {
        writer.start_file(format!("a/{file}"), stored).unwrap();
        write!(writer, "content {file}").unwrap();
    }
    writer.set_comment(comment).unwrap();
    writer.finish().unwrap().into_inner()
}

/// The whole archive as whoever receives it has it.
fn whole(archive: &[u8], appended: &Appended) -> Vec<u8> {
    [&archive[..usize::try_from(appended.keep).unwrap()], &appended.tail].concat()
}

fn read(archive: &[u8], name: &str) -> String {
    let mut archive = ZipArchive::new(Cursor::new(archive)).unwrap();
    io::read_to_string(archive.by_name(name).unwrap()).unwrap()
}

#[test]
fn a_file_more_leaves_the_others_as_they_are() {
    // The last two need the form for many files, one of them only because of ours.
    for files in [0, 1, 3, 65_534, 70_000] {
        let before = archive(files, "a comment");
        let appended = append(&mut Cursor::new(&before), "tmpl/Ours.class", b"ours").unwrap();
        assert_eq!(appended.names.len(), files);
        let after = whole(&before, &appended);
        let zip = ZipArchive::new(Cursor::new(&after)).unwrap();
        assert_eq!((zip.len(), zip.comment()), (files + 1, b"a comment".as_slice()));
        assert_eq!(read(&after, "tmpl/Ours.class"), "ours");
        if files > 0 {
            let last = files - 1;
            assert_eq!(read(&after, &format!("a/{last}")), format!("content {last}"));
        }
        // Again: it takes the place of the first one.
        let appended = append(&mut Cursor::new(&after), "tmpl/Ours.class", b"newer").unwrap();
        let again = whole(&after, &appended);
        assert_eq!(ZipArchive::new(Cursor::new(&again)).unwrap().len(), files + 1);
        assert_eq!(read(&again, "tmpl/Ours.class"), "newer");
    }
}

#[test]
fn what_is_no_plain_archive_is_refused() {
    let good = archive(2, "");
    let mut signed = good.clone();
    let end = signed.len() - 22;
    signed.splice(end..end, *b"a signature");
    let mut program = b"#!/bin/sh\n".to_vec();
    program.extend(&good);
    let mut damaged = good.clone();
    let directory = usize::try_from(le32(&good, end + 16)).unwrap();
    damaged[directory] = b'X';
    for (bytes, said) in [
        (b"".to_vec(), "it is no ZIP archive: it has no end"),
        (b"<html>not found</html>".to_vec(), "it is no ZIP archive: it has no end"),
        (good[..good.len() - 3].to_vec(), "it is no ZIP archive: it has no end"),
        (signed, "its directory does not lie before its end"),
        (program, "its directory does not lie before its end"),
        (damaged, "it is no ZIP archive: its directory is damaged"),
    ] {
        assert_eq!(append(&mut Cursor::new(bytes), "x", b"y").unwrap_err().to_string(), said);
    }
}
