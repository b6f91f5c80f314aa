//! A project's templates become specs in the bucket: after all their layers, each whole.

use tmpl_bucket::Publication;
use tmpl_template::{Entry, Extension, Interpreter, LayerReference, PlatformBuild, PythonMain, TemplateSpec};

use crate::lock::Lock;
use crate::project_template::ProjectTemplate;
use crate::session::Session;
use crate::{BuildError, BuildRequest, TemplateReport};

/// A template that is a program of this project.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Program<'a> {
    pub(crate) template: &'a ProjectTemplate,
    pub(crate) main: &'a PythonMain,
}

impl<'a> Program<'a> {
    /// The templates that are programs.
    pub(crate) fn among(templates: &[&'a ProjectTemplate]) -> Vec<Self> {
        let program = |template: &&'a ProjectTemplate| Some(Self { template, main: template.main.as_ref()? });
        templates.iter().filter_map(program).collect()
    }

    /// The spec of the program made of these layers. It holds nothing that differs from build to build of the same inputs.
    pub(crate) fn spec(&self, session: &Session<'_>, lock: &Lock, layers: &[LayerReference]) -> TemplateSpec {
        let target = session.target();
        let interpreter = Interpreter {
            implementation: "cpython".to_owned(),
            version: target.version.clone(),
            abi: target.abi(),
        };
        let build = PlatformBuild {
            interpreter: Some(interpreter),
            libc: Some(target.libc()),
            layers: layers.to_vec(),
            image: None,
        };
        let beam = lock.package("apache-beam").map(|beam| beam.version.clone());
        let entry = Entry::Python { main: self.main.clone(), beam };
        let platforms = [(target.platform.clone(), build)].into();
        let mut spec = self.template.spec.clone();
        spec.tmpl = Some(Extension::new(entry, Some(lock.digest()), platforms));
        spec
    }
}

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
    Ok(TemplateReport { name: name.clone(), path, digest, entry, changed })
}
