//! What can be asked of runners.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use jiff::SignedDuration;
use tmpl_template::{Phase, ProfilePart, RunnerKind, RunnerName, SecretReference};

use super::runner::{limit, limits, option};
use crate::report::Failure;

#[derive(Debug, Subcommand)]
pub(crate) enum RunnersCommand {
    /// The runners of the bucket and of the configuration file
    List,
    /// What a launch on a runner is given, and who says so
    Show {
        /// The runner
        name: RunnerName,
    },
    Save(Box<SaveRunnerArguments>),
    /// Delete a runner from the bucket; its history stays
    Delete {
        /// The runner
        name: RunnerName,
    },
    Check(CheckRunnerArguments),
}

/// Save a runner in the bucket, for all who use it.
///
/// With a file, the runner is what the file says; without one, what it was. Flags stand above both. Secrets are saved as references only, and used
/// only by those whose own configuration allows them.
#[derive(Debug, Args)]
pub(crate) struct SaveRunnerArguments {
    /// The runner
    pub(crate) name: RunnerName,
    /// A JSON or YAML file with the whole profile; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// The engine: prism, flink, spark or portable
    #[arg(long, value_name = "ENGINE")]
    engine: Option<RunnerKind>,
    #[command(flatten)]
    places: PlaceFlags,
    /// An option that every launch is given unless it says otherwise (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = option)]
    option: Vec<(String, String)>,
    /// How long a phase of a job may take: queued, graph, submission, workers or run (repeatable)
    #[arg(long, value_name = "PHASE=DURATION", value_parser = limit)]
    limit: Vec<(Phase, SignedDuration)>,
    /// Where the secret is that the engine wants as a bearer token: env:NAME or file:/PATH
    #[arg(long, value_name = "REFERENCE")]
    token: Option<String>,
    /// The jar of Beam's runner for Flink: it is stored in the bucket
    #[arg(long, value_name = "FILE")]
    pub(crate) beam_jar: Option<PathBuf>,
    /// Who looks after the runner
    #[arg(long, value_name = "TEXT")]
    owner: Option<String>,
    /// What it is for
    #[arg(long, value_name = "TEXT")]
    description: Option<String>,
}

/// Try what a launch on a runner would need, step by step.
///
/// Nothing is started. Exit code 0 where all is well, 3 where something is wrong, 75 where something does not answer.
#[derive(Debug, Args)]
pub(crate) struct CheckRunnerArguments {
    /// The runner: a profile, or an engine
    pub(crate) name: RunnerName,
    #[command(flatten)]
    places: PlaceFlags,
}

/// Where an engine and its workers are.
#[derive(Debug, Args)]
struct PlaceFlags {
    /// Where the engine listens: the URL of Flink's REST API, HOST:PORT of any other
    #[arg(long, value_name = "ADDRESS")]
    endpoint: Option<String>,
    /// Where the engine's workers find the worker pool
    #[arg(long, value_name = "HOST:PORT")]
    worker_pool: Option<String>,
}

impl SaveRunnerArguments {
    /// What the flags say, but for the jar.
    pub(crate) fn said(&self) -> Result<ProfilePart, Failure> {
        // Read here and not as a flag's value: what is no reference may be a secret, and must not be repeated.
        let token = self.token.as_deref().map(str::parse::<SecretReference>).transpose();
        let token = token.map_err(|error| Failure::new(crate::report::USAGE, format!("--token: {error}")))?;
        Ok(ProfilePart {
            engine: self.engine,
            options: self.option.iter().cloned().collect(),
            limits: limits(&self.limit)?,
            token,
            owner: self.owner.clone(),
            description: self.description.clone(),
            ..self.places.said()
        })
    }
}

impl CheckRunnerArguments {
    /// What the flags say.
    pub(crate) fn said(&self) -> ProfilePart {
        self.places.said()
    }
}

impl PlaceFlags {
    fn said(&self) -> ProfilePart {
        let (endpoint, worker_pool) = (self.endpoint.clone(), self.worker_pool.clone());
        ProfilePart { endpoint, worker_pool, ..ProfilePart::default() }
    }
}
