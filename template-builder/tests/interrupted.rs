//! A build that is stopped at any moment leaves the bucket as it was, or whole.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::time::Duration;

use support::index::{Index, pyproject};
use support::{Workshop, build, digests, files, told};
use tmpl_template::TemplateSpec;

#[tokio::test]
async fn whatever_is_visible_after_a_stop_is_complete() {
    let index = Index::start();
    let large = format!("X = '''{}'''\n", "0123456789abcdef\n".repeat(200_000));
    index.wheel("large", "1.0", &[("large.py", &large), ("large2.py", &large)], "");
    let workshop = Workshop::new(&[
        (
            "tmpl.toml",
            "[python]\nversion = \"3.11\"\nrequirements = [\"r.txt\"]\npackages = [\"kit\"]\n\
             [[template]]\nname = \"a\"\nmain = \"kit\"\n[[template]]\nname = \"b\"\nmain = \"kit\"\n",
        ),
        ("r.txt", &format!("{}large\n", index.lines())),
        ("kit/pyproject.toml", &pyproject("kit", "1.0", "")),
        ("kit/src/kit.py", "import large\n"),
    ]);
    let mut stopped = 0;
    for step in 0..40 {
        let building = workshop.request();
        let limit = Duration::from_millis(20 + step * 60);
        match tokio::time::timeout(limit, build(&building)).await {
            Ok(result) => {
                result.unwrap_or_else(|error| panic!("{}", told(&error)));
                break;
            }
            Err(_) => stopped += 1,
        }
        assert_whole(&workshop);
    }
    assert!(stopped > 2, "the build was too fast to be stopped");
    let report = workshop.build().await.unwrap_or_else(|error| panic!("{}", told(&error)));
    assert_whole(&workshop);
    assert_eq!(report.templates.len(), 2);

    // Being stopped has left no trace in what was made.
    let other = Workshop::new(&[("tmpl.toml", &workshop.read("tmpl.toml"))]);
    for file in ["r.txt", "kit/pyproject.toml", "kit/src/kit.py", "tmpl.lock"] {
        other.write(file, &workshop.read(file));
    }
    assert_eq!(digests(&other.build().await.unwrap()), digests(&report));
}

/// Every spec's layers are there, and every blob is what its name says.
fn assert_whole(workshop: &Workshop) {
    use sha2::Digest as _;
    let files = files(&workshop.bucket());
    for (path, bytes) in &files {
        // What a writer had not finished is not visible under any name.
        if let Some(hex) = path.strip_prefix("staging/blobs/sha256/").filter(|name| name.len() == 64) {
            let sum = sha2::Sha256::digest(bytes)
                .iter()
                .fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
            assert_eq!(sum, hex);
        }
        if path.starts_with("templates/") && !path.contains("/log/") {
            let spec = TemplateSpec::parse(std::str::from_utf8(bytes).unwrap()).unwrap();
            for layer in &spec.tmpl.unwrap().platforms["linux/amd64"].layers {
                assert!(workshop.blob(layer.digest.digest()).is_file(), "{path} lacks {}", layer.title);
            }
        }
    }
}
