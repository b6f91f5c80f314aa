//! Buckets that are missing, read-only, full or damaged.

use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;

use crate::support::{Place, cache};

/// A small file system of its own, taken away when the test ends. It needs the right to mount, as CI has.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    fn tmpfs(folder: &'a Path, options: &str) -> Self {
        std::fs::create_dir_all(folder).unwrap();
        let status =
            Command::new("mount").args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(folder).status().unwrap();
        assert!(status.success(), "this test mounts a small file system: run it as root");
        Self(folder)
    }

    fn read_only(&self) {
        let status = Command::new("mount").args(["-o", "remount,ro"]).arg(self.0).status().unwrap();
        assert!(status.success());
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[test]
fn no_bucket_at_all() {
    let place = Place::with_talker();
    assert_snapshot!(place.tmpl(&["run", "talker", "--bucket", "elsewhere"]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no bucket at [DIR]/elsewhere
    hint: check --bucket or TMPL_BUCKET; `tmpl build` makes a bucket where there is none
    ");
    assert_snapshot!(place.tmpl(&["run", "talker", "--bucket", "ftp://bucket"]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: `ftp://bucket` is not a bucket: ftp:// is not known; there is file://, s3://, gs:// and az://
    hint: give a folder, such as ./bucket, or an address, such as s3://NAME/PREFIX?endpoint=https://HOST
    ");
    let mut unnamed = place.command(&["jobs", "list"]);
    unnamed.env_remove("TMPL_BUCKET");
    assert_snapshot!(place.ended(unnamed.spawn().unwrap()).expect(2).whole(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: no bucket was named
    hint: pass --bucket, set TMPL_BUCKET, or write `bucket = "…"` into the configuration file
    "#);
}

#[test]
fn a_bucket_that_can_t_be_written_to() {
    let place = Place::with_talker();
    let folder = place.path("read-only");
    let mounted = Mounted::tmpfs(&folder, "size=10m");
    crate::support::copy(&place.bucket().join("templates"), &folder.join("templates"));
    crate::support::copy(&place.bucket().join("staging"), &folder.join("staging"));
    mounted.read_only();
    assert_snapshot!(place.talk("ok", &["--bucket", "read-only"]).expect(75).whole(), @r"
    exit: 75
    --- stdout
    --- stderr
    error: can't write [DIR]/read-only/staging/names/talker-[NAME]/00000001.json: the bucket is read-only
      caused by: Read-only file system (os error 30)
    hint: make the bucket writable for this user, or choose another bucket
    ");
    let project = place.project("talker");
    std::fs::write(project.join("helper.py"), "X = 1\n").unwrap();
    std::fs::write(project.join("main.py"), "import helper\n").unwrap();
    let built = place.tmpl(&["build", "talker", "--bucket", "read-only"]);
    assert!(built.stderr.contains("the bucket is read-only"), "{}", built.stderr);
    built.expect(75);
}

#[test]
fn a_bucket_that_is_full() {
    let place = Place::with_talker();
    let folder = place.path("full");
    let _mounted = Mounted::tmpfs(&folder, "size=200k");
    let project = place.project("talker");
    // Noise, so that it can't be compressed into the little room there is.
    let noise = Command::new("head").args(["-c", "600000", "/dev/urandom"]).output().unwrap().stdout;
    std::fs::write(project.join("noise.bin"), noise).unwrap();
    let manifest = std::fs::read_to_string(project.join("tmpl.toml")).unwrap();
    std::fs::write(
        project.join("tmpl.toml"),
        manifest.replace("\"helper.py\"", "\"helper.py\", \"noise.bin\""),
    )
    .unwrap();
    let built = place.tmpl(&["build", "talker", "--bucket", "full"]);
    assert!(built.stderr.contains("no space is left in the bucket"), "{}", built.stderr);
    built.expect(75);
    assert!(!folder.join("templates/talker.json").exists(), "a template without its layers was published");
    let left = walk(&folder);
    for blob in left.iter().filter(|file| file.contains("blobs/sha256/")) {
        let summed = Command::new("sha256sum").arg(blob).output().unwrap().stdout;
        let digest = blob.rsplit('/').next().unwrap();
        assert!(summed.starts_with(digest.as_bytes()), "half a blob was left: {left:?}");
    }
}

#[test]
fn a_bucket_that_fills_up_while_the_job_runs() {
    let place = Place::with_talker();
    let folder = place.path("filling");
    let _mounted = Mounted::tmpfs(&folder, "size=700k");
    crate::support::copy(&place.bucket().join("templates"), &folder.join("templates"));
    crate::support::copy(&place.bucket().join("staging"), &folder.join("staging"));
    // Some megabytes of log: the program goes on to its end, and what is missing is said.
    let ended = place.talk("chatty", &["--param", "count=20000", "--quiet", "--bucket", "filling"]).expect(0);
    assert_eq!(ended.stderr, "warning: done; a part of the log could not be written\n");
    let listed = place.tmpl(&["jobs", "list", "--bucket", "filling", "--format", "json"]).expect(0);
    let jobs: serde_json::Value = serde_json::from_str(&listed.stdout).unwrap();
    assert_eq!(jobs[0]["state"], "JOB_STATE_DONE");
}

#[test]
fn a_corrupted_blob_is_named_not_run_and_mended_by_the_next_build() {
    let place = Place::new();
    let project = place.project("talker");
    // Another text than in other tests: this layer must not lie unpacked in the shared cache yet.
    let marker = format!("MARKER = {}\n", std::process::id());
    std::fs::write(
        project.join("helper.py"),
        std::fs::read_to_string(project.join("helper.py")).unwrap() + &marker,
    )
    .unwrap();
    place.tmpl(&["build", "talker", "--check", "static"]).expect(0);
    let blobs = place.bucket().join("staging/blobs/sha256");
    // Beside the layer lies the lock.
    let blobs = std::fs::read_dir(&blobs).unwrap().map(|entry| entry.unwrap().path());
    let blob = blobs.max_by_key(|path| path.metadata().unwrap().len()).unwrap();
    let whole = std::fs::read(&blob).unwrap();
    let mut broken = whole.clone();
    let middle = broken.len() / 2;
    broken[middle] ^= 0xff;
    std::fs::write(&blob, &broken).unwrap();
    // The build may have unpacked it for its own check; a machine that only launches has not.
    let mut elsewhere = place.command(&["run", "talker", "--param", "mode=ok"]);
    elsewhere.env("TMPL_CACHE_DIR", place.path("another-machine"));
    let ended = place.ended(elsewhere.spawn().unwrap()).expect(3);
    assert!(ended.stderr.contains(blob.file_name().unwrap().to_str().unwrap()), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: the bucket's copy is damaged and was not run"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("json: "), "it was run: {}", ended.stderr);

    place.tmpl(&["build", "talker", "--check", "static"]).expect(0);
    assert_eq!(std::fs::read(&blob).unwrap(), whole);
    // Cut short, and gone altogether.
    std::fs::write(&blob, &whole[..whole.len() / 2]).unwrap();
    place.tmpl(&["build", "talker", "--check", "static"]).expect(0);
    assert_eq!(std::fs::read(&blob).unwrap(), whole);
    std::fs::remove_file(&blob).unwrap();
    let mut elsewhere = place.command(&["run", "talker", "--param", "mode=ok"]);
    elsewhere.env("TMPL_CACHE_DIR", place.path("another-machine"));
    let ended = place.ended(elsewhere.spawn().unwrap()).expect(3);
    assert!(ended.stderr.contains("is missing from"), "{}", ended.stderr);
    place.tmpl(&["build", "talker", "--check", "static"]).expect(0);
    assert_eq!(std::fs::read(&blob).unwrap(), whole);
    assert!(cache().exists());
}

#[test]
fn a_spec_that_can_t_be_read() {
    let place = Place::with_talker();
    let spec = place.bucket().join("templates/talker.json");
    let text = std::fs::read_to_string(&spec).unwrap();
    std::fs::write(&spec, &text[..text.len() / 2]).unwrap();
    let ended = place.talk("ok", &[]);
    assert!(ended.stderr.contains("template `talker` can't be read"), "{}", ended.stderr);
    std::fs::write(&spec, text.replace("\"format\": 2", "\"format\": 99")).unwrap();
    let ended = place.talk("ok", &[]);
    assert!(ended.stderr.contains("99"), "{}", ended.stderr);
    std::fs::write(&spec, text.replace("linux/amd64", "linux/riscv64")).unwrap();
    let ended = place.talk("ok", &[]).expect(3);
    assert!(
        ended.stderr.contains("was built for linux/riscv64, not for this machine (linux/amd64)"),
        "{}",
        ended.stderr
    );
    std::fs::write(&spec, text.replace("glibc 2.28", "glibc 9.99")).unwrap();
    let ended = place.talk("ok", &[]).expect(3);
    assert!(ended.stderr.contains("needs glibc 9.99, and this machine has glibc"), "{}", ended.stderr);
    std::fs::write(&spec, text.replace("\"cp311\"", "\"cp311d\"")).unwrap();
    let ended = place.talk("ok", &[]).expect(3);
    assert!(ended.stderr.contains("no Python 3.11 (cp311d) was found; looked at"), "{}", ended.stderr);
    std::fs::write(&spec, "{\"image\": \"example/image\", \"sdkInfo\": {\"language\": \"PYTHON\"}}").unwrap();
    assert_snapshot!(place.talk("ok", &[]).expect(3).whole(), @r"
    exit: 3
    --- stdout
    --- stderr
    error: template `talker` has only a container image, which place `process` does not run
    hint: launch it with --place docker
    ");
}

fn walk(folder: &Path) -> Vec<String> {
    let listed = Command::new("find").arg(folder).args(["-type", "f"]).output().unwrap().stdout;
    String::from_utf8(listed).unwrap().lines().map(str::to_owned).collect()
}
