//! What every mouth calls: *check* a launch, then *accept* it. There is one validator, and nothing is written before it agrees.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use oci_spec::image::Digest;
use tmpl_bucket::{Bucket, JobRecord, JobTemplate, NoticeTarget, Retries, Submitter, layout};
use tmpl_template::{
    CheckRequest, Entry, Environment, FormatError, JobId, JobName, LayerReference, ParameterValues,
    RawParameters, Results, RunnerKind, TemplateName, TemplateReference, TemplateSpec,
    check_with_account, sha256_of,
};

use crate::admission::{self, Standing};
use crate::cache::Cache;
use crate::environment::{self, Ingredients};
use crate::existing_output::{refuse_existing_in_store, refuse_existing_output};
use crate::identity::Identity;
use crate::image_template::ImageTemplate;
use crate::job_places::JobPlaces;
use crate::place::PROCESS;
use crate::runner::{Direct, Launch, PlannedLayer, Runner};
use crate::runtime::Runtime;
use crate::secret::Secrets;
use crate::this_process::here;
use crate::{Invocation, LaunchError, Plan};

/// The only runner of this version.
const RUNNER: RunnerKind = RunnerKind::Direct;
/// The attempt that a plan is of.
pub(crate) const FIRST_ATTEMPT: u32 = 1;

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
    /// The parameters.
    pub parameters: RawParameters,
    /// The launch environment.
    pub environment: Environment,
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
    /// Who is told of what happens.
    pub notify: Vec<NoticeTarget>,
    /// Who asks.
    pub submitter: Submitter,
    /// The folder that relative paths in parameters start from.
    pub working_directory: PathBuf,
}

/// A launch that nothing speaks against.
#[derive(Debug)]
pub struct CheckedLaunch {
    request: LaunchRequest,
    program: CheckedProgram,
}

/// A template's program, with the values and the interpreter it will run with.
#[derive(Clone, Debug)]
pub(crate) struct CheckedProgram {
    template: JobTemplate,
    entry: Entry,
    values: ParameterValues,
    layers: Vec<LayerReference>,
    layer_root: &'static str,
    runtime: Runtime,
    /// The tree that an image brings along, where it is made of these very layers.
    tree: Option<PathBuf>,
    /// Whether a job that reports no row has failed.
    pub(crate) results_required: bool,
}

