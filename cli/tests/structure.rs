//! The shape of the repository: who may depend on whom, and what may not be in the sources.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that can't go on fails")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Each room and the rooms it may use.
const MAY_USE: &[(&str, &[&str])] = &[
    ("template", &[]),
    ("bucket", &["template"]),
    ("oci", &[]),
    ("beam", &[]),
    ("launcher", &["template", "bucket", "oci", "beam"]),
    ("template-builder", &["template", "bucket", "oci", "launcher"]),
    ("server", &["template", "bucket", "beam", "launcher"]),
    ("cli", &["template", "bucket", "oci", "beam", "launcher", "template-builder", "server"]),
    ("sdk-image/boot", &["template", "bucket", "beam", "launcher"]),
    // What tests start knows none of the others.
    ("testing", &[]),
];

/// `template/` is pure: none of these may be below it.
const IMPURE: &[&str] =
    &["tokio", "reqwest", "object_store", "rustix", "fs-err", "walkdir", "tempfile", "getrandom"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn manifest(room: &str) -> toml::Table {
    std::fs::read_to_string(root().join(room).join("Cargo.toml")).unwrap().parse().unwrap()
}

#[test]
fn rooms_depend_downwards_only() {
    let crates: BTreeMap<String, &str> = MAY_USE
        .iter()
        .map(|(room, _)| (manifest(room)["package"]["name"].as_str().unwrap().to_owned(), *room))
        .collect();
    let members: toml::Table = std::fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let members = members["workspace"]["members"].as_array().unwrap();
    assert_eq!(members.len(), MAY_USE.len(), "a room is missing from this test");
    for (room, may_use) in MAY_USE {
        for dependency in manifest(room)["dependencies"].as_table().unwrap().keys() {
            if let Some(used) = crates.get(dependency) {
                assert!(may_use.contains(used), "{room}/ may not use {used}/");
            }
        }
    }
}

#[test]
fn the_format_is_pure() {
    let dependencies = manifest("template")["dependencies"].as_table().unwrap().clone();
    for name in IMPURE {
        assert!(!dependencies.contains_key(*name), "template/ may not use {name}");
    }
    for file in sources("template/src") {
        let text = code_of(&file);
        for word in [
            "std::fs",
            "std::env",
            "std::net",
            "std::process",
            "SystemTime",
            "Instant::now",
            "Timestamp::now",
            "async fn",
        ] {
            assert!(!text.contains(word), "{} uses {word}", file.display());
        }
    }
}

#[test]
fn files_are_small_and_finished() {
    for room in MAY_USE.iter().map(|(room, _)| room) {
        for file in sources(&format!("{room}/src")) {
            let code = code_of(&file);
            assert!(code.lines().count() <= 500, "{} has {} lines", file.display(), code.lines().count());
            assert!(code.starts_with("//!"), "{} does not say what it is for", file.display());
            for word in ["todo!", "unimplemented!", "TODO", "FIXME", "dbg!"] {
                assert!(!code.contains(word), "{} has {word}", file.display());
            }
        }
    }
}

#[test]
fn only_the_printer_prints() {
    for room in MAY_USE.iter().map(|(room, _)| room) {
        for file in sources(&format!("{room}/src")) {
            let prints = ["println!", "eprintln!", "print!(", "eprint!("]
                .iter()
                .any(|word| code_of(&file).contains(word));
            assert!(
                !prints,
                "{} prints; only cli/src/printer.rs may, through its own writers",
                file.display()
            );
        }
    }
}

/// A source file without the tests at its foot.
fn code_of(file: &Path) -> String {
    let text = std::fs::read_to_string(file).unwrap();
    text.split("#[cfg(test)]").next().unwrap().to_owned()
}

fn sources(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    assert!(!found.is_empty());
    found
}
