//! Jobs: accepted, attempted, watched, ended. State is `final.json`, else what the events add up to.

use jiff::Timestamp;
use tmpl_template::{JobId, JobState};

use crate::store::Created;
use crate::{
    Attempt, Bucket, BucketError, BucketErrorKind, Event, EventKind, FinalRecord, JobRecord, Liveness,
    StopRequest, layout,
};

/// The exit code of a job whose launcher is gone: the launch failed for a reason outside the program.
const EXIT_LAUNCHER_LOST: u8 = 3;

/// One line of a list of jobs.
#[derive(Clone, Debug, PartialEq)]
pub struct JobSummary {
    /// The accepted launch.
    pub record: JobRecord,
    /// The state now.
    pub state: JobState,
    /// The end, where there was one.
    pub ended: Option<FinalRecord>,
    /// The launcher is gone, but this reader may not write it down.
    pub presumed_lost: bool,
}

/// A list of jobs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct JobList {
    /// The jobs, the newest first.
    pub jobs: Vec<JobSummary>,
    /// Which jobs are left out because a record of theirs is damaged, and why.
    pub warnings: Vec<String>,
}

/// Everything recorded of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct JobView {
    /// Its line in a list.
    pub summary: JobSummary,
    /// The attempts, in order.
    pub attempts: Vec<Attempt>,
    /// State changes and messages, in order.
    pub events: Vec<Event>,
    /// The request to stop, where there was one.
    pub stop: Option<StopRequest>,
}

impl Bucket {
    /// Writes a job down. From here on it is accepted: it has a history, and an end.
    pub async fn accept_job(&self, record: &JobRecord) -> Result<(), BucketError> {
        let object = layout::job_record(&record.id);
        match self.store.create_json(&object, record).await? {
            Created::Yes => Ok(()),
            // The id has 63 random bits; a second job of the same id is a clock and a generator gone wrong.
            Created::Existed => Err(self.store.malformed(&object, "another job has this id already")),
        }
    }

    /// Takes the right to run attempt `n`: true for exactly one caller.
    pub async fn take_attempt(&self, id: &JobId, n: u32, attempt: &Attempt) -> Result<bool, BucketError> {
        Ok(self.store.create_json(&layout::attempt(id, n), attempt).await? == Created::Yes)
    }

    /// The accepted launch of a job.
    pub async fn job_record(&self, id: &JobId) -> Result<JobRecord, BucketError> {
        let found = self.store.get_json(&layout::job_record(id)).await?;
        found.ok_or_else(|| BucketError::NoSuchJob { id: id.clone(), bucket: self.to_string() })
    }

    /// Writes an event. `sequence` counts from 0 within an attempt and has one writer: that attempt's launcher.
    pub async fn record_event(
        &self,
        id: &JobId,
        attempt: u32,
        sequence: u64,
        event: &Event,
    ) -> Result<(), BucketError> {
        let object = layout::event(id, attempt, sequence);
        self.store.create_unflushed(&object, self.store.json(&object, event)?).await?;
        Ok(())
    }

    /// Writes the end of a job. Returns the record that holds: this one, or the one that was there before.
    pub async fn finish_job(&self, id: &JobId, record: &FinalRecord) -> Result<FinalRecord, BucketError> {
        match self.store.create_json(&layout::final_record(id), record).await? {
            Created::Yes => Ok(record.clone()),
            Created::Existed => Ok(self.final_record(id).await?.unwrap_or_else(|| record.clone())),
        }
    }

    /// The end of a job, where there was one.
    pub async fn final_record(&self, id: &JobId) -> Result<Option<FinalRecord>, BucketError> {
        self.store.get_json(&layout::final_record(id)).await
    }

    /// Asks for a job to end. A second request changes nothing: the first holds.
    pub async fn request_stop(&self, id: &JobId, request: &StopRequest) -> Result<(), BucketError> {
        if let Some(ended) = self.job_summary(id).await?.ended {
            return Err(BucketError::Ended { id: id.clone(), state: ended.state.word() });
        }
        self.store.create_json(&layout::stop(id), request).await?;
        Ok(())
    }

    /// The request to stop, where there was one.
    pub async fn stop_request(&self, id: &JobId) -> Result<Option<StopRequest>, BucketError> {
        self.store.get_json(&layout::stop(id)).await
    }

    /// A job's line in a list. Brings the record of a job whose launcher is gone to its end.
    pub async fn job_summary(&self, id: &JobId) -> Result<JobSummary, BucketError> {
        let record = self.job_record(id).await?;
        let events = match self.final_record(id).await? {
            Some(ended) => return Ok(summary(record, ended)),
            None => self.events(id).await?,
        };
        self.judge(record, &events).await
    }

