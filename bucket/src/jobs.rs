//! Jobs: accepted, attempted, watched, ended. State is `final.json`, else what the events add up to.

use futures::{StreamExt, TryStreamExt};
use tmpl_template::{JobId, JobState};

use crate::store::Created;
use crate::{
    Attempt, Bucket, BucketError, BucketErrorKind, EngineStanding, Event, EventKind, FinalRecord, JobRecord,
    Liveness, StopRequest, layout,
};

/// The exit code of a job whose launcher is gone: the launch failed for a reason outside the program.
const EXIT_LAUNCHER_LOST: u8 = 3;
/// How many records are read at a time.
const READS: usize = 16;

/// Where a job stands.
#[derive(Clone, Debug, PartialEq)]
pub struct JobSummary {
    /// The accepted launch.
    pub record: JobRecord,
    /// The state now.
    pub state: JobState,
    /// The end, where there was one.
    pub ended: Option<FinalRecord>,
    /// The newest attempt, where one has begun and the job has no end: that of one which has ended is not looked for.
    pub attempt: Option<u32>,
    /// The launcher is gone, but this reader may not write it down.
    pub presumed_lost: bool,
    /// It was this reader who found the launcher gone, and brought the job to its end.
    pub reconciled: bool,
}

impl JobSummary {
    /// Whether anything more is to come of it.
    pub fn goes_on(&self) -> bool {
        self.ended.is_none() && !self.presumed_lost
    }
}

/// Everything recorded of a job.
#[derive(Clone, Debug, PartialEq)]
pub struct JobView {
    /// Where it stands.
    pub summary: JobSummary,
    /// The attempts, in order.
    pub attempts: Vec<Attempt>,
    /// State changes and messages, in order.
    pub events: Vec<Event>,
    /// The request to stop, where there was one.
    pub stop: Option<StopRequest>,
}

