//! The way from a project's folder to its templates in the bucket.

use std::collections::BTreeMap;
use std::path::Path;

use tmpl_template::{LayerReference, TemplateName, TemplateSpec, difference};

use crate::bucket_blobs::BucketBlobs;
use crate::inputs::Inputs;
use crate::lock::{self, Lock};
use crate::made_layer::MadeLayer;
use crate::own_layers::OwnCode;
use crate::project::Project;
use crate::project_template::ProjectTemplate;
use crate::publish::{Program, Ready, publish};
use crate::report::{BuildReport, LayerReport, LockState, TemplateReport};
use crate::requirement_files::RequirementFiles;
use crate::session::Session;
use crate::{BuildError, BuildRequest, Phase, Progress, check, dependency_layers, own_layers, resolve};

/// Builds a project's templates and publishes them. Whatever is visible in the bucket at any moment is complete: layers go
/// first, then all specs. Dropping the future ends the build and all programs it started.
pub async fn build(request: &BuildRequest, progress: &dyn Progress) -> Result<BuildReport, BuildError> {
    let project = Project::load(&request.project, &request.overrides, &request.only)?;
    let templates = project.chosen(&request.only)?;
    let programs = Program::among(&templates);
    let Some(target) = project.target.as_ref().filter(|_| !programs.is_empty()) else {
        let ready = in_order(&templates, Vec::new());
        refuse_incompatible(request, &ready, &current_texts(request, &templates).await?)?;
        return Ok(BuildReport {
            lock: None,
            layers: Vec::new(),
            templates: publish_all(request, &ready).await?,
            checked: None,
            timings: BTreeMap::new(),
            warnings: Vec::new(),
        });
    };
    let requirements = RequirementFiles::read(&project.root, &project.requirements)?;
    let session = Session::new(request, &project, target, &requirements, progress);
    let blobs = BucketBlobs::new(&session);
    let made = Made::new(&session, &blobs, programs, true).await?;
    let ready = in_order(&templates, made.specs(&session));
    let current = current_texts(request, &templates).await?;
    refuse_incompatible(request, &ready, &current)?;
    let changed = ready.iter().zip(&current).any(|(ready, current)| Some(&ready.text) != current.as_ref());
    let candidate = check::Candidate {
        programs: &made.programs,
        code: &made.code,
        layers: &made.references,
        dependencies: made.dependencies,
        changed,
    };
    let checked = check::check(&session, &candidate).await?;

    let written = session.measured(Phase::Upload, blobs.send(&made.layers)).await?;
    if changed {
        // Whoever compares two versions later wants to know what they depended on.
        request.bucket.put_bytes_blob(made.lock.bytes()).await?;
    }
    let templates = session.measured(Phase::Publish, publish_all(request, &ready)).await?;
    if changed {
        session.cache.sweep();
    }
    Ok(BuildReport {
        lock: Some(made.state),
        layers: made.layers.into_iter().zip(written).map(|(layer, written)| report(layer, written)).collect(),
        templates,
        checked: Some(checked),
        timings: session.timings(),
        warnings: session.warnings(),
    })
}

/// The specs that a build would publish, each with its template's name. Nothing is written but what this machine keeps.
pub async fn specs(
    request: &BuildRequest,
    progress: &dyn Progress,
) -> Result<Vec<(TemplateName, String)>, BuildError> {
    let project = Project::load(&request.project, &request.overrides, &request.only)?;
    let templates = project.chosen(&request.only)?;
    let programs = Program::among(&templates);
    let specs = match project.target.as_ref().filter(|_| !programs.is_empty()) {
        None => Vec::new(),
        Some(target) => {
            let requirements = RequirementFiles::read(&project.root, &project.requirements)?;
            let session = Session::new(request, &project, target, &requirements, progress);
            let blobs = BucketBlobs::new(&session);
            Made::new(&session, &blobs, programs, false).await?.specs(&session)
        }
    };
    let ready = in_order(&templates, specs);
    refuse_incompatible(request, &ready, &current_texts(request, &templates).await?)?;
    let ready = ready.into_iter();
    Ok(ready.map(|ready| (ready.template.name.clone(), ready.text)).collect())
}

