//! The bucket on local disk: races, sticky ends, logs that are read while they are written.

#![expect(clippy::unwrap_used, reason = "a test that can't go on fails")]

use jiff::Timestamp;
use tmpl_bucket::{Bucket, BucketError, BucketUrl, JobFilter, JobRecord, StopMode, StopRequest, layout};
use tmpl_template::{JobId, JobState, sha256_of};

mod support;
use support::jobs::{self, attempt, ended, job_at, somebody, state};
use support::{Fixture, fixture};

async fn accepted(bucket: &Bucket) -> JobRecord {
    jobs::begun(bucket, &jobs::job("wordcount-1")).await
}

#[tokio::test]
async fn blobs_are_stored_under_their_digest_or_not_at_all() {
    let Fixture { bucket, folder } = fixture();
    let file = folder.path().join("layer");
    let bytes = vec![7_u8; 20_000_000];
    tokio::fs::write(&file, &bytes).await.unwrap();
    let digest = sha256_of(&bytes);
    let sent = std::sync::atomic::AtomicU64::new(0);
    let count = |bytes: u64| {
        sent.fetch_add(bytes, std::sync::atomic::Ordering::Relaxed);
    };
    assert_eq!(bucket.put_blob(&digest, &file, &count).await.unwrap(), 20_000_000);
    assert_eq!(sent.load(std::sync::atomic::Ordering::Relaxed), 20_000_000);
    assert!(bucket.has_blob(&digest, 20_000_000).await.unwrap());
    assert!(!bucket.has_blob(&digest, 1).await.unwrap());
    assert!(bucket.verify_blob(&digest).await.unwrap());

    let other = sha256_of(b"other");
    let error = bucket.put_blob(&other, &file, &|_| ()).await.unwrap_err();
    assert!(matches!(error, BucketError::ChangedWhileStored { .. }), "{error}");
    assert!(bucket.blob(&other).await.unwrap().is_none());
    let stamp = bucket.blob_stamp(&digest).await.unwrap();
    let stored = bucket.folder().unwrap().join(format!("staging/blobs/sha256/{}", digest.digest()));
    tokio::fs::write(&stored, b"broken").await.unwrap();
    assert_ne!(bucket.blob_stamp(&digest).await.unwrap(), stamp);
    assert!(!bucket.verify_blob(&digest).await.unwrap());
}

#[tokio::test]
async fn an_empty_blob_is_a_blob() {
    let Fixture { bucket, folder } = fixture();
    let file = folder.path().join("empty");
    tokio::fs::write(&file, b"").await.unwrap();
    let digest = sha256_of(b"");
    assert_eq!(bucket.put_blob(&digest, &file, &|_| ()).await.unwrap(), 0);
    assert!(bucket.has_blob(&digest, 0).await.unwrap());
}

#[tokio::test]
async fn small_content_is_stored_once_and_checked_when_it_is_read() {
    let Fixture { bucket, folder: _folder } = fixture();
    for bytes in [&b""[..], b"lock = 1"] {
        let digest = bucket.put_bytes_blob(bytes).await.unwrap();
        assert_eq!(digest, sha256_of(bytes));
        assert_eq!(bucket.blob_bytes(&digest, 8).await.unwrap(), bytes);
    }
    let digest = sha256_of(b"lock = 1");
    let stamp = bucket.blob_stamp(&digest).await.unwrap();
    bucket.put_bytes_blob("lock = 1").await.unwrap();
    assert_eq!(bucket.blob_stamp(&digest).await.unwrap(), stamp, "it was written again");

    let error = bucket.blob_bytes(&digest, 7).await.unwrap_err();
    assert!(matches!(error, BucketError::TooLarge { size: 8, limit: 7, .. }), "{error}");
    let error = bucket.blob_bytes(&sha256_of(b"other"), 7).await.unwrap_err();
    assert!(matches!(error, BucketError::MissingBlob { .. }), "{error}");
    let stored = bucket.folder().unwrap().join(format!("staging/blobs/sha256/{}", digest.digest()));
    tokio::fs::write(&stored, b"lock = 2").await.unwrap();
    let error = bucket.blob_bytes(&digest, 8).await.unwrap_err();
    assert!(matches!(error, BucketError::CorruptBlob { .. }), "{error}");
    // Damaged content is mended by whoever has the right one.
    bucket.put_bytes_blob("lock = 1").await.unwrap();
    assert_eq!(bucket.blob_bytes(&digest, 8).await.unwrap(), "lock = 1");
}

#[tokio::test]
async fn a_job_has_one_attempt_one_end_and_a_state_in_between() {
    let Fixture { bucket, folder: _folder } = fixture();
    let record = accepted(&bucket).await;
    let id = &record.id;
    assert!(!bucket.take_attempt(id, 1, &attempt(2)).await.unwrap());
    assert_eq!(bucket.job_summary(id).await.unwrap().state, JobState::Queued);
    for (sequence, reached) in [(0, JobState::Pending), (1, JobState::Running)] {
        bucket.record_event(id, 1, sequence, &state(reached)).await.unwrap();
    }
    assert_eq!(bucket.job_summary(id).await.unwrap().state, JobState::Running);
    let held = bucket.finish_job(&record, &ended(JobState::Done, "done")).await.unwrap();
    assert_eq!(held.state, JobState::Done);
    let held = bucket.finish_job(&record, &ended(JobState::Failed, "too late")).await.unwrap();
    assert_eq!((held.state, held.reason.as_str()), (JobState::Done, "done"));
    let request = StopRequest {
        time: Timestamp::now(),
        submitter: somebody("bob"),
        mode: StopMode::Cancel,
        signal: None,
    };
    let error = bucket.request_stop(id, &request).await.unwrap_err();
    assert_eq!(error.to_string(), format!("job {id} has already ended: done"));
}

