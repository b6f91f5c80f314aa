//! `/jobs/{id}`: a job as it stands, and everything that it did.

mod counters;
mod failure;
mod files;
mod rows;
mod show;
mod steps;
mod stop;
mod value;

use tmpl_beam::metrics::Metrics;
use tmpl_bucket::{BucketError, JobRecord};
use tmpl_template::{FormatError, JobId, Metadata, TemplateReference, TemplateSpec};

pub(crate) use counters::figures;
pub(crate) use files::file;
pub(crate) use rows::{csv, json};
pub(crate) use show::job;
pub(crate) use steps::svg;
pub(crate) use stop::{ask, stop};
pub(crate) use value::value;

use crate::Server;
use crate::door::{Action, Person};
use crate::problem::Problem;
use crate::text::problem;

/// The record of a job that the person may see.
pub(crate) async fn known(server: &Server, person: &Person, id: &str) -> Result<JobRecord, Problem> {
    let id: JobId = id.parse().map_err(|_| Problem::not_found(problem::NOTHING_HERE_DETAIL))?;
    let record = match server.bucket.job_record(&id).await {
        Err(error @ BucketError::NoSuchJob { .. }) => {
            server.catalogue.forget(&id);
            return Err(error.into());
        }
        found => found?,
    };
    person.may_with(Action::View, &record)?;
    Ok(record)
}

/// What a job has counted. Figures that can't be read are no reason not to show the rest of a job.
pub(crate) async fn read_metrics(server: &Server, id: &JobId, attempt: u32) -> Option<Metrics> {
    let json = server.bucket.metrics(id, attempt).await.ok()??;
    serde_json::from_value(json).ok()
}

/// What the author of the job's version says, where that can still be read.
pub(crate) async fn metadata(server: &Server, record: &JobRecord) -> Option<Metadata> {
    let digest = &record.template.digest;
    let text = if record.template.origin.is_none() {
        let version = digest.digest().parse().ok();
        let reference = TemplateReference { name: record.template.name.clone(), version };
        server.bucket.template(&reference).await.ok()?.text
    } else {
        let bytes = server.bucket.blob_bytes(digest, FormatError::LONGEST_TEXT as u64).await.ok()?;
        String::from_utf8_lossy(&bytes).into_owned()
    };
    TemplateSpec::parse(&text).ok()?.metadata
}
