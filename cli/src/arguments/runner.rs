//! Flags that say which engine runs a pipeline.

use clap::Args;
use jiff::SignedDuration;
use tmpl_bucket::JobRecord;
use tmpl_launcher::requested_runner::RequestedRunner;
use tmpl_template::{Phase, PhaseLimits, ProfilePart, RunnerName};

use super::positive_duration;
use crate::report::{Failure, USAGE};

/// Which engine runs the pipeline, and what is said of it above its profile.
#[derive(Debug, Default, Args)]
pub(crate) struct RunnerArguments {
    /// What runs the pipeline: direct, prism, flink, spark, portable, or a profile (tmpl runners list) [default: the template's, then direct]
    #[arg(long, value_name = "NAME")]
    runner: Option<RunnerName>,
    /// An option of the pipeline above those of the profile (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = option)]
    runner_option: Vec<(String, String)>,
    /// Where the engine listens: the URL of Flink's REST API, HOST:PORT of any other
    #[arg(long, value_name = "ADDRESS")]
    endpoint: Option<String>,
    /// Where the engine's workers find the worker pool
    #[arg(long, value_name = "HOST:PORT")]
    worker_pool: Option<String>,
    /// How long a phase of the job may take: queued, graph, submission, workers or run (repeatable)
    #[arg(long, value_name = "PHASE=DURATION", value_parser = limit)]
    limit: Vec<(Phase, SignedDuration)>,
}

impl RunnerArguments {
    /// The runner that they ask for.
    pub(crate) fn requested(&self) -> Result<RequestedRunner, Failure> {
        Ok(RequestedRunner { name: self.runner.clone(), profile: None, said: self.said()? })
    }

    /// The same for a job that is launched once more: its own runner, as it was then, unless they name one.
    pub(crate) fn requested_again(&self, record: &JobRecord) -> Result<RequestedRunner, Failure> {
        if self.runner.is_some() {
            return self.requested();
        }
        let then = RequestedRunner::of_job(record)?;
        let mut said = self.said()?;
        said.limits = said.limits.over(then.said.limits);
        Ok(RequestedRunner { said, ..then })
    }

    fn said(&self) -> Result<ProfilePart, Failure> {
        Ok(ProfilePart {
            endpoint: self.endpoint.clone(),
            worker_pool: self.worker_pool.clone(),
            options: self.runner_option.iter().cloned().collect(),
            limits: limits(&self.limit)?,
            ..ProfilePart::default()
        })
    }
}

/// The limits that flags set; of two for a phase the last one counts.
pub(super) fn limits(given: &[(Phase, SignedDuration)]) -> Result<PhaseLimits, Failure> {
    let mut limits = PhaseLimits::default();
    for (phase, limit) in given {
        limits.set(*phase, *limit).map_err(|error| Failure::new(USAGE, format!("--limit: {error}")))?;
    }
    Ok(limits)
}

/// `NAME=VALUE`.
pub(super) fn option(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// `PHASE=DURATION`.
pub(super) fn limit(text: &str) -> Result<(Phase, SignedDuration), String> {
    let (phase, limit) = text.split_once('=').ok_or("write it as PHASE=DURATION, such as queued=5m")?;
    let phase = phase.parse::<Phase>().map_err(|error| error.to_string())?;
    Ok((phase, positive_duration(limit)?))
}
