//! The image's own program, launched without a bucket: parameters are checked, the program runs, nothing is recorded.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use jiff::Timestamp;
use tmpl_bucket::{ExitStatus, JobRecord};
use tmpl_template::{
    CheckRequest, JobId, JobName, ParameterValues, RunnerKind, SdkInfo, TemplateName, TemplateSpec, check,
};

use crate::container::asked::Asked;
use crate::container::error::ContainerError;
use crate::container::flex_program::{FlexProgram, FlexStart, LEFT_OUT};
use crate::container::{report, supervise};
use crate::identity::Identity;
use crate::image_template::ImageTemplate;
use crate::job_places::JobPlaces;
use crate::out_of_memory::out_of_memory_kills;
use crate::program_process::Files;
use crate::runner::{BeamSdk, Direct, Launch, Runner, job_variables, pass};
use crate::runtime::{Runtime, find_java};
use crate::secret::Secrets;
use crate::this_process::here;
use crate::{ArgumentValue, Invocation, LaunchError};

/// What jobs are called after where the image has no name for its template.
const NAME: &str = "template";

/// Checks the launch, runs the program to its end and gives its exit code.
pub(crate) fn run(asked: Asked) -> Result<ExitCode, ContainerError> {
    let directory = supervise::directory()?;
    let image = ImageTemplate::find()?;
    let program = Program::find(image.as_ref(), &directory)?;
    let spec = program.spec(image.as_ref());
    let request = CheckRequest {
        parameters: asked.parameters,
        environment: asked.environment,
        runner: RunnerKind::Direct,
    };
    let values = check(&spec, &request).map_err(LaunchError::from)?;
    values.warnings().iter().for_each(|warning| report::note(warning));
    let job = Job::new(asked.id, asked.job_name, directory)?;
    let mut invocation = program.plan(&job, &values)?;
    // The program's own words go where they went: they are not read here, so that secrets are not taken out of them either.
    Secrets::resolve(&mut invocation)?;
    let files = Files::write(&invocation)
        .map_err(|source| ContainerError::Files { folder: job.files.clone(), source })?;
    let kills_before = out_of_memory_kills();
    let ended = supervise::run(&invocation)?;
    drop(files);
    if ended.0 != ExitStatus::Code(0) && out_of_memory_kills() > kills_before {
        tell_out_of_memory(ended.0);
    }
    Ok(ended.exit_code())
}

/// What is started for a job whose template is an image of somebody's own Dockerfile, and no more.
pub(crate) fn image_program(
    record: &JobRecord,
    values: &ParameterValues,
    places: JobPlaces,
    files: PathBuf,
) -> Result<Invocation, LaunchError> {
    let planned = || {
        let own = supervise::directory()?;
        let program = FlexProgram::find(&|name: &str| std::env::var(name).ok(), &own)?;
        let directory = record.working_directory.clone().unwrap_or(own);
        let job = Job { id: record.id.clone(), name: record.name.clone(), directory, places, files };
        plan_flex(&program, &job, values)
    };
    planned().map_err(|error: ContainerError| match error {
        ContainerError::Launch(error) => error,
        error => LaunchError::ImageProgram { hint: error.hint(), source: Box::new(error) },
    })
}

fn tell_out_of_memory(status: ExitStatus) {
    let what = match status {
        ExitStatus::Signal(9) => "the program was killed: out of memory",
        _ => "a process of the program was killed: out of memory",
    };
    report::program_failed(what, "give the container more memory, or the job less to hold at a time");
}

/// What every launch has.
struct Job {
    id: JobId,
    name: JobName,
    /// Where relative paths start from.
    directory: PathBuf,
    places: JobPlaces,
    /// Where parameters that are passed as files go.
    files: PathBuf,
}

impl Job {
    fn new(id: Option<JobId>, name: Option<JobName>, directory: PathBuf) -> Result<Self, ContainerError> {
        let template: TemplateName = NAME.parse().map_err(|_| ContainerError::NoProgram)?;
        let fresh = Identity::new(&template, Timestamp::now());
        let id = id.unwrap_or(fresh.id);
        // Named, not made: many pipelines need none, and there may be no room for it.
        let temporary = std::env::temp_dir().join(format!("tmpl-{id}"));
        Ok(Self {
            name: name.unwrap_or(fresh.name),
            directory,
            places: JobPlaces::temporary(temporary.display().to_string()),
            files: std::env::temp_dir().join(format!("tmpl-parameters-{id}")),
            id,
        })
    }
}

