//! How a job stands whose launcher is gone, and which an engine has: only the engine knows.

use std::fmt::Debug;
use std::pin::Pin;

use tmpl_template::JobState;

use crate::{Bucket, EngineJob, FinalRecord, JobRecord};

/// What an engine says of such a job.
#[derive(Clone, Debug, PartialEq)]
pub enum EngineStanding {
    /// It goes on there, in this state.
    Runs(JobState),
    /// It has ended there.
    Ended(Box<FinalRecord>),
    /// The engine can't be asked now.
    Unknown,
}

/// Who can ask engines. A bucket knows none: whoever opens it says who does.
pub trait AskEngine: Debug + Send + Sync {
    /// Asks for attempt `attempt` of a job.
    fn ask<'a>(
        &'a self,
        bucket: &'a Bucket,
        record: &'a JobRecord,
        attempt: u32,
        job: &'a EngineJob,
    ) -> Pin<Box<dyn Future<Output = EngineStanding> + Send + 'a>>;
}