/// What was made for the programs of a project.
struct Made<'a> {
    programs: Vec<Program<'a>>,
    lock: Lock,
    state: LockState,
    layers: Vec<MadeLayer>,
    references: Vec<LayerReference>,
    /// How many of the layers are dependencies: the first ones.
    dependencies: usize,
    code: OwnCode,
}

impl<'a> Made<'a> {
    async fn new(
        session: &Session<'_>,
        blobs: &BucketBlobs<'_>,
        programs: Vec<Program<'a>>,
        write_lock: bool,
    ) -> Result<Self, BuildError> {
        let (lock, state) = locked(session, write_lock).await?;
        let templates: Vec<&ProjectTemplate> = programs.iter().map(|program| program.template).collect();
        let current = current_texts(session.request, &templates).await?;
        let spec = current.iter().flatten().find_map(|text| TemplateSpec::parse(text).ok());
        let mut layers = dependency_layers::layers(session, &lock, blobs, spec.as_ref()).await?;
        let dependencies = layers.len();
        let code = own_layers::read(session, &lock).await?;
        let own = own_layers::layers(session, &lock, code, blobs).await?;
        layers.extend(own.layers);
        let references = layers.iter().map(|layer| layer.reference.clone()).collect();
        Ok(Self { programs, lock, state, layers, references, dependencies, code: own.code })
    }

    fn specs(&self, session: &Session<'_>) -> Vec<Ready<'a>> {
        let ready = |program: &Program<'a>| {
            Ready::new(program.template, program.spec(session, &self.lock, &self.references))
        };
        self.programs.iter().map(ready).collect()
    }
}

/// All templates in the project's order: the programs as they were made, the images as they are.
fn in_order<'a>(templates: &[&'a ProjectTemplate], mut programs: Vec<Ready<'a>>) -> Vec<Ready<'a>> {
    let mut take = |template: &'a ProjectTemplate| {
        let index = programs.iter().position(|ready| ready.template.name == template.name);
        index.map_or_else(|| Ready::new(template, template.spec.clone()), |index| programs.swap_remove(index))
    };
    templates.iter().map(|template| take(template)).collect()
}

async fn publish_all(request: &BuildRequest, ready: &[Ready<'_>]) -> Result<Vec<TemplateReport>, BuildError> {
    let mut reports = Vec::new();
    for ready in ready {
        reports.push(publish(request, ready).await?);
    }
    Ok(reports)
}

/// Where it was asked for: refuses a version that would refuse launches which the current one accepts.
fn refuse_incompatible(
    request: &BuildRequest,
    ready: &[Ready<'_>],
    current: &[Option<String>],
) -> Result<(), BuildError> {
    if !request.check_compatible {
        return Ok(());
    }
    for (ready, current) in ready.iter().zip(current) {
        // What can't be read nobody can launch.
        let Some(Ok(current)) = current.as_ref().map(|text| TemplateSpec::parse(text)) else { continue };
        let difference = difference(&current, &ready.spec);
        let changes: Vec<String> = difference.breaking().map(ToString::to_string).collect();
        if !changes.is_empty() {
            return Err(BuildError::Incompatible { template: ready.template.name.to_string(), changes });
        }
    }
    Ok(())
}

fn report(layer: MadeLayer, written_bytes: u64) -> LayerReport {
    let MadeLayer { reference, uncompressed_size, origin } = layer;
    let LayerReference { title, digest, size, .. } = reference;
    LayerReport { title, digest, size, uncompressed_size, origin, written_bytes }
}

/// The specs that the bucket has of these templates now.
async fn current_texts(
    request: &BuildRequest,
    templates: &[&ProjectTemplate],
) -> Result<Vec<Option<String>>, BuildError> {
    let mut texts = Vec::new();
    for template in templates {
        let stored = request.bucket.current_template(&template.name).await?;
        texts.push(stored.map(|stored| stored.text));
    }
    Ok(texts)
}

/// The project's lock: the one that is there while its inputs stay, else a new one.
async fn locked(session: &Session<'_>, write: bool) -> Result<(Lock, LockState), BuildError> {
    let root = &session.project.root;
    let inputs = Inputs::of(session.project, session.target(), session.requirements)?;
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
    if write {
        lock.write(root)?;
    }
    Ok((lock, state))
}

/// A file of the project as whoever asked for the build spelled its folder.
fn shown(session: &Session<'_>, file: &str) -> String {
    Path::new(&session.request.project).join(file).display().to_string()
}
