//! What a store really does, found out by trying.
//!
//! All that keeps two writers from harming each other is that of several who create an object, one is told that it did. Some stores
//! take the condition and ignore it, some keep it only as long as nobody else writes at the same moment: a put after a put proves
//! nothing. So the first writer of a bucket lets several race, for several rounds, and writes down what it found.

use std::time::Instant;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::store::{CreateOnly, Store};
use crate::{Bucket, BucketError, Submitter, causes, layout};

/// Enough to make an unsafe store show itself; in sum a second on a slow one.
const ROUNDS: u32 = 6;
const WRITERS: u32 = 12;
/// A blob of more than one part, to try uploads in parts.
const LARGE: usize = 9 * 1024 * 1024;

/// `staging/config/store.json`: what the first writer found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StoreFacts {
    /// The format of this record: 1.
    pub format: u32,
    /// When it was tried.
    pub time: Timestamp,
    /// How often several writers raced.
    pub rounds: u32,
    /// How many they were.
    pub writers: u32,
    /// The most that were told, in one round, that they were first.
    pub most_winners: u32,
}

impl StoreFacts {
    /// Whether of several writers one was told that it was first, every time.
    pub fn enforces_create_only(&self) -> bool {
        self.most_winners == 1
    }

    fn fault(&self) -> String {
        let Self { most_winners, writers, .. } = self;
        format!(
            "the store does not enforce create-only writes: of {writers} that created one object at the same time, {most_winners} \
             were told that they did, so two jobs could start for one launch"
        )
    }
}

/// A step of a bucket's examination.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Finding {
    /// What was tried.
    pub step: &'static str,
    /// What it is needed for.
    pub needed_for: &'static str,
    /// The right that a policy of S3 must give.
    pub permission: &'static str,
    /// What was found, where it went well.
    pub found: Option<String>,
    /// What went wrong, where it did not.
    pub problem: Option<String>,
    /// The remedy, where it is another one than to be given the right.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl Store {
    /// How create-only writes are done here, found out once in a process. An error where they can't be relied upon.
    pub(crate) async fn create_only(&self) -> Result<CreateOnly, BucketError> {
        let known = self.known_create_only.get_or_try_init(|| self.learn_create_only()).await?;
        known.clone().map_err(|reason| BucketError::Unsafe { bucket: self.name().to_owned(), reason })
    }

    async fn learn_create_only(&self) -> Result<Result<CreateOnly, String>, BucketError> {
        let facts = match self.get_json::<StoreFacts>(layout::STORE_FACTS).await? {
            Some(facts) => facts,
            None => self.race_and_record().await?,
        };
        if facts.enforces_create_only() {
            return Ok(Ok(CreateOnly::Enforced));
        }
        Ok(match self.head(layout::SINGLE_WRITER).await? {
            Some(_) => Ok(CreateOnly::SingleWriter),
            None => Err(facts.fault()),
        })
    }

    /// Lets writers race, and writes down how it went.
    async fn race_and_record(&self) -> Result<StoreFacts, BucketError> {
        let facts = self.race().await?;
        // All who find the same write the same.
        self.overwrite(layout::STORE_FACTS, self.json(layout::STORE_FACTS, &facts)?).await?;
        Ok(facts)
    }

    async fn race(&self) -> Result<StoreFacts, BucketError> {
        let place = format!("{}/.probe-{}", layout::TEMPORARY, crate::random::hex());
        let mut most_winners = 0;
        for round in 0..ROUNDS {
            let object = format!("{place}-{round}");
            let writers: FuturesUnordered<_> =
                (0..WRITERS).map(|writer| self.create_raw(&object, format!("writer {writer}\n"))).collect();
            let told: Vec<Result<bool, BucketError>> = writers.collect().await;
            let deleted = self.delete(&object).await;
            let winners =
                told.into_iter().collect::<Result<Vec<bool>, _>>()?.into_iter().filter(|won| *won).count();
            deleted?;
            most_winners = most_winners.max(u32::try_from(winners).unwrap_or(u32::MAX));
        }
        Ok(StoreFacts { format: 1, time: Timestamp::now(), rounds: ROUNDS, writers: WRITERS, most_winners })
    }
}

impl Bucket {
    /// Writes down somebody's word that one writer at a time uses this bucket, so that a store which does not enforce create-only
    /// writes is taken all the same.
    pub async fn declare_single_writer(&self, submitter: &Submitter) -> Result<(), BucketError> {
        let record =
            serde_json::json!({ "time": Timestamp::now(), "who": submitter.who, "host": submitter.host });
        let record = self.store.json(layout::SINGLE_WRITER, &record)?;
        self.store.overwrite(layout::SINGLE_WRITER, record).await
    }

    /// Makes sure that what is written here is safe from other writers, as every create-only write does itself.
    pub async fn ensure_writable(&self) -> Result<(), BucketError> {
        self.store.create_only().await.map(drop)
    }

