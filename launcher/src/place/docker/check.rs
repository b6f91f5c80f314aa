//! A launch in a container that nothing speaks against. Checked before anything is pulled, made or written down.

use std::path::PathBuf;

use serde::Serialize;
use tmpl_bucket::{Bucket, JobRecord, JobTemplate, layout};
use tmpl_template::{
    LayerReference, ParameterValues, RunnerKind, TemplateName, TemplateSpec, check_with_account,
};

use super::mount::target_of;
use super::visible::Sight;
use super::{DockerError, DockerPlace, DockerProfile, ImageSource, Mount};
use crate::LaunchError;
use crate::accept::{FIRST_ATTEMPT, LaunchRequest, LaunchTemplate, UnpublishedSpec};
use crate::admission::{self, Standing};
use crate::engine::ImageName;
use crate::existing_output::{refuse_existing_in_store, refuse_existing_output};
use crate::place::DOCKER;
use crate::requested_runner::{OwnRunners, ResolvedRunner};
use crate::secret;

/// A launch in a container that nothing speaks against.
#[derive(Debug)]
pub struct CheckedContainer {
    request: LaunchRequest,
    runner: ResolvedRunner,
    template: JobTemplate,
    values: ParameterValues,
    image: ImageSource,
    /// What the template was built for; nothing where only its image knows.
    platforms: Vec<String>,
    layers: Vec<LayerReference>,
    /// The folder that relative paths start from, as the container sees it.
    directory: Option<PathBuf>,
    profile: DockerProfile,
}

/// What a launch in a container would do: shown by a dry run, which pulls, starts and writes nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ContainerPlan {
    /// The template and its version.
    pub template: String,
    /// The runner.
    pub runner: String,
    /// Where the launcher runs.
    pub place: &'static str,
    /// The engine: its address and version.
    pub engine: String,
    /// The image.
    pub image: String,
    /// Whether the engine has it already.
    pub present: bool,
    /// The platform it runs on.
    pub platform: String,
    /// The user in the container.
    pub user: String,
    /// The network; nothing for the engine's default.
    pub network: Option<String>,
    /// The most memory, as `2g`.
    pub memory: Option<String>,
    /// The most processors.
    pub cpus: Option<String>,
    /// The devices it gets.
    pub devices: Vec<String>,
    /// The folders and files it sees, the bucket first.
    pub mounts: Vec<String>,
    /// The folder that relative paths start from; nothing where the container does not see it.
    pub directory: Option<PathBuf>,
    /// The parameters: of secrets, the references.
    pub parameters: Vec<(String, String)>,
    /// Where the logs go.
    pub logs: String,
    /// Where result rows go.
    pub results: String,
    /// The temporary location, emptied at the end.
    pub temporary: String,
    /// What is odd about the launch but does not forbid it.
    pub warnings: Vec<String>,
}

/// Checks a launch. Reads the bucket, writes nothing, and does not ask the engine.
pub async fn check(
    bucket: &Bucket,
    runners: &OwnRunners,
    request: LaunchRequest,
    profile: DockerProfile,
) -> Result<CheckedContainer, LaunchError> {
    let (template, spec) = request.load(bucket).await?;
    let runner = runners.of_launch(bucket, &request.runner, &spec).await?;
    if runner.engine() != RunnerKind::Direct {
        return Err(DockerError::Runner { runner: runner.name.to_string(), engine: runner.engine() }.into());
    }
    let values = check_with_account(&spec, &request.asked(runner.engine()), bucket.account())?;
    let image = ImageSource::of(&template.name, &spec)?;
    for mount in &profile.mounts {
        if !mount.source.exists() {
            return Err(DockerError::MountMissing {
                mount: mount.to_string(),
                source_path: mount.source.clone(),
            }
            .into());
        }
    }
    let mounts = visible_mounts(bucket, &profile);
    let directory = target_of(&mounts, &request.working_directory);
    let sight = Sight {
        mounts: &mounts,
        directory: directory.as_deref(),
        directory_here: &request.working_directory,
    };
    sight.check(&spec, &values)?;
    if !request.overwrite {
        refuse_existing_output(&spec, &values, &|path| sight.on_machine(path))?;
        refuse_existing_in_store(bucket, &spec, &values).await?;
    }
    // The launcher looks them up in the container: what it could not find there, nobody has to wait for it to miss.
    for value in values.iter().filter(|value| value.secret) {
        secret::check(&value.value, &|path| sight.on_machine(path))?;
    }
    let layers = layers_of(&spec);
    request.find_layers(bucket, &layers).await?;
    let platforms = spec.tmpl.iter().flat_map(|extension| extension.platforms.keys().cloned()).collect();
    Ok(CheckedContainer { request, runner, template, values, image, platforms, layers, directory, profile })
}

