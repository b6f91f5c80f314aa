//! A build that takes what it can from the last one makes what a build from nothing makes, and finds what it finds.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use fs_err as fs;
use std::time::{Duration, SystemTime};
use support::{Workshop, build, digests, told};
use tmpl_bucket::Bucket;
use tmpl_builder::{BuildRequest, Check, Checked, Origin};
use tmpl_launcher::cache::Cache;

const MANIFEST: &str = "[python]\nversion = \"3.11\"\nfiles = [\"jobs/**/*.py\", \"jobs/*.txt\"]\n\n\
                        [[template]]\nname = \"script\"\nmain = \"main.py\"\n";

fn workshop() -> Workshop {
    Workshop::new(&[
        ("tmpl.toml", MANIFEST),
        ("main.py", "import jobs.a\nimport jobs.b\n"),
        ("jobs/__init__.py", ""),
        ("jobs/a.py", "from jobs import c\nA = 1\n"),
        ("jobs/b.py", "import jobs.c\n"),
        ("jobs/c.py", "import json\n"),
        ("jobs/data.txt", "data\n"),
    ])
}

/// The layers that a machine makes which knows nothing of the project.
async fn from_nothing(workshop: &Workshop) -> Vec<(String, String)> {
    let elsewhere = tempfile::tempdir().unwrap();
    let url = elsewhere.path().join("bucket");
    let request = BuildRequest {
        cache: Cache::open(elsewhere.path().join("cache")).unwrap(),
        bucket: Bucket::open_or_create(&url.to_str().unwrap().parse().unwrap()).unwrap(),
        check: Check::Static,
        ..workshop.request()
    };
    digests(&build(&request).await.unwrap())
}

#[tokio::test]
async fn changes_one_after_the_other_give_the_layers_of_a_build_from_nothing() {
    let workshop = workshop();
    workshop.build_without_uv(Check::Auto).await.unwrap_or_else(|error| panic!("{}", told(&error)));
    for (file, text) in [
        ("jobs/a.py", "from jobs import c\nA = 2\n"),
        ("jobs/data.txt", "other data\n"),
        ("jobs/d.py", "import jobs.a\n"),
        ("jobs/__init__.py", "import sys\n"),
        // Back to what it was, and twice the same text.
        ("jobs/a.py", "from jobs import c\nA = 1\n"),
        ("jobs/d.py", "from jobs import c\nA = 1\n"),
    ] {
        workshop.write(file, text);
        let built =
            workshop.build_without_uv(Check::Auto).await.unwrap_or_else(|error| panic!("{}", told(&error)));
        assert_eq!(built.checked, Some(Checked::Static), "{file}");
        assert_eq!(digests(&built), from_nothing(&workshop).await, "{file}");
    }
    fs::remove_file(workshop.project().join("jobs/d.py")).unwrap();
    let built = workshop.build_without_uv(Check::Auto).await.unwrap();
    assert_eq!(digests(&built), from_nothing(&workshop).await);
}

#[tokio::test]
async fn what_a_change_breaks_elsewhere_is_found() {
    let workshop = workshop();
    workshop.build_without_uv(Check::Auto).await.unwrap_or_else(|error| panic!("{}", told(&error)));
    workshop.write("jobs/a.py", "from jobs import c\nA = 2\n");
    workshop.build_without_uv(Check::Auto).await.unwrap();
    let failed = async |expected: &str| {
        // As often as it is tried.
        for _ in 0..2 {
            let error = told(&workshop.build_without_uv(Check::Auto).await.unwrap_err());
            assert!(error.contains(expected), "{error}");
        }
    };
    // In the file that changed.
    workshop.write("jobs/b.py", "import jobs.nothing\n");
    failed("jobs/b.py:1: no module named `jobs.nothing`").await;
    workshop.write("jobs/b.py", "import = 3\n");
    failed("jobs/b.py:1:8: invalid syntax").await;
    // In files that did not: what they import is gone.
    workshop.write("jobs/b.py", "import jobs.c\n");
    workshop.build_without_uv(Check::Auto).await.unwrap();
    fs::rename(workshop.project().join("jobs/c.py"), workshop.project().join("jobs/e.py")).unwrap();
    failed("jobs/b.py:1: no module named `jobs.c`").await;
    // A package that no longer says that it makes its submodules.
    workshop.write("jobs/__init__.py", "import sys\nsys.modules['jobs.c'] = sys\n");
    workshop.build_without_uv(Check::Auto).await.unwrap();
    workshop.write("jobs/__init__.py", "import sys\n");
    failed("jobs/b.py:1: no module named `jobs.c`").await;
}

#[tokio::test]
async fn neither_new_times_nor_old_ones_deceive() {
    let workshop = workshop();
    let first = workshop.build_without_uv(Check::Auto).await.unwrap();
    let touch = |time: SystemTime| {
        for file in ["main.py", "jobs/a.py", "jobs/b.py", "jobs/c.py", "jobs/data.txt", "jobs/__init__.py"] {
            let opened = fs::OpenOptions::new().append(true).open(workshop.project().join(file)).unwrap();
            opened.file().set_modified(time).unwrap();
        }
    };
    let time = SystemTime::now() - Duration::from_hours(1);
    touch(time);
    let touched = workshop.build_without_uv(Check::Auto).await.unwrap();
    assert_eq!((digests(&touched), touched.checked), (digests(&first), Some(Checked::Unchanged)));
    // The same size, the same time, at once and later.
    for (number, wait) in [(5, 0), (6, 2100), (7, 0), (8, 50)] {
        std::thread::sleep(Duration::from_millis(wait));
        workshop.write("jobs/a.py", &format!("from jobs import c\nA = {number}\n"));
        touch(time);
        let built = workshop.build_without_uv(Check::Auto).await.unwrap();
        assert_eq!(digests(&built), from_nothing(&workshop).await, "{number}");
        assert_eq!(built.layers[0].origin, Origin::Made);
        let again = workshop.build_without_uv(Check::Auto).await.unwrap();
        assert_eq!(digests(&again), digests(&built));
    }
}

#[tokio::test]
async fn what_is_damaged_in_the_cache_is_made_again() {
    let workshop = workshop();
    // What was written just now is not remembered.
    std::thread::sleep(Duration::from_millis(50));
    workshop.build_without_uv(Check::Static).await.unwrap();
    for folder in ["checksums", "bytecode", "imports", "files"] {
        let entries: Vec<_> = fs::read_dir(workshop.cache().join("builder").join(folder))
            .unwrap_or_else(|_| panic!("{folder}"))
            .map(|entry| entry.unwrap().path())
            .collect();
        assert!(!entries.is_empty(), "{folder}");
        for entry in entries {
            fs::write(entry, "{").unwrap();
        }
        workshop.write("jobs/a.py", &format!("from jobs import c\nA = '{folder}'\n"));
        let built =
            workshop.build_without_uv(Check::Auto).await.unwrap_or_else(|error| panic!("{}", told(&error)));
        assert_eq!(digests(&built), from_nothing(&workshop).await, "{folder}");
    }
}
