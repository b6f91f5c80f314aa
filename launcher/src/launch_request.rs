//! A launch as it is asked for, by whatever mouth.

use std::path::PathBuf;

use jiff::{SignedDuration, Timestamp};
use oci_spec::image::Digest;
use tmpl_bucket::{Bucket, JobRecord, JobTemplate, NoticeTarget, Retries, Submitter};
use tmpl_template::{
    CardName, CheckRequest, Environment, JobId, JobName, LayerReference, RawParameters, RunnerKind,
    TemplateName, TemplateReference, TemplateSpec, sha256_of,
};

use crate::LaunchError;
use crate::identity::Identity;
use crate::requested_runner::{RequestedRunner, ResolvedRunner};
use crate::stored_spec::parse;

/// The template of a launch.
#[derive(Clone, Debug)]
pub enum LaunchTemplate {
    /// One that was published in the bucket: the current version, or the one that is named.
    Published(TemplateReference),
    /// A spec that lies elsewhere. It is kept in the bucket, beside the job, so that the job can always be understood.
    Unpublished(UnpublishedSpec),
}

/// A spec that was not published in the bucket.
#[derive(Clone, Debug)]
pub struct UnpublishedSpec {
    /// What its jobs are called after.
    pub name: TemplateName,
    /// Its text.
    pub text: String,
    /// Where it was read.
    pub origin: String,
    /// The bucket that has its layers, where it is another one.
    pub layers: Option<Box<Bucket>>,
}

/// A launch as it is asked for.
#[derive(Clone, Debug)]
pub struct LaunchRequest {
    /// Which template.
    pub template: LaunchTemplate,
    /// The card that is launched: its values are among the parameters.
    pub card: Option<CardName>,
    /// The parameters.
    pub parameters: RawParameters,
    /// The launch environment.
    pub environment: Environment,
    /// The runner.
    pub runner: RequestedRunner,
    /// The job's name; one is made where none is given.
    pub job_name: Option<JobName>,
    /// The interpreter to use, where somebody names one.
    pub python: Option<PathBuf>,
    /// How long the job may run.
    pub timeout: Option<SignedDuration>,
    /// Whether an output that exists may be written over.
    pub overwrite: bool,
    /// Under which key it is asked for: however often that is done, there is one job.
    pub launch_key: Option<String>,
    /// How often it is tried again after it failed.
    pub retries: Retries,
    /// How long the launcher may be silent before it counts as gone, where somebody says it.
    pub lease: Option<SignedDuration>,
    /// The job whose graph is handed to an engine once more, without starting the program.
    pub replay_of: Option<JobId>,
    /// Who is told of what happens.
    pub notify: Vec<NoticeTarget>,
    /// Who asks.
    pub submitter: Submitter,
    /// The folder that relative paths in parameters start from.
    pub working_directory: PathBuf,
}

impl LaunchRequest {
    /// The template's name and version, and its spec.
    pub(crate) async fn load(&self, bucket: &Bucket) -> Result<(JobTemplate, TemplateSpec), LaunchError> {
        let (template, text) = match &self.template {
            LaunchTemplate::Published(reference) => {
                let stored = bucket.template(reference).await?;
                let name = reference.name.clone();
                (JobTemplate { name, digest: stored.digest, origin: None }, stored.text)
            }
            LaunchTemplate::Unpublished(UnpublishedSpec { name, text, origin, .. }) => {
                let (name, digest) = (name.clone(), sha256_of(text.as_bytes()));
                (JobTemplate { name, digest, origin: Some(origin.clone()) }, text.clone())
            }
        };
        let spec = parse(&template.name, &text)?;
        Ok((template, spec))
    }

    /// What is asked of the template.
    pub(crate) fn asked(&self, runner: RunnerKind) -> CheckRequest {
        CheckRequest { parameters: self.parameters.clone(), environment: self.environment.clone(), runner }
    }

    /// Finds out whether the layers of a spec that lies elsewhere can be had.
    pub(crate) async fn find_layers(
        &self,
        bucket: &Bucket,
        layers: &[LayerReference],
    ) -> Result<(), LaunchError> {
        let LaunchTemplate::Unpublished(spec) = &self.template else { return Ok(()) };
        for layer in layers {
            let elsewhere = match &spec.layers {
                Some(other) => other.has_blob(&layer.digest, layer.size).await?,
                None => false,
            };
            if !elsewhere && !bucket.has_blob(&layer.digest, layer.size).await? {
                let layer = format!("{} ({})", layer.title, layer.digest);
                return Err(LaunchError::LayerElsewhere { layer, bucket: bucket.to_string() });
            }
        }
        Ok(())
    }

    /// Puts into the bucket what a spec that lies elsewhere needs there, as long as its job is.
    pub(crate) async fn stage(
        &self,
        bucket: &Bucket,
        id: &JobId,
        layers: &[LayerReference],
    ) -> Result<(), LaunchError> {
        let LaunchTemplate::Unpublished(spec) = &self.template else { return Ok(()) };
        let needed = layers.iter().map(|layer| layer.digest.clone());
        let needed: Vec<Digest> = needed.chain([sha256_of(spec.text.as_bytes())]).collect();
        bucket.rely_for_job(id, &needed).await?;
        if let Some(elsewhere) = &spec.layers {
            let needed = layers.iter().map(|layer| (layer.digest.clone(), layer.size));
            bucket.copy_blobs(elsewhere, &needed.collect::<Vec<_>>(), &|_| ()).await?;
        }
        bucket.put_bytes_blob(spec.text.clone()).await?;
        Ok(())
    }

    /// The job that the launch becomes.
    pub(crate) fn job(&self, template: &JobTemplate, runner: &ResolvedRunner, place: &str) -> JobRecord {
        let now = Timestamp::now();
        let Identity { id, name } = Identity::new(&template.name, now);
        JobRecord {
            format: 1,
            id,
            name: self.job_name.clone().unwrap_or(name),
            created: now,
            template: template.clone(),
            card: self.card.clone(),
            parameters: self.parameters.clone(),
            runner: runner.name.to_string(),
            profile: runner.profile.clone(),
            limits: runner.limits.clone(),
            environment: self.environment.clone(),
            place: place.to_owned(),
            submitter: self.submitter.clone(),
            working_directory: Some(self.working_directory.clone()),
            python: self.python.clone(),
            timeout: self.timeout,
            retries: self.retries,
            launch_key: self.launch_key.clone(),
            lease: self.lease,
            replay_of: self.replay_of.clone(),
            notify: self.notify.clone(),
        }
    }
}
