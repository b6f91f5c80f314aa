//! Workers of a job that ended although nobody told them to: what their pool writes down, and the job's launcher reads. An engine may
//! never say of such a worker, and wait for it for ever. One that asked for another worker meanwhile has got over it, which the pool
//! writes down too: nothing is written for a job whose workers are well.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tmpl_template::JobId;

use crate::store::Created;
use crate::{Bucket, BucketError, ExitStatus, layout};

/// Failures of one worker that are written down: an engine may ask for it again and again.
const MOST: u32 = 100;

/// The end of a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WorkerEndRecord {
    /// When.
    pub time: Timestamp,
    /// The engine's name for it.
    pub worker: String,
    /// The machine it ran on.
    pub host: String,
    /// How its process ended; nothing of one that could not be started.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit: Option<ExitStatus>,
    /// Its last lines, or why it could not be started.
    pub tail: Vec<String>,
    /// How long it ran.
    pub ran_for: SignedDuration,
}

/// The workers of an attempt that did not end well, and what came after. Machines have clocks of their own: what came first is said by
/// the store's.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WorkerEnds {
    /// The ends, the earliest first.
    pub ends: Vec<WorkerEndRecord>,
    /// When the last of them was written down.
    pub written: Option<Timestamp>,
    /// When a worker that began after an end was last seen at work.
    pub replaced: Option<Timestamp>,
}

impl WorkerEnds {
    /// The last end, if no worker was seen at work since.
    pub fn unreplaced(&self) -> Option<&WorkerEndRecord> {
        self.ends.last().filter(|_| self.replaced < self.written)
    }
}

impl Bucket {
    /// Writes down that a worker works, if one of the attempt has ended before.
    pub async fn record_replacement(
        &self,
        id: &JobId,
        attempt: u32,
        worker: &str,
    ) -> Result<(), BucketError> {
        if self.worker_ends(id, attempt).await?.unreplaced().is_some() {
            let now = Timestamp::now();
            let object = layout::worker_begun(id, attempt, worker, now.as_millisecond());
            self.store.create_json(&object, &now).await?;
        }
        Ok(())
    }

    /// Writes the end of a worker down.
    pub async fn record_worker_end(
        &self,
        id: &JobId,
        attempt: u32,
        end: &WorkerEndRecord,
    ) -> Result<(), BucketError> {
        for number in 1..=MOST {
            let object = layout::worker_end(id, attempt, &end.worker, number);
            if self.store.create_json(&object, end).await? == Created::Yes {
                break;
            }
        }
        Ok(())
    }

    /// The ends of an attempt's workers.
    pub async fn worker_ends(&self, id: &JobId, attempt: u32) -> Result<WorkerEnds, BucketError> {
        let folder = layout::worker_ends(id);
        let mut found = WorkerEnds::default();
        for listed in self.store.list(&folder).await? {
            let Some((number, name)) = listed.name.split_once('-') else { continue };
            if number.parse() != Ok(attempt) {
                continue;
            }
            if name.contains(".begun-") {
                found.replaced = found.replaced.max(Some(listed.modified));
            } else if let Some(end) = self.store.get_json(&format!("{folder}/{}", listed.name)).await? {
                found.written = found.written.max(Some(listed.modified));
                found.ends.push(end);
            }
        }
        found.ends.sort_by_key(|end| end.time);
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_end_of_an_attempts_workers_is_kept() {
        let bucket = Bucket::in_memory();
        let id: JobId = "2026-11-21_08_00_00-0000000000000000001".parse().unwrap();
        let end = |worker: &str, second: i64| WorkerEndRecord {
            time: Timestamp::from_second(second).unwrap(),
            worker: worker.to_owned(),
            host: "h".to_owned(),
            exit: Some(ExitStatus::Code(1)),
            tail: vec!["No module named apache_beam".to_owned()],
            ran_for: SignedDuration::from_millis(80),
        };
        let written = [(1, end("1-1", 3)), (1, end("1-1", 1)), (2, end("1-1", 2)), (1, end("../x", 2))];
        for (attempt, end) in &written {
            bucket.record_worker_end(&id, *attempt, end).await.unwrap();
        }
        let found = bucket.worker_ends(&id, 1).await.unwrap();
        assert_eq!(found.ends, [end("1-1", 1), end("../x", 2), end("1-1", 3)]);
        assert_eq!(bucket.worker_ends(&id, 2).await.unwrap().ends, [end("1-1", 2)]);
        assert_eq!(bucket.worker_ends(&id, 3).await.unwrap(), WorkerEnds::default());
    }

    #[tokio::test]
    async fn a_worker_is_written_down_only_after_the_end_of_another() {
        let bucket = Bucket::in_memory();
        let id: JobId = "2026-11-21_08_00_00-0000000000000000001".parse().unwrap();
        bucket.record_replacement(&id, 1, "1-1").await.unwrap();
        assert_eq!(bucket.worker_ends(&id, 1).await.unwrap(), WorkerEnds::default());
        let end = WorkerEndRecord {
            time: Timestamp::UNIX_EPOCH,
            worker: "1-1".to_owned(),
            host: "h".to_owned(),
            exit: None,
            tail: Vec::new(),
            ran_for: SignedDuration::ZERO,
        };
        for number in [2, 3] {
            bucket.record_worker_end(&id, 1, &end).await.unwrap();
            assert_eq!(bucket.worker_ends(&id, 1).await.unwrap().unreplaced(), Some(&end));
            bucket.record_replacement(&id, 2, "1-2").await.unwrap();
            assert!(bucket.worker_ends(&id, 1).await.unwrap().unreplaced().is_some(), "another attempt's");
            bucket.record_replacement(&id, 1, &format!("1-{number}")).await.unwrap();
            let found = bucket.worker_ends(&id, 1).await.unwrap();
            assert_eq!((found.ends.len(), found.unreplaced()), (number - 1, None));
        }
    }
}
