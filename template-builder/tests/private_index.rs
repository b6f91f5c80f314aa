//! An index behind a password: it works, and the password is nowhere afterwards.

mod support;

use std::path::Path;

use support::index::{Index, PASSWORD, USER, pyproject};
use support::{Workshop, files, told};
use tmpl_builder::{BuildErrorKind, Check};

const MANIFEST: &str = "[python]\nversion = \"3.11\"\nrequirements = [\"requirements.txt\"]\npackages = [\"kit\"]\n\n\
                        [[template]]\nname = \"a\"\nmain = \"main.py\"\n";

fn workshop(index: &Index) -> Workshop {
    index.wheel("wheelpkg", "1.0", &[("wheelpkg.py", "")], "");
    let files = |version: &str| pyproject("sourcepkg", version, "\"wheelpkg\"");
    index.sdist(
        "sourcepkg",
        "1.0",
        &[("pyproject.toml", &files("1.0")), ("src/sourcepkg.py", "x = 1\n"), ("wants_extra", "")],
    );
    Workshop::new(&[
        ("tmpl.toml", MANIFEST),
        ("main.py", "import sourcepkg, wheelpkg, kit\n"),
        ("requirements.txt", &format!("{}sourcepkg\n", index.lines())),
        ("kit/pyproject.toml", &pyproject("kit", "1.0", "")),
        ("kit/src/kit/__init__.py", ""),
    ])
}

#[tokio::test]
async fn credentials_are_in_no_lock_layer_report_or_record() {
    let index = Index::start();
    let workshop = workshop(&index);
    let report = workshop.build().await.unwrap_or_else(|error| panic!("{}", told(&error)));
    let lock = workshop.read("tmpl.lock");
    for word in [USER, PASSWORD, "http", "127.0.0.1", "/tmp", workshop.project().to_str().unwrap()] {
        assert!(!lock.contains(word), "{word} is in\n{lock}");
    }
    assert_nowhere(&workshop.bucket());
    assert_nowhere(&workshop.cache());
    assert!(!serde_json::to_string(&report).unwrap().contains(PASSWORD));
    for layer in &report.layers {
        for (path, _, bytes) in workshop.layer(layer.digest.digest()) {
            let text = String::from_utf8_lossy(&bytes);
            for word in [PASSWORD, "127.0.0.1", "/root/", workshop.project().to_str().unwrap()] {
                assert!(!text.contains(word), "{word} is in {path}");
            }
        }
    }
}

fn assert_nowhere(folder: &Path) {
    for (path, bytes) in files(folder) {
        let found = bytes.windows(PASSWORD.len()).any(|window| window == PASSWORD.as_bytes());
        assert!(!found, "the password is in {path}");
    }
}

#[tokio::test]
async fn source_distributions_are_built_with_what_the_lock_says() {
    let index = Index::start();
    let workshop = workshop(&index);
    workshop.build().await.unwrap_or_else(|error| panic!("{}", told(&error)));
    let lock = workshop.read("tmpl.lock");
    assert!(lock.contains("name = \"sourcepkg\"\nversion = \"1.0\"\nsource = \"sdist\""), "{lock}");
    for package in ["sourcepkg", "kit"] {
        let build =
            lock.split("[[build]]").find(|part| part.contains(&format!("for = \"{package}\""))).unwrap();
        assert!(build.contains("{ name = \"flit-core\", version = \"3.0\", hashes = [\"sha256:"), "{build}");
        // What the backend asks for beyond pyproject.toml.
        assert_eq!(build.contains("name = \"build-extra\""), package == "sourcepkg", "{build}");
    }

    // A newer backend appears; a machine that has nothing yet builds with the locked one all the same.
    let first = files(&workshop.bucket().join("staging/blobs"));
    index.backend("4.0");
    let other = self::workshop(&index);
    other.write("tmpl.lock", &lock);
    other.write("requirements.txt", &workshop.read("requirements.txt"));
    other.build().await.unwrap_or_else(|error| panic!("{}", told(&error)));
    assert_eq!(files(&other.bucket().join("staging/blobs")), first);

    // A new lock takes the newer one, whatever uv built of the same source before.
    let third = self::workshop(&index);
    let report = third.build().await.unwrap_or_else(|error| panic!("{}", told(&error)));
    let files = third.layer(report.layers[0].digest.digest());
    let (_, _, wheel) =
        files.iter().find(|(path, _, _)| path.ends_with("sourcepkg-1.0.dist-info/WHEEL")).unwrap();
    assert!(String::from_utf8_lossy(wheel).contains("Generator: backend 4.0"));
}

#[tokio::test]
async fn a_wrong_password_is_refused_without_being_repeated() {
    let index = Index::start();
    let workshop = workshop(&index);
    let wrong = index.url().replace(PASSWORD, "wr0ng-passw0rd");
    workshop.write("requirements.txt", &format!("--index-url {wrong}\nsourcepkg\n"));
    let error = workshop.build_with(Check::Full).await.unwrap_err();
    let text = told(&error);
    assert_eq!(error.kind(), BuildErrorKind::Environment, "{text}");
    assert!(text.contains("hint: check the credentials of the index"), "{text}");
    assert!(!text.contains("wr0ng") && !text.contains(USER), "{text}");
}
