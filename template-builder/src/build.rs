//! The way from a project's folder to its templates in the bucket.

use tmpl_template::{LayerReference, TemplateName, TemplateSpec, difference};

use crate::bucket_blobs::{BucketBlobs, current_texts};
use crate::image::{self, Images};
use crate::made_layer::MadeLayer;
use crate::made_platform::MadePlatform;
use crate::outgoing::{self, Outgoing};
use crate::program::Program;
use crate::project::Project;
use crate::project_template::ProjectTemplate;
use crate::publish::{Ready, publish};
use crate::python_session::PythonSession;
use crate::report::{BuildReport, LayerReport, LockState, TemplateReport};
use crate::requirement_files::RequirementFiles;
use crate::session::Session;
use crate::{BuildError, BuildRequest, Checked, Phase, Progress};

/// Builds a project's templates and publishes them. Whatever is visible in the bucket at any moment is complete: layers go
/// first, then images, then all specs. Dropping the future ends the build and all programs it started; what it relied on in the
/// bucket then stays written down, and a garbage collection removes that after a day.
pub async fn build(request: &BuildRequest, progress: &dyn Progress) -> Result<BuildReport, BuildError> {
    let project = Project::load(&request.project, &request.overrides, &request.only)?;
    let templates = project.chosen(&request.only)?;
    let session = Session::new(request, &project, progress);
    let requirements = requirements(&project, &templates)?;
    let blobs = BucketBlobs::of_build(&session, &templates).await?;
    let built = Box::pin(build_with(&session, &blobs, &templates, requirements.as_ref())).await;
    blobs.end().await;
    Ok(BuildReport { warnings: session.warnings(), ..built? })
}

