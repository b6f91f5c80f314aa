//! An engine and a profile: gets images, makes containers for jobs, and cleans up after jobs that nobody waited for.

use std::fmt;

use rustix::process::{getgid, getuid};
use tmpl_bucket::{Bucket, JobRecord};
use tmpl_oci::registry::CredentialSources;
use tmpl_template::JobId;

use super::image::has_launcher;
use super::request::{BUCKET_LABEL, JOB_LABEL, JobContainerRequest, container_name};
use super::secrets_folder::SecretsFolder;
use super::stored_image::StoredImage;
use super::{CheckedContainer, DockerError, DockerProfile, ImageSource, JobContainer, User, launcher_file};
use crate::LaunchError;
use crate::cache::Cache;
use crate::engine::{Engine, EngineFacts, EngineImage, ImageName};

/// An engine with a profile.
#[derive(Clone, Debug)]
pub struct DockerPlace {
    engine: Engine,
    facts: EngineFacts,
    profile: DockerProfile,
}

impl DockerPlace {
    /// Finds the engine that a profile means, which must answer.
    pub async fn open(profile: DockerProfile) -> Result<Self, LaunchError> {
        let engine = Engine::find(profile.socket.as_ref()).await?;
        if !engine.address().is_local() {
            return Err(DockerError::EngineElsewhere { engine: engine.address().to_string() }.into());
        }
        let facts = engine.facts().await?;
        Ok(Self { engine, facts, profile })
    }

    /// The platform that containers run on.
    pub fn platform(&self) -> &str {
        self.profile.platform.as_ref().map_or(&self.facts.platform, super::Platform::as_str)
    }

    /// The user that containers run as: the profile's, else whoever launches. To an engine without root, that is user 0.
    pub fn user(&self) -> User {
        match &self.profile.user {
            Some(user) => user.clone(),
            None if self.facts.rootless => User::numbered(0, 0),
            None => User::numbered(getuid().as_raw(), getgid().as_raw()),
        }
    }

    /// The name of a launch's image, and whether the engine has it.
    pub async fn find_image(
        &self,
        bucket: &Bucket,
        checked: &CheckedContainer,
    ) -> Result<(ImageName, bool), LaunchError> {
        let origin = self.origin(bucket, checked).await?;
        let present = self.present(&origin).await?.is_some();
        Ok((origin.name()?, present))
    }

    /// The image of a launch: the engine's, else pulled from its registry or loaded from the bucket. `told` is given lines for
    /// people.
    pub async fn image(
        &self,
        bucket: &Bucket,
        checked: &CheckedContainer,
        told: &mut (dyn FnMut(String) + Send),
    ) -> Result<EngineImage, LaunchError> {
        let origin = self.origin(bucket, checked).await?;
        let name = origin.name()?;
        let image = match (self.present(&origin).await?, &origin) {
            (Some(image), _) => image,
            (None, Origin::Stored(stored)) => self.load(stored, &origin, told).await?,
            (None, Origin::Named(name)) => self.pull(name, told).await?,
        };
        let (built, wanted) = (image.platform(), self.platform().to_owned());
        // An engine may leave out the variant of an architecture.
        if !wanted.starts_with(&built) {
            return Err(DockerError::ImagePlatform { image: name.to_string(), built, wanted }.into());
        }
        Ok(image)
    }

