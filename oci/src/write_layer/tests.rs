//! A layer has the bytes it should have, whatever the machine, the order or the number of threads.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use flate2::read::GzDecoder;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use tar::Archive;

use super::*;
use crate::{Compression, sha256};

const OPTIONS: LayerOptions = LayerOptions { threads: 2, compression: Compression::GZIP };

fn write(contents: &LayerContents) -> (Layer, Vec<u8>) {
    let mut blob = Vec::new();
    let layer = write_layer(contents, &mut blob, OPTIONS).unwrap();
    (layer, blob)
}

fn small() -> LayerContents {
    let mut contents = LayerContents::new();
    contents.bytes("app/main.py", b"print('hello')\n".to_vec(), false).unwrap();
    contents.bytes("bin/run", b"#!/bin/sh\n".repeat(1000), true).unwrap();
    contents.symlink("bin/python", "../app/main.py").unwrap();
    contents.directory("empty").unwrap();
    contents.bytes(&format!("{}/{}", "long".repeat(30), "name".repeat(30)), Vec::new(), false).unwrap();
    contents
}

/// Update these digests knowingly: they change with every layer that anybody has, and with them all that is cached. The
/// digest changes with the compressor (zlib-rs), the diff id only with what this crate writes into the archive.
#[test]
fn the_digests_are_those_of_always() {
    let (layer, _) = write(&small());
    assert_eq!(
        layer.diff_id.to_string(),
        "sha256:09050c529d66c2867721bf74c8bff00f5660bc6c29b7973b031521c11d778cee"
    );
    assert_eq!(
        layer.digest.to_string(),
        "sha256:f43510bcd36c6c9937ba8e569bf6004d2e7130a2fa34224fd1edfb6db296ea9e"
    );
}

#[test]
fn the_layer_is_known_by_what_it_is() {
    let (layer, blob) = write(&small());
    let mut tar = Vec::new();
    GzDecoder::new(blob.as_slice()).read_to_end(&mut tar).unwrap();
    assert_eq!(layer.digest, sha256::digest(Sha256::new().chain_update(&blob)));
    assert_eq!(layer.diff_id, sha256::digest(Sha256::new().chain_update(&tar)));
    assert_eq!((layer.size, layer.uncompressed_size), (blob.len() as u64, tar.len() as u64));
    assert_eq!(layer.media_type.to_string(), "application/vnd.oci.image.layer.v1.tar+gzip");
}

#[test]
fn headers_say_nothing_of_the_machine() {
    let (_, blob) = write(&small());
    let mut archive = Archive::new(GzDecoder::new(blob.as_slice()));
    let mut modes = BTreeMap::new();
    for entry in archive.entries().unwrap() {
        let entry = entry.unwrap();
        let header = entry.header();
        assert_eq!((header.uid().unwrap(), header.gid().unwrap()), (0, 0));
        assert_eq!(header.mtime().unwrap(), 315_619_200);
        assert_eq!((header.username().unwrap(), header.groupname().unwrap()), (Some(""), Some("")));
        modes.insert(entry.path().unwrap().to_string_lossy().into_owned(), header.mode().unwrap());
    }
    let long = format!("{}/", "long".repeat(30));
    let longer = format!("{long}{}", "name".repeat(30));
    let expected = [
        ("app/", 0o755),
        ("app/main.py", 0o644),
        ("bin/", 0o755),
        ("bin/python", 0o777),
        ("bin/run", 0o755),
        ("empty/", 0o755),
        (&long, 0o755),
        (&longer, 0o644),
    ];
    assert_eq!(modes, expected.map(|(path, mode)| (path.to_owned(), mode)).into());
}

#[test]
fn sources_leave_no_trace_but_their_bytes() {
    let directory = tempfile::tempdir().unwrap();
    let mut expected = LayerContents::new();
    expected.bytes("a/b", b"content".to_vec(), true).unwrap();
    let expected = write(&expected);
    // What different umasks and clocks would have left.
    for (name, mode) in [("first", 0o600), ("second", 0o666), ("third", 0o777)] {
        let source = directory.path().join(name);
        fs::write(&source, "content").unwrap();
        fs::set_permissions(&source, PermissionsExt::from_mode(mode)).unwrap();
        let link = directory.path().join(format!("{name}-link"));
        symlink(&source, &link).unwrap();
        for source in [source, link] {
            let mut contents = LayerContents::new();
            contents.file("a/b", source, true).unwrap();
            assert_eq!(write(&contents), expected, "{name}");
        }
    }
}

