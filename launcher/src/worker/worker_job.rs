//! Which job a worker is for. An engine is given the words with the pipeline's environment and hands them on with each request; one that
//! does not (Prism) still hands on the pipeline's options, which have the same words.

use std::collections::HashMap;

use fs_err as fs;
use tmpl_beam::worker::{Provisioned, WorkerError};
use tmpl_bucket::BucketUrl;
use tmpl_template::JobId;

use crate::accept::FIRST_ATTEMPT;

/// The bucket that the job is in. As a pipeline's option it has `_` for `.`, as the others.
pub const BUCKET_WORD: &str = "tmpl.bucket";
/// The job's id.
pub const JOB_WORD: &str = "tmpl.job";
/// The number of the attempt.
pub const ATTEMPT_WORD: &str = "tmpl.attempt";

/// An attempt of a job.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerJob {
    /// The job.
    pub id: JobId,
    /// The attempt, from 1.
    pub attempt: u32,
}

impl WorkerJob {
    /// The job that a request is for, by the request's own words, or else by the pipeline's options. Nothing where neither names one.
    /// `own` is the bucket of the pool, and the only one that it reads.
    pub(super) fn asked_for(
        params: &HashMap<String, String>,
        provisioned: &Provisioned,
        own: Option<&BucketUrl>,
    ) -> Result<Option<Self>, WorkerError> {
        let word = |name: &str| {
            let given = params.get(name).map(String::as_str);
            given.or_else(|| provisioned.option(&name.replace('.', "_"))).filter(|word| !word.is_empty())
        };
        let Some(job) = word(JOB_WORD) else { return Ok(None) };
        let malformed = |what, text: &str| WorkerError::Malformed { what, text: text.to_owned() };
        let id = job.parse().map_err(|_| malformed("job's id", job))?;
        let attempt = match word(ATTEMPT_WORD) {
            Some(text) => text.parse().map_err(|_| malformed("number of an attempt", text))?,
            None => FIRST_ATTEMPT,
        };
        if let (Some(named), Some(own)) = (word(BUCKET_WORD), own)
            && !is_same(named, own)
        {
            let reason = format!(
                "job {id} is in {named}, and this worker pool reads {own} alone (start one with `--bucket {named}`)",
                own = own.name()
            );
            return Err(WorkerError::Source { reason });
        }
        Ok(Some(Self { id, attempt }))
    }
}

/// Whether an address means our bucket. What a client must know of a store may differ from machine to machine; a folder may have
/// several names.
fn is_same(named: &str, own: &BucketUrl) -> bool {
    let Ok(named) = named.parse::<BucketUrl>() else { return false };
    let whole = |url: &BucketUrl| fs::canonicalize(url.folder()?).ok();
    named.name() == own.name() || whole(&named).is_some_and(|folder| whole(own) == Some(folder))
}

#[cfg(test)]
mod tests {
    use tmpl_beam::worker::WorkerStart;

    use super::*;

    const ID: &str = "2026-11-21_08_00_00-0000000000000000001";

    fn asked(params: &[(&str, &str)]) -> Result<Option<WorkerJob>, String> {
        let params = params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let provisioned = Provisioned { start: WorkerStart::default(), info: <_>::default() };
        let own = "s3://data/team?region=eu-1".parse().unwrap();
        WorkerJob::asked_for(&params, &provisioned, Some(&own)).map_err(|error| error.to_string())
    }

    #[test]
    fn a_job_is_named_in_words() {
        let job = |attempt| Ok(Some(WorkerJob { id: ID.parse().unwrap(), attempt }));
        for (params, found) in [
            (&[][..], Ok(None)),
            (&[(JOB_WORD, ID)], job(1)),
            (
                &[(JOB_WORD, ID), (ATTEMPT_WORD, "2"), (BUCKET_WORD, "s3://data/team?endpoint=http://x:1")],
                job(2),
            ),
            (&[(JOB_WORD, "x")], Err("`x` is no job's id".to_owned())),
            (&[(JOB_WORD, ID), (ATTEMPT_WORD, "-1")], Err("`-1` is no number of an attempt".to_owned())),
            (
                &[(JOB_WORD, ID), (BUCKET_WORD, "s3://data/other")],
                Err(format!(
                    "job {ID} is in s3://data/other, and this worker pool reads s3://data/team alone (start one with \
                     `--bucket s3://data/other`)"
                )),
            ),
        ] {
            assert_eq!(asked(params), found, "{params:?}");
        }
    }

    #[test]
    fn a_folder_has_several_names() {
        let folder = tempfile::tempdir().unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(folder.path(), &link).unwrap();
        let own: BucketUrl = folder.path().to_str().unwrap().parse().unwrap();
        assert!(is_same(&format!("file://{}", link.display()), &own));
        assert!(!is_same("/", &own));
    }
}
