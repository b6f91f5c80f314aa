//! Notices: sent by one, and not again.

use crate::support::jobs;
use crate::support::stores::Stored;

pub(crate) async fn a_notice_is_sent_by_one(store: Stored) {
    let (bucket, other) = (&store.bucket, store.again());
    let id = jobs::begun(bucket, &jobs::job("wordcount-1")).await.id;
    assert!(bucket.begin_notice(&id, "failure-1", "ann").await.unwrap());
    assert!(!other.begin_notice(&id, "failure-1", "ann").await.unwrap());
    assert!(!bucket.begin_notice(&id, "failure-1", "ann").await.unwrap());
    assert!(other.begin_notice(&id, "failure-2", "bob").await.unwrap(), "another target");
    bucket.end_notice(&id, "failure-1", "200").await.unwrap();
    bucket.end_notice(&id, "failure-1", "500").await.unwrap();
    assert!(!other.begin_notice(&id, "failure-1", "bob").await.unwrap());
}
