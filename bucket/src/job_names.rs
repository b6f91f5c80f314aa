//! Names of active jobs: one holder at a time.
//!
//! A claim is a numbered object; the next number may be taken only when the job of the newest claim has ended. A job whose launch
//! was cut off between its claim and its record is ended by whoever wants the name: it then never begins, however late its launch
//! goes on.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use tmpl_template::{JobId, JobName, JobState};

use crate::store::Created;
use crate::{Bucket, BucketError, FinalRecord, JobRecord, layout};

/// How long a launch may take from its claim to its record.
const CLAIM_PATIENCE: SignedDuration = SignedDuration::from_secs(60);

/// `staging/names/<job name>/<n>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Claim {
    /// The job that holds the name.
    pub(crate) job: JobId,
    /// When it was claimed.
    pub(crate) time: Timestamp,
}

impl Bucket {
    /// Claims a name for a job. Gives the active job that holds it, if another one does; one whose launcher is gone is brought to its
    /// end first.
    pub async fn claim_job_name(&self, record: &JobRecord) -> Result<Option<JobId>, BucketError> {
        loop {
            let newest = self.newest_claim(&record.name).await?;
            let next = match newest {
                Some((_, claim)) if claim.job == record.id => return Ok(None),
                Some((number, claim)) => {
                    if self.still_holds(&record.name, number, &claim).await? {
                        return Ok(Some(claim.job));
                    }
                    number + 1
                }
                None => 1,
            };
            let claim = Claim { job: record.id.clone(), time: Timestamp::now() };
            let object = layout::job_name_claim(&record.name, next);
            if self.store.create_json(&object, &claim).await? == Created::Yes {
                return Ok(None);
            }
        }
    }

    /// The active job of a name, if there is one.
    pub async fn job_of_name(&self, name: &JobName) -> Result<Option<JobId>, BucketError> {
        let Some((number, claim)) = self.newest_claim(name).await? else { return Ok(None) };
        Ok(self.still_holds(name, number, &claim).await?.then_some(claim.job))
    }

    async fn newest_claim(&self, name: &JobName) -> Result<Option<(u64, Claim)>, BucketError> {
        let Some(number) = self.store.numbers(&layout::job_name(name)).await?.pop() else { return Ok(None) };
        let claim = self.store.get_json(&layout::job_name_claim(name, number)).await?;
        Ok(claim.map(|claim| (number, claim)))
    }

    async fn still_holds(&self, name: &JobName, number: u64, claim: &Claim) -> Result<bool, BucketError> {
        match self.job_summary(&claim.job).await {
            Ok(summary) => Ok(summary.ended.is_none()),
            Err(BucketError::NoSuchJob { .. }) => {
                if self.final_record(&claim.job).await?.is_some() {
                    return Ok(false);
                }
                let object = layout::job_name_claim(name, number);
                match self.age(&object).await? {
                    None => return Ok(false),
                    Some(age) if age < CLAIM_PATIENCE => return Ok(true),
                    Some(_) => {}
                }
                let ended =
                    self.store.create_json(&layout::final_record(&claim.job), &never_accepted()).await?;
                // Whoever was slow has meanwhile either written its record, and is seen the next time, or finds the end we wrote.
                Ok(ended == Created::Existed && self.final_record(&claim.job).await?.is_none())
            }
            Err(error) => Err(error),
        }
    }
}

/// The end of a job that never began: its launch was cut off.
fn never_accepted() -> FinalRecord {
    let reason = "never accepted: its launch was cut off".to_owned();
    FinalRecord { hint: Some("launch it again".to_owned()), ..FinalRecord::new(JobState::Failed, reason, 75) }
}