/// Checks a launch. Reads the bucket, writes nothing.
pub async fn check(
    bucket: &Bucket,
    cache: &Cache,
    request: LaunchRequest,
) -> Result<CheckedLaunch, LaunchError> {
    let (template, spec) = request.load(bucket).await?;
    let asked = request.asked();
    let program =
        CheckedProgram::new(template, &spec, &asked, request.python.clone(), cache, None, bucket.account())?;
    if !request.overwrite {
        let directory = &request.working_directory;
        refuse_existing_output(&spec, &program.values, &|path| Some(directory.join(path)))?;
        refuse_existing_in_store(bucket, &spec, &program.values).await?;
    }
    request.find_layers(bucket, &program.layers).await?;
    let checked = CheckedLaunch { request, program };
    // The launcher runs here too: what it could not find, nobody has to wait for it to miss.
    Secrets::resolve(&mut checked.program.invocation(&checked.job(), FIRST_ATTEMPT, bucket, cache))?;
    Ok(checked)
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
    pub(crate) fn asked(&self) -> CheckRequest {
        CheckRequest {
            parameters: self.parameters.clone(),
            environment: self.environment.clone(),
            runner: RUNNER,
        }
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
    pub(crate) fn job(&self, template: &JobTemplate, place: &str) -> JobRecord {
        let now = Timestamp::now();
        let Identity { id, name } = Identity::new(&template.name, now);
        JobRecord {
            format: 1,
            id,
            name: self.job_name.clone().unwrap_or(name),
            created: now,
            template: template.clone(),
            parameters: self.parameters.clone(),
            runner: RUNNER.to_string(),
            environment: self.environment.clone(),
            place: place.to_owned(),
            submitter: self.submitter.clone(),
            working_directory: Some(self.working_directory.clone()),
            python: self.python.clone(),
            timeout: self.timeout,
            retries: self.retries,
            launch_key: self.launch_key.clone(),
            lease: self.lease,
            notify: self.notify.clone(),
        }
    }
}

impl CheckedLaunch {
    /// What is odd about the launch but does not forbid it.
    pub fn warnings(&self) -> &[String] {
        self.program.values.warnings()
    }

    /// The request.
    pub fn request(&self) -> &LaunchRequest {
        &self.request
    }

    /// Accepts the launch: puts into the bucket what a spec that lies elsewhere needs there, and writes the job down.
    pub async fn accept(&self, bucket: &Bucket, record: &JobRecord) -> Result<Standing, LaunchError> {
        self.request.stage(bucket, &record.id, &self.program.layers).await?;
        admission::accept(bucket, record).await
    }

    /// The job that this launch becomes.
    pub fn job(&self) -> JobRecord {
        self.request.job(&self.program.template, PROCESS)
    }

    /// What the launch would do, for a job that began now.
    pub fn plan(&self, bucket: &Bucket, cache: &Cache) -> Plan {
        let record = self.job();
        let program = &self.program;
        Plan {
            template: format!("{}@{}", record.template.name, record.template.digest),
            runner: record.runner.clone(),
            place: record.place.clone(),
            interpreter: program.runtime.path().map(Path::to_owned),
            environment: environment::root(cache, &program.ingredients()),
            layers: program
                .layers
                .iter()
                .map(|layer| PlannedLayer {
                    cached: cache.has_layer(layer.digest.digest()),
                    layer: layer.clone(),
                })
                .collect(),
            invocation: program.invocation(&record, FIRST_ATTEMPT, bucket, cache),
            logs: bucket.place_of(&layout::logs(&record.id, FIRST_ATTEMPT)),
            results: bucket.place_of(&layout::results(&record.id, FIRST_ATTEMPT)),
            temporary: bucket.place_of(&layout::temporary(&record.id)),
            warnings: program.values.warnings().to_vec(),
        }
    }
}

impl CheckedProgram {
    /// Checks a template and the parameters for it: by the mouth before a job is accepted, by the launcher again.
    pub(crate) fn new(
        template: JobTemplate,
        spec: &TemplateSpec,
        asked: &CheckRequest,
        python: Option<PathBuf>,
        cache: &Cache,
        image: Option<&ImageTemplate>,
        account: Option<&str>,
    ) -> Result<Self, LaunchError> {
        let name = &template.name;
        let values = check_with_account(spec, asked, account)?;
        let extension =
            spec.tmpl.as_ref().ok_or_else(|| LaunchError::ImageOnly { name: name.to_string() })?;
        let here = here();
        let platform = extension.platforms.get(&here).ok_or_else(|| LaunchError::Platform {
            name: name.to_string(),
            built: extension.platforms.keys().cloned().collect(),
            here,
        })?;
        let tree = image.and_then(|image| image.tree_of(&platform.layers));
        let runtime = match tree {
            Some(_) => Runtime::of_tree(&extension.entry)?,
            None => Runtime::find(name, &extension.entry, platform, python, cache)?,
        };
        Ok(Self {
            template,
            entry: extension.entry.clone(),
            values,
            layers: platform.layers.clone(),
            layer_root: extension.layer_root(),
            runtime,
            tree: tree.map(Path::to_owned),
            results_required: extension.results == Some(Results::Required),
        })
    }

    /// What its environment is made of.
    pub(crate) fn ingredients(&self) -> Ingredients<'_> {
        Ingredients { interpreter: self.runtime.python(), layers: &self.layers, layer_root: self.layer_root }
    }

    /// Whether everything lies unpacked in the image that this process runs in.
    pub(crate) fn is_in_image(&self) -> bool {
        self.tree.is_some()
    }

    /// What is asked of a template for a job that was accepted.
    pub(crate) fn asked(record: &JobRecord) -> CheckRequest {
        CheckRequest {
            parameters: record.parameters.clone(),
            environment: record.environment.clone(),
            runner: RUNNER,
        }
    }

    /// What is started for a job.
    pub(crate) fn invocation(
        &self,
        record: &JobRecord,
        attempt: u32,
        bucket: &Bucket,
        cache: &Cache,
    ) -> Invocation {
        let nowhere = PathBuf::from("/");
        let joined = || environment::root(cache, &self.ingredients());
        Direct.plan(&Launch {
            id: &record.id,
            name: &record.name,
            entry: &self.entry,
            values: &self.values,
            runtime: &self.runtime,
            environment: &self.tree.clone().unwrap_or_else(joined),
            directory: record.working_directory.as_ref().unwrap_or(&nowhere),
            places: &JobPlaces::new(bucket, &record.id, attempt),
            files: &cache.parameters(&record.id),
        })
    }
}

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
