//! Garbage collection: what nobody needs goes, all else stays.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tmpl_bucket::{CollectionPolicy, CollectionReport, Removed, layout};
use tmpl_template::{Digest, JobState};

use crate::support::jobs::{self, ended, job_at, somebody};
use crate::support::stores::Stored;
use crate::support::{facts, name};

fn policy() -> CollectionPolicy {
    CollectionPolicy { grace: SignedDuration::ZERO, jobs_after: None, logs_after: None, dry_run: false }
}

async fn collect(store: &Stored, policy: &CollectionPolicy) -> CollectionReport {
    let report = store.again().collect_garbage(policy, &somebody("bob"), &|_| ()).await.unwrap();
    assert_eq!(report.complaints, [""; 0]);
    report
}

/// A template that needs two blobs, one of them only by what the other says.
async fn published(store: &Stored, content: &str) -> [Digest; 2] {
    let bucket = &store.bucket;
    let layer = bucket.put_bytes_blob(content.to_owned()).await.unwrap();
    let manifest = bucket.put_bytes_blob(format!("{{\"layers\": [\"{layer}\"]}}")).await.unwrap();
    let spec = format!("{{\"image\": \"x\", \"manifest\": \"{manifest}\"}}");
    bucket.publish(&name("t"), &spec, &facts("ann")).await.unwrap();
    [layer, manifest]
}

async fn are_there(store: &Stored, digests: &[Digest]) -> Vec<bool> {
    let mut there = Vec::new();
    for digest in digests {
        there.push(store.bucket.blob_stamp(digest).await.unwrap().is_some());
    }
    there
}

/// Blobs that nobody needs, a temporary folder of a job that ended, one of a job that runs.
async fn littered(store: &Stored) -> [Digest; 2] {
    let bucket = &store.bucket;
    let unused = bucket.put_bytes_blob("unused").await.unwrap();
    let named = bucket.put_bytes_blob(format!("{{\"layers\": [\"{unused}\"]}}")).await.unwrap();
    let (over, runs) = (jobs::job("over"), jobs::job("runs"));
    jobs::done(bucket, &over, JobState::Done).await;
    jobs::begun(bucket, &runs).await;
    for id in [&over.id, &runs.id] {
        bucket.write_object(&format!("{}/deep/file", layout::temporary(id)), "12345").await.unwrap();
    }
    [unused, named]
}

