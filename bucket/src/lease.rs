//! Who still holds a job.
//!
//! The launcher of an attempt renews its lease; a lease that ran out means that the launcher is gone. Ages are differences of
//! times the store stamped, so no two machines' clocks are ever compared.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tmpl_template::JobId;

use crate::listed::modified;
use crate::{Bucket, BucketError, JobRecord, layout};

/// How long a lease lasts where writing costs nothing.
const SHORT: Duration = Duration::from_secs(10);
/// How long it lasts on a server: each renewal is a request that somebody pays for.
const LONG: Duration = Duration::from_mins(2);
/// A launch under a key is waited for longer than any other: whoever asked for it asks again.
const PATIENCE_WITH_KEYS: Duration = Duration::from_mins(15);

/// How long a launcher may be silent, and how often it says that it lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lease {
    /// How long a lease lasts after it was renewed. A launcher that could not renew it for half as long ends its program.
    pub length: Duration,
    /// How often a launcher renews it. One that is refused is tried again before half the length is over.
    pub renewal: Duration,
}

impl Lease {
    fn of(length: Duration) -> Self {
        // A third on a server, where a request may take long; a quarter where it takes nothing.
        let parts = if length > SHORT { 3 } else { 4 };
        Self { length, renewal: length / parts }
    }
}

/// What a lease says of the launcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// The lease is fresh.
    Held,
    /// The lease ran out: the launcher is gone.
    Lost,
}

impl Bucket {
    /// The lease of a job's launcher.
    pub fn lease(&self, record: &JobRecord) -> Lease {
        let usual = if self.store.is_server() { LONG } else { SHORT };
        Lease::of(record.lease.map_or(usual, SignedDuration::unsigned_abs))
    }

    /// Renews the lease of attempt `n`.
    pub async fn renew_lease(&self, id: &JobId, attempt: u32) -> Result<(), BucketError> {
        self.store.overwrite_unflushed(&layout::lease(id, attempt), "held\n").await
    }

    /// Whether the job's launcher lives, by the lease of attempt `n`. Where there is no lease, the right to run counts, and where
    /// there is none of these either, the job's acceptance.
    pub(crate) async fn liveness(
        &self,
        record: &JobRecord,
        attempt: Option<u32>,
    ) -> Result<Liveness, BucketError> {
        let (id, lease) = (&record.id, self.lease(record));
        let (last_sign, patience) = if let Some(attempt) = attempt {
            let mut sign = self.modified(&layout::lease(id, attempt)).await?;
            if sign.is_none() {
                sign = self.modified(&layout::attempt(id, attempt)).await?;
            }
            (sign, lease.length)
        } else {
            let accepted = self.modified(&layout::job_record(id)).await?;
            let keyed = record.launch_key.is_some();
            (accepted, if keyed { PATIENCE_WITH_KEYS.max(lease.length) } else { lease.length })
        };
        let last_sign = last_sign.unwrap_or(Timestamp::UNIX_EPOCH);
        let patience = SignedDuration::try_from(patience).unwrap_or(SignedDuration::MAX);
        let ran_out =
            |offset: SignedDuration| (Timestamp::now() + offset).duration_since(last_sign) > patience;
        if !ran_out(self.clock_offset().await) {
            return Ok(Liveness::Held);
        }
        // Our clock may have been set since the store's was asked for, and to call a job lost is for ever: ask again.
        let now = self.ask_clock().await.unwrap_or(SignedDuration::ZERO);
        if !ran_out(now) {
            return Ok(Liveness::Held);
        }
        if self.store.is_server() {
            return Ok(Liveness::Lost);
        }
        // This machine's clock may have jumped, or the machine slept, and its launchers with it: one that lives renews its lease
        // meanwhile.
        let Some(attempt) = attempt else { return Ok(Liveness::Lost) };
        let lease_object = layout::lease(id, attempt);
        let before = self.modified(&lease_object).await?;
        tokio::time::sleep(lease.renewal * 2).await;
        Ok(if self.modified(&lease_object).await? == before { Liveness::Lost } else { Liveness::Held })
    }

    /// When an object was written, by the store's clock.
    async fn modified(&self, object: &str) -> Result<Option<Timestamp>, BucketError> {
        Ok(self.store.head(object).await?.as_ref().map(modified))
    }

    /// How long ago an object was written, by the store's clock. Nothing where there is none.
    pub(crate) async fn age(&self, object: &str) -> Result<Option<SignedDuration>, BucketError> {
        let Some(modified) = self.modified(object).await? else { return Ok(None) };
        Ok(Some(self.store_now().await.duration_since(modified)))
    }

    /// The time by the store's clock.
    pub(crate) async fn store_now(&self) -> Timestamp {
        Timestamp::now() + self.clock_offset().await
    }

    /// The store's clock minus ours: from an object written now, asked for once. A bucket that can't be written to is taken
    /// to go by our clock; such a reader decides nothing anyway.
    pub(crate) async fn clock_offset(&self) -> SignedDuration {
        if let Some(offset) = self.clock.get() {
            return *offset;
        }
        let offset = self.ask_clock().await.unwrap_or(SignedDuration::ZERO);
        *self.clock.get_or_init(|| offset)
    }

    async fn ask_clock(&self) -> Result<SignedDuration, BucketError> {
        let object = format!("{}/.clock-{}", layout::TEMPORARY, crate::random::hex());
        self.store.overwrite_unflushed(&object, "").await?;
        let ours = Timestamp::now();
        let meta = self.store.head(&object).await?;
        self.store.delete(&object).await?;
        Ok(meta.map_or(SignedDuration::ZERO, |meta| modified(&meta).duration_since(ours)))
    }
}