#[test]
fn the_number_of_threads_leaves_no_trace() {
    let mut contents = small();
    let bytes = (0..5_000_000_u32).map(|index| (index.wrapping_mul(2_654_435_761) >> 27) as u8).collect();
    contents.bytes("big", bytes, false).unwrap();
    let expected = write(&contents);
    for threads in [0, 1, 3, 8] {
        let mut blob = Vec::new();
        let layer = write_layer(&contents, &mut blob, LayerOptions { threads, ..OPTIONS }).unwrap();
        assert!((layer, blob) == expected, "{threads} threads");
    }
}

#[test]
fn sources_that_can_not_be_read_are_named() {
    let directory = tempfile::tempdir().unwrap();
    let missing = directory.path().join("missing");
    let folder = directory.path().to_owned();
    // Its size is said to be 0, and it has bytes all the same: like a file that grew.
    let growing = PathBuf::from("/proc/self/status");
    for (source, message, cause) in [
        (&missing, "can't put `a/b` into the layer".to_owned(), Some(missing.display().to_string())),
        (&folder, format!("{} is not a regular file", folder.display()), None),
        (&PathBuf::from("/dev/null"), "/dev/null is not a regular file".to_owned(), None),
        (&growing, "/proc/self/status changed while it was read".to_owned(), None),
    ] {
        let mut contents = LayerContents::new();
        contents.file("a/b", source.clone(), false).unwrap();
        let error = write_layer(&contents, io::sink(), OPTIONS).unwrap_err();
        assert_eq!(error.to_string(), message);
        assert!(error.hint().is_some(), "{message}");
        let source = std::error::Error::source(&error).map(ToString::to_string);
        assert_eq!(source.is_some(), cause.is_some(), "{source:?}");
        assert!(source.unwrap_or_default().contains(&cause.unwrap_or_default()));
    }
}

#[test]
fn a_full_disk_is_not_a_fault_of_the_source() {
    let mut full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let error = write_layer(&small(), &mut full, OPTIONS).unwrap_err();
    assert_eq!(error.to_string(), "can't write the layer");
    assert_eq!(error.hint().as_deref(), Some("free some space"));
}

/// What an entry of an archive is, to be compared.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Found {
    Directory,
    File(Vec<u8>, bool),
    Symlink(String),
}

fn read_back(blob: &[u8]) -> Vec<(String, Found)> {
    let mut archive = Archive::new(GzDecoder::new(blob));
    let read = |entry: io::Result<tar::Entry<'_, _>>| {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().to_string_lossy().trim_end_matches('/').to_owned();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        let found = match entry.header().entry_type() {
            EntryType::Directory => Found::Directory,
            EntryType::Symlink => {
                Found::Symlink(entry.link_name().unwrap().unwrap().to_string_lossy().into_owned())
            }
            EntryType::Regular => Found::File(bytes, entry.header().mode().unwrap() == 0o755),
            other => panic!("{path} is {other:?}"),
        };
        (path, found)
    };
    archive.entries().unwrap().map(read).collect()
}

fn entries() -> impl Strategy<Value = BTreeMap<String, Found>> {
    // Short names meet often, long ones need GNU's extension.
    let part = prop_oneof![4 => "[ab]", 1 => "[^/\0]{1,120}"];
    let path = prop::collection::vec(part, 1..5).prop_map(|parts| parts.join("/"));
    let target = prop::collection::vec("[^/\0]{1,90}", 1..3).prop_map(|parts| parts.join("/"));
    let found = prop_oneof![
        Just(Found::Directory),
        (prop::collection::vec(any::<u8>(), 0..1500), any::<bool>())
            .prop_map(|(bytes, executable)| Found::File(bytes, executable)),
        target.prop_map(Found::Symlink),
    ];
    prop::collection::btree_map(path, found, 0..12)
}

fn add(contents: &mut LayerContents, path: &str, found: &Found) -> Result<(), LayerError> {
    match found {
        Found::Directory => contents.directory(path),
        Found::File(bytes, executable) => contents.bytes(path, bytes.clone(), *executable),
        Found::Symlink(target) => contents.symlink(path, target),
    }
}

proptest! {
    #[test]
    fn what_was_put_in_is_what_comes_out(entries in entries()) {
        let mut contents = LayerContents::new();
        let mut expected = BTreeMap::new();
        for (path, found) in entries {
            if add(&mut contents, &path, &found).is_ok() {
                for (end, _) in path.match_indices('/') {
                    expected.entry(path[..end].to_owned()).or_insert(Found::Directory);
                }
                expected.insert(path, found);
            }
        }
        let (_, blob) = write(&contents);
        let read = read_back(&blob);
        prop_assert!(read.is_sorted_by(|one, other| one.0 < other.0), "not sorted");
        prop_assert_eq!(read, expected.clone().into_iter().collect::<Vec<_>>());

        let mut reversed = LayerContents::new();
        for (path, found) in expected.iter().rev() {
            add(&mut reversed, path, found).unwrap();
        }
        prop_assert!(write(&reversed).1 == blob, "the order of adding shows");
    }
}
