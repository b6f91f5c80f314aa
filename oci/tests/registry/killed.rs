//! A push that is killed: another one does not send again what was there.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::time::Duration;

use fs_err as fs;

use super::support::blob::{digest, noise};
use super::support::proxy::{Cut, Proxy};
use super::support::server::{Kind, Server};

const BLOBS: u64 = 12;
const SIZE: u64 = 4_000_000;

/// The example program, which pushes files.
pub(crate) fn push_program() -> PathBuf {
    static BUILT: Once = Once::new();
    let target = std::env::current_exe().unwrap();
    let profile = target.parent().unwrap().parent().unwrap();
    BUILT.call_once(|| {
        let mut build = Command::new(env!("CARGO"));
        // As `cargo test --workspace` builds it: what is there already is not built again. Build scripts of others look at the
        // variables that cargo sets for this test.
        build.args(["build", "--quiet", "--workspace", "--example", "push"]);
        for (name, _) in std::env::vars_os() {
            if name
                .to_str()
                .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
            {
                build.env_remove(&name);
            }
        }
        if profile.file_name().is_some_and(|name| name == "release") {
            build.arg("--release");
        }
        assert!(build.arg("--target-dir").arg(profile.parent().unwrap()).status().unwrap().success());
    });
    profile.join("examples/push")
}

fn push(image: &str, files: &[PathBuf]) -> Child {
    Command::new(push_program())
        .arg(image)
        .args(files)
        .env_remove("REGISTRY_AUTH_FILE")
        .env("HOME", "/nonexistent")
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    (0..BLOBS)
        .map(|seed| {
            let path = folder.join(seed.to_string());
            fs::write(&path, noise(seed, usize::try_from(SIZE).unwrap())).unwrap();
            path
        })
        .collect()
}

#[test]
fn no_finished_blob_is_sent_again() {
    let folder = tempfile::tempdir().unwrap();
    let files = files(folder.path());
    for kind in [Kind::Debian, Kind::Distribution] {
        let server = Server::start(kind);
        let proxy = Proxy::start(&server.address, Cut { delay: Duration::from_millis(1), ..Cut::default() });
        let image = format!("{}/app", proxy.address);
        for killed_after in [SIZE * 9 / 2, SIZE * 9] {
            let mut child = push(&image, &files);
            while proxy.up() < killed_after {
                assert!(child.try_wait().unwrap().is_none(), "it ended before it was killed");
                std::thread::sleep(Duration::from_millis(1));
            }
            child.kill().unwrap();
            child.wait().unwrap();
            // What had arrived wholly is finished without its sender.
            let mut log = String::new();
            while log != server.log() {
                log = server.log();
                std::thread::sleep(Duration::from_millis(300));
            }
        }
        assert!(push(&image, &files).wait().unwrap().success());

        let log = server.log();
        for file in &files {
            let digest = digest(&fs::read(file).unwrap()).to_string().replace(':', "%3A");
            let finished = log.lines().filter(|line| {
                line.contains(&digest) && line.contains("method=PUT") && line.contains("response.status=201")
            });
            assert_eq!(finished.count(), 1, "{kind:?}: {digest}");
        }
        // Two were killed with at most four blobs on their way.
        assert!(proxy.up() < SIZE * (BLOBS + 2 * 4), "{} bytes", proxy.up());
    }
}
