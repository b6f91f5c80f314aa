//! Who did what, with the bucket itself and through servers: what was deleted leaves its trace here.

use futures::StreamExt;
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Bucket, BucketError, BucketErrorKind, Submitter, layout};

/// The most bytes of an entry that are read.
const ENTRY_LIMIT: u64 = 1024 * 1024;
/// How many entries are read at a time.
const READS: usize = 32;

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

/// Entries of the audit, the newest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditList {
    /// The entries.
    pub entries: Vec<AuditEntry>,
    /// Whether there are more in these days.
    pub more: bool,
    /// Which are left out, and why.
    pub warnings: Vec<String>,
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
    /// What was written down from one day (UTC) to another, both included: the newest first, at most `limit` entries.
    pub async fn audit_entries(
        &self,
        first: Date,
        last: Date,
        limit: usize,
    ) -> Result<AuditList, BucketError> {
        let mut found = AuditList::default();
        let days = self.store.list_folders(layout::AUDIT).await?;
        let asked = |day: &String| day.parse::<Date>().is_ok_and(|day| first <= day && day <= last);
        for day in days.into_iter().filter(asked).rev() {
            let folder = format!("{}/{day}", layout::AUDIT);
            // Their names begin with the moment.
            let names = self.store.list(&folder).await?.into_iter().rev().map(|listed| listed.name);
            let names = names.filter(|name| name.strip_suffix(".json").is_some());
            let objects = names.map(|name| format!("{folder}/{name}"));
            let mut reads =
                futures::stream::iter(objects.map(|object| self.audit_entry(object))).buffered(READS);
            while let Some(read) = reads.next().await {
                if found.entries.len() == limit {
                    found.more = true;
                    return Ok(found);
                }
                match read {
                    Ok(entry) => found.entries.push(entry),
                    Err(error) if error.kind() == BucketErrorKind::Damaged => {
                        found.warnings.push(format!("an entry of the audit is left out: {error}"));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(found)
    }

    async fn audit_entry(&self, object: String) -> Result<AuditEntry, BucketError> {
        let bytes = self.store.get_at_most(&object, ENTRY_LIMIT).await?;
        let bytes = bytes.ok_or_else(|| self.store.malformed(&object, "it vanished while it was read"))?;
        serde_json::from_slice(&bytes).map_err(|error| self.store.malformed(&object, error))
    }
}
