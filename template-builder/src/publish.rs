//! A project's templates become specs in the bucket: after all their layers, each whole.

use tmpl_bucket::Publication;
use tmpl_template::TemplateSpec;

use crate::project_template::ProjectTemplate;
use crate::{BuildError, BuildRequest, TemplateReport};

/// A template's spec, ready to be published.
#[derive(Debug)]
pub(crate) struct Ready<'a> {
    pub(crate) template: &'a ProjectTemplate,
    pub(crate) spec: TemplateSpec,
    pub(crate) text: String,
}

impl<'a> Ready<'a> {
    pub(crate) fn new(template: &'a ProjectTemplate, spec: TemplateSpec) -> Self {
        let text = spec.to_canonical_json();
        Self { template, spec, text }
    }
}

/// Publishes a spec whose layers are all in the bucket.
pub(crate) async fn publish(request: &BuildRequest, ready: &Ready<'_>) -> Result<TemplateReport, BuildError> {
    let name = &ready.template.name;
    let Publication { digest, entry, changed, path } =
        request.bucket.publish(name, &ready.text, &request.facts).await?;
    let image = ready.template.program.as_ref().and(ready.spec.image.clone());
    Ok(TemplateReport { name: name.clone(), path, digest, entry, changed, image })
}