#[tokio::test]
async fn the_newest_jobs_come_first_across_days() {
    let Fixture { bucket, folder: _folder } = fixture();
    for text in ["2026-11-20T23:59:59Z", "2026-11-21T00:00:00Z", "2026-11-21T00:00:00Z"] {
        jobs::done(&bucket, &job_at("wordcount-1", text.parse().unwrap()), JobState::Done).await;
    }
    let found = bucket.jobs(&JobFilter::default(), 2).await.unwrap();
    let listed: Vec<String> = found.jobs.iter().map(|job| job.id.to_string()).collect();
    assert_eq!(listed.len(), 2);
    assert!(listed[0] > listed[1] && listed[1].starts_with("2026-11-21"), "{listed:?}");
}

#[tokio::test]
async fn a_damaged_record_costs_a_list_one_job() {
    let Fixture { bucket, folder: _folder } = fixture();
    let mut ids = Vec::new();
    for second in 1..=4 {
        let at = Timestamp::from_second(1_700_000_000 + second).unwrap();
        let record = job_at("wordcount-1", at);
        bucket.accept_job(&record).await.unwrap();
        ids.push(record.id);
    }
    for (id, file, text) in [(&ids[1], "job.json", ""), (&ids[2], "final.json", "{\"state\": 1}")] {
        bucket.write_object(&format!("{}/{file}", layout::job(id)), text).await.unwrap();
    }
    // What is left out does not count.
    let found = bucket.jobs(&JobFilter::default(), 2).await.unwrap();
    let listed: Vec<&JobId> = found.jobs.iter().map(|job| &job.id).collect();
    assert_eq!(listed, [&ids[3], &ids[0]]);
    assert_eq!(found.warnings.len(), 2, "{:?}", found.warnings);
    for (warning, id, file) in
        [(&found.warnings[0], &ids[2], "final.json"), (&found.warnings[1], &ids[1], "job.json")]
    {
        assert!(warning.starts_with(&format!("job {id} is left out: ")), "{warning}");
        assert!(warning.contains(&format!("{id}/{file} can't be read: ")), "{warning}");
    }
}

#[tokio::test]
async fn a_job_that_was_accepted_a_lease_ago_and_never_begun_is_lost() {
    let Fixture { bucket, folder: _folder } = fixture();
    let record = jobs::with_lease(jobs::job("wordcount-1"), 1);
    bucket.accept_job(&record).await.unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    let summary = bucket.job_summary(&record.id).await.unwrap();
    assert_eq!(summary.state, JobState::Failed);
    assert!(summary.ended.unwrap().reason.starts_with("launcher lost"));
    // It is written down: the next reader reads it.
    assert_eq!(bucket.final_record(&record.id).await.unwrap().unwrap().exit_code, 3);
}

#[tokio::test]
async fn a_log_is_the_same_bytes_before_and_after_it_is_compacted() {
    let Fixture { bucket, folder: _folder } = fixture();
    let id = accepted(&bucket).await.id;
    let mut whole = Vec::new();
    for number in 0..50 {
        let segment = format!("{{\"line\": {number}}}\n").into_bytes();
        bucket.write_log_segment(&id, 1, whole.len() as u64, segment.clone()).await.unwrap();
        whole.extend_from_slice(&segment);
    }
    assert_eq!(bucket.read_log(&id, 1, 0).await.unwrap(), whole);
    assert_eq!(bucket.read_log(&id, 1, 17).await.unwrap(), whole[17..]);
    bucket.compact_log(&id, 1).await.unwrap();
    assert_eq!(bucket.read_log(&id, 1, 17).await.unwrap(), whole[17..]);
    assert_eq!(bucket.read_log(&id, 1, whole.len() as u64).await.unwrap(), b"");
    let segments = bucket.folder().unwrap().join(format!("staging/jobs/{}/{id}/logs/1", id.day()));
    let mut entries = tokio::fs::read_dir(segments).await.unwrap();
    assert!(entries.next_entry().await.unwrap().is_some());
    assert!(entries.next_entry().await.unwrap().is_none(), "small segments were left behind");
}

#[tokio::test]
async fn a_job_folder_in_tmp_is_removed_and_links_in_it_are_not_followed() {
    let Fixture { bucket, folder } = fixture();
    let id = accepted(&bucket).await.id;
    let precious = folder.path().join("precious");
    tokio::fs::create_dir(&precious).await.unwrap();
    tokio::fs::write(precious.join("file"), b"keep me").await.unwrap();
    bucket.create_temporary(&id).await.unwrap();
    let temporary = bucket.folder().unwrap().join(layout::temporary(&id));
    tokio::fs::write(temporary.join("scratch"), b"x").await.unwrap();
    tokio::fs::symlink(&precious, temporary.join("link")).await.unwrap();
    bucket.remove_temporary(&id).await.unwrap();
    assert!(!temporary.exists());
    assert!(precious.join("file").exists());
}

#[test]
fn a_bucket_that_is_not_there_is_named() {
    let url: BucketUrl = "/no/such/bucket".parse().unwrap();
    assert_eq!(Bucket::open(&url).unwrap_err().to_string(), "there is no bucket at /no/such/bucket");
}
