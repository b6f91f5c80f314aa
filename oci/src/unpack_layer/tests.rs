//! What was written comes back; what was damaged or made with bad intent does not.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;
use std::time::{Duration, SystemTime};

use flate2::Compression;
use flate2::write::GzEncoder;
use fs_err as fs;
use oci_spec::image::Digest;
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};
use tar::{EntryType, Header};

use super::*;
use crate::{Layer, LayerContents, LayerOptions, sha256, write_layer};

fn sha256_of(bytes: &[u8]) -> Digest {
    sha256::digest(Sha256::new().chain_update(bytes))
}

fn write(contents: &LayerContents) -> (ExpectedLayer, Vec<u8>) {
    let mut blob = Vec::new();
    let layer =
        write_layer(contents, &mut blob, LayerOptions { threads: 2, ..LayerOptions::default() }).unwrap();
    (ExpectedLayer::from(&layer), blob)
}

/// Unpacks into a new folder, which stays while the first value does.
fn unpack(blob: &[u8], layer: &ExpectedLayer) -> (tempfile::TempDir, Result<UnpackedLayer, UnpackError>) {
    let folder = tempfile::tempdir().unwrap();
    let unpacked = unpack_layer(blob, layer, folder.path());
    (folder, unpacked)
}

/// The tree below a folder: one line for each path, with mode and content.
fn tree(folder: &Path) -> String {
    let mut lines = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            let mut line = format!("{}", path.strip_prefix(folder).unwrap().display());
            let mode = meta.permissions().mode() & 0o7777;
            if meta.is_dir() {
                write!(line, "/ {mode:o}").unwrap();
                folders.push(path);
            } else if meta.is_symlink() {
                write!(line, " -> {}", fs::read_link(&path).unwrap().display()).unwrap();
            } else {
                let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(Layer::MODIFIED);
                assert_eq!(meta.modified().unwrap(), modified, "{line}");
                write!(line, " {mode:o} {} bytes", fs::read(&path).unwrap().len()).unwrap();
            }
            lines.push(line);
        }
    }
    lines.sort();
    lines.join("\n")
}

/// A hard link as an archive's entry.
fn hard(path: &str, target: &str) -> Vec<u8> {
    entry(EntryType::Link, path.as_bytes(), target.as_bytes(), b"")
}

#[test]
fn hard_links_and_modes_are_written_whatever_the_order() {
    let mut contents = LayerContents::new();
    contents.bytes("z", b"text".to_vec(), false).unwrap();
    contents.hard_link("a/b", "z").unwrap();
    contents.directory("tmp").unwrap();
    contents.set_mode("tmp", 0o1777).unwrap();
    contents.set_mode("z", 0o640).unwrap();
    assert!(contents.set_mode("a/b", 0o600).is_err());
    let (layer, blob) = write(&contents);
    let mut archive = tar::Archive::new(GzDecoder::new(blob.as_slice()));
    let shown = |entry: io::Result<tar::Entry<'_, _>>| {
        let entry = entry.unwrap();
        let target =
            entry.link_name().unwrap().map(|name| format!(" = {}", name.display())).unwrap_or_default();
        format!("{} {:o}{target}", entry.path().unwrap().display(), entry.header().mode().unwrap())
    };
    let entries: Vec<String> = archive.entries().unwrap().map(shown).collect();
    assert_eq!(entries, ["a/ 755", "tmp/ 1777", "z 640", "a/b 644 = z"]);
    let (folder, unpacked) = unpack(&blob, &layer);
    assert_eq!(unpacked.unwrap().files, 2);
    let inode =
        |path: &str| std::os::unix::fs::MetadataExt::ino(&fs::metadata(folder.path().join(path)).unwrap());
    assert_eq!(inode("z"), inode("a/b"));

    let mut for_an_image = LayerContents::new();
    for_an_image.symlink_into_image("bin/python", "/usr/bin/python3").unwrap();
    let (layer, blob) = write(&for_an_image);
    assert!(unpack(&blob, &layer).1.unwrap_err().to_string().ends_with("`/usr/bin/python3` is absolute"));
}