fn litter() -> [(&'static str, Removed); 2] {
    [("blobs", Removed { count: 2, bytes: 6 + 87 }), ("temporary folders", Removed { count: 1, bytes: 5 })]
}

pub(crate) async fn what_nobody_needs_is_collected(store: Stored) {
    let needed = [published(&store, "one").await, published(&store, "two").await].concat();
    let unused = littered(&store).await;
    let report = collect(&store, &policy()).await;
    assert_eq!(report.removed, litter().into());
    assert_eq!(report.blobs_kept, 4);
    assert_eq!(are_there(&store, &needed).await, [true; 4], "an old version needs its blobs too");
    assert_eq!(are_there(&store, &unused).await, [false; 2]);
    let report = collect(&store, &policy()).await;
    assert_eq!(report.removed, [].into(), "nothing is left to do");
    let left = store.bucket.objects_below(layout::TEMPORARY).await.unwrap();
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(store.bucket.read_object(layout::COLLECTION).await.unwrap(), None);
}

pub(crate) async fn a_dry_run_deletes_nothing(store: Stored) {
    published(&store, "one").await;
    littered(&store).await;
    jobs::done(&store.bucket, &job_at("old", "2020-01-01T00:00:00Z".parse().unwrap()), JobState::Done).await;
    let before = store.bucket.objects_below("").await.unwrap();
    let dry =
        CollectionPolicy { dry_run: true, jobs_after: Some(SignedDuration::from_hours(24)), ..policy() };
    let report = collect(&store, &dry).await;
    let jobs = ("jobs", Removed { count: 1, bytes: 0 });
    assert_eq!(report.removed, litter().into_iter().chain([jobs]).collect());
    assert_eq!(store.bucket.objects_below("").await.unwrap(), before);
}

pub(crate) async fn what_a_runner_names_stays(store: Stored) {
    let (bucket, runner, ann) = (&store.bucket, "prod".parse().unwrap(), somebody("ann"));
    let (old, new) =
        (bucket.put_bytes_blob("old jar").await.unwrap(), bucket.put_bytes_blob("jar").await.unwrap());
    for (number, jar) in [(0, &old), (1, &new)] {
        let jar = json!({ "engine": "flink", "beamJar": { "blob": jar } });
        assert!(
            bucket.save_runner(&runner, number, &serde_json::from_value(jar).unwrap(), &ann).await.unwrap()
        );
    }
    collect(&store, &policy()).await;
    assert_eq!(are_there(&store, &[old, new.clone()]).await, [false, true]);
    assert!(bucket.delete_runner(&runner, &ann).await.unwrap());
    collect(&store, &policy()).await;
    assert_eq!(are_there(&store, &[new]).await, [false]);
}

pub(crate) async fn what_somebody_relies_on_stays(store: Stored) {
    let bucket = &store.bucket;
    let built = bucket.put_bytes_blob("of a build").await.unwrap();
    let launched = bucket.put_bytes_blob("of a job").await.unwrap();
    let record = jobs::job("unpublished");
    bucket.rely_for_job(&record.id, std::slice::from_ref(&launched)).await.unwrap();
    jobs::begun(bucket, &record).await;
    let reliance = bucket.rely();
    reliance.add(&[&built]).await.unwrap();
    let both = [built.clone(), launched.clone()];
    assert_eq!(collect(&store, &policy()).await.removed, [].into());
    assert_eq!(are_there(&store, &both).await, [true; 2]);
    reliance.end().await.unwrap();
    bucket.finish_job(&record, &ended(JobState::Done, "done")).await.unwrap();
    // What is young is spared.
    let patient = CollectionPolicy { grace: SignedDuration::from_hours(1), ..policy() };
    assert_eq!(collect(&store, &patient).await.removed, [].into());
    assert_eq!(collect(&store, &policy()).await.removed["blobs"].count, 1);
    // A job that ended may be launched again.
    assert_eq!(are_there(&store, &both).await, [false, true]);
    bucket.delete_job(&record.id, &somebody("bob")).await.unwrap();
    assert_eq!(collect(&store, &policy()).await.removed["blobs"].count, 1);
}

pub(crate) async fn old_jobs_and_logs_go(store: Stored) {
    let bucket = &store.bucket;
    let days_ago = |days: i64| Timestamp::now() - SignedDuration::from_hours(24 * days);
    let mut ids = Vec::new();
    for days in [1, 40, 100] {
        let record = job_at("nightly", days_ago(days));
        bucket.claim_job_name(&record).await.unwrap();
        jobs::begun(bucket, &record).await;
        bucket.write_log_segment(&record.id, 1, 0, b"{}\n".to_vec()).await.unwrap();
        bucket.keep_pipeline(&record.id, "graph").await.unwrap();
        bucket.write_metrics(&record.id, 1, &1).await.unwrap();
        bucket.finish_job(&record, &ended(JobState::Done, "done")).await.unwrap();
        ids.push(record.id);
    }
    let days = |days: i64| Some(SignedDuration::from_hours(24 * days));
    let report =
        collect(&store, &CollectionPolicy { jobs_after: days(90), logs_after: days(30), ..policy() }).await;
    let removed: Vec<(&str, u64)> =
        report.removed.iter().map(|(kind, removed)| (*kind, removed.count)).collect();
    assert_eq!(removed, [("claims of names", 2), ("jobs", 1), ("logs", 1)]);
    let logs = async |id| bucket.read_log(id, 1, 0).await.unwrap().len();
    assert_eq!((logs(&ids[0]).await, logs(&ids[1]).await), (3, 0));
    // What a job was stays as long as the job.
    assert!(bucket.pipeline(&ids[1]).await.unwrap().is_some());
    assert!(bucket.metrics(&ids[1], 1).await.unwrap().is_some());
    let left = store.again().jobs(&tmpl_bucket::JobFilter::default(), 10).await.unwrap();
    assert_eq!(left.jobs.iter().map(|line| &line.id).collect::<Vec<_>>(), [&ids[0], &ids[1]]);
    assert_eq!(bucket.objects_below(&layout::job(&ids[2])).await.unwrap(), [""; 0]);
}
