//! A job on an engine: its graph built and kept, handed over, watched, ended.
//!
//! ```text
//! program ──▶ our Job service: pipeline.pb, options, files      (graph)
//!                 │  environments pointed at a worker pool
//!                 ▼
//!             engine: Job API, or Flink's REST                   (submission)
//!                 │  states, messages, counters, ends of workers
//!                 ▼
//!             events, log, metrics.json, final.json              (supervise)
//! ```
//!
//! | module | holds |
//! |---|---|
//! | `graph` | the program builds its graph against our Job service, and what it submitted is kept |
//! | `captured` | what was kept: read back for a replay, compared with what was asked |
//! | `engine`, `job_api` | an engine as it is spoken to: submit, follow, count, cancel, drain |
//! | `own` | the engine and the worker pool that are processes of this launcher |
//! | `supervise` | the job's life on the engine |
//! | `dry_run` | the graph of a launch that is only tried |
//! | `draining` | a job that is to read nothing new |
//! | `withdrawal` | a job that must not run, or of which nobody knows whether it does |
//! | `reconcile` | the job of a launcher that died, asked for at its engine |

mod captured;
mod draining;
mod dry_run;
mod engine;
mod error;
mod flink_engine;
mod flink_slots;
mod graph;
mod job_api;
mod limits;
mod news;
mod own;
pub mod reconcile;
mod submission;
mod supervise;
mod withdrawal;
mod workers;

use tmpl_bucket::JobRecord;
use tmpl_template::{JobState, RunnerProfile};
use tokio::sync::mpsc::Receiver;

pub use dry_run::{DryRun, Lacking, OptionOutcome, Tried, dry_run};
pub use error::ExecutionError;
use submission::Handed;
pub(crate) use supervise::EngineEnd;

use crate::LaunchError;
use crate::job_end::Outcome;
use crate::launch::LaunchContext;
use crate::session::Session;
use crate::stop::Stop;

/// What an attempt on an engine is made with.
pub(crate) struct Execution<'a> {
    pub(crate) context: &'a LaunchContext,
    pub(crate) record: &'a JobRecord,
    pub(crate) profile: &'a RunnerProfile,
    pub(crate) attempt: u32,
}

impl Execution<'_> {
    /// Runs the attempt to its end.
    pub(crate) async fn run(
        &self,
        session: &mut Session,
        stopped: &mut Receiver<Stop>,
    ) -> Result<Outcome, LaunchError> {
        let kept = match &self.record.replay_of {
            Some(other) => captured::load(self, other).await?,
            None => match graph::build(self, session, stopped).await? {
                graph::Built::Kept(kept) => kept,
                graph::Built::Ended(outcome) => return Ok(outcome),
            },
        };
        let mut own = own::OwnParts::default();
        let job = match submission::submit(self, &kept, &mut own, session, stopped).await {
            Ok(Handed::Accepted(job)) => job,
            Ok(Handed::Stopped(reason)) => {
                own.end().await;
                return Ok(Outcome::Stopped(reason, None));
            }
            Err(error) => {
                own.end().await;
                return Err(error);
            }
        };
        let ended = supervise::supervise(self, &job, &mut own, session, stopped).await;
        own.end().await;
        match ended? {
            Outcome::Engine(end) if end.state == JobState::Done && self.is_silent(&job).await? => {
                Ok(Outcome::NoResults)
            }
            outcome => Ok(outcome),
        }
    }

    /// Whether the job had to say what it did and has not.
    async fn is_silent(&self, job: &submission::Submitted) -> Result<bool, LaunchError> {
        let bucket = &self.context.bucket;
        Ok(job.results_required && !bucket.has_results(&self.record.id, self.attempt).await?)
    }
}
