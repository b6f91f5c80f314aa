//! The spec of a job's template, as the bucket has it.

use tmpl_bucket::{Bucket, JobTemplate};
use tmpl_template::{FormatError, TemplateName, TemplateReference, TemplateSpec};

use crate::LaunchError;

/// The text of a job's spec: as it was published, or as it was kept for the job.
pub(crate) async fn text(bucket: &Bucket, template: &JobTemplate) -> Result<String, LaunchError> {
    if template.origin.is_none() {
        let version = template.digest.digest().parse().ok();
        let reference = TemplateReference { name: template.name.clone(), version };
        return Ok(bucket.template(&reference).await?.text);
    }
    let bytes = bucket.blob_bytes(&template.digest, FormatError::LONGEST_TEXT as u64).await?;
    // It was a text when it was kept, and its digest is still the same.
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Reads a template's spec.
pub(crate) fn parse(name: &TemplateName, text: &str) -> Result<TemplateSpec, LaunchError> {
    TemplateSpec::parse(text).map_err(|source| LaunchError::Spec { name: name.to_string(), source })
}
