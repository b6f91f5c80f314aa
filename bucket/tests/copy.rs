//! Promotion from bucket to bucket: the same bytes, only what is missing, nothing visible when it fails.

#![expect(clippy::unwrap_used, clippy::disallowed_methods, reason = "a test that can't go on fails")]

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use tempfile::TempDir;
use tmpl_bucket::{Bucket, BucketError, CopiedBlobs, LogAction, StoredTemplate};
use tmpl_template::{Digest, sha256_of};

mod support;
use support::{bucket, facts, name};

struct Buckets {
    _folder: TempDir,
    from: Bucket,
    to: Bucket,
    template: StoredTemplate,
    blobs: Vec<(Digest, u64)>,
}

/// A bucket with a template and its blobs, one of them larger than a part of an upload, and an empty bucket.
async fn buckets() -> Buckets {
    let folder = tempfile::tempdir().unwrap();
    let (from, to) = (bucket(&folder, "dev"), bucket(&folder, "prod"));
    let mut blobs = Vec::new();
    for (seed, size) in [(1, 20_000_000), (2, 8 * 1024 * 1024), (3, 5), (4, 0), (5, 1_000_000), (6, 17)] {
        let bytes: Vec<u8> = (0_u8..=250).cycle().map(|byte| byte ^ seed).take(size).collect();
        blobs.push((from.put_bytes_blob(bytes).await.unwrap(), size as u64));
    }
    from.publish(&name("t"), "{\"metadata\": {\"name\": \"T\"}}", &facts("ann")).await.unwrap();
    let template = from.template(&"t".parse().unwrap()).await.unwrap();
    Buckets { _folder: folder, from, to, template, blobs }
}

fn blob(bucket: &Bucket, digest: &Digest) -> PathBuf {
    bucket.folder().unwrap().join(format!("staging/blobs/sha256/{}", digest.digest()))
}

#[tokio::test]
async fn a_copy_is_the_same_version_and_sends_what_is_missing() {
    let Buckets { _folder, from, to, template, mut blobs } = buckets().await;
    blobs.push(blobs[2].clone());
    let sent = AtomicU64::new(0);
    let count = |bytes: u64| {
        sent.fetch_add(bytes, Ordering::Relaxed);
    };
    let bytes: u64 = 20_000_000 + 8 * 1024 * 1024 + 5 + 1_000_000 + 17;
    let copy =
        async || to.copy_template(&from, &template, &name("u"), &blobs, &facts("bob"), &count).await.unwrap();
    let report = copy().await;
    assert_eq!(report.blobs, CopiedBlobs { copied: 6, copied_bytes: bytes, present: 0 });
    assert_eq!(sent.load(Ordering::Relaxed), bytes);
    assert_eq!((report.publication.entry, report.publication.changed), (1, true));
    assert_eq!(to.template(&"u".parse().unwrap()).await.unwrap(), template);
    for (digest, _) in &blobs {
        assert!(to.verify_blob(digest).await.unwrap(), "{digest}");
    }
    let entry = to.newest_entry(&name("u")).await.unwrap().unwrap().entry;
    assert_eq!(
        (entry.action, entry.from, entry.facts.who),
        (LogAction::Copy, Some(from.to_string()), "bob".into())
    );

    let report = copy().await;
    assert_eq!(report.blobs, CopiedBlobs { copied: 0, copied_bytes: 0, present: 6 });
    assert!(!report.publication.changed);
    assert_eq!(sent.load(Ordering::Relaxed), bytes);
}

#[tokio::test]
async fn a_blob_of_the_wrong_size_in_the_target_is_sent_again() {
    let Buckets { _folder, from, to, template, blobs } = buckets().await;
    let (digest, size) = &blobs[4];
    fs::create_dir_all(blob(&to, digest).parent().unwrap()).unwrap();
    fs::write(blob(&to, digest), "half").unwrap();
    let report =
        to.copy_template(&from, &template, &name("t"), &blobs, &facts("ann"), &|_| ()).await.unwrap();
    assert_eq!(report.blobs.copied, 6);
    assert!(to.has_blob(digest, *size).await.unwrap() && to.verify_blob(digest).await.unwrap());
}

#[tokio::test]
async fn a_source_that_lacks_or_damaged_a_blob_is_named_and_nothing_becomes_visible() {
    type Damage = fn(&PathBuf);
    let missing: Damage = |path| fs::remove_file(path).unwrap();
    let shorter: Damage = |path| fs::write(path, "x").unwrap();
    let flipped: Damage = |path| {
        let mut bytes = fs::read(path).unwrap();
        *bytes.last_mut().unwrap() ^= 1;
        fs::write(path, bytes).unwrap();
    };
    for (damage, text) in [
        (missing, "blob {digest} is missing from {from}"),
        (shorter, "blob {digest} in {from} has 1 bytes instead of 20000000"),
        (flipped, "blob {digest} in {from} does not match its digest"),
    ] {
        let Buckets { _folder, from, to, template, blobs } = buckets().await;
        let digest = &blobs[0].0;
        damage(&blob(&from, digest));
        let copy =
            async || to.copy_template(&from, &template, &name("t"), &blobs, &facts("ann"), &|_| ()).await;
        let error = copy().await.unwrap_err();
        let text = text.replace("{digest}", digest.as_ref()).replace("{from}", &from.to_string());
        assert_eq!(error.to_string(), text);
        assert!(!blob(&to, digest).exists());
        let error = to.template(&"t".parse().unwrap()).await.unwrap_err();
        assert!(matches!(error, BucketError::NoSuchTemplate { .. }), "{error}");

        // What was sent stays, and is not sent again once the source is mended. What was on its way may arrive meanwhile.
        let there = fs::read_dir(blob(&to, digest).parent().unwrap()).into_iter().flatten();
        let there =
            there.filter(|entry| !entry.as_ref().unwrap().file_name().to_string_lossy().contains('#'));
        let there = there.count();
        let bytes: Vec<u8> = (0_u8..=250).cycle().map(|byte| byte ^ 1).take(20_000_000).collect();
        assert_eq!(from.put_bytes_blob(bytes).await.unwrap(), *digest);
        let report = copy().await.unwrap();
        assert!(report.blobs.present >= there, "{report:?}");
        assert_eq!(report.blobs.present + report.blobs.copied, blobs.len());
    }
}

#[tokio::test]
async fn blobs_alone_are_copied_for_whoever_publishes_nothing() {
    let Buckets { _folder, from, to, blobs, .. } = buckets().await;
    let copied = to.copy_blobs(&from, &blobs[2..4], &|_| ()).await.unwrap();
    assert_eq!(copied, CopiedBlobs { copied: 2, copied_bytes: 5, present: 0 });
    assert_eq!(to.blob_bytes(&sha256_of(b""), 0).await.unwrap(), "");
    assert!(!to.folder().unwrap().join("templates").exists());
}