impl Bucket {
    /// Writes a job down. From here on it is accepted: it has a history, and an end. A job of a launch key may be written down by
    /// several; that of any other launch has an id of its own.
    pub async fn accept_job(&self, record: &JobRecord) -> Result<(), BucketError> {
        let object = layout::job_record(&record.id);
        self.index_job(record).await?;
        match self.store.create_json(&object, record).await? {
            Created::Existed if record.launch_key.is_none() => {
                // The id has 63 random bits; a second job of the same id is a clock and a generator gone wrong.
                return Err(self.store.malformed(&object, "another job has this id already"));
            }
            Created::Yes | Created::Existed => {}
        }
        // Somebody waited for the job's name for a long time, and ended what had not begun.
        match self.final_record(&record.id).await? {
            Some(ended) if record.launch_key.is_none() => {
                Err(BucketError::Ended { id: record.id.clone(), state: ended.state.word() })
            }
            _ => Ok(()),
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
    pub async fn finish_job(
        &self,
        job: &JobRecord,
        record: &FinalRecord,
    ) -> Result<FinalRecord, BucketError> {
        let held = match self.store.create_json(&layout::final_record(&job.id), record).await? {
            Created::Yes => record.clone(),
            Created::Existed => self.final_record(&job.id).await?.unwrap_or_else(|| record.clone()),
        };
        // The end is written; what the index does not say now, the next list mends.
        let _ = self.index_end(job, &held).await;
        Ok(held)
    }

    /// The end of a job, where there was one.
    pub async fn final_record(&self, id: &JobId) -> Result<Option<FinalRecord>, BucketError> {
        self.store.get_json(&layout::final_record(id)).await
    }

    /// A job's line in a list. Brings the record of a job whose launcher is gone to its end.
    pub async fn job_summary(&self, id: &JobId) -> Result<JobSummary, BucketError> {
        self.job_summary_of(self.job_record(id).await?).await
    }

    /// The same, of a job whose record has been read: it never changes.
    pub async fn job_summary_of(&self, record: JobRecord) -> Result<JobSummary, BucketError> {
        match self.final_record(&record.id).await? {
            Some(ended) => Ok(summary(record, ended)),
            // Boxed: few jobs are judged, and this would be a part of every future that asks how a job is.
            None => Box::pin(self.judge(record)).await,
        }
    }

    /// Everything recorded of a job.
    pub async fn job_view(&self, id: &JobId) -> Result<JobView, BucketError> {
        self.job_view_of(self.job_record(id).await?).await
    }

    /// The same, of a job whose record has been read.
    pub async fn job_view_of(&self, record: JobRecord) -> Result<JobView, BucketError> {
        let id = record.id.clone();
        let summary = self.job_summary_of(record).await?;
        let mut attempts = Vec::new();
        for number in self.attempt_numbers(&id).await? {
            attempts.extend(self.attempt(&id, number).await?);
        }
        Ok(JobView {
            summary,
            attempts,
            events: self.events(&id).await?,
            stop: self.stop_request(&id).await?,
        })
    }

    /// State changes and messages, in order.
    pub async fn events(&self, id: &JobId) -> Result<Vec<Event>, BucketError> {
        let objects = self.event_objects(id).await?;
        let reads: Vec<_> = objects.iter().map(|object| self.store.get_json::<Event>(object)).collect();
        let read: Vec<Option<Event>> = futures::stream::iter(reads).buffered(READS).try_collect().await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// The objects of a job's events, in order.
    async fn event_objects(&self, id: &JobId) -> Result<Vec<String>, BucketError> {
        let folder = layout::events(id);
        let place = |name: &str| {
            let (attempt, sequence) = name.strip_suffix(".json")?.split_once('-')?;
            Some((attempt.parse::<u32>().ok()?, sequence.parse::<u64>().ok()?))
        };
        let listed = self.store.list(&folder).await?;
        let mut places: Vec<_> =
            listed.iter().filter_map(|listed| Some((place(&listed.name)?, &listed.name))).collect();
        places.sort_unstable();
        Ok(places.into_iter().map(|(_, name)| format!("{folder}/{name}")).collect())
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

    /// The numbers of the attempts that were begun, in order.
    pub async fn attempt_numbers(&self, id: &JobId) -> Result<Vec<u32>, BucketError> {
        self.store.numbers(&layout::attempts(id)).await
    }

    /// The attempt that counts: the newest, or the first one where none has begun.
    pub async fn newest_attempt(&self, id: &JobId) -> Result<u32, BucketError> {
        Ok(self.attempt_numbers(id).await?.pop().unwrap_or(1))
    }

    /// The right to run attempt `n`, where it was taken.
    pub async fn attempt(&self, id: &JobId, n: u32) -> Result<Option<Attempt>, BucketError> {
        self.store.get_json(&layout::attempt(id, n)).await
    }

    /// The state of a job without an end: what its events say, unless its launcher is gone.
    async fn judge(&self, record: JobRecord) -> Result<JobSummary, BucketError> {
        let id = record.id.clone();
        let attempt = self.attempt_numbers(&id).await?.pop();
        if self.liveness(&record, attempt).await? == Liveness::Held {
            let state = self.newest_state(&id).await?.unwrap_or(JobState::Queued);
            return Ok(JobSummary { state, attempt, ..going_on(record) });
        }
        let mut end = if attempt.is_some() { lost() } else { never_begun() };
        match self.engine_standing(&record, attempt).await? {
            None => {}
            Some(EngineStanding::Ended(ended)) => end = *ended,
            Some(EngineStanding::Runs(state)) => {
                return Ok(JobSummary { state, attempt, ..going_on(record) });
            }
            // Nobody here can say: what was last heard holds.
            Some(EngineStanding::Unknown) => {
                let state = self.newest_state(&id).await?.unwrap_or(JobState::Queued);
                return Ok(JobSummary { state, attempt, ..going_on(record) });
            }
        }
        match self.finish_job(&record, &end).await {
            Ok(ended) => {
                // The program is gone, and nobody else removes what it needed.
                let _ = self.remove_temporary(&id).await;
                let reconciled = ended == end;
                Ok(JobSummary { attempt, reconciled, ..summary(record, ended) })
            }
            Err(error)
                if matches!(error.kind(), BucketErrorKind::Temporary | BucketErrorKind::Environment) =>
            {
                Ok(JobSummary { state: JobState::Failed, attempt, presumed_lost: true, ..going_on(record) })
            }
            Err(error) => Err(error),
        }
    }

    /// What the engine says of a job whose launcher is gone; nothing where no engine has it.
    async fn engine_standing(
        &self,
        record: &JobRecord,
        attempt: Option<u32>,
    ) -> Result<Option<EngineStanding>, BucketError> {
        let Some(attempt) = attempt.filter(|_| record.profile.is_some()) else { return Ok(None) };
        let Some(job) = self.engine_job(&record.id, attempt).await? else { return Ok(None) };
        Ok(Some(match &self.engines {
            Some(engines) => engines.ask(self, record, attempt, &job).await,
            None => EngineStanding::Unknown,
        }))
    }

    /// The state that the newest event says.
    async fn newest_state(&self, id: &JobId) -> Result<Option<JobState>, BucketError> {
        for object in self.event_objects(id).await?.iter().rev() {
            let event: Option<Event> = self.store.get_json(object).await?;
            if let Some(Event { kind: EventKind::State(state), .. }) = event {
                return Ok(Some(state));
            }
        }
        Ok(None)
    }
}

fn summary(record: JobRecord, ended: FinalRecord) -> JobSummary {
    JobSummary { state: ended.state, ended: Some(ended), ..going_on(record) }
}

/// A job without an end, of which nothing more is said yet.
fn going_on(record: JobRecord) -> JobSummary {
    JobSummary {
        record,
        state: JobState::Queued,
        ended: None,
        attempt: None,
        presumed_lost: false,
        reconciled: false,
    }
}

/// The end of a job whose launcher is gone. The guard has ended its processes.
fn lost() -> FinalRecord {
    failed(
        "launcher lost: it stopped renewing its lease",
        "the launcher or its machine was killed; what the job had written may be incomplete; run it again",
    )
}

/// The end of a job that no launcher ever took.
fn never_begun() -> FinalRecord {
    failed(
        "launcher lost: none ever began",
        "whoever launched the job was killed before it began; run it again",
    )
}

fn failed(reason: &str, hint: &str) -> FinalRecord {
    let end = FinalRecord::new(JobState::Failed, reason.to_owned(), EXIT_LAUNCHER_LOST);
    FinalRecord { hint: Some(hint.to_owned()), ..end }
}
