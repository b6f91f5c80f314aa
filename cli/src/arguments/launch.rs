//! How a launch is made and waited for.

#![expect(clippy::doc_markdown, reason = "these comments are read in a terminal")]

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use jiff::SignedDuration;
use tmpl_bucket::{NoticeTarget, Retries};
use tmpl_template::JobName;

use super::positive_duration;

/// How a launch is made and waited for.
#[derive(Debug, Args)]
pub(crate) struct LaunchOptions {
    /// Show what would be started, and start nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// The job's name, which no other job may have while it runs [default: TEMPLATE-TIME-RANDOM]
    #[arg(long, value_name = "NAME")]
    pub(crate) job_name: Option<JobName>,
    /// However often, and from wherever, this is run with the same key, there is one job
    #[arg(long, env = "TMPL_LAUNCH_KEY", hide_env_values = true, value_name = "KEY", value_parser = launch_key)]
    pub(crate) launch_key: Option<String>,
    /// What to do where a job of that name has not ended
    #[arg(long, value_enum, default_value_t = IfRunning::Fail, requires = "job_name")]
    pub(crate) if_running: IfRunning,
    /// Try again so often after the program failed, or something was away for a moment
    #[arg(long, default_value_t = 0, value_name = "NUMBER")]
    retries: u32,
    /// The pause before the first retry (10s, 1m); each further one is twice as long
    #[arg(long, default_value = "10s", value_name = "DURATION", value_parser = positive_duration)]
    backoff: SignedDuration,
    /// Tell a webhook, or exec:/A/PROGRAM, of failure, success, retry and slow; failure,slow=URL of these alone (repeatable)
    #[arg(long, value_name = "[EVENTS=]URL")]
    pub(crate) notify: Vec<NoticeTarget>,
    /// Write the job's id into a file before anything starts
    #[arg(long, value_name = "FILE")]
    pub(crate) id_file: Option<PathBuf>,
    /// Print the job's id and leave; the job goes on
    #[arg(long)]
    pub(crate) detach: bool,
    /// What a signal to this command does to the job
    #[arg(long, value_enum, default_value_t = OnSignal::Cancel)]
    pub(crate) on_signal: OnSignal,
    /// End the job as failed when it has run this long (30s, 5m, 2h)
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub(crate) timeout: Option<SignedDuration>,
    /// Stop waiting after this long; the job goes on, the exit code is 5
    #[arg(long, value_name = "DURATION", value_parser = positive_duration)]
    pub(crate) wait_timeout: Option<SignedDuration>,
    /// Allow an output file that exists to be written over
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// The interpreter to run with [default: configuration, uv's, PATH]
    #[arg(long, value_name = "PATH")]
    pub(crate) python: Option<PathBuf>,
}

impl LaunchOptions {
    /// How often the job is tried again.
    pub(crate) fn retries(&self) -> Retries {
        match self.retries {
            0 => Retries::default(),
            limit => Retries { limit, backoff: self.backoff },
        }
    }
}

/// What a signal to `tmpl run` does to the job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnSignal {
    /// Ends the job
    Cancel,
    /// Lets the job go on
    Detach,
}

/// What to do where a job of that name has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum IfRunning {
    /// Exit code 6
    Fail,
    /// Nothing: exit code 0
    Skip,
    /// Wait for its end, then launch
    Wait,
    /// Cancel it, then launch
    Replace,
}

fn launch_key(text: &str) -> Result<String, String> {
    const LONGEST: usize = 1024;
    match text.len() {
        0 => Err("it is empty".to_owned()),
        length if length > LONGEST => Err(format!("it has {length} bytes; at most {LONGEST} are kept")),
        _ => Ok(text.to_owned()),
    }
}