/// Everything that the container sees of this machine.
fn visible_mounts(bucket: &Bucket, profile: &DockerProfile) -> Vec<Mount> {
    bucket.folder().map(Mount::same).into_iter().chain(profile.mounts.iter().cloned()).collect()
}

/// The layers of every platform: an image that does not have them takes them from the bucket.
fn layers_of(spec: &TemplateSpec) -> Vec<LayerReference> {
    let platforms = spec.tmpl.iter().flat_map(|extension| extension.platforms.values());
    platforms.flat_map(|platform| platform.layers.iter().cloned()).collect()
}

impl CheckedContainer {
    /// What is odd about the launch but does not forbid it.
    pub fn warnings(&self) -> &[String] {
        self.values.warnings()
    }

    /// Where the image comes from.
    pub(super) fn image(&self) -> &ImageSource {
        &self.image
    }

    /// Accepts the launch: puts into the bucket what a spec that lies elsewhere needs there, and writes the job down.
    pub async fn accept(&self, bucket: &Bucket, record: &JobRecord) -> Result<Standing, LaunchError> {
        self.request.stage(bucket, &record.id, &self.layers).await?;
        admission::accept(bucket, record).await
    }

    /// The request.
    pub fn request(&self) -> &LaunchRequest {
        &self.request
    }

    /// The job that this launch becomes.
    pub fn job(&self) -> JobRecord {
        let job = self.request.job(&self.template, &self.runner, DOCKER);
        JobRecord { working_directory: self.directory.clone(), ..job }
    }

    /// Refuses an engine whose machine the template was not built for.
    pub(super) fn check_platform(&self, platform: &str) -> Result<(), LaunchError> {
        if self.platforms.is_empty() || self.platforms.iter().any(|built| built == platform) {
            return Ok(());
        }
        Err(self.other_platform(platform))
    }

    /// The template was not built for this platform.
    pub(super) fn other_platform(&self, platform: &str) -> LaunchError {
        LaunchError::Platform {
            name: self.template.name.to_string(),
            built: self.platforms.clone(),
            here: platform.to_owned(),
        }
    }

    /// The template's name.
    pub(super) fn template(&self) -> &TemplateName {
        &self.template.name
    }

    /// The bucket that has the template's layers and image: the one that the spec lies in, where that is another one.
    pub(super) fn layers_bucket<'a>(&'a self, bucket: &'a Bucket) -> &'a Bucket {
        match &self.request.template {
            LaunchTemplate::Unpublished(UnpublishedSpec { layers: Some(other), .. }) => other,
            _ => bucket,
        }
    }

    /// The variables that the launch's secrets name, with their values.
    pub(super) fn secret_values(&self) -> Result<Vec<(String, String)>, LaunchError> {
        let secrets = self.values.iter().filter(|value| value.secret);
        let named = secrets.filter_map(|value| Some((value.value.strip_prefix("env:")?, &value.value)));
        named
            .map(|(name, reference)| {
                let value = secret::look_up(reference)
                    .map_err(|reason| LaunchError::Secret { reference: reference.clone(), reason })?;
                Ok((name.to_owned(), value))
            })
            .collect()
    }

    /// What the launch would do, for a job that began now, with an image that `present` says the engine has.
    pub fn plan(
        &self,
        bucket: &Bucket,
        place: &DockerPlace,
        (image, present): (ImageName, bool),
    ) -> ContainerPlan {
        let record = self.job();
        let profile = &self.profile;
        ContainerPlan {
            template: format!("{}@{}", record.template.name, record.template.digest),
            runner: record.runner.clone(),
            place: DOCKER,
            engine: place.to_string(),
            image: image.to_string(),
            present,
            platform: place.platform().to_owned(),
            user: place.user().to_string(),
            network: profile.network.as_ref().map(ToString::to_string),
            memory: profile.memory.map(|memory| memory.to_string()),
            cpus: profile.cpus.map(|cpus| cpus.to_string()),
            devices: profile.devices.iter().map(ToString::to_string).collect(),
            mounts: visible_mounts(bucket, profile).iter().map(ToString::to_string).collect(),
            directory: self.directory.clone(),
            parameters: self.values.iter().map(|value| (value.name.clone(), value.value.clone())).collect(),
            logs: bucket.place_of(&layout::logs(&record.id, FIRST_ATTEMPT)),
            results: bucket.place_of(&layout::results(&record.id, FIRST_ATTEMPT)),
            temporary: bucket.place_of(&layout::temporary(&record.id)),
            warnings: self.values.warnings().to_vec(),
        }
    }
}