fn sample() -> LayerContents {
    let mut contents = LayerContents::new();
    contents.bytes("app/main.py", b"print('hello')\n".to_vec(), false).unwrap();
    contents.bytes("bin/run", vec![b'x'; 700_000], true).unwrap();
    contents.bytes("empty.txt", Vec::new(), false).unwrap();
    contents.symlink("bin/python", "../app/main.py").unwrap();
    contents.symlink("bin/far", &format!("../{}", "far/".repeat(100))).unwrap();
    contents.directory("nothing").unwrap();
    contents.bytes(&format!("{}/x", "deep/".repeat(60).trim_end_matches('/')), vec![1], false).unwrap();
    contents
}

#[test]
fn what_was_written_comes_back() {
    let (layer, blob) = write(&sample());
    let (folder, unpacked) = unpack(&blob, &layer);
    assert_eq!(unpacked.unwrap(), UnpackedLayer { files: 4, bytes: 700_016 });
    let tree = tree(folder.path());
    for line in [
        "app/ 755".to_owned(),
        "app/main.py 444 15 bytes".to_owned(),
        "bin/run 555 700000 bytes".to_owned(),
        "bin/python -> ../app/main.py".to_owned(),
        format!("bin/far -> ../{}", "far/".repeat(100)),
        "empty.txt 444 0 bytes".to_owned(),
        "nothing/ 755".to_owned(),
        format!("{}x 444 1 bytes", "deep/".repeat(60)),
    ] {
        assert!(tree.lines().any(|found| found == line), "no `{line}` in\n{tree}");
    }
    assert_eq!(fs::read(folder.path().join("bin/python")).unwrap(), b"print('hello')\n");
    assert_eq!(fs::read(folder.path().join("bin/run")).unwrap(), vec![b'x'; 700_000]);
}

/// The umask belongs to the whole process, so this test runs the one above in processes of its own.
#[test]
fn the_umask_leaves_no_trace() {
    let program = std::env::current_exe().unwrap();
    for umask in ["0000", "0077", "0777"] {
        let script =
            format!("umask {umask}; exec \"$0\" --exact unpack_layer::tests::what_was_written_comes_back");
        // A folder made under umask 0777 is of use to root alone, so the test brings its own.
        let folder = tempfile::tempdir().unwrap();
        let mut command = Command::new("sh");
        command.args(["-c", &script]).arg(&program).env("TMPDIR", folder.path());
        let ran = command.output().unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success() && said.contains("1 passed"), "umask {umask}: {said}");
    }
}

/// An entry as it stands in an archive, whatever it says.
fn entry(kind: EntryType, path: &[u8], target: &[u8], data: &[u8]) -> Vec<u8> {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_uid(0);
    header.set_gid(0);
    header.set_mtime(Layer::MODIFIED);
    header.set_size(data.len() as u64);
    header.as_old_mut().name[..path.len()].copy_from_slice(path);
    header.as_old_mut().linkname[..target.len()].copy_from_slice(target);
    header.set_cksum();
    let mut bytes = header.as_bytes().to_vec();
    bytes.extend_from_slice(data);
    bytes.resize(bytes.len().next_multiple_of(512), 0);
    bytes
}

fn file(path: &str) -> Vec<u8> {
    entry(EntryType::Regular, path.as_bytes(), b"", b"data")
}

fn folder(path: &str) -> Vec<u8> {
    entry(EntryType::Directory, path.as_bytes(), b"", b"")
}

fn link(path: &str, target: &str) -> Vec<u8> {
    entry(EntryType::Symlink, path.as_bytes(), target.as_bytes(), b"")
}

fn of_kind(kind: EntryType) -> Vec<u8> {
    entry(kind, b"x", b"a", b"")
}

