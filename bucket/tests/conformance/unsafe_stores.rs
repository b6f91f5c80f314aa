//! Stores that let two writers win: refused with the reason, unless somebody says that there is one writer.

use tmpl_bucket::{BucketError, BucketErrorKind, layout};
use tmpl_template::JobState;
use tmpl_testing::Store;

use crate::support::jobs::{self, attempt, somebody};
use crate::support::stores::{Kind, Stored};
use crate::support::{facts, name};

#[tokio::test]
async fn s3rver_is_refused_until_there_is_one_writer() {
    refused_until_there_is_one_writer(Store::S3rver).await;
}

#[tokio::test]
async fn s3s_fs_is_refused_until_there_is_one_writer() {
    refused_until_there_is_one_writer(Store::S3sFs).await;
}

async fn refused_until_there_is_one_writer(server: Store) {
    let store = Stored::of(Kind::Server(server));
    let record = jobs::job("wordcount-1");
    // What the first one found holds for all who come later.
    for bucket in [&store.bucket, &store.bucket, &store.again()] {
        let error = bucket.publish(&name("t"), "{}", &facts("ann")).await.unwrap_err();
        assert!(matches!(error, BucketError::Unsafe { .. }), "{error:?}");
        assert_eq!(error.kind(), BucketErrorKind::Environment);
        let text = error.to_string();
        assert!(
            text.contains("does not enforce create-only writes: of 12 that created one object"),
            "{text}"
        );
        let hint = error.hint().unwrap();
        assert!(hint.contains("--single-writer"), "{hint}");
        let error = bucket.take_attempt(&record.id, 1, &attempt(1)).await.unwrap_err();
        assert!(matches!(error, BucketError::Unsafe { .. }), "{error:?}");
    }
    assert_eq!(store.bucket.objects_below("").await.unwrap(), [layout::STORE_FACTS]);
    let findings = store.again().examine(&|_| ()).await;
    let race = findings.iter().find(|finding| finding.step == "race").unwrap();
    assert!(race.problem.as_ref().unwrap().contains("can't be written to safely"), "{race:?}");

    store.again().declare_single_writer(&somebody("ann")).await.unwrap();
    let bucket = store.again();
    bucket.publish(&name("t"), "{}", &facts("ann")).await.unwrap();
    jobs::begun(&bucket, &record).await;
    assert!(!bucket.take_attempt(&record.id, 1, &attempt(2)).await.unwrap());
    bucket.finish_job(&record, &jobs::ended(JobState::Done, "done")).await.unwrap();
    assert_eq!(store.again().job_summary(&record.id).await.unwrap().state, JobState::Done);
    let findings = bucket.examine(&|_| ()).await;
    let race = findings.iter().find(|finding| finding.step == "race").unwrap();
    assert!(race.found.as_ref().unwrap().contains("somebody said"), "{race:?}");
}
