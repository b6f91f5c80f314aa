//! The way from a project's folder to its templates in the bucket.

use std::path::Path;

use tmpl_template::{LayerReference, TemplateSpec};

use crate::bucket_blobs::BucketBlobs;
use crate::inputs::Inputs;
use crate::lock::{self, Lock};
use crate::made_layer::MadeLayer;
use crate::project::{Project, ProjectTemplate};
use crate::publish::{Ready, publish, ready};
use crate::report::{BuildReport, LayerReport, LockState};
use crate::requirement_files::RequirementFiles;
use crate::session::Session;
use crate::{BuildError, BuildRequest, Phase, Progress, check, dependency_layers, own_layers, resolve};

/// Builds a project's templates and publishes them. Whatever is visible in the bucket at any moment is complete: layers go
/// first, then all specs. Dropping the future ends the build and all programs it started.
pub async fn build(request: &BuildRequest, progress: &dyn Progress) -> Result<BuildReport, BuildError> {
    let project = Project::load(&request.project)?;
    let templates = project.chosen(&request.only)?;
    let requirements = RequirementFiles::read(&project.root, &project.requirements)?;
    let session = Session::new(request, &project, &requirements, progress);
    let (lock, state) = locked(&session).await?;

    let blobs = BucketBlobs::new(&session);
    let current = current_texts(&session, &templates).await?;
    let spec = current.iter().flatten().find_map(|text| TemplateSpec::parse(text).ok());
    let mut layers = dependency_layers::layers(&session, &lock, &blobs, spec.as_ref()).await?;
    let dependencies = layers.len();
    let code = own_layers::read(&session, &lock).await?;
    let own = own_layers::layers(&session, &lock, code, &blobs).await?;
    layers.extend(own.layers);

    let references: Vec<LayerReference> = layers.iter().map(|layer| layer.reference.clone()).collect();
    let ready: Vec<Ready<'_>> =
        templates.iter().map(|template| ready(&session, template, &lock, &references)).collect();
    let changed = ready.iter().zip(&current).any(|(ready, current)| Some(&ready.text) != current.as_ref());
    let candidate = check::Candidate {
        templates: &templates,
        code: &own.code,
        layers: &references,
        dependencies,
        changed,
    };
    let checked = check::check(&session, &candidate).await?;

    let written = session.measured(Phase::Upload, blobs.send(&layers)).await?;
    let publishing = async {
        let mut reports = Vec::new();
        for ready in &ready {
            reports.push(publish(&session, ready).await?);
        }
        Ok(reports)
    };
    let templates = session.measured(Phase::Publish, publishing).await?;
    if changed {
        session.cache.sweep();
    }
    Ok(BuildReport {
        lock: state,
        layers: layers.into_iter().zip(written).map(|(layer, written)| report(layer, written)).collect(),
        templates,
        checked,
        timings: session.timings(),
        warnings: session.warnings(),
    })
}

fn report(layer: MadeLayer, written_bytes: u64) -> LayerReport {
    let MadeLayer { reference, uncompressed_size, origin } = layer;
    let LayerReference { title, digest, size, .. } = reference;
    LayerReport { title, digest, size, uncompressed_size, origin, written_bytes }
}

/// The specs that the bucket has of these templates now.
async fn current_texts(
    session: &Session<'_>,
    templates: &[&ProjectTemplate],
) -> Result<Vec<Option<String>>, BuildError> {
    let mut texts = Vec::new();
    for template in templates {
        let stored = session.request.bucket.current_template(&template.name).await?;
        texts.push(stored.map(|stored| stored.text));
    }
    Ok(texts)
}

/// The project's lock: the one that is there while its inputs stay, else a new one.
async fn locked(session: &Session<'_>) -> Result<(Lock, LockState), BuildError> {
    let root = &session.project.root;
    let inputs = Inputs::of(session.project, session.requirements)?;
    let previous = Lock::read(root)?;
    let change = match &previous {
        Some(previous) if previous.inputs == inputs => return Ok((previous.clone(), LockState::Reused)),
        Some(previous) => inputs.changes_since(&previous.inputs).join(", "),
        None => "it is not there".to_owned(),
    };
    if session.request.locked {
        return Err(BuildError::Locked { file: shown(session, lock::FILE), change });
    }
    let state = if previous.is_some() { LockState::Updated } else { LockState::Created };
    let lock = if session.requirements.any || !session.project.packages.is_empty() {
        let work = session.fresh_folder("resolve-")?;
        let resolver = session.resolver()?;
        let resolving = resolve::resolve(
            session.project,
            session.requirements,
            inputs,
            previous.as_ref(),
            &resolver,
            &work,
        );
        session.timed(Phase::Resolve, "requirements", resolving).await?
    } else {
        Lock::new(inputs, Vec::new(), Vec::new(), Vec::new())
    };
    lock.write(root)?;
    Ok((lock, state))
}

/// A file of the project as whoever asked for the build spelled its folder.
fn shown(session: &Session<'_>, file: &str) -> String {
    Path::new(&session.request.project).join(file).display().to_string()
}