fn compress(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A layer with the digests of what it holds.
fn genuine(tar: &[u8], blob: &[u8]) -> ExpectedLayer {
    ExpectedLayer { digest: sha256_of(blob), diff_id: sha256_of(tar), size: blob.len() as u64 }
}

fn archive(entries: &[Vec<u8>]) -> (ExpectedLayer, Vec<u8>) {
    let tar = [entries.concat(), vec![0; 1024]].concat();
    let blob = compress(&tar);
    (genuine(&tar, &blob), blob)
}

#[test]
fn what_no_layer_holds_is_refused() {
    let climb = "a/".repeat(40) + &"../".repeat(41) + "x";
    let longer = vec![b'a'; 5000];
    for (entries, path, reason) in [
        (vec![file("/etc/x")], "/etc/x", "is absolute"),
        (vec![folder("/")], "/", "is absolute"),
        (vec![file("../x")], "../x", "has a `..` part"),
        (vec![folder("a/"), file("a/../../x")], "a/../../x", "has a `..` part"),
        (vec![folder("..")], "..", "has a `..` part"),
        (vec![folder("./")], "./", "has a `.` part"),
        (vec![file("./x")], "./x", "has a `.` part"),
        (vec![file("x/")], "x/", "has an empty part"),
        (vec![file("a//x")], "a//x", "has an empty part"),
        (vec![file("")], "", "is empty"),
        (vec![entry(EntryType::Regular, b"\xff", b"", b"")], "\u{fffd}", "is not UTF-8"),
        (vec![file("x"), file("x")], "x", "is there twice"),
        (vec![file("x"), folder("x/")], "x/", "is there twice"),
        (vec![folder("x"), folder("x/")], "x/", "is there twice"),
        (vec![folder("x"), file("x")], "x", "is there twice"),
        (vec![file("a/x"), file("a")], "a", "is there twice"),
        (vec![file("a/x"), folder("a"), folder("a")], "a", "is there twice"),
        (vec![file("x"), link("x", "y")], "x", "is there twice"),
        (vec![link("x", "y"), file("x")], "x", "is there twice"),
        (vec![file("a"), file("a/x")], "a/x", "lies below the file `a`"),
        (vec![folder("b"), link("a", "b"), file("a/x")], "a/x", "lies behind the symbolic link `a`"),
        (vec![folder("b"), link("a", "b"), folder("a/c/d")], "a/c/d", "lies behind the symbolic link `a`"),
        (vec![folder("b"), link("a", "b"), link("a/c", "d")], "a/c", "lies behind the symbolic link `a`"),
        (vec![link("x", "/etc")], "x", "is a symbolic link whose target `/etc` is absolute"),
        (vec![link("x", "..")], "x", "is a symbolic link whose target `..` leads out of the layer"),
        (
            vec![link("a/x", "../../y")],
            "a/x",
            "is a symbolic link whose target `../../y` leads out of the layer",
        ),
        (vec![link("x", "")], "x", "is a symbolic link whose target `` is empty"),
        (
            // Each is inside by itself; together they would be outside.
            vec![link("a/b/up", "../.."), link("x", "a/b/up/../y")],
            "x",
            "is a symbolic link whose target `a/b/up/../y` has a `..` after a name",
        ),
        (
            vec![entry(EntryType::GNULongLink, b"long", b"", climb.as_bytes()), link("x", "short")],
            "x",
            &format!("is a symbolic link whose target `{climb}` has a `..` after a name"),
        ),
        (
            vec![entry(EntryType::GNULongName, b"long", b"", b"../../x\0"), file("x")],
            "../../x",
            "has a `..` part",
        ),
        (
            vec![entry(EntryType::GNULongName, b"long", b"", b"a\0b\0"), file("x")],
            "a\0b",
            "holds a NUL character",
        ),
        (
            vec![entry(EntryType::GNULongName, b"long", b"", &longer), file("x")],
            "long",
            "has a name that is longer than 4095 bytes",
        ),
        (vec![hard("x", "a"), file("a")], "x", "is a hard link to `a`, which is no file before it"),
        (vec![link("a", "b"), hard("x", "a")], "x", "is a hard link to `a`, which is no file before it"),
        (vec![hard("x", "/etc/passwd")], "x", "is a hard link whose target `/etc/passwd` is absolute"),
        (vec![hard("x", "../../a")], "x", "is a hard link whose target `../../a` has a `..` part"),
        (vec![of_kind(EntryType::Char)], "x", "is a device, which no layer holds"),
        (vec![of_kind(EntryType::Block)], "x", "is a device, which no layer holds"),
        (vec![of_kind(EntryType::Fifo)], "x", "is a named pipe, which no layer holds"),
        (vec![of_kind(EntryType::GNUSparse)], "x", "is a sparse file, which no layer holds"),
        (vec![of_kind(EntryType::XHeader)], "x", "is an extended header, which no layer holds"),
        (vec![of_kind(EntryType::XGlobalHeader)], "x", "is an extended header, which no layer holds"),
        (vec![of_kind(EntryType::new(b'?'))], "x", "is of kind `?`, which no layer holds"),
    ] {
        let (layer, blob) = archive(&entries);
        let outside = tempfile::tempdir().unwrap();
        let into = outside.path().join("into");
        fs::create_dir(&into).unwrap();
        let error = unpack_layer(blob.as_slice(), &layer, &into).unwrap_err();
        let expected =
            format!("layer {} is refused: its entry `{}` {reason}", layer.digest, path.escape_debug());
        assert_eq!(error.to_string(), expected);
        assert!(error.is_corrupt() && error.hint().is_some());
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 1, "{path} was written outside");
    }
}

