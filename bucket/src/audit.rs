//! Who did what to the bucket itself: what was deleted leaves its trace here.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Bucket, BucketError, Submitter, layout};

/// `staging/audit/<day>/<time>-<random>.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AuditEntry {
    /// When.
    pub time: Timestamp,
    /// Who, from where.
    #[serde(flatten)]
    pub submitter: Submitter,
    /// What was done: "delete job", "collect garbage".
    pub action: String,
    /// To what, and how much.
    pub subject: Value,
}

impl Bucket {
    /// Writes down that somebody does something that leaves no other trace. Before it is done.
    pub async fn audit(
        &self,
        submitter: &Submitter,
        action: &str,
        subject: Value,
    ) -> Result<(), BucketError> {
        let time = Timestamp::now();
        let entry = AuditEntry { time, submitter: submitter.clone(), action: action.to_owned(), subject };
        let (day, moment) = (time.strftime("%Y-%m-%d"), time.strftime("%H%M%S%6f"));
        let object = format!("{}/{day}/{moment}-{}.json", layout::AUDIT, crate::random::hex());
        self.store.create_json(&object, &entry).await.map(drop)
    }
}
