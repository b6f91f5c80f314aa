//! From a checked launch to an accepted job, exactly once.
//!
//! ```text
//! key → name → job → attempt → launcher
//! ```
//!
//! Each step is a create-only object, and each can be the last before a crash: a repetition under the same key finds what is there
//! and goes on with the next. Without a key, what is cut off before the job is accepted never was, and what is cut off after that is
//! brought to its end by whoever looks at it.

use serde_json::{Map, Value, json};
use tmpl_bucket::{Bucket, FinalRecord, JobRecord, KeyedLaunch};
use tmpl_template::sha256_of;

use crate::LaunchError;
use crate::launch_request::{LaunchRequest, LaunchTemplate};

/// Where an accepted job stands.
#[derive(Clone, Debug, PartialEq)]
pub enum Standing {
    /// Nobody has begun with it: a launcher is to be started.
    Waiting,
    /// A launcher has it.
    Begun,
    /// It has ended.
    Ended(Box<FinalRecord>),
}

/// The job of a launch that was asked for before under the same key. One that asks for something else is refused.
pub async fn find(
    bucket: &Bucket,
    request: &LaunchRequest,
    place: &str,
) -> Result<Option<JobRecord>, LaunchError> {
    let Some(key) = &request.launch_key else { return Ok(None) };
    match bucket.launch_of_key(key).await? {
        Some(held) => same(held, request, place).map(Some),
        None => Ok(None),
    }
}

/// Takes the request's key, if it has one. Gives the job that the launch becomes: this one, or the one that somebody else made of it
/// at the same moment.
pub async fn reserve(
    bucket: &Bucket,
    request: &LaunchRequest,
    record: JobRecord,
) -> Result<JobRecord, LaunchError> {
    let Some(key) = &request.launch_key else { return Ok(record) };
    let place = record.place.clone();
    let held = bucket.take_launch_key(KeyedLaunch::new(key, asked(request, &place), record)).await?;
    same(held, request, &place)
}

/// Claims the job's name and writes the job down, or finds that this was done.
pub(crate) async fn accept(bucket: &Bucket, record: &JobRecord) -> Result<Standing, LaunchError> {
    let standing = standing(bucket, record).await?;
    if standing != Standing::Waiting {
        return Ok(standing);
    }
    if let Some(holder) = bucket.claim_job_name(record).await? {
        return Err(LaunchError::NameInUse { name: record.name.to_string(), holder });
    }
    bucket.accept_job(record).await?;
    Ok(Standing::Waiting)
}

/// Where a job stands, by its records alone.
pub async fn standing(bucket: &Bucket, record: &JobRecord) -> Result<Standing, LaunchError> {
    if let Some(ended) = bucket.final_record(&record.id).await? {
        return Ok(Standing::Ended(Box::new(ended)));
    }
    let begun = !bucket.attempt_numbers(&record.id).await?.is_empty();
    Ok(if begun { Standing::Begun } else { Standing::Waiting })
}

fn same(held: KeyedLaunch, request: &LaunchRequest, place: &str) -> Result<JobRecord, LaunchError> {
    let differences = held.differences(&asked(request, place));
    if differences.is_empty() {
        return Ok(held.job);
    }
    Err(LaunchError::KeyInUse { key: held.key, id: held.job.id, differences })
}

/// The launch as it is asked for: everything that decides what the job does, and nothing of who asks, when or where.
fn asked(request: &LaunchRequest, place: &str) -> Map<String, Value> {
    let template = match &request.template {
        LaunchTemplate::Published(reference) => json!(reference.to_string()),
        LaunchTemplate::Unpublished(spec) => json!(sha256_of(spec.text.as_bytes()).to_string()),
    };
    let retries = Some(request.retries).filter(|retries| retries.limit > 0);
    let parts = [
        ("template", template),
        ("parameters", json!(request.parameters)),
        ("environment", json!(request.environment)),
        ("runner", json!(request.runner.name)),
        ("profile", json!(request.runner.profile)),
        ("runnerFlags", json!(Some(&request.runner.said).filter(|said| !said.is_empty()))),
        ("replayOf", json!(request.replay_of)),
        ("jobName", json!(request.job_name)),
        ("place", json!(place)),
        ("python", json!(request.python)),
        ("timeout", json!(request.timeout.map(|timeout| format!("{timeout:#}")))),
        ("retries", json!(retries.map(|retries| retries.limit))),
        ("backoff", json!(retries.map(|retries| format!("{:#}", retries.backoff)))),
        ("overwrite", json!(request.overwrite)),
    ];
    parts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}