    /// Everything recorded of a job.
    pub async fn job_view(&self, id: &JobId) -> Result<JobView, BucketError> {
        let summary = self.job_summary(id).await?;
        let mut attempts = Vec::new();
        while let Some(attempt) = self.attempt(id, next_number(&attempts)).await? {
            attempts.push(attempt);
        }
        Ok(JobView { summary, attempts, events: self.events(id).await?, stop: self.stop_request(id).await? })
    }

    /// State changes and messages, in order.
    pub async fn events(&self, id: &JobId) -> Result<Vec<Event>, BucketError> {
        let folder = layout::events(id);
        let mut events = Vec::new();
        for listed in self.store.list(&folder).await? {
            events.extend(self.store.get_json(&format!("{folder}/{}", listed.name)).await?);
        }
        Ok(events)
    }

    /// The events of an attempt from `sequence` on: what has been added since somebody looked.
    pub async fn events_from(
        &self,
        id: &JobId,
        attempt: u32,
        sequence: u64,
    ) -> Result<Vec<Event>, BucketError> {
        let mut events: Vec<Event> = Vec::new();
        loop {
            let object = layout::event(id, attempt, sequence + events.len() as u64);
            match self.store.get_json(&object).await? {
                Some(event) => events.push(event),
                None => return Ok(events),
            }
        }
    }

    /// The newest jobs first, at most `limit`. A job whose records are damaged costs the list that one job.
    pub async fn jobs(&self, limit: usize) -> Result<JobList, BucketError> {
        let mut list = JobList::default();
        for day in self.store.list_folders(layout::JOBS).await?.iter().rev() {
            for id in self.store.list_folders(&layout::day(day)).await?.iter().rev() {
                if list.jobs.len() == limit {
                    return Ok(list);
                }
                // A folder that is no job is somebody else's; a job without job.json was never accepted.
                let Ok(id) = id.parse::<JobId>() else { continue };
                match self.job_summary(&id).await {
                    Ok(summary) => list.jobs.push(summary),
                    Err(BucketError::NoSuchJob { .. }) => {}
                    Err(error) if error.kind() == BucketErrorKind::Damaged => {
                        list.warnings.push(format!("job {id} is left out: {error}"));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(list)
    }

    async fn attempt(&self, id: &JobId, n: u32) -> Result<Option<Attempt>, BucketError> {
        self.store.get_json(&layout::attempt(id, n)).await
    }

    /// The state of a job without an end: what its events say, unless its launcher is gone.
    async fn judge(&self, record: JobRecord, events: &[Event]) -> Result<JobSummary, BucketError> {
        let id = record.id.clone();
        let since = match self.attempt(&id, 1).await? {
            Some(attempt) => attempt.time,
            None => record.created,
        };
        if self.liveness(&id, 1, since).await? == Liveness::Held {
            let state = events
                .iter()
                .rev()
                .find_map(|event| match event.kind {
                    EventKind::State(state) => Some(state),
                    EventKind::Message(_) => None,
                })
                .unwrap_or(JobState::Queued);
            return Ok(JobSummary { record, state, ended: None, presumed_lost: false });
        }
        let lost = lost(Timestamp::now());
        match self.finish_job(&id, &lost).await {
            Ok(ended) => Ok(summary(record, ended)),
            Err(error) if error.kind() == BucketErrorKind::Temporary => {
                Ok(JobSummary { record, state: JobState::Failed, ended: None, presumed_lost: true })
            }
            Err(error) => Err(error),
        }
    }
}

fn summary(record: JobRecord, ended: FinalRecord) -> JobSummary {
    JobSummary { record, state: ended.state, ended: Some(ended), presumed_lost: false }
}

fn next_number(attempts: &[Attempt]) -> u32 {
    u32::try_from(attempts.len()).unwrap_or(u32::MAX).saturating_add(1)
}

/// The end of a job whose launcher is gone. The guard has ended its processes.
fn lost(time: Timestamp) -> FinalRecord {
    FinalRecord {
        state: JobState::Failed,
        time,
        reason: "launcher lost: it stopped renewing its lease".to_owned(),
        exit_code: EXIT_LAUNCHER_LOST,
        program: None,
        cause: None,
        hint: Some(
            "the launcher or its machine was killed; what the job had written may be incomplete; run it again".to_owned(),
        ),
    }
}
