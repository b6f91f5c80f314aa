//! What every mouth calls: *check* a launch, then *accept* it. There is one validator, and nothing is written before it agrees.

use std::path::{Path, PathBuf};

use tmpl_bucket::{Bucket, JobRecord, JobTemplate, layout};
#[cfg(feature = "engines")]
use tmpl_template::RunnerKind;
use tmpl_template::{CheckRequest, Entry, ParameterValues, TemplateSpec, check_with_account};

use crate::admission::{self, Standing};
use crate::cache::Cache;
use crate::environment::Environment;
use crate::existing_output::{refuse_existing_in_store, refuse_existing_output};
use crate::image_template::ImageTemplate;
use crate::job_places::JobPlaces;
pub use crate::launch_request::{LaunchRequest, LaunchTemplate, UnpublishedSpec};
use crate::place::PROCESS;
use crate::requested_runner::{OwnRunners, ResolvedRunner};
use crate::runner::{Direct, Launch, PlannedLayer, Runner};
use crate::secret::{self, Secrets};
use crate::template_program::TemplateProgram;
use crate::{Invocation, LaunchError, Plan};

/// The attempt that a plan is of.
pub(crate) const FIRST_ATTEMPT: u32 = 1;

/// A launch that nothing speaks against.
#[derive(Debug)]
pub struct CheckedLaunch {
    request: LaunchRequest,
    runner: ResolvedRunner,
    program: CheckedProgram,
}

/// A template's program, with the values and the interpreter it will run with.
#[derive(Clone, Debug)]
pub(crate) struct CheckedProgram {
    template: JobTemplate,
    values: ParameterValues,
    found: TemplateProgram,
    /// Whether a job that reports no row has failed.
    pub(crate) results_required: bool,
}

/// Checks a launch. Reads the bucket, writes nothing.
pub async fn check(
    bucket: &Bucket,
    cache: &Cache,
    runners: &OwnRunners,
    request: LaunchRequest,
) -> Result<CheckedLaunch, LaunchError> {
    let (template, spec) = request.load(bucket).await?;
    let runner = runners.of_launch(bucket, &request.runner, &spec).await?;
    let asked = request.asked(runner.engine());
    let program =
        CheckedProgram::new(template, &spec, &asked, request.python.clone(), cache, None, bucket.account())?;
    if !request.overwrite {
        let directory = &request.working_directory;
        refuse_existing_output(&spec, &program.values, &|path| Some(directory.join(path)))?;
        refuse_existing_in_store(bucket, &spec, &program.values).await?;
    }
    request.find_layers(bucket, &program.found.layers).await?;
    let checked = CheckedLaunch { request, runner, program };
    // The launcher runs here too: what it could not find, nobody has to wait for it to miss.
    if let Some(token) = checked.runner.profile.as_ref().and_then(|profile| profile.token.as_ref()) {
        secret::look_up(token.as_str())
            .map_err(|reason| LaunchError::Secret { reference: token.to_string(), reason })?;
    }
    Secrets::resolve(&mut checked.program.invocation(
        &*planned(&checked.job()),
        &checked.job(),
        FIRST_ATTEMPT,
        bucket,
        cache,
    ))?;
    Ok(checked)
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
        self.request.stage(bucket, &record.id, &self.program.found.layers).await?;
        admission::accept(bucket, record).await
    }

    /// The job that this launch becomes.
    pub fn job(&self) -> JobRecord {
        self.request.job(&self.program.template, &self.runner, PROCESS)
    }

    /// The parameters and their values, without those of secrets.
    #[cfg(feature = "engines")]
    pub(crate) fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        let open = self.program.values.iter().filter(|value| !value.secret);
        open.map(|value| (value.name.as_str(), value.value.as_str()))
    }

    /// Joins the program's environment on this machine.
    #[cfg(feature = "engines")]
    pub(crate) async fn assemble(&self, bucket: &Bucket, cache: &Cache) -> Result<(), LaunchError> {
        self.program.assemble(bucket, cache).await.map(drop)
    }

    /// What would be started for a job.
    #[cfg(feature = "engines")]
    pub(crate) fn invocation(
        &self,
        runner: &dyn Runner,
        record: &JobRecord,
        bucket: &Bucket,
        cache: &Cache,
    ) -> Invocation {
        self.program.invocation(runner, record, FIRST_ATTEMPT, bucket, cache)
    }

    /// What the launch would do, for a job that began now.
    pub fn plan(&self, bucket: &Bucket, cache: &Cache) -> Plan {
        let record = self.job();
        let program = &self.program;
        Plan {
            template: format!("{}@{}", record.template.name, record.template.digest),
            runner: record.runner.clone(),
            place: record.place.clone(),
            interpreter: program.found.runtime.path().map(Path::to_owned),
            environment: program.found.root(cache),
            layers: program
                .found
                .layers
                .iter()
                .map(|layer| PlannedLayer {
                    cached: cache.has_layer(layer.digest.digest()),
                    layer: layer.clone(),
                })
                .collect(),
            invocation: program.invocation(&*planned(&record), &record, FIRST_ATTEMPT, bucket, cache),
            logs: bucket.place_of(&layout::logs(&record.id, FIRST_ATTEMPT)),
            results: bucket.place_of(&layout::results(&record.id, FIRST_ATTEMPT)),
            temporary: bucket.place_of(&layout::temporary(&record.id)),
            warnings: program.values.warnings().to_vec(),
        }
    }
}

/// The runner of a job, as far as that is known before it begins.
fn planned(record: &JobRecord) -> Box<dyn Runner> {
    match record.engine() {
        #[cfg(feature = "engines")]
        engine if engine != RunnerKind::Direct => Box::new(crate::runner::Capture::planned(engine)),
        _ => Box::new(Direct),
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
        let values = check_with_account(spec, asked, account)?;
        let found = TemplateProgram::find(&template.name, spec, python, cache, image)?;
        Ok(Self { template, values, results_required: found.results_required, found })
    }

    /// Joins its environment on this machine; nothing where the image has it.
    pub(crate) async fn assemble(
        &self,
        bucket: &Bucket,
        cache: &Cache,
    ) -> Result<Option<Environment>, LaunchError> {
        self.found.assemble(bucket, cache).await
    }

    /// What is asked of a template for a job that was accepted.
    pub(crate) fn asked(record: &JobRecord) -> CheckRequest {
        CheckRequest {
            parameters: record.parameters.clone(),
            environment: record.environment.clone(),
            runner: record.engine(),
        }
    }

    /// The files of a compiled program itself.
    pub(crate) fn own_files(&self, cache: &Cache) -> Vec<PathBuf> {
        let app = self.found.root(cache).join("app");
        match &self.found.entry {
            Entry::Java { jars, .. } => jars.iter().map(|jar| app.join(jar)).collect(),
            Entry::Go { binary } => vec![app.join(binary)],
            _ => Vec::new(),
        }
    }

    /// What is started for a job by a runner.
    pub(crate) fn invocation(
        &self,
        runner: &dyn Runner,
        record: &JobRecord,
        attempt: u32,
        bucket: &Bucket,
        cache: &Cache,
    ) -> Invocation {
        let nowhere = PathBuf::from("/");
        runner.plan(&Launch {
            id: &record.id,
            name: &record.name,
            entry: &self.found.entry,
            values: &self.values,
            runtime: &self.found.runtime,
            environment: &self.found.root(cache),
            directory: record.working_directory.as_ref().unwrap_or(&nowhere),
            places: &JobPlaces::new(bucket, &record.id, attempt),
            files: &cache.parameters(&record.id),
            metrics: Some(&cache.metrics(&record.id, attempt)),
        })
    }
}