async fn build_with(
    session: &Session<'_>,
    blobs: &BucketBlobs<'_>,
    templates: &[&ProjectTemplate],
    requirements: Option<&RequirementFiles>,
) -> Result<BuildReport, BuildError> {
    let request = session.request;
    let made = Box::pin(Made::new(session, blobs, templates, requirements, true)).await?;
    let images = Box::pin(image::make(session, &made.programs, &made.platforms, true)).await?;
    let ready = made.specs(templates, &images);
    let current = current_texts(session, templates).await?;
    refuse_incompatible(request, &ready, &current)?;
    let changed = ready.iter().zip(&current).any(|(ready, current)| Some(&ready.text) != current.as_ref());
    let checked = made.check(changed).await?;

    let layers = made.layers();
    let mut outgoing: Vec<Outgoing> = layers.iter().map(|layer| Outgoing::of_layer(layer)).collect();
    if changed {
        // Before several write at a time: the first writer of a bucket finds out what its store does.
        request.bucket.ensure_writable().await?;
        // Whoever compares two versions later wants to know what they depended on.
        let pythons = made.platforms.iter().filter_map(|platform| platform.python.as_ref());
        outgoing.extend(pythons.map(|python| Outgoing::of_lock(&python.lock)));
    }
    outgoing.extend(images.kept_in_bucket());
    // The layers stay the first ones.
    let outgoing = outgoing::each_once(outgoing);
    let written = session.measured(Phase::Upload, blobs.send(&outgoing)).await?;
    let images = Box::pin(image::deliver(session, &images)).await?;
    let templates = session.measured(Phase::Publish, publish_all(request, &ready)).await?;
    session.measured(Phase::Upload, blobs.check_again(&outgoing)).await?;
    // What can't be kept is read again.
    let _ = session.checksums.save();
    if changed {
        session.sweep();
    }
    Ok(BuildReport {
        lock: made.lock_state(),
        layers: layers.into_iter().zip(written).map(|(layer, written)| report(layer, written)).collect(),
        images,
        templates,
        checked,
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
    let session = Session::new(request, &project, progress);
    let requirements = requirements(&project, &templates)?;
    let blobs = BucketBlobs::of_reader(&session, &templates).await?;
    let made = Box::pin(Made::new(&session, &blobs, &templates, requirements.as_ref(), false)).await?;
    let images = Box::pin(image::make(&session, &made.programs, &made.platforms, false)).await?;
    let ready = made.specs(&templates, &images);
    refuse_incompatible(request, &ready, &current_texts(&session, &templates).await?)?;
    let _ = session.checksums.save();
    let ready = ready.into_iter();
    Ok(ready.map(|ready| (ready.template.name.clone(), ready.text)).collect())
}

/// What the Python programs among some templates require; nothing where there is none.
fn requirements(
    project: &Project,
    templates: &[&ProjectTemplate],
) -> Result<Option<RequirementFiles>, BuildError> {
    if !Program::among(templates).iter().any(|program| program.source.is_python()) {
        return Ok(None);
    }
    Ok(Some(RequirementFiles::read(&project.root, &project.requirements)?))
}

/// What was made for the programs of a project, on each platform.
struct Made<'a> {
    programs: Vec<Program<'a>>,
    platforms: Vec<MadePlatform>,
    /// The sessions of the platforms, where there are Python programs.
    pythons: Vec<PythonSession<'a>>,
}

impl<'a> Made<'a> {
    async fn new(
        session: &'a Session<'a>,
        blobs: &BucketBlobs<'_>,
        templates: &[&'a ProjectTemplate],
        requirements: Option<&'a RequirementFiles>,
        write_lock: bool,
    ) -> Result<Self, BuildError> {
        let programs = Program::among(templates);
        let wanted = if session.request.platforms.is_empty() {
            &session.project.platforms
        } else {
            &session.request.platforms
        };
        let (mut platforms, mut pythons) = (Vec::new(), Vec::new());
        for platform in wanted.iter().filter(|_| !programs.is_empty()) {
            let python = match (&session.project.target, requirements) {
                (Some(target), Some(requirements)) => {
                    Some(PythonSession::new(session, target.on(platform), requirements))
                }
                _ => None,
            };
            let made =
                MadePlatform::new(session, platform, python.as_ref(), blobs, &programs, write_lock).await?;
            platforms.push(made);
            pythons.extend(python);
        }
        Ok(Self { programs, platforms, pythons })
    }

    /// Every layer, each once: platforms may share some.
    fn layers(&self) -> Vec<&MadeLayer> {
        let mut layers: Vec<&MadeLayer> = Vec::new();
        for layer in self.platforms.iter().flat_map(MadePlatform::layers) {
            if !layers.iter().any(|known| known.reference.digest == layer.reference.digest) {
                layers.push(layer);
            }
        }
        layers
    }

    /// The specs of all templates in the project's order: the programs as they were made, the images as they are.
    fn specs(&self, templates: &[&'a ProjectTemplate], images: &Images<'_>) -> Vec<Ready<'a>> {
        let ready = |template: &&'a ProjectTemplate| {
            let program = self.programs.iter().find(|program| program.template.name == template.name);
            let spec = program.map_or_else(|| template.spec.clone(), |program| self.spec(program, images));
            Ready::new(template, spec)
        };
        templates.iter().map(ready).collect()
    }

    fn spec(&self, program: &Program<'_>, images: &Images<'_>) -> TemplateSpec {
        let python = self.platforms.iter().find_map(|made| made.python.as_ref());
        let python = python.filter(|_| program.source.is_python());
        let describe = |made: &MadePlatform| {
            let image = images.manifest(&program.template.name, &made.platform);
            (made.platform.clone(), tmpl_template::PlatformBuild { image, ..made.describe(program) })
        };
        let platforms = self.platforms.iter().map(describe).collect();
        let lock = python.map(|python| python.lock.digest());
        let mut spec = program.spec(python.and_then(|python| python.beam()), lock, platforms);
        if let Some(reference) = images.reference(&program.template.name) {
            spec.image = Some(reference);
        }
        spec
    }

    async fn check(&self, changed: bool) -> Result<Option<Checked>, BuildError> {
        let mut checked = None;
        for (made, session) in self.platforms.iter().zip(&self.pythons) {
            if let Some(python) = &made.python {
                checked = checked.max(Some(python.check(session, &self.programs, changed).await?));
            }
        }
        Ok(checked)
    }

    /// What became of the locks: the most that became of any.
    fn lock_state(&self) -> Option<LockState> {
        self.platforms.iter().filter_map(|made| Some(made.python.as_ref()?.state)).max()
    }
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

fn report(layer: &MadeLayer, written_bytes: u64) -> LayerReport {
    let MadeLayer { reference, uncompressed_size, origin } = layer.clone();
    let LayerReference { title, digest, size, .. } = reference;
    LayerReport { title, digest, size, uncompressed_size, origin, written_bytes }
}
