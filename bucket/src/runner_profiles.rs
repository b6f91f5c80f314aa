//! Runners that a bucket's people share: a numbered log for each name. The newest entry holds; one without a profile says that the
//! runner was deleted.

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tmpl_template::{RunnerName, RunnerProfile};

use crate::store::Created;
use crate::{Bucket, BucketError, BucketErrorKind, Submitter, layout};

/// The format of the entries that are written here, and the newest that is read.
const FORMAT: u32 = 1;
/// The most bytes an entry may have: it has some hundreds.
const ENTRY_LIMIT: u64 = 1024 * 1024;
/// How many entries are read at a time.
const READS: usize = 32;

/// `staging/config/runners/<name>/<n>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct RunnerEntry {
    /// The format of this record: 1.
    pub format: u32,
    /// When it was saved, or deleted.
    pub time: Timestamp,
    /// Who did it, from where.
    #[serde(flatten)]
    pub submitter: Submitter,
    /// The profile; none says that it was deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<RunnerProfile>,
}

/// A runner that a bucket's people share, as it holds now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedRunner {
    /// Its name.
    pub name: RunnerName,
    /// The number of the entry that holds. Numbers begin at 1.
    pub number: u64,
    /// Its profile.
    pub profile: RunnerProfile,
    /// When it was saved.
    pub time: Timestamp,
    /// By whom, from where.
    pub submitter: Submitter,
}

/// The runners of a bucket, as far as they can be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SharedRunners {
    /// The runners, by name.
    pub runners: Vec<SharedRunner>,
    /// Which are left out, and why.
    pub warnings: Vec<String>,
}

impl Bucket {
    /// Every runner of the bucket.
    pub async fn shared_runners(&self) -> Result<SharedRunners, BucketError> {
        let folders = self.store.list_folders(layout::RUNNERS).await?;
        let names = folders.iter().filter_map(|folder| folder.parse::<RunnerName>().ok());
        let reads: Vec<_> = names.map(|name| async move { self.shared_runner(&name).await }).collect();
        let mut reads = futures::stream::iter(reads).buffered(READS);
        let mut found = SharedRunners::default();
        while let Some(read) = reads.next().await {
            match read {
                Ok(runner) => found.runners.extend(runner),
                Err(error) if error.kind() == BucketErrorKind::Damaged => {
                    found.warnings.push(format!("a runner is left out: {error}"));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(found)
    }

    /// A runner of the bucket, if it has one of that name.
    pub async fn shared_runner(&self, name: &RunnerName) -> Result<Option<SharedRunner>, BucketError> {
        let Some(number) = self.newest_runner_entry(name).await? else { return Ok(None) };
        let RunnerEntry { time, submitter, profile, .. } = self.runner_entry(name, number).await?;
        let runner = |profile| SharedRunner { name: name.clone(), number, profile, time, submitter };
        Ok(profile.map(runner))
    }

    /// The number of the newest entry of a runner, whatever it says; none where nobody ever saved it.
    pub async fn newest_runner_entry(&self, name: &RunnerName) -> Result<Option<u64>, BucketError> {
        Ok(self.store.numbers(&layout::runner(name)).await?.pop())
    }

    /// Saves a runner as the entry after `after`, which was the newest when it was read (0: there was none). False where somebody
    /// else has written since: then nothing is written.
    pub async fn save_runner(
        &self,
        name: &RunnerName,
        after: u64,
        profile: &RunnerProfile,
        submitter: &Submitter,
    ) -> Result<bool, BucketError> {
        self.write_runner_entry(name, after + 1, Some(profile), submitter).await
    }

    /// Deletes a runner: false where there was none. What was saved stays in its log.
    pub async fn delete_runner(&self, name: &RunnerName, submitter: &Submitter) -> Result<bool, BucketError> {
        loop {
            let Some(newest) = self.newest_runner_entry(name).await? else { return Ok(false) };
            // One that can't be read can be deleted all the same.
            let is_gone = match self.runner_entry(name, newest).await {
                Ok(entry) => entry.profile.is_none(),
                Err(error) if error.kind() == BucketErrorKind::Damaged => false,
                Err(error) => return Err(error),
            };
            if is_gone {
                return Ok(false);
            }
            if self.write_runner_entry(name, newest + 1, None, submitter).await? {
                return Ok(true);
            }
        }
    }

    async fn write_runner_entry(
        &self,
        name: &RunnerName,
        number: u64,
        profile: Option<&RunnerProfile>,
        submitter: &Submitter,
    ) -> Result<bool, BucketError> {
        let (time, submitter, profile) = (Timestamp::now(), submitter.clone(), profile.cloned());
        let entry = RunnerEntry { format: FORMAT, time, submitter, profile };
        Ok(self.store.create_json(&layout::runner_entry(name, number), &entry).await? == Created::Yes)
    }

    async fn runner_entry(&self, name: &RunnerName, number: u64) -> Result<RunnerEntry, BucketError> {
        self.numbered_entry(&layout::runner_entry(name, number), FORMAT, ENTRY_LIMIT).await
    }

    /// The objects with the entries that hold: what they name is needed.
    pub(crate) async fn runner_objects(&self) -> Result<Vec<String>, BucketError> {
        let folders = self.store.list_folders(layout::RUNNERS).await?;
        let names = folders.iter().filter_map(|folder| folder.parse::<RunnerName>().ok());
        let newest: Vec<_> = names
            .map(|name| async move {
                let newest = self.newest_runner_entry(&name).await?;
                Ok(newest.map(|number| layout::runner_entry(&name, number)))
            })
            .collect();
        futures::stream::iter(newest)
            .buffered(READS)
            .try_filter_map(|object| async { Ok(object) })
            .try_collect()
            .await
    }
}