#[test]
fn directories_need_not_be_named() {
    let (layer, blob) = archive(&[file("a/b/x"), folder("a/"), file("a/y"), folder("a/b/c")]);
    let (folder, unpacked) = unpack(&blob, &layer);
    assert_eq!(unpacked.unwrap(), UnpackedLayer { files: 2, bytes: 8 });
    let expected = "a/ 755\na/b/ 755\na/b/c/ 755\na/b/x 444 4 bytes\na/y 444 4 bytes";
    assert_eq!(tree(folder.path()), expected);
}

#[test]
fn damage_is_told_from_other_failures() {
    let (layer, blob) = write(&sample());
    let other = sha256_of(b"other");
    let middle = blob.len() / 2;
    let mut flipped = blob.clone();
    flipped[middle] ^= 1;
    let changed = |change: &dyn Fn(&mut ExpectedLayer)| {
        let mut layer = layer.clone();
        change(&mut layer);
        layer
    };
    let size = blob.len();
    for (blob, layer, reason) in [
        (blob[..middle].to_vec(), layer.clone(), format!("it ends after {middle} of {size} bytes")),
        (blob[..size - 1].to_vec(), layer.clone(), format!("it ends after {} of {size} bytes", size - 1)),
        (Vec::new(), layer.clone(), format!("it ends after 0 of {size} bytes")),
        ([&blob[..], b"x"].concat(), layer.clone(), format!("it is longer than {size} bytes")),
        ([&blob[..], &blob[..]].concat(), layer.clone(), format!("it is longer than {size} bytes")),
        (flipped.clone(), layer.clone(), format!("its bytes have the digest {}", sha256_of(&flipped))),
        (
            vec![b'x'; size],
            layer.clone(),
            format!("its bytes have the digest {}", sha256_of(&vec![b'x'; size])),
        ),
        (
            blob.clone(),
            changed(&|layer| layer.digest = other.clone()),
            format!("its bytes have the digest {}", layer.digest),
        ),
        (
            blob.clone(),
            changed(&|layer| layer.diff_id = other.clone()),
            format!("its archive has the diff id {}, not {other}", layer.diff_id),
        ),
        (blob.clone(), changed(&|layer| layer.size -= 1), format!("it is longer than {} bytes", size - 1)),
        (
            blob.clone(),
            changed(&|layer| layer.size += 1),
            format!("it ends after {size} of {} bytes", size + 1),
        ),
    ] {
        let error = unpack(&blob, &layer).1.unwrap_err();
        assert_eq!(error.to_string(), format!("layer {} does not match its digest: {reason}", layer.digest));
        assert!(matches!(error, UnpackError::Corrupt { .. }) && error.is_corrupt() && error.hint().is_some());
    }
}