    async fn origin<'a>(
        &self,
        bucket: &Bucket,
        checked: &'a CheckedContainer,
    ) -> Result<Origin<'a>, LaunchError> {
        checked.check_platform(self.platform())?;
        match checked.image() {
            ImageSource::Named(name) => Ok(Origin::Named(name)),
            ImageSource::Stored(manifests) => {
                let manifest = manifests.get(self.platform());
                let manifest = manifest.ok_or_else(|| checked.other_platform(self.platform()))?;
                let there = checked.layers_bucket(bucket);
                let stored = StoredImage::open(there, checked.template(), manifest).await?;
                Ok(Origin::Stored(Box::new(stored)))
            }
        }
    }

    /// The image, if the engine has it. One that came from the bucket is known by its tag too: the digests that engines go by
    /// differ with the kind of their store.
    async fn present(&self, origin: &Origin<'_>) -> Result<Option<EngineImage>, LaunchError> {
        if let Some(image) = self.engine.image(&origin.name()?).await? {
            return Ok(Some(image));
        }
        match origin {
            Origin::Stored(stored) => Ok(self.engine.image(&stored.tag()?).await?),
            Origin::Named(_) => Ok(None),
        }
    }

    async fn load(
        &self,
        stored: &StoredImage,
        origin: &Origin<'_>,
        told: &mut (dyn FnMut(String) + Send),
    ) -> Result<EngineImage, LaunchError> {
        let tag = stored.tag()?;
        told(format!("loading the image {tag} from the bucket …"));
        self.engine.load_image(stored.archive(&tag).await?).await?;
        let found = self.present(origin).await?;
        Ok(found.ok_or_else(|| DockerError::NoSuchImage { image: tag.to_string() })?)
    }

    async fn pull(
        &self,
        name: &ImageName,
        told: &mut (dyn FnMut(String) + Send),
    ) -> Result<EngineImage, LaunchError> {
        told(format!("pulling the image {name} …"));
        let platform = self.profile.platform.as_ref().map(super::Platform::as_str);
        let authorization = authorization(name).await?;
        let pulled = self.engine.pull_image(name, platform, authorization, told).await;
        pulled.map_err(|source| DockerError::Pull { image: name.to_string(), source })?;
        let found = self.engine.image(name).await?;
        Ok(found.ok_or_else(|| DockerError::NoSuchImage { image: name.to_string() })?)
    }

    /// Makes the container of a job, which does not run yet. Also returns what the engine can't do of what the profile says.
    pub async fn create(
        &self,
        bucket: &Bucket,
        cache: &Cache,
        checked: &CheckedContainer,
        image: &EngineImage,
        record: &JobRecord,
    ) -> Result<(JobContainer, Vec<String>), LaunchError> {
        let launcher = if has_launcher(image.entrypoint()) { None } else { Some(launcher_file::find()?) };
        let user = self.user();
        // What opens the bucket here opens it there.
        let mut values = bucket.credential_variables().await?;
        values.extend(checked.secret_values()?);
        let secrets = SecretsFolder::write(cache, &record.id, &user, &values)?;
        let url = bucket.url().portable();
        let request = JobContainerRequest {
            id: &record.id,
            bucket: &url,
            image: &image.id,
            launcher: launcher.as_deref(),
            user: &user,
            secrets: secrets.as_ref().map(SecretsFolder::path),
            profile: &self.profile,
        };
        let platform = self.profile.platform.as_ref().map(super::Platform::as_str);
        let name = container_name(&record.id);
        let created = match self.engine.create_container(&name, platform, &request.build()).await {
            // An answer that was lost on its way: the container is there.
            Err(error) if error.is_lost() => match self.find(&record.id).await? {
                Some(container) => return Ok((container, Vec::new())),
                None => return Err(error.into()),
            },
            created => created?,
        };
        if let Some(secrets) = secrets {
            secrets.leave();
        }
        Ok((self.container(created.id, record.id.clone()), created.warnings))
    }

    /// The container of a job, if the engine has one.
    pub async fn find(&self, id: &JobId) -> Result<Option<JobContainer>, LaunchError> {
        let found = self.engine.labelled_containers(&format!("{JOB_LABEL}={id}"), JOB_LABEL, false).await?;
        Ok(found.into_iter().next().map(|(container, _)| self.container(container, id.clone())))
    }

    /// Brings jobs of this bucket to their end whose containers ended while nobody waited, and removes the containers.
    pub async fn sweep(&self, bucket: &Bucket) -> Result<(), LaunchError> {
        let label = format!("{BUCKET_LABEL}={}", bucket.url().portable());
        for (container, job) in self.engine.labelled_containers(&label, JOB_LABEL, true).await? {
            let Ok(job) = job.parse::<JobId>() else { continue };
            let container = self.container(container, job);
            let end = container.ended(&mut |_| ()).await;
            container.settle(bucket, &end).await?;
            container.remove().await?;
        }
        Ok(())
    }

    fn container(&self, container: String, job: JobId) -> JobContainer {
        JobContainer::new(self.engine.clone(), container, job)
    }
}

/// Where the image of a launch comes from, if the engine does not have it.
enum Origin<'a> {
    Stored(Box<StoredImage>),
    Named(&'a ImageName),
}

impl Origin<'_> {
    /// What the engine knows it by.
    fn name(&self) -> Result<ImageName, DockerError> {
        match self {
            Self::Stored(stored) => stored.name(),
            Self::Named(name) => Ok((*name).clone()),
        }
    }
}

/// The credentials for an image's registry, as engines take them. An image whose name no registry has needs none.
async fn authorization(name: &ImageName) -> Result<Option<String>, DockerError> {
    let Ok(reference) = name.as_str().parse() else { return Ok(None) };
    let sources = CredentialSources::from_environment(|name| std::env::var_os(name));
    let header = sources.engine_header(&reference).await;
    header.map_err(|source| DockerError::Credentials { source: Box::new(source) })
}

impl fmt::Display for DockerPlace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ({})", self.engine.address(), self.facts.version)
    }
}
