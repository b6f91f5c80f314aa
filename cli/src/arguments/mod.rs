//! What can be typed. The doc comments are the manual, in plain text: backticks would be printed.

#![expect(clippy::doc_markdown, reason = "these comments are read in a terminal")]

mod cards;
mod environment;
mod image;
mod jobs;
mod launch;
mod maintenance;
mod place;
mod runner;
mod runners;
mod serve;
pub(crate) mod spec;
mod template;
mod worker_pool;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::SignedDuration;
use tmpl_template::{CardName, JobId, TemplateName};

pub(crate) use cards::{CardVersion, CardsCommand, SaveCardArguments};
pub(crate) use environment::EnvironmentArguments;
pub(crate) use image::ImageArguments;
pub(crate) use jobs::{GraphArguments, JobsCommand, ListArguments, RerunArguments};
pub(crate) use launch::{IfRunning, LaunchOptions, OnSignal};
pub(crate) use maintenance::{BucketCommand, DoctorArguments, GcArguments, SettingsArguments};
pub(crate) use place::{Place, PlaceArguments};
pub(crate) use runner::RunnerArguments;
pub(crate) use runners::{CheckRunnerArguments, RunnersCommand, SaveRunnerArguments};
pub(crate) use serve::ServeArguments;
pub(crate) use spec::SpecArguments;
pub(crate) use template::{CopyArguments, DiffArguments, LintArguments, LintKind, SchemaOf, TemplateCommand};
pub(crate) use worker_pool::WorkerPoolArguments;

use crate::printer::Format;
use crate::template_source::TemplateSource;

/// Package a data pipeline once, launch it with parameters, see what it did.
#[derive(Debug, Parser)]
#[command(name = "tmpl", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: GlobalArguments,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Options of every command.
#[derive(Debug, Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct GlobalArguments {
    /// The bucket: a folder, or s3://, gs:// or az://NAME/PREFIX, with what a client must know of the store behind "?":
    /// endpoint, region, profile, … [default: TMPL_BUCKET, then the configuration]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) bucket: Option<String>,
    /// How data is printed on standard output
    #[arg(long, global = true, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
    /// Say nothing but warnings and errors on standard error
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
    /// Flags from a YAML or JSON file, as if they stood here (repeatable)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) flags_file: Vec<PathBuf>,
}

/// A command without a comment has that of its arguments, which may be longer.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Build(Box<BuildArguments>),
    Run(Box<RunArguments>),
    /// List, show, compare, check, promote and withdraw templates
    #[command(subcommand)]
    Template(TemplateCommand),
    /// List, show, save and delete cards: launches prepared for others
    #[command(subcommand)]
    Cards(CardsCommand),
    /// List, show, follow, compare, repeat, cancel and delete jobs
    #[command(subcommand)]
    Jobs(JobsCommand),
    /// List, show, save, delete and check what pipelines can be run on
    #[command(subcommand)]
    Runners(RunnersCommand),
    /// Wait for a job to end, with the exit code that `tmpl run` would give
    Wait(WaitArguments),
    Serve(ServeArguments),
    Init(InitArguments),
    /// Look after the unpacked layers on this machine
    #[command(subcommand)]
    Cache(CacheCommand),
    Doctor(DoctorArguments),
    Gc(GcArguments),
    WorkerPool(WorkerPoolArguments),
    /// What a bucket's people have agreed upon
    #[command(subcommand)]
    Bucket(BucketCommand),
}

impl Command {
    /// Whether what it prints is a graph.
    pub(crate) fn draws(&self) -> bool {
        matches!(self, Self::Jobs(JobsCommand::Graph(_)))
    }
}

/// Build a project's templates and publish them in a bucket.
///
/// Standard output is the path of each template.
#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub(crate) struct BuildArguments {
    /// The project's folder: the one with tmpl.toml
    #[arg(default_value = ".")]
    pub(crate) project: PathBuf,
    /// Fail if tmpl.lock is missing or would change
    #[arg(long)]
    pub(crate) locked: bool,
    /// How the built tree is checked [default: auto; full where CI is set]
    #[arg(long, value_enum, default_value_t = CheckMode::Auto)]
    pub(crate) check: CheckMode,
    /// Build this template only (repeatable)
    #[arg(long, value_name = "NAME")]
    pub(crate) only: Vec<TemplateName>,
    /// The interpreter to compile and check with [default: configuration, uv's, PATH]
    #[arg(long, value_name = "PATH")]
    pub(crate) python: Option<PathBuf>,
    /// The uv program [default: PATH]
    #[arg(long, env = "TMPL_UV", value_name = "PATH", hide_env = true)]
    pub(crate) uv: Option<PathBuf>,
    /// Print the specs and publish nothing
    #[arg(long)]
    pub(crate) print_only: bool,
    /// Fail if launches of the current version would not fit the new one
    #[arg(long)]
    pub(crate) check_compatible: bool,
    /// Build for these platforms, like linux/amd64,linux/arm64 [default: those of tmpl.toml]
    #[arg(long, value_name = "OS/ARCH,…", value_delimiter = ',', value_parser = platform)]
    pub(crate) platform: Vec<String>,
    /// How layers are compressed: gzip, or zstd, which Docker reads from 23.0 on [default: that of tmpl.toml, then gzip]
    #[arg(long, value_name = "gzip|zstd")]
    pub(crate) compression: Option<tmpl_oci::Compression>,
    #[command(flatten)]
    pub(crate) image: ImageArguments,
    #[command(flatten)]
    pub(crate) spec: SpecArguments,
}