    /// Tries every right that is needed, one by one, and races writers anew. What is tried lies in `tmp/` and is removed.
    pub async fn examine(&self, tell: &(dyn Fn(&Finding) + Sync)) -> Vec<Finding> {
        let mut examination = Examination { findings: Vec::new(), tell };
        let store = &self.store;
        let object = format!("{}/.probe-{}", layout::TEMPORARY, crate::random::hex());
        let listed = store.list_folders("").await.map(|folders| match folders.len() {
            0 => "nothing is there yet".to_owned(),
            _ => folders.join(", "),
        });
        examination.note("list", "everything", "s3:ListBucket", listed);
        let begun = Instant::now();
        let created = store.create_raw(&object, "one".to_owned()).await.and_then(|created| {
            let taken = || store.malformed(&object, "a new name is said to be taken");
            if created { Ok(took(begun)) } else { Err(taken()) }
        });
        if examination.note("create", "everything that is written", "s3:PutObject", created) {
            let again = store.create_raw(&object, "two".to_owned()).await;
            let again = match again {
                Ok(false) => Ok("a second writer is refused".to_owned()),
                Ok(true) => self.unless_single_writer("a second create-only write is not refused").await,
                Err(error) => Err(error),
            };
            examination.note("create only", "publishing, launching", "s3:PutObject", again);
            let begun = Instant::now();
            let read = store.get(&object).await.and_then(|bytes| match bytes.as_deref() {
                Some(b"one" | b"two") => Ok(took(begun)),
                _ => Err(store.malformed(&object, "what was just written is not what is read")),
            });
            examination.note("read", "everything", "s3:GetObject", read);
            let written =
                store.overwrite_unflushed(&object, "three").await.map(|()| "as often as it takes".to_owned());
            examination.note("overwrite", "leases, the current spec of a template", "s3:PutObject", written);
            examination.note(
                "upload in parts",
                "layers",
                "s3:PutObject, s3:AbortMultipartUpload",
                self.upload_in_parts().await,
            );
            let race = self.race_anew().await;
            examination.note("race", "several writers at a time", "s3:PutObject", race);
            let deleted = store.delete(&object).await;
            let deleted = match deleted {
                Ok(()) => store.head(&object).await.and_then(|there| match there {
                    None => Ok("gone at once".to_owned()),
                    Some(_) => Err(store.malformed(&object, "what was deleted is still there")),
                }),
                Err(error) => Err(error),
            };
            examination.note("delete", "temporary files, tmpl gc", "s3:DeleteObject", deleted);
            let offset = self.clock_offset().await;
            let words = match offset.abs() {
                offset if offset < SignedDuration::from_secs(2) => "the same as here".to_owned(),
                _ => format!("{offset:#} from the one here; leases go by the store's"),
            };
            examination.note("clock", "leases", "", Ok(words));
        }
        examination.findings
    }

    async fn race_anew(&self) -> Result<String, BucketError> {
        let facts = self.store.race_and_record().await?;
        if facts.enforces_create_only() {
            return Ok(format!("{} rounds of {} writers, one winner each", facts.rounds, facts.writers));
        }
        self.unless_single_writer(&facts.fault()).await
    }

    /// A fault that harms several writers alone.
    async fn unless_single_writer(&self, fault: &str) -> Result<String, BucketError> {
        if self.store.head(layout::SINGLE_WRITER).await?.is_some() {
            return Ok(format!("{fault}; somebody said that there is one writer at a time"));
        }
        Err(BucketError::Unsafe { bucket: self.to_string(), reason: fault.to_owned() })
    }

    async fn upload_in_parts(&self) -> Result<String, BucketError> {
        let object = format!("{}/.probe-{}", layout::TEMPORARY, crate::random::hex());
        let body = bytes::Bytes::from(vec![b'.'; LARGE]);
        let begun = Instant::now();
        let mut upload = self.store.put_in_parts(&object).await?;
        let failed = |error| self.store.error("write", &object, error);
        let half = 8 * 1024 * 1024;
        let sent = async {
            upload.put_part(body.slice(..half).into()).await?;
            upload.put_part(body.slice(half..).into()).await?;
            upload.complete().await
        };
        sent.await.map_err(failed)?;
        let size = self.store.head(&object).await?.map(|meta| meta.size);
        self.store.delete(&object).await?;
        if size == Some(LARGE as u64) {
            Ok(took(begun))
        } else {
            Err(self.store.malformed(&object, format!("of {LARGE} bytes, {size:?} arrived")))
        }
    }
}

struct Examination<'a> {
    findings: Vec<Finding>,
    tell: &'a (dyn Fn(&Finding) + Sync),
}

impl Examination<'_> {
    /// Notes how a step went; whether it went well.
    fn note(
        &mut self,
        step: &'static str,
        needed_for: &'static str,
        permission: &'static str,
        outcome: Result<String, BucketError>,
    ) -> bool {
        let (found, problem, hint) = match outcome {
            Ok(found) => (Some(found), None, None),
            Err(error) => {
                let hint = match &error {
                    BucketError::Denied { .. } => None,
                    BucketError::Malformed { .. } => {
                        Some("choose a store that keeps what is written".to_owned())
                    }
                    error => error.hint(),
                };
                (None, Some(causes(&error).join(": ")), hint)
            }
        };
        let finding = Finding { step, needed_for, permission, found, problem, hint };
        (self.tell)(&finding);
        let well = finding.problem.is_none();
        self.findings.push(finding);
        well
    }
}

fn took(begun: Instant) -> String {
    format!("{} ms", begun.elapsed().as_millis().max(1))
}