/// The digest is right, and yet it is no layer.
#[test]
fn garbage_with_the_right_digest_is_refused() {
    let end = vec![0; 1024];
    let whole = [file("x"), end.clone()].concat();
    let mut wrong_sum = whole.clone();
    wrong_sum[0] = b'y';
    let cut = whole[..514].to_vec();
    let behind = [whole.clone(), b"behind".to_vec()].concat();
    let hidden = [whole.clone(), file("hidden"), end.clone()].concat();
    for (tar, blob, reason) in [
        (&whole, b"not gzip at all".to_vec(), "its gzip stream is broken: invalid gzip header"),
        (&whole, [compress(&whole), b"x".to_vec()].concat(), "bytes follow the end of its gzip stream"),
        (&whole, [compress(&whole), compress(&end)].concat(), "bytes follow the end of its gzip stream"),
        (&wrong_sum, compress(&wrong_sum), "its archive is broken: archive header checksum mismatch"),
        (&cut, compress(&cut), "its archive is broken: unexpected end of file"),
        (&behind, compress(&behind), "bytes follow the end of its archive"),
        (&hidden, compress(&hidden), "bytes follow the end of its archive"),
    ] {
        let layer = genuine(tar, &blob);
        let error = unpack(&blob, &layer).1.unwrap_err();
        assert!(matches!(error, UnpackError::Corrupt { .. }), "{error}");
        assert_eq!(error.to_string(), format!("layer {} does not match its digest: {reason}", layer.digest));
    }
}

/// An archive that looks hostile because it was damaged on the way is damaged.
#[test]
fn damage_explains_what_looks_hostile() {
    let (layer, _) = archive(&[file("x")]);
    let (_, hostile) = archive(&[file("/etc/passwd"), file(&"y".repeat(90))]);
    let layer = ExpectedLayer { size: hostile.len() as u64, ..layer };
    let error = unpack(&hostile, &layer).1.unwrap_err();
    assert!(matches!(error, UnpackError::Corrupt { .. }), "{error}");
}

#[test]
fn failures_of_the_machine_name_the_path() {
    let (layer, blob) = write(&sample());
    let folder = tempfile::tempdir().unwrap();
    let missing = folder.path().join("missing");
    let error = unpack_layer(blob.as_slice(), &layer, &missing).unwrap_err();
    assert_eq!(error.to_string(), format!("can't make {}/app", missing.display()));
    assert!(!error.is_corrupt());

    // What lies there already is not overwritten, and a link there is not followed.
    let target = folder.path().join("target");
    let into = folder.path().join("into");
    fs::create_dir_all(into.join("app")).unwrap();
    fs::remove_dir(into.join("app")).unwrap();
    std::os::unix::fs::symlink(&target, into.join("empty.txt")).unwrap();
    let error = unpack_layer(blob.as_slice(), &layer, &into).unwrap_err();
    assert_eq!(error.to_string(), format!("can't write {}/empty.txt", into.display()));
    assert_eq!(error.hint().as_deref(), Some("unpack into a new, empty folder"));
    assert!(!target.exists());
}

#[test]
fn a_full_disk_says_so() {
    let source = io::Error::from(io::ErrorKind::StorageFull);
    let error = UnpackError::Io { action: "write", path: "/cache/x".into(), source };
    assert_eq!(error.hint().as_deref(), Some("free some space, or unpack elsewhere"));
    assert!(!error.is_corrupt());
}

#[test]
fn a_failure_of_the_reader_is_not_damage() {
    struct Gone;
    impl Read for Gone {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::Error::new(io::ErrorKind::ConnectionReset, "gone"))
        }
    }
    let (layer, blob) = write(&sample());
    for kept in [0, 5, blob.len() / 2, blob.len() - 1] {
        let folder = tempfile::tempdir().unwrap();
        let error = unpack_layer(blob[..kept].chain(Gone), &layer, folder.path()).unwrap_err();
        assert_eq!(error.to_string(), format!("can't read layer {}", layer.digest), "after {kept} bytes");
        assert_eq!(std::error::Error::source(&error).unwrap().to_string(), "gone");
        assert!(!error.is_corrupt());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_damage_passes(position in any::<prop::sample::Index>(), change in 1..=255_u8, cut in any::<bool>()) {
        let (layer, mut blob) = write(&sample());
        let position = position.index(blob.len());
        if cut {
            blob.truncate(position);
        } else {
            blob[position] ^= change;
        }
        let error = unpack(&blob, &layer).1.unwrap_err();
        prop_assert!(matches!(error, UnpackError::Corrupt { .. }), "{error}");
    }
}

#[cfg(feature = "zstd")]
mod zstd;
