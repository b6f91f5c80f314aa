//! Blobs: under their digest or not at all.

use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use tmpl_bucket::{BucketError, CopiedBlobs, layout};
use tmpl_template::sha256_of;

use crate::support::bytes;
use crate::support::stores::{Kind, Stored};

const LARGE: u64 = 20_000_000;

fn file(store: &Stored, name: &str, bytes: &[u8]) -> PathBuf {
    let path = store.folder.path().join(name);
    fs_err::write(&path, bytes).unwrap();
    path
}

pub(crate) async fn a_blob_is_stored_in_parts_and_read_back(store: Stored) {
    let (bucket, bytes) = (&store.bucket, bytes(LARGE, 0));
    let (path, digest) = (file(&store, "layer", &bytes), sha256_of(&bytes));
    assert!(!bucket.has_blob(&digest, LARGE).await.unwrap());
    let sent = AtomicU64::new(0);
    let count = |bytes: u64| {
        sent.fetch_add(bytes, Ordering::Relaxed);
    };
    assert_eq!(bucket.put_blob(&digest, &path, &count).await.unwrap(), LARGE);
    assert_eq!(sent.load(Ordering::Relaxed), LARGE);
    let other = store.again();
    assert!(other.has_blob(&digest, LARGE).await.unwrap());
    assert!(!other.has_blob(&digest, 1).await.unwrap());
    assert!(other.verify_blob(&digest).await.unwrap());
    let mut reader = other.require_blob(&digest).await.unwrap();
    let read = tokio::task::spawn_blocking(move || {
        let mut read = Vec::new();
        reader.read_to_end(&mut read).map(|_| read)
    });
    assert!(read.await.unwrap().unwrap() == bytes, "the blob is what was sent");
}

pub(crate) async fn a_small_blob_is_stored_once(store: Stored) {
    let bucket = &store.bucket;
    for bytes in [&b""[..], b"lock = 1"] {
        let digest = bucket.put_bytes_blob(bytes).await.unwrap();
        assert_eq!(digest, sha256_of(bytes));
        assert_eq!(store.again().blob_bytes(&digest, 8).await.unwrap(), bytes);
        let path = file(&store, "small", bytes);
        assert_eq!(bucket.put_blob(&digest, &path, &|_| ()).await.unwrap(), bytes.len() as u64);
        assert!(bucket.verify_blob(&digest).await.unwrap());
    }
    let digest = sha256_of(b"lock = 1");
    let stamp = bucket.blob_stamp(&digest).await.unwrap();
    assert!(stamp.is_some());
    bucket.put_bytes_blob("lock = 1").await.unwrap();
    assert_eq!(bucket.blob_stamp(&digest).await.unwrap(), stamp, "it was written again");
    let error = bucket.blob_bytes(&digest, 7).await.unwrap_err();
    assert!(matches!(error, BucketError::TooLarge { size: 8, limit: 7, .. }), "{error}");
    let error = bucket.blob_bytes(&sha256_of(b"other"), 7).await.unwrap_err();
    assert!(matches!(error, BucketError::MissingBlob { .. }), "{error}");
    assert!(bucket.blob(&sha256_of(b"other")).await.unwrap().is_none());
}

pub(crate) async fn a_corrupt_blob_is_found_and_replaced(store: Stored) {
    let (bucket, bytes) = (&store.bucket, bytes(9_000_000, 0));
    let (path, large) = (file(&store, "layer", &bytes), sha256_of(&bytes));
    bucket.put_blob(&large, &path, &|_| ()).await.unwrap();
    let small = bucket.put_bytes_blob("lock = 1").await.unwrap();
    let stamp = bucket.blob_stamp(&large).await.unwrap();
    let mut damaged = bytes.clone();
    damaged[8_999_999] ^= 1;
    bucket.write_object(&layout::blob(&large), damaged).await.unwrap();
    bucket.write_object(&layout::blob(&small), "lock = 2").await.unwrap();
    assert_ne!(bucket.blob_stamp(&large).await.unwrap(), stamp);
    assert!(!bucket.verify_blob(&large).await.unwrap());
    let error = bucket.blob_bytes(&small, 8).await.unwrap_err();
    assert!(matches!(error, BucketError::CorruptBlob { .. }), "{error}");
    // Whoever has the right bytes mends it.
    bucket.put_blob(&large, &path, &|_| ()).await.unwrap();
    assert!(store.again().verify_blob(&large).await.unwrap());
    bucket.put_bytes_blob("lock = 1").await.unwrap();
    assert_eq!(bucket.blob_bytes(&small, 8).await.unwrap(), "lock = 1");
}

pub(crate) async fn a_blob_that_changes_while_it_is_stored_is_none(store: Stored) {
    let (bucket, before) = (&store.bucket, bytes(LARGE, 0));
    let digest = sha256_of(&before);
    let mut after = before;
    *after.last_mut().unwrap() ^= 1;
    for bytes in [&after[..], b"small"] {
        let path = file(&store, "layer", bytes);
        let error = bucket.put_blob(&digest, &path, &|_| ()).await.unwrap_err();
        assert!(matches!(error, BucketError::ChangedWhileStored { .. }), "{error}");
        assert!(bucket.blob(&digest).await.unwrap().is_none());
    }
    assert_eq!(bucket.objects_below(layout::BLOBS).await.unwrap(), [""; 0]);
}

pub(crate) async fn blobs_are_copied_to_another_bucket(store: Stored) {
    let (bucket, bytes) = (&store.bucket, bytes(9_000_000, 0));
    let (path, large) = (file(&store, "layer", &bytes), sha256_of(&bytes));
    let from = Stored::of(Kind::Folder);
    from.bucket.put_blob(&large, &path, &|_| ()).await.unwrap();
    let small = from.bucket.put_bytes_blob("lock").await.unwrap();
    let wanted = [(large.clone(), 9_000_000), (small.clone(), 4)];
    let copied = bucket.copy_blobs(&from.bucket, &wanted, &|_| ()).await.unwrap();
    assert_eq!(copied, CopiedBlobs { copied: 2, copied_bytes: 9_000_004, present: 0 });
    assert!(bucket.verify_blob(&large).await.unwrap());
    // And back, to a bucket that has one of them.
    let back = Stored::of(Kind::Folder);
    back.bucket.put_bytes_blob("lock").await.unwrap();
    let copied = back.bucket.copy_blobs(bucket, &wanted, &|_| ()).await.unwrap();
    assert_eq!(copied, CopiedBlobs { copied: 1, copied_bytes: 9_000_000, present: 1 });
    assert!(back.bucket.verify_blob(&large).await.unwrap());
    // What is damaged is not passed on.
    bucket.write_object(&layout::blob(&small), "kcol").await.unwrap();
    let third = Stored::of(Kind::Folder);
    let error = third.bucket.copy_blobs(bucket, &wanted, &|_| ()).await.unwrap_err();
    assert!(matches!(error, BucketError::CorruptBlob { .. }), "{error}");
}
