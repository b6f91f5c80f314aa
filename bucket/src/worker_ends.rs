//! Workers of a job that ended although nobody told them to: what their pool writes down, and the job's launcher reads. An engine may
//! never say of such a worker, and wait for it for ever.

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

impl Bucket {
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

    /// The ends of an attempt's workers, the earliest first.
    pub async fn worker_ends(&self, id: &JobId, attempt: u32) -> Result<Vec<WorkerEndRecord>, BucketError> {
        let folder = layout::worker_ends(id);
        let mut ends: Vec<WorkerEndRecord> = Vec::new();
        for listed in self.store.list(&folder).await? {
            if listed.name.split_once('-').and_then(|(number, _)| number.parse().ok()) == Some(attempt)
                && let Some(end) = self.store.get_json(&format!("{folder}/{}", listed.name)).await?
            {
                ends.push(end);
            }
        }
        ends.sort_by_key(|end| end.time);
        Ok(ends)
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
        assert_eq!(found, [end("1-1", 1), end("../x", 2), end("1-1", 3)]);
        assert_eq!(bucket.worker_ends(&id, 2).await.unwrap(), [end("1-1", 2)]);
        assert_eq!(bucket.worker_ends(&id, 3).await.unwrap(), []);
    }
}
