//! What a bucket's people have agreed upon, for all who use it: numbered, so that nobody writes over what another one has said.

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::store::Created;
use crate::{Bucket, BucketError, NoticeTarget, Submitter, layout};

/// `staging/config/settings/<n>.json`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct BucketSettings {
    /// Who is told of what happens to any job: webhooks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notify: Vec<NoticeTarget>,
    /// `tmpl gc` deletes jobs that are older.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_jobs: Option<SignedDuration>,
    /// `tmpl gc` deletes logs of jobs that are older.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub keep_logs: Option<SignedDuration>,
    /// Who has said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub set_by: Option<Submitter>,
}

impl Bucket {
    /// The settings that hold: the newest, or none.
    pub async fn settings(&self) -> Result<BucketSettings, BucketError> {
        match self.newest_settings().await? {
            Some(number) => Ok(self.store.get_json(&layout::settings(number)).await?.unwrap_or_default()),
            None => Ok(BucketSettings::default()),
        }
    }

    /// Changes the settings: what others changed meanwhile is kept, since the change is made to what holds then.
    pub async fn change_settings(
        &self,
        change: &(dyn Fn(&mut BucketSettings) + Sync),
    ) -> Result<BucketSettings, BucketError> {
        loop {
            let next = self.newest_settings().await?.map_or(1, |number| number + 1);
            let mut settings = self.settings().await?;
            change(&mut settings);
            if self.store.create_json(&layout::settings(next), &settings).await? == Created::Yes {
                return Ok(settings);
            }
        }
    }

    async fn newest_settings(&self) -> Result<Option<u64>, BucketError> {
        Ok(self.store.numbers(layout::SETTINGS).await?.pop())
    }
}