/// How thoroughly `tmpl build` looks at what it built.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckMode {
    /// Full when dependencies changed, static when only the project's own code did
    Auto,
    /// Import the main module in the built tree
    Full,
    /// Compile the project's code and resolve its imports without running it
    Static,
}

/// Launch a template, or a card, and wait for the job.
///
/// The job's id and log go to standard error. Exit codes: 0 done, 1 the program failed, 2 wrong parameters, 3 it could not
/// be launched, 4 cancelled by somebody else, 5 --wait-timeout, 6 name or launch key in use, 7 contact lost, 75 temporary error, 128+n signal n.
#[derive(Debug, Args)]
#[command(args_override_self = true)]
pub(crate) struct RunArguments {
    /// The template: NAME, NAME@DIGEST for one version of it, or the path or URL of a spec
    #[arg(required_unless_present = "card", conflicts_with = "card")]
    pub(crate) template: Option<TemplateSource>,
    /// A card instead (tmpl cards list): parameters that it leaves open can be given
    #[arg(long, value_name = "NAME")]
    pub(crate) card: Option<CardName>,
    #[command(flatten)]
    pub(crate) parameters: ParameterArguments,
    #[command(flatten)]
    pub(crate) runner: RunnerArguments,
    #[command(flatten)]
    pub(crate) launch: LaunchOptions,
    #[command(flatten)]
    pub(crate) place: PlaceArguments,
    // The last: its heading would count for what follows.
    #[command(flatten)]
    pub(crate) environment: EnvironmentArguments,
}

/// The parameters of a launch.
#[derive(Debug, Args)]
pub(crate) struct ParameterArguments {
    /// Parameters as `gcloud` takes them: a=1,b=2, or ^;^a=1,2;b=3 with another delimiter
    #[arg(long, value_name = "NAME=VALUE,…", allow_hyphen_values = true)]
    pub(crate) parameters: Vec<String>,
    /// One parameter, its value taken whole (repeatable)
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    pub(crate) param: Vec<String>,
    /// A JSON or YAML file that maps parameter names to values (repeatable)
    #[arg(long, value_name = "FILE")]
    pub(crate) params_file: Vec<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct WaitArguments {
    /// The job's id
    #[arg(value_parser = job_id)]
    pub(crate) id: JobId,
    /// Stop waiting after this long; the exit code is 5
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub(crate) wait_timeout: Option<SignedDuration>,
}

/// Make a new project, or a tmpl.toml for the pipeline in a folder.
#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// The folder; one that does not exist is made
    #[arg(default_value = ".")]
    pub(crate) folder: PathBuf,
    /// The interpreter whose version is taken where the folder names none [default: PATH]
    #[arg(long, value_name = "PATH")]
    pub(crate) python: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CacheCommand {
    /// Where the cache is and how large
    Show,
    /// Remove the least recently used layers and what was made of them, then what builds keep
    Prune {
        /// How many megabytes may stay
        #[arg(long, default_value_t = 0, value_name = "MB")]
        keep: u64,
    },
}

fn job_id(text: &str) -> Result<JobId, String> {
    text.parse().map_err(|error| format!("{error}; `tmpl jobs list` shows the ids"))
}

fn platform(text: &str) -> Result<String, String> {
    if tmpl_builder::PLATFORMS.contains(&text) {
        Ok(text.to_owned())
    } else {
        Err(format!("templates are built for {}", tmpl_builder::PLATFORMS.join(" and ")))
    }
}

fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|number| *number > 0).ok_or_else(|| "it must be a number from 1".to_owned())
}

fn positive_duration(text: &str) -> Result<SignedDuration, String> {
    let duration: SignedDuration = text.parse().map_err(|_| "write it as 30s, 5m or 2h".to_owned())?;
    if duration > SignedDuration::ZERO {
        Ok(duration)
    } else {
        Err("it must be longer than nothing".to_owned())
    }
}
