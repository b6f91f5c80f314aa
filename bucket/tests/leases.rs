//! Jobs whose launcher is gone: ended by one of those who look, by the store's clock, and by nobody who may only read.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

mod support;

use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use support::jobs::{self, somebody, with_lease};
use support::stores::{FOLDER_AND_SERVER, Kind, Stored};
use support::{child, facts, name};
use tmpl_bucket::{Bucket, JobFilter, JobRecord};
use tmpl_template::{JobId, JobState};
use tmpl_testing::Store;

/// How many look at a job at the same moment.
const READERS: usize = 8;
/// Longer than the grain of a store's times.
const LEASE: i64 = 1500;

/// A job whose launcher is silent from here on; and how long until that is known.
async fn abandoned(bucket: &Bucket) -> JobRecord {
    jobs::begun(bucket, &with_lease(jobs::job("nightly"), LEASE)).await
}

async fn until_lost() {
    tokio::time::sleep(Duration::from_millis(LEASE as u64 + 1200)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_whose_launcher_is_gone_is_ended_by_one_reader() {
    for kind in FOLDER_AND_SERVER {
        let store = Stored::of(kind);
        let record = abandoned(&store.bucket).await;
        let before = store.bucket.objects_below("staging/jobs").await.unwrap();
        for _ in 0..3 {
            let summary = store.again().job_summary(&record.id).await.unwrap();
            assert_eq!((summary.state, summary.ended), (JobState::Queued, None), "{kind:?}");
        }
        assert_eq!(
            store.bucket.objects_below("staging/jobs").await.unwrap(),
            before,
            "{kind:?}: it is fresh"
        );
        until_lost().await;
        let readers: Vec<Bucket> = (0..READERS).map(|_| store.again()).collect();
        let looks = readers.iter().enumerate().map(|(reader, bucket)| {
            let id = &record.id;
            async move {
                // By each of the ways in which somebody may look.
                if reader % 2 == 0 {
                    bucket.job_summary(id).await.unwrap().ended.unwrap()
                } else {
                    let list = bucket.jobs(&JobFilter::default(), 10).await.unwrap();
                    assert_eq!(list.jobs[0].state, JobState::Failed);
                    bucket.final_record(id).await.unwrap().unwrap()
                }
            }
        });
        let ends = futures::future::join_all(looks).await;
        assert!(ends.iter().all(|end| *end == ends[0]), "{kind:?}: {ends:?}");
        assert_eq!(ends[0].reason, "launcher lost: it stopped renewing its lease");
        assert_eq!((ends[0].state, ends[0].exit_code), (JobState::Failed, 3));
        // The launcher, were it there again, would not change that.
        let late = jobs::ended(JobState::Done, "done");
        assert_eq!(store.bucket.finish_job(&record, &late).await.unwrap(), ends[0]);
        let list = store.again().jobs(&JobFilter::default(), 10).await.unwrap();
        assert_eq!(list.jobs.len(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_launcher_that_renews_its_lease_is_left_alone() {
    for kind in FOLDER_AND_SERVER {
        let store = Stored::of(kind);
        let record = abandoned(&store.bucket).await;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_millis(3 * LEASE as u64) {
            store.bucket.renew_lease(&record.id, 1).await.unwrap();
            let looks = (0..4).map(|_| {
                let (bucket, id) = (store.again(), &record.id);
                async move { bucket.job_summary(id).await.unwrap().ended }
            });
            assert_eq!(futures::future::join_all(looks).await, [const { None }; 4], "{kind:?}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        assert_eq!(store.bucket.final_record(&record.id).await.unwrap(), None);
    }
}

/// What a child is told of a job.
fn word(store: &Stored, id: &JobId) -> String {
    let url = match store.kind {
        Kind::Folder => store.bucket.url().to_string(),
        _ => store.place().url(),
    };
    format!("{id} {url}")
}

fn variables(store: &Stored) -> Vec<(String, String)> {
    match store.kind {
        Kind::Folder => Vec::new(),
        _ => store.place().server.variables(),
    }
}

/// Says what it sees of a job, and what time it is here.
#[tokio::test]
#[ignore = "it is started by others, with another clock or as another user"]
async fn looks_at_a_job() {
    let Some(word) = child::word() else { return };
    let (id, url) = word.split_once(' ').unwrap();
    let bucket = Bucket::open(&url.parse().unwrap()).unwrap();
    let summary = bucket.job_summary(&id.parse().unwrap()).await.unwrap();
    child::say(jiff::Timestamp::now().as_second());
    child::say(format!("{:?} {}", summary.state, summary.presumed_lost));
    let list = bucket.jobs(&JobFilter::default(), 10).await.unwrap();
    child::say(format!("{:?} {}", list.jobs[0].state, list.jobs[0].presumed_lost));
    let written = bucket.publish(&name("t"), "{}", &facts("reader")).await;
    child::say(written.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_minutes_wrong_changes_nothing() {
    let cases: Vec<_> = FOLDER_AND_SERVER
        .into_iter()
        .flat_map(|kind| [10, -10].map(|minutes| (kind, minutes)))
        .map(|(kind, minutes)| tokio::spawn(looked_at_by_a_wrong_clock(kind, minutes)))
        .collect();
    for case in cases {
        case.await.unwrap();
    }
}

async fn looked_at_by_a_wrong_clock(kind: Kind, minutes: i64) {
    let store = Stored::of(kind);
    let mut variables = variables(&store);
    // The times of files are what they are.
    variables.push(("NO_FAKE_STAT".to_owned(), "1".to_owned()));
    let record = jobs::begun(&store.bucket, &with_lease(jobs::job("nightly"), 6_000)).await;
    let word = word(&store, &record.id);
    let look = async || {
        let (word, variables) = (word.clone(), variables.clone());
        let starter = format!("{minutes:+}m");
        let look = move || child::run(&["faketime", "-f", &starter], "looks_at_a_job", &word, variables);
        tokio::task::spawn_blocking(look).await.unwrap()
    };
    let said = look().await;
    let off = said[0].parse::<i64>().unwrap() - jiff::Timestamp::now().as_second();
    assert!((off - minutes * 60).abs() < 30, "the clock is {off} seconds off");
    assert_eq!(said[1..], ["Queued false", "Queued false", "true"], "{kind:?} {minutes}");
    assert_eq!(store.bucket.final_record(&record.id).await.unwrap(), None, "{kind:?} {minutes}");
    // And what is over is over.
    tokio::time::sleep(Duration::from_millis(7_200)).await;
    assert_eq!(look().await[1..], ["Failed false", "Failed false", "true"], "{kind:?} {minutes}");
}

#[tokio::test]
async fn who_may_only_read_a_store_presumes_and_writes_nothing() {
    let store = Stored::of(Kind::Server(Store::Minio));
    let server = store.place().server;
    let policy = store.folder.path().join("policy.json");
    let allowed = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow",
        "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": ["arn:aws:s3:::tests", "arn:aws:s3:::tests/*"]}]}"#;
    fs_err::write(&policy, allowed).unwrap();
    server.mc(&["admin", "policy", "create", "server", "viewer", policy.to_str().unwrap()]);
    server.mc(&["admin", "user", "add", "server", "viewer", "viewer-secret"]);
    server.mc(&["admin", "policy", "attach", "server", "viewer", "--user", "viewer"]);
    let reader = store.by("viewer", "viewer-secret");
    let record = abandoned(&store.bucket).await;
    assert!(!reader.job_summary(&record.id).await.unwrap().presumed_lost);
    until_lost().await;
    let before = store.bucket.objects_below("").await.unwrap();
    let summary = reader.job_summary(&record.id).await.unwrap();
    assert_eq!((summary.state, summary.presumed_lost, summary.ended), (JobState::Failed, true, None));
    let list = reader.jobs(&JobFilter::default(), 10).await.unwrap();
    assert!(list.jobs[0].presumed_lost);
    assert_eq!(store.bucket.objects_below("").await.unwrap(), before);
    for error in [
        reader.publish(&name("t"), "{}", &facts("reader")).await.unwrap_err(),
        reader.delete_job(&record.id, &somebody("reader")).await.unwrap_err(),
        reader.renew_lease(&record.id, 1).await.unwrap_err(),
    ] {
        assert!(!error.to_string().is_empty());
    }
    let error = reader.renew_lease(&record.id, 1).await.unwrap_err();
    assert!(error.to_string().contains("not allowed to write"), "{error}");
    let findings = reader.examine(&|_| ()).await;
    assert_eq!(findings[0].problem, None);
    assert!(findings[1].problem.as_ref().unwrap().contains("AccessDenied"), "{findings:?}");
    // Whoever may write finds it as it was, and ends it.
    assert_eq!(store.bucket.job_summary(&record.id).await.unwrap().state, JobState::Failed);
    assert!(store.bucket.final_record(&record.id).await.unwrap().is_some());
    assert!(!reader.job_summary(&record.id).await.unwrap().presumed_lost);
}

/// Takes the right to write from everybody but root, or gives it back to the owner.
fn set_writable(folder: &Path, writable: bool) {
    for entry in fs_err::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            set_writable(&path, writable);
        }
    }
    let mode = if writable { 0o755 } else { 0o555 };
    fs_err::set_permissions(folder, PermissionsExt::from_mode(mode)).unwrap();
}

#[tokio::test]
async fn who_may_only_read_a_folder_presumes_and_writes_nothing() {
    let store = Stored::of(Kind::Folder);
    fs_err::set_permissions(store.folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let record = abandoned(&store.bucket).await;
    until_lost().await;
    let before = store.bucket.objects_below("").await.unwrap();
    set_writable(store.bucket.folder().unwrap(), false);
    // Root may write whatever the folder says.
    let root = fs_err::metadata("/proc/self").unwrap();
    let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    let starter = if std::os::unix::fs::MetadataExt::uid(&root) == 0 { &nobody[..] } else { &[] };
    let none: [(&str, &str); 0] = [];
    let said = child::run(starter, "looks_at_a_job", &word(&store, &record.id), none);
    assert_eq!(said[1..], ["Failed true", "Failed true", "false"]);
    assert_eq!(store.bucket.objects_below("").await.unwrap(), before);
    set_writable(store.bucket.folder().unwrap(), true);
    assert!(store.again().job_summary(&record.id).await.unwrap().ended.is_some());
}
