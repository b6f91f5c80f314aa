//! From a launch that somebody asks for to a launcher that has begun with it: what every mouth calls for place `process`.
//!
//! ```text
//! recall (by launch key) → check → reserve → accept → start
//! ```
//!
//! It can be cut off after every step, and be asked for again: under a launch key the job is the same one. Nobody waits for it here.

use std::path::Path;

use tmpl_bucket::{Bucket, JobRecord};
use tmpl_template::TemplateReference;

use crate::accept::{self, CheckedLaunch, LaunchRequest, LaunchTemplate};
use crate::admission::{self, Standing};
use crate::cache::Cache;
use crate::notices::OwnNotices;
use crate::place::{LauncherProcess, PROCESS, start_process};
use crate::requested_runner::{OwnRunners, RequestedRunner};
use crate::{LaunchError, launch};

/// What this machine begins launches with.
#[derive(Clone, Copy, Debug)]
pub struct Means<'a> {
    /// Where the job goes.
    pub bucket: &'a Bucket,
    /// This machine's cache.
    pub cache: &'a Cache,
    /// What the operator's own file says of runners.
    pub runners: &'a OwnRunners,
    /// Who is told of the job by the operator's word.
    pub notices: &'a OwnNotices,
    /// This program, to be started again as the launcher.
    pub executable: &'a Path,
    /// Variables that are nothing for a job: what whoever launches keeps to itself.
    pub withheld: &'a [String],
}

/// A launch that has become a job.
#[derive(Debug)]
pub struct Begun {
    /// The job.
    pub record: JobRecord,
    /// Where it stood when this was asked for: where nobody had begun with it, `launcher` has now.
    pub standing: Standing,
    /// Its launcher, where it was started here: to be talked to, or left alone with [`LauncherProcess::leave`].
    pub launcher: Option<LauncherProcess>,
    /// What is odd about the launch but does not forbid it.
    pub warnings: Vec<String>,
}

/// The job that a launch became before, under the same key.
#[derive(Clone, Debug, PartialEq)]
pub struct Recalled {
    /// The job.
    pub record: JobRecord,
    /// Where it stands.
    pub standing: Standing,
}

/// How far a launch has come that nothing speaks against. Whoever is told may end it there.
#[derive(Clone, Copy, Debug)]
pub enum Milestone<'a> {
    /// It is this job, and nothing has started: where there is no launch key, nothing is written either.
    Reserved(&'a JobRecord),
    /// It is written down. What goes wrong from here on is the job's end.
    Accepted(&'a JobRecord),
}

/// Makes a launch, or finds the job that it became before.
pub async fn begin(means: &Means<'_>, request: LaunchRequest) -> Result<Begun, LaunchError> {
    let known = match recall(means.bucket, &request, PROCESS).await? {
        Some(Recalled { record, standing }) if standing != Standing::Waiting => {
            return Ok(Begun { record, standing, launcher: None, warnings: Vec::new() });
        }
        recalled => recalled.map(|recalled| recalled.record),
    };
    let checked = check(means, request, known.as_ref()).await?;
    go_on(means, checked, known, |_| Ok(())).await
}

/// The job that a launch became before, if it was asked for under a key. One that asks for something else is refused.
pub async fn recall(
    bucket: &Bucket,
    request: &LaunchRequest,
    place: &str,
) -> Result<Option<Recalled>, LaunchError> {
    let Some(record) = admission::find(bucket, request, place).await? else { return Ok(None) };
    let standing = admission::standing(bucket, &record).await?;
    Ok(Some(Recalled { record, standing }))
}

/// Whether anything speaks against a launch that was looked for with [`recall`]: `known` is the job that nobody has begun with.
pub async fn check(
    means: &Means<'_>,
    mut request: LaunchRequest,
    known: Option<&JobRecord>,
) -> Result<CheckedLaunch, LaunchError> {
    if let Some(record) = known {
        request.as_it_was(record)?;
    }
    accept::check(means.bucket, means.cache, means.runners, request).await
}

/// Goes on with a launch that nothing speaks against.
pub async fn go_on<E: From<LaunchError>>(
    means: &Means<'_>,
    checked: CheckedLaunch,
    known: Option<JobRecord>,
    mut tell: impl FnMut(Milestone<'_>) -> Result<(), E>,
) -> Result<Begun, E> {
    let Means { bucket, cache, runners: _, notices, executable, withheld } = *means;
    let record = match known {
        Some(record) => record,
        None => admission::reserve(bucket, checked.request(), checked.job()).await?,
    };
    tell(Milestone::Reserved(&record))?;
    let standing = checked.accept(bucket, &record).await?;
    tell(Milestone::Accepted(&record))?;
    let warnings = checked.warnings().to_vec();
    if standing != Standing::Waiting {
        return Ok(Begun { record, standing, launcher: None, warnings });
    }
    match start_process(executable, bucket, &record.id, cache, notices, withheld) {
        Ok(launcher) => Ok(Begun { record, standing, launcher: Some(launcher), warnings }),
        Err(error) => {
            // What was accepted has an end, also when it has no beginning. The error is told in any case.
            let _ = bucket.finish_job(&record, &launch::failed(&error)).await;
            Err(error.into())
        }
    }
}

impl LaunchRequest {
    /// Makes it the launch of then, whatever was published or configured since: what is gone on with is the job that it became.
    pub fn as_it_was(&mut self, record: &JobRecord) -> Result<(), LaunchError> {
        if let LaunchTemplate::Published(reference) = &mut self.template {
            let version = record.template.digest.digest().parse().ok();
            *reference = TemplateReference { name: record.template.name.clone(), version };
        }
        let said = std::mem::take(&mut self.runner.said);
        self.runner = RequestedRunner { said, ..RequestedRunner::of_job(record)? };
        Ok(())
    }
}
