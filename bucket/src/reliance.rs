//! What somebody relies on who has not published it yet: a running build, or a launch of a spec that lies elsewhere. A garbage
//! collection leaves it alone.
//!
//! Each side writes down what it is about to do before it looks at what the other one does: so of a build that relies on a blob and
//! a collection that deletes it, at least one sees the other.
//!
//! ```text
//! build                                       collection
//! writes what it relies on                    writes what it will delete
//! reads what will be deleted; waits           reads what is relied on; spares it
//! looks which blobs are there                 deletes the rest
//! ```

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use oci_spec::image::Digest;
use serde::{Deserialize, Serialize};
use tmpl_template::JobId;

use crate::{Bucket, BucketError, layout};

/// How often it is asked whether a collection is over.
const POLL: Duration = Duration::from_millis(200);
/// A collection that has not said for so long that it goes on was killed: it has deleted all that it will.
pub(crate) const COLLECTION_SILENCE: SignedDuration = SignedDuration::from_mins(5);

/// `staging/builds/<id>.json`: the digests that somebody relies on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ReliedOn {
    pub(crate) digests: BTreeSet<String>,
    /// The job that needs them, as long as there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) job: Option<JobId>,
}

/// `staging/collection.json`: what a collection that runs is about to delete.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Condemned {
    pub(crate) collection: String,
    pub(crate) time: Timestamp,
    /// The hexadecimal digits alone, as blobs are named.
    pub(crate) digests: BTreeSet<String>,
}

impl Condemned {
    fn has_any_of(&self, digests: &BTreeSet<String>) -> bool {
        digests
            .iter()
            .filter_map(|digest| digest.split_once(':'))
            .any(|(_, digits)| self.digests.contains(digits))
    }
}

/// What a build relies on until it has ended. One that is dropped without an end leaves a record, which a collection removes after
/// a day.
#[derive(Debug)]
pub struct Reliance {
    bucket: Bucket,
    id: String,
    relied_on: tokio::sync::Mutex<ReliedOn>,
}

impl Bucket {
    /// Begins to rely on something; nothing is written yet.
    pub fn rely(&self) -> Reliance {
        let id = format!("{}-{}", Timestamp::now().strftime("%Y%m%d%H%M%S"), crate::random::hex());
        Reliance { bucket: self.clone(), id, relied_on: tokio::sync::Mutex::default() }
    }

    /// Writes down that a job needs blobs that no version of a template names; until the job is deleted.
    pub async fn rely_for_job(&self, id: &JobId, digests: &[Digest]) -> Result<(), BucketError> {
        let digests: BTreeSet<String> = digests.iter().map(ToString::to_string).collect();
        let relied_on = ReliedOn { digests: digests.clone(), job: Some(id.clone()) };
        let object = layout::build(&of_job(id));
        self.store.overwrite(&object, self.store.json(&object, &relied_on)?).await?;
        self.wait_for_collection(&digests).await
    }

    /// Waits until nobody is about to delete any of these.
    async fn wait_for_collection(&self, digests: &BTreeSet<String>) -> Result<(), BucketError> {
        while let Some(condemned) = self.store.get_json::<Condemned>(layout::COLLECTION).await? {
            if !condemned.has_any_of(digests) {
                return Ok(());
            }
            if self.age(layout::COLLECTION).await?.is_none_or(|age| age > COLLECTION_SILENCE) {
                return Ok(());
            }
            tokio::time::sleep(POLL).await;
        }
        Ok(())
    }
}

/// The name of what a job relies on.
pub(crate) fn of_job(id: &JobId) -> String {
    format!("job-{id}")
}

impl Reliance {
    /// Relies on these too: whichever of them are there after this stay there.
    pub async fn add(&self, digests: &[&Digest]) -> Result<(), BucketError> {
        let new: BTreeSet<String> = digests.iter().map(ToString::to_string).collect();
        let mut relied_on = self.relied_on.lock().await;
        if new.is_subset(&relied_on.digests) {
            return Ok(());
        }
        relied_on.digests.extend(new.iter().cloned());
        let (store, object) = (&self.bucket.store, layout::build(&self.id));
        store.overwrite_unflushed(&object, store.json(&object, &*relied_on)?).await?;
        self.bucket.wait_for_collection(&new).await
    }

    /// Ends it: what was relied on is published, or given up.
    pub async fn end(&self) -> Result<(), BucketError> {
        if self.relied_on.lock().await.digests.is_empty() {
            return Ok(());
        }
        self.bucket.store.delete(&layout::build(&self.id)).await
    }
}
