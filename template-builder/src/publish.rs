//! A project's templates become specs in the bucket: after all their layers, each whole.

use tmpl_bucket::Publication;
use tmpl_template::{Entry, Extension, Interpreter, LayerReference, PlatformBuild, SdkInfo, TemplateSpec};

use crate::lock::Lock;
use crate::project::ProjectTemplate;
use crate::session::Session;
use crate::{BuildError, TemplateReport};

/// A template's spec, ready to be published.
pub(crate) struct Ready<'a> {
    pub(crate) template: &'a ProjectTemplate,
    pub(crate) text: String,
}

/// The spec of a template made of these layers. It holds nothing that differs from build to build of the same inputs.
pub(crate) fn ready<'a>(
    session: &Session<'_>,
    template: &'a ProjectTemplate,
    lock: &Lock,
    layers: &[LayerReference],
) -> Ready<'a> {
    let target = session.target();
    let interpreter = Interpreter {
        implementation: "cpython".to_owned(),
        version: target.version.clone(),
        abi: target.abi(),
    };
    let build = PlatformBuild { interpreter, libc: target.libc(), layers: layers.to_vec() };
    let beam = lock.package("apache-beam").map(|beam| beam.version.clone());
    let entry = Entry::Python { main: template.main.clone(), beam };
    let platforms = [(target.platform.clone(), build)].into();
    let spec = TemplateSpec {
        image: None,
        metadata: template.metadata.clone(),
        sdk_info: Some(SdkInfo::new("PYTHON")),
        default_environment: template.default_environment.clone(),
        tmpl: Some(Extension::new(entry, Some(lock.digest()), platforms)),
        other: serde_json::Map::new(),
    };
    Ready { template, text: spec.to_canonical_json() }
}

/// Publishes a spec whose layers are all in the bucket.
pub(crate) async fn publish(session: &Session<'_>, ready: &Ready<'_>) -> Result<TemplateReport, BuildError> {
    let (name, request) = (&ready.template.name, session.request);
    let Publication { digest, entry, changed, path } =
        request.bucket.publish(name, &ready.text, &request.facts).await?;
    Ok(TemplateReport { name: name.clone(), path, digest, entry, changed })
}
