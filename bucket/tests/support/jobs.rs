//! Records of jobs.

use jiff::{SignedDuration, Timestamp};
use tmpl_bucket::{
    Attempt, Bucket, Event, EventKind, FinalRecord, JobRecord, JobTemplate, Retries, Submitter,
};
use tmpl_template::{Environment, JobId, JobState, PhaseLimits, RawParameters, sha256_of};

/// A launch that was accepted at this moment.
pub(crate) fn job(name: &str) -> JobRecord {
    job_at(name, Timestamp::now())
}

/// A launch that was accepted once.
pub(crate) fn job_at(name: &str, at: Timestamp) -> JobRecord {
    JobRecord {
        format: 1,
        id: JobId::new(at, getrandom::u64().unwrap()),
        name: name.parse().unwrap(),
        created: at,
        template: JobTemplate {
            name: "wordcount".parse().unwrap(),
            digest: sha256_of(b"spec"),
            origin: None,
        },
        card: None,
        parameters: RawParameters::default(),
        environment: Environment::default(),
        runner: "direct".into(),
        profile: None,
        limits: PhaseLimits::default(),
        place: "process".into(),
        submitter: somebody("ann"),
        working_directory: None,
        python: None,
        timeout: None,
        retries: Retries::default(),
        launch_key: None,
        lease: None,
        replay_of: None,
        notify: Vec::new(),
    }
}

/// The same, whose launcher counts as gone when it is silent for so long.
pub(crate) fn with_lease(record: JobRecord, milliseconds: i64) -> JobRecord {
    JobRecord { lease: Some(SignedDuration::from_millis(milliseconds)), ..record }
}

pub(crate) fn somebody(who: &str) -> Submitter {
    Submitter { who: who.into(), host: "here".into() }
}

pub(crate) fn attempt(pid: usize) -> Attempt {
    Attempt {
        time: Timestamp::now(),
        host: "here".into(),
        pid: u32::try_from(pid).unwrap(),
        tmpl_version: None,
        platform: None,
    }
}

pub(crate) fn state(state: JobState) -> Event {
    Event { time: Timestamp::now(), kind: EventKind::State(state) }
}

pub(crate) fn ended(state: JobState, reason: &str) -> FinalRecord {
    FinalRecord::new(state, reason.into(), 0)
}

/// Accepts a job, and begins its first attempt.
pub(crate) async fn begun(bucket: &Bucket, record: &JobRecord) -> JobRecord {
    bucket.accept_job(record).await.unwrap();
    assert!(bucket.take_attempt(&record.id, 1, &attempt(1)).await.unwrap());
    bucket.renew_lease(&record.id, 1).await.unwrap();
    record.clone()
}

/// Accepts a job that has ended when this returns.
pub(crate) async fn done(bucket: &Bucket, record: &JobRecord, state: JobState) {
    bucket.accept_job(record).await.unwrap();
    bucket.finish_job(record, &ended(state, "over")).await.unwrap();
}
