//! Every engine: the pipeline's program builds its graph against the launcher's Job service, and ends.

use tmpl_beam::environment::PLACEHOLDER;
use tmpl_template::RunnerKind;

use super::direct::{self, BeamSdk};
use super::{Launch, Runner};
use crate::{ArgumentValue, Invocation};

/// Names the engine, in the program's environment. On an engine, what a program does after its pipeline it does before the pipeline runs.
const RUNNER_VARIABLE: &str = "TMPL_RUNNER";

/// Has a program submit its pipeline to a Job service of ours.
#[derive(Clone, Debug)]
pub(crate) struct Capture {
    /// Where the Job service listens.
    pub(crate) job_service: String,
    /// The engine that will run the pipeline, for a program that wants to know.
    pub(crate) engine: RunnerKind,
}

impl Capture {
    /// What a dry run shows: the port is known when the service listens.
    pub(crate) fn planned(engine: RunnerKind) -> Self {
        Self { job_service: "127.0.0.1:0".to_owned(), engine }
    }

    /// What a pipeline is told besides its parameters, as the SDK spells it.
    fn options(&self, sdk: BeamSdk, launch: &Launch<'_>) -> Vec<String> {
        let service = &self.job_service;
        let mut options = match sdk {
            BeamSdk::Python => vec![
                "--runner=PortableRunner".to_owned(),
                format!("--job_endpoint={service}"),
                "--environment_type=EXTERNAL".to_owned(),
                format!("--environment_config={PLACEHOLDER}"),
                // Else it starts pip for a list of what is installed, which no worker of ours needs.
                "--experiments=disable_logging_submission_environment".to_owned(),
            ],
            BeamSdk::Java => vec![
                "--runner=PortableRunner".to_owned(),
                format!("--jobEndpoint={service}"),
                "--defaultEnvironmentType=EXTERNAL".to_owned(),
                format!("--defaultEnvironmentConfig={PLACEHOLDER}"),
            ],
            BeamSdk::Go => vec![
                "--runner=universal".to_owned(),
                format!("--endpoint={service}"),
                "--environment_type=EXTERNAL".to_owned(),
                format!("--environment_config={PLACEHOLDER}"),
                // Else it compiles itself once more, for its workers.
                format!("--worker_binary={}", direct::program(launch).display()),
            ],
        };
        options.extend(sdk.own_options(launch.values, &launch.places.temporary, launch.name));
        // A flag that a program of Go does not define ends it; this one every pipeline has.
        if matches!(sdk, BeamSdk::Go) {
            options.push(format!("--job_name={}", launch.name));
        }
        options
    }
}

impl Runner for Capture {
    fn plan(&self, launch: &Launch<'_>) -> Invocation {
        let mut invocation = direct::program_with(launch, &|sdk| self.options(sdk, launch));
        let engine = ArgumentValue::Plain(self.engine.to_string());
        invocation.environment.insert(RUNNER_VARIABLE.to_owned(), engine);
        invocation
    }
}
