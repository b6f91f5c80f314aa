//! The container of one job, from its start to its removal.

use std::time::Duration;

use tmpl_bucket::{Bucket, FinalRecord};
use tmpl_template::JobId;

use super::ContainerEnd;
use crate::LaunchError;
use crate::engine::{Engine, EngineError};

/// How long a lost engine is left alone before it is looked for again: a moment at first, then longer.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// The container of a job.
#[derive(Clone, Debug)]
pub struct JobContainer {
    engine: Engine,
    id: String,
    job: JobId,
}

impl JobContainer {
    pub(super) fn new(engine: Engine, id: String, job: JobId) -> Self {
        Self { engine, id, job }
    }

    /// Starts it.
    pub async fn start(&self) -> Result<(), LaunchError> {
        match self.engine.start_container(&self.id).await {
            // The order may have arrived before the connection broke.
            Err(error) if error.is_lost() => match self.engine.container_state(&self.id).await? {
                Some(state) if state.status != "created" => Ok(()),
                _ => Err(error.into()),
            },
            started => Ok(started?),
        }
    }

    /// Waits until it does not run any more. An engine that is gone is looked for until it is there again, which `told` hears.
    pub async fn ended(&self, told: &mut (dyn FnMut(String) + Send)) -> ContainerEnd {
        let mut pause = FIRST_PAUSE;
        let mut lost = false;
        loop {
            match self.end_now().await {
                Ok(end) => return end,
                Err(WaitError::Running) => {
                    if std::mem::take(&mut lost) {
                        told("the container engine is there again, and the job goes on".to_owned());
                    }
                    pause = FIRST_PAUSE;
                    // Whatever came of it, how the container is now is asked for anew: an engine that is being stopped says of
                    // containers that go on that they ended.
                    if self.engine.wait_container(&self.id).await.is_err() {
                        tokio::time::sleep(FIRST_PAUSE).await;
                    }
                }
                Err(WaitError::Engine(error)) => {
                    if !std::mem::replace(&mut lost, true) {
                        told(format!("{error}; looking for it again …"));
                    }
                    tokio::time::sleep(pause).await;
                    pause = (pause * 2).min(LONGEST_PAUSE);
                }
            }
        }
    }

    async fn end_now(&self) -> Result<ContainerEnd, WaitError> {
        match self.engine.container_state(&self.id).await? {
            None => Ok(ContainerEnd::Gone),
            Some(state)
                if matches!(
                    state.status.as_str(),
                    "created" | "running" | "paused" | "restarting" | "initialized"
                ) =>
            {
                Err(WaitError::Running)
            }
            Some(state) => {
                // What it said helps to understand its end, and is no condition for it.
                let output = self.engine.container_output(&self.id).await.unwrap_or_default();
                Ok(ContainerEnd::Ended { state, output })
            }
        }
    }

    /// Writes the end of the job, if its launcher did not live to do that. Returns the end that holds.
    pub async fn settle(&self, bucket: &Bucket, end: &ContainerEnd) -> Result<FinalRecord, LaunchError> {
        if let Some(written) = bucket.final_record(&self.job).await? {
            return Ok(written);
        }
        let record = bucket.job_record(&self.job).await?;
        Ok(bucket.finish_job(&record, &end.describe()).await?)
    }

    /// Ends it, whatever it does: for a launcher that does not take notice of a request in the bucket.
    pub async fn stop(&self, grace: Duration) -> Result<(), LaunchError> {
        Ok(self.engine.stop_container(&self.id, grace).await?)
    }

    /// Removes it, also while it runs.
    pub async fn remove(&self) -> Result<(), LaunchError> {
        Ok(self.engine.remove_container(&self.id).await?)
    }
}

/// Why the end of a container is not known yet.
enum WaitError {
    Running,
    Engine(EngineError),
}

impl From<EngineError> for WaitError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}