/// The program of the image.
enum Program<'a> {
    /// Of the template that the image was made of.
    Template(&'a ImageTemplate),
    /// What variables name.
    Flex(FlexProgram),
}

impl<'a> Program<'a> {
    /// The template counts before variables: an image that `tmpl build` made has both, and they say the same.
    fn find(image: Option<&'a ImageTemplate>, directory: &Path) -> Result<Self, ContainerError> {
        match image {
            Some(image) if image.spec.tmpl.is_some() => Ok(Self::Template(image)),
            _ => {
                let variables = |name: &str| std::env::var(name).ok();
                Ok(Self::Flex(FlexProgram::find(&variables, directory)?))
            }
        }
    }

    /// What the parameters are held against. An image without a spec takes any, as Google's service does.
    fn spec(&self, image: Option<&ImageTemplate>) -> TemplateSpec {
        let mut spec = image.map(|image| image.spec.clone()).unwrap_or_default();
        if let Self::Flex(program) = self
            && spec.sdk_info.is_none()
        {
            spec.sdk_info = Some(SdkInfo::new(program.start.language()));
        }
        spec
    }

    fn plan(&self, job: &Job, values: &ParameterValues) -> Result<Invocation, ContainerError> {
        match self {
            Self::Template(image) => plan_template(image, job, values),
            Self::Flex(program) => plan_flex(program, job, values),
        }
    }
}

fn plan_template(
    image: &ImageTemplate,
    job: &Job,
    values: &ParameterValues,
) -> Result<Invocation, ContainerError> {
    let Some(extension) = &image.spec.tmpl else { return Err(ContainerError::NoProgram) };
    if !extension.platforms.contains_key(&here()) {
        let built = extension.platforms.keys().cloned().collect();
        return Err(ContainerError::Platform { built, here: here() });
    }
    Ok(Direct.plan(&Launch {
        id: &job.id,
        name: &job.name,
        entry: &extension.entry,
        values,
        runtime: &Runtime::of_tree(&extension.entry)?,
        environment: image.tree(),
        directory: &job.directory,
        places: &job.places,
        files: &job.files,
        metrics: None,
    }))
}

/// What Google's launchers start, for the `direct` runner: the same program with the same parameters, and no `template_location`,
/// which would make the pipeline write itself down for Google's service instead of running.
fn plan_flex(
    program: &FlexProgram,
    job: &Job,
    values: &ParameterValues,
) -> Result<Invocation, ContainerError> {
    let (executable, arguments, sdk) = match &program.start {
        FlexStart::Python { options, file } => {
            for name in LEFT_OUT.iter().filter(|name| std::env::var_os(name).is_some()) {
                report::note(&format!("{name} is for remote workers and is left out: this job has none"));
            }
            let mut arguments = options.clone();
            arguments.push(file.display().to_string());
            (find_python()?, arguments, BeamSdk::Python)
        }
        FlexStart::Java { options, class_path, main_class } => {
            let mut arguments = options.clone();
            arguments.extend(["-cp".to_owned(), class_path.clone(), main_class.clone()]);
            (find_java().ok_or(LaunchError::NoJava)?, arguments, BeamSdk::Java)
        }
        FlexStart::Go { binary } => (binary.clone(), Vec::new(), BeamSdk::Go),
    };
    let mut invocation = Invocation {
        program: executable,
        arguments,
        environment: job_variables(&job.id, &job.name, values, &job.places),
        removed: vec!["TMPL_*".to_owned()],
        search_path: Vec::new(),
        directory: job.directory.clone(),
        files: Vec::new(),
    };
    // Lines come when they are written, not when a buffer is full.
    invocation.environment.insert("PYTHONUNBUFFERED".to_owned(), ArgumentValue::Plain("1".to_owned()));
    values.iter().for_each(|value| pass(value, &job.files, &mut invocation));
    let missing = program.defaults.iter().filter(|(name, _)| values.get(name).is_none());
    invocation.arguments.extend(missing.map(|(name, value)| format!("--{name}={value}")));
    invocation.arguments.extend(sdk.options(values, &job.places.temporary, &job.name));
    Ok(invocation)
}

/// The Python of the image, as its Dockerfile put it on `PATH`.
pub(super) fn find_python() -> Result<PathBuf, ContainerError> {
    let names = ["python", "python3"];
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name)));
    found
        .into_iter()
        .find(|python| python.is_file())
        .ok_or_else(|| ContainerError::NoInterpreter { names: names.to_vec() })
}
