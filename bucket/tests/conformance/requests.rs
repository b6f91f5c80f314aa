//! What a list costs on a server.

use futures::StreamExt;
use jiff::SignedDuration;
use tmpl_bucket::{Bucket, JobFilter};
use tmpl_testing::Store;

use crate::support::index;
use crate::support::stores::{Kind, Stored};

/// More than two pages of a listing.
const JOBS: usize = 3_000;

async fn fill(bucket: &Bucket) {
    let entries = index::entries(JOBS, SignedDuration::from_mins(1))
        .map(|entry| async move { bucket.write_object(&entry, "").await.unwrap() });
    futures::stream::iter(entries).buffer_unordered(16).collect::<()>().await;
}

#[tokio::test]
async fn the_newest_jobs_of_many_take_at_most_three_requests() {
    let store = Stored::of(Kind::Server(Store::Minio));
    fill(&store.bucket).await;
    let (proxy, bucket) = store.through_proxy();
    let mut filter = JobFilter::default();
    for page in ["the first", "the second"] {
        proxy.clear();
        let list = bucket.jobs(&filter, 50).await.unwrap();
        let requests = proxy.requests();
        assert_eq!((list.jobs.len(), list.more), (50, true));
        assert!(list.jobs.is_sorted_by(|a, b| a.id > b.id));
        assert!(requests.len() <= 3, "{page} page took {} requests: {requests:?}", requests.len());
        println!("{page} page of 50 of {JOBS} jobs: {} requests", requests.len());
        filter.after = list.jobs.last().map(|line| line.id.clone());
    }
    let all = bucket.jobs(&JobFilter::default(), 10_000).await.unwrap();
    assert_eq!((all.jobs.len(), all.more), (JOBS, false));
}
