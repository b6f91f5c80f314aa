//! Garbage collections beside builds: whatever they do at the same moment, what was published has all its blobs.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a test that can't go on fails")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use jiff::SignedDuration;
use support::jobs::somebody;
use support::stores::{Kind, Stored};
use support::{facts, name};
use tmpl_bucket::{Bucket, BucketError, CollectionPolicy, CollectionReport, layout};
use tmpl_template::{Digest, sha256_of};
use tmpl_testing::Store;
use tokio::task::JoinSet;

const BUILDERS: usize = 4;
const COLLECTORS: usize = 2;
/// Blobs of a build.
const BLOBS: usize = 3;

#[tokio::test(flavor = "multi_thread")]
async fn in_a_folder() {
    race(Stored::of(Kind::Folder), 50).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_server() {
    race(Stored::of(Kind::Server(Store::Minio)), 15).await;
}

/// The contents of a round's blobs. The builders of a round share some of them.
fn contents(round: usize, builder: usize) -> [String; BLOBS] {
    [format!("shared {round}"), format!("of two {round} {}", builder / 2), format!("own {round} {builder}")]
}

fn digests(contents: &[String]) -> Vec<Digest> {
    contents.iter().map(|content| sha256_of(content.as_bytes())).collect()
}

/// As a build does it: rely, look, send what is missing, publish, end.
async fn build(bucket: &Bucket, round: usize, builder: usize) {
    let contents = contents(round, builder);
    let digests = digests(&contents);
    let reliance = bucket.rely();
    reliance.add(&digests.iter().collect::<Vec<_>>()).await.unwrap();
    for (content, digest) in contents.iter().zip(&digests) {
        if !bucket.has_blob(digest, content.len() as u64).await.unwrap() {
            bucket.put_bytes_blob(content.clone()).await.unwrap();
        }
    }
    let layers: Vec<String> = digests.iter().map(ToString::to_string).collect();
    let spec = serde_json::json!({ "image": format!("{round}-{builder}"), "layers": layers });
    bucket.publish(&name(&format!("t{builder}")), &spec.to_string(), &facts("ann")).await.unwrap();
    reliance.end().await.unwrap();
}

/// A build that was cut off: its blobs are there, and nobody needs them, until the next one finds them.
async fn cut_off(bucket: &Bucket, round: usize, builder: usize) {
    for content in contents(round, builder) {
        bucket.put_bytes_blob(content).await.unwrap();
    }
}

async fn collect(bucket: &Bucket) -> Result<CollectionReport, BucketError> {
    let policy =
        CollectionPolicy { grace: SignedDuration::ZERO, jobs_after: None, logs_after: None, dry_run: false };
    bucket.collect_garbage(&policy, &somebody("bob"), &|_| ()).await
}

async fn race(store: Stored, rounds: usize) {
    let over = Arc::new(AtomicBool::new(false));
    let [runs, deleted] = [Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0))];
    let mut collectors = JoinSet::new();
    for _ in 0..COLLECTORS {
        let (bucket, over) = (store.again(), Arc::clone(&over));
        let (runs, deleted) = (Arc::clone(&runs), Arc::clone(&deleted));
        collectors.spawn(async move {
            while !over.load(Ordering::Relaxed) {
                match collect(&bucket).await {
                    Ok(report) => {
                        assert_eq!(report.complaints, [""; 0]);
                        let blobs = report.removed.get("blobs").map_or(0, |removed| removed.count);
                        deleted.fetch_add(usize::try_from(blobs).unwrap(), Ordering::Relaxed);
                        runs.fetch_add(1, Ordering::Relaxed);
                    }
                    Err(BucketError::Collecting { .. }) => tokio::task::yield_now().await,
                    Err(error) => panic!("{error:?}"),
                }
            }
        });
    }
    let mut builders = JoinSet::new();
    for builder in 0..BUILDERS {
        let bucket = store.again();
        builders.spawn(async move {
            cut_off(&bucket, 0, builder).await;
            for round in 0..rounds {
                // Some of it is deleted before it is wanted.
                cut_off(&bucket, round + 1, builder).await;
                build(&bucket, round, builder).await;
            }
        });
    }
    builders.join_all().await;
    over.store(true, Ordering::Relaxed);
    collectors.join_all().await;
    let (runs, deleted) = (runs.load(Ordering::Relaxed), deleted.load(Ordering::Relaxed));
    println!(
        "{:?}: {} builds beside {runs} collections, which deleted {deleted} blobs",
        store.kind,
        rounds * BUILDERS
    );
    assert!(runs > 3 && deleted > 0, "{runs} collections deleted {deleted} blobs");

    let bucket = store.again();
    collect(&bucket).await.unwrap();
    let mut expected = std::collections::BTreeSet::new();
    for (round, builder) in (0..rounds).flat_map(|round| (0..BUILDERS).map(move |builder| (round, builder))) {
        for digest in digests(&contents(round, builder)) {
            assert!(bucket.verify_blob(&digest).await.unwrap(), "round {round}, builder {builder}: {digest}");
            expected.insert(layout::blob(&digest));
        }
    }
    let there = bucket.objects_below(layout::BLOBS).await.unwrap();
    assert_eq!(there, expected.into_iter().collect::<Vec<_>>(), "nothing else is there");
    assert_eq!(collect(&bucket).await.unwrap().removed, [].into(), "nothing is left to do");
    assert_eq!(bucket.objects_below(layout::BUILDS).await.unwrap(), [""; 0]);
    assert_eq!(bucket.read_object(layout::COLLECTION).await.unwrap(), None);
}
