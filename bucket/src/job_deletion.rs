//! Deleting a job: all that is known of it, and of the people in it. That it was, the audit keeps.

use serde_json::json;
use tmpl_template::JobId;

use crate::reliance::of_job;
use crate::{Bucket, BucketError, Submitter, layout};

impl Bucket {
    /// Deletes a job that has ended. One that was deleted half-way before is deleted to the end.
    pub async fn delete_job(&self, id: &JobId, submitter: &Submitter) -> Result<(), BucketError> {
        let entries = self.index_entries(id).await?;
        let record = match self.job_summary(id).await {
            Ok(summary) if summary.ended.is_none() => {
                return Err(BucketError::NotEnded { id: id.clone(), state: summary.state.word() });
            }
            Ok(summary) => Some(summary.record),
            Err(BucketError::NoSuchJob { .. }) if !entries.is_empty() => None,
            // What can't be read can be deleted all the same.
            Err(BucketError::Malformed { .. }) => None,
            Err(error) => return Err(error),
        };
        self.audit(submitter, "delete job", json!({ "job": id })).await?;
        if let Some(record) = &record {
            if let Some(key) = &record.launch_key {
                self.store.delete(&layout::launch_key(key)).await?;
            }
            self.forget_default_name(record).await?;
        }
        self.remove_temporary(id).await?;
        self.store.delete(&layout::build(&of_job(id))).await?;
        self.remove_folder(&layout::job(id)).await?;
        // The last: what was deleted half-way can still be found.
        for entry in &entries {
            self.unindex(entry).await?;
        }
        Ok(())
    }

    /// A name that was made for this job alone is claimed by nobody again.
    async fn forget_default_name(&self, record: &crate::JobRecord) -> Result<(), BucketError> {
        let made = record.template.name.as_str().replace(['.', '_'], "-");
        if record.name.as_str().contains(&format!("{made}-{}", record.created.strftime("%Y%m%d-%H%M%S"))) {
            self.remove_folder(&layout::job_name(&record.name)).await?;
        }
        Ok(())
    }
}
