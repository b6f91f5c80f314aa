//! The launcher that goes into images: one static file, and a small one.

#![expect(clippy::disallowed_methods, reason = "a test that can't go on fails")]

use std::path::{Path, PathBuf};
use std::process::Command;

/// Bytes that the file may have.
const LARGEST: usize = 10_000_000;
/// Of a segment that names the loader of a program that is not static.
const PT_INTERP: u32 = 3;
fn file(architecture: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../target/launcher/launcher-linux-{architecture}"))
}

#[test]
fn it_is_static_and_small() {
    let path = file("amd64");
    let bytes = std::fs::read(&path)
        .unwrap_or_else(|error| panic!("{}: {error}; `make launcher` builds it", path.display()));
    assert!(bytes.len() < LARGEST, "it has {} bytes", bytes.len());
    let types = segment_types(&bytes);
    assert!(types.len() > 2 && !types.contains(&PT_INTERP), "{types:?}");
}

#[test]
fn it_runs_where_there_is_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let inside = folder.path().join("launcher");
    std::fs::copy(file("amd64"), &inside).expect("`make launcher` builds it");
    let mut command = Command::new("unshare");
    if !rustix::process::geteuid().is_root() {
        command.arg("--map-root-user");
    }
    let output =
        command.arg(format!("--root={}", folder.path().display())).arg("/launcher").env_clear().output();
    let output = output.expect("unshare is needed: `make test` installs it");
    let told = String::from_utf8_lossy(&output.stderr);
    assert_eq!(
        (output.status.code(), told.lines().next()),
        (Some(3), Some("error: this image names no program"))
    );
}

/// The types of the program headers of an ELF file of 64 bits, least significant byte first.
fn segment_types(elf: &[u8]) -> Vec<u32> {
    assert_eq!(elf.get(..6), Some(&b"\x7fELF\x02\x01"[..]), "it is no such ELF file");
    let number = |at: usize, length: usize| -> usize {
        elf[at..at + length].iter().rev().fold(0, |number, byte| number << 8 | usize::from(*byte))
    };
    let (table, size, count) = (number(32, 8), number(54, 2), number(56, 2));
    (0..count).map(|index| number(table + index * size, 4).try_into().unwrap_or(u32::MAX)).collect()
}
