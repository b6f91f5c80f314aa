//! What can be asked of jobs.

use std::collections::BTreeMap;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use tmpl_bucket::JobFilter;
use tmpl_template::{JobId, JobName, JobState, TemplateName};

use super::{LaunchOptions, ParameterArguments, RunnerArguments, at_least_one, job_id};

#[derive(Debug, Subcommand)]
pub(crate) enum JobsCommand {
    /// The newest jobs first
    List(ListArguments),
    /// Everything recorded of a job
    Show {
        /// The job's id
        #[arg(value_parser = job_id)]
        id: JobId,
    },
    /// The steps of a job on an engine, and what flows between them
    ///
    /// With --format: text (a tree), dot (for Graphviz), svg (a picture) or json.
    Graph(GraphArguments),
    /// A job's log
    Logs {
        /// The job's id
        #[arg(value_parser = job_id)]
        id: JobId,
        /// Go on as the job writes, until it ends
        #[arg(long, short)]
        follow: bool,
        /// Of this attempt [default: the newest]
        #[arg(long, value_name = "NUMBER")]
        attempt: Option<u32>,
    },
    /// The rows that say what a job did
    Results {
        /// The job's id
        #[arg(value_parser = job_id)]
        id: JobId,
        /// As comma-separated values
        #[arg(long)]
        csv: bool,
        /// How many rows at most
        #[arg(long, default_value_t = 1000, value_name = "N", value_parser = at_least_one)]
        limit: usize,
        /// Of this attempt [default: the newest]
        #[arg(long, value_name = "NUMBER")]
        attempt: Option<u32>,
    },
    /// Launch a job once more, with other parameters where they are given
    Rerun(Box<RerunArguments>),
    /// What differs between two jobs
    Diff {
        /// The first job's id
        #[arg(value_parser = job_id)]
        first: JobId,
        /// The second job's id
        #[arg(value_parser = job_id)]
        second: JobId,
    },
    /// Ask a job to end, and wait until it has
    Cancel {
        /// The job's id
        #[arg(value_parser = job_id)]
        id: JobId,
        /// Only ask
        #[arg(long)]
        no_wait: bool,
    },
    /// Ask a job on an engine to read nothing new and finish what it has, and wait until it has ended
    Drain {
        /// The job's id
        #[arg(value_parser = job_id)]
        id: JobId,
        /// Only ask
        #[arg(long)]
        no_wait: bool,
    },
    /// Delete all that is known of jobs that have ended; the audit keeps that they were
    Delete {
        /// The jobs' ids
        #[arg(value_parser = job_id, required = true)]
        ids: Vec<JobId>,
    },
}

/// How a graph is drawn.
#[derive(Debug, Args)]
pub(crate) struct GraphArguments {
    /// The job's id
    #[arg(value_parser = job_id)]
    pub(crate) id: JobId,
    /// Fold what lies deeper than this: 1 shows only what is part of nothing else [default: 2 for text and svg]
    #[arg(long, value_name = "N", value_parser = at_least_one)]
    pub(crate) depth: Option<usize>,
    /// Into a file
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Which jobs are listed.
#[derive(Debug, Args)]
pub(crate) struct ListArguments {
    /// How many
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = at_least_one)]
    pub(crate) limit: usize,
    /// Of this template
    #[arg(long, value_name = "NAME")]
    template: Option<TemplateName>,
    /// Of this name
    #[arg(long, value_name = "NAME")]
    name: Option<JobName>,
    /// In this state (repeatable)
    #[arg(long, value_enum, value_name = "STATE")]
    state: Vec<State>,
    /// Launched by this person
    #[arg(long, value_name = "USER")]
    who: Option<String>,
    /// With this label (repeatable)
    #[arg(long, value_name = "NAME=VALUE", value_parser = label)]
    label: Vec<(String, String)>,
    /// Launched then or later: a time, a day, or how long ago (2h, 7d)
    #[arg(long, value_name = "TIME", value_parser = moment)]
    since: Option<Timestamp>,
    /// Launched then or before
    #[arg(long, value_name = "TIME", value_parser = moment)]
    until: Option<Timestamp>,
    /// Older than this job: the next page
    #[arg(long, value_name = "ID", value_parser = job_id)]
    after: Option<JobId>,
}

impl ListArguments {
    pub(crate) fn filter(&self) -> JobFilter {
        JobFilter {
            template: self.template.clone(),
            name: self.name.clone(),
            states: self.state.iter().map(|state| state.meant()).collect(),
            who: self.who.clone(),
            labels: self.label.iter().cloned().collect::<BTreeMap<_, _>>(),
            since: self.since,
            until: self.until,
            after: self.after.clone(),
        }
    }

    /// Whether jobs are left out that are there.
    pub(crate) fn is_filtered(&self) -> bool {
        self.filter() != JobFilter::default()
    }
}

/// Launch a job once more: the same version of its template with the same parameters, and those that are given in their place.
#[derive(Debug, Args)]
pub(crate) struct RerunArguments {
    /// The job's id
    #[arg(value_parser = job_id)]
    pub(crate) id: JobId,
    /// With the template's current version
    #[arg(long)]
    pub(crate) newest: bool,
    /// Hand the job's graph to an engine once more as it is, without starting the program
    #[arg(long, conflicts_with_all = ["newest", "parameters", "param", "params_file"])]
    pub(crate) replay: bool,
    #[command(flatten)]
    pub(crate) parameters: ParameterArguments,
    #[command(flatten)]
    pub(crate) runner: RunnerArguments,
    #[command(flatten)]
    pub(crate) launch: LaunchOptions,
}

/// A state, as people say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum State {
    Queued,
    Pending,
    Running,
    Cancelling,
    Draining,
    Done,
    Failed,
    Cancelled,
    Drained,
}

impl State {
    fn meant(self) -> JobState {
        match self {
            Self::Queued => JobState::Queued,
            Self::Pending => JobState::Pending,
            Self::Running => JobState::Running,
            Self::Cancelling => JobState::Cancelling,
            Self::Draining => JobState::Draining,
            Self::Done => JobState::Done,
            Self::Failed => JobState::Failed,
            Self::Cancelled => JobState::Cancelled,
            Self::Drained => JobState::Drained,
        }
    }
}

fn label(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// A moment: `2026-11-21T08:00:00Z`, `2026-11-21`, or so long ago: `2h`, `7d`.
fn moment(text: &str) -> Result<Timestamp, String> {
    let wrong = || {
        "write a time (2026-11-21T08:00:00Z), a day (2026-11-21), or how long ago (90s, 2h, 7d)".to_owned()
    };
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(time);
    }
    if let Ok(day) = text.parse::<jiff::civil::Date>() {
        return day.to_zoned(jiff::tz::TimeZone::system()).map(|time| time.timestamp()).map_err(|_| wrong());
    }
    let ago = duration(text).ok_or_else(wrong)?;
    Timestamp::now().checked_sub(ago).map_err(|_| wrong())
}

/// A duration that may have days, which have 24 hours.
pub(super) fn duration(text: &str) -> Option<SignedDuration> {
    let ago = match text.strip_suffix('d').map(str::parse::<i64>) {
        Some(Ok(days)) => SignedDuration::from_hours(days.checked_mul(24)?),
        _ => text.parse().ok()?,
    };
    (ago > SignedDuration::ZERO).then_some(ago)
}
