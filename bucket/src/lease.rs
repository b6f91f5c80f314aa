//! Who still holds a job.
//!
//! The launcher of an attempt renews its lease; a lease that ran out means that the launcher is gone. Ages are differences of
//! times the store stamped, so no two machines' clocks are ever compared.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tmpl_template::JobId;

use crate::store::modified;
use crate::{Bucket, BucketError, layout};

/// How long a lease lasts after it was renewed.
pub const LEASE: Duration = Duration::from_secs(10);
/// How often a launcher renews it. Four tries fit into a lease.
pub const LEASE_RENEWAL: Duration = Duration::from_millis(2_500);

/// What a lease says of the launcher.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Liveness {
    /// The lease is fresh.
    Held,
    /// The lease ran out: the launcher is gone.
    Lost,
}

impl Bucket {
    /// Renews the lease of attempt `n`.
    pub async fn renew_lease(&self, id: &JobId, attempt: u32) -> Result<(), BucketError> {
        self.store.overwrite_unflushed(&layout::lease(id, attempt), "held\n").await
    }

    /// Whether the lease of attempt `n` is fresh. Where there is none, `since` (when the right was taken) counts.
    pub(crate) async fn liveness(
        &self,
        id: &JobId,
        attempt: u32,
        since: Timestamp,
    ) -> Result<Liveness, BucketError> {
        let renewed = match self.store.head(&layout::lease(id, attempt)).await? {
            Some(meta) => modified(&meta),
            None => since,
        };
        let lease = SignedDuration::try_from(LEASE).unwrap_or(SignedDuration::ZERO);
        let ran_out = |offset: SignedDuration| (Timestamp::now() + offset).duration_since(renewed) > lease;
        if !ran_out(self.clock_offset().await) {
            return Ok(Liveness::Held);
        }
        // Our clock may have been set since the store's was asked for, and to call a job lost is for ever: ask again.
        let now = self.ask_clock().await.unwrap_or(SignedDuration::ZERO);
        if !ran_out(now) {
            return Ok(Liveness::Held);
        }
        // The machine's clock may have jumped, or the machine slept: a launcher that lives renews its lease meanwhile.
        let before = self.lease_stamp(id, attempt).await?;
        tokio::time::sleep(LEASE_RENEWAL * 2).await;
        Ok(if self.lease_stamp(id, attempt).await? == before { Liveness::Lost } else { Liveness::Held })
    }

    /// What changes whenever a lease is renewed.
    async fn lease_stamp(&self, id: &JobId, attempt: u32) -> Result<Option<Timestamp>, BucketError> {
        let meta = self.store.head(&layout::lease(id, attempt)).await?;
        Ok(meta.as_ref().map(modified))
    }

    /// The store's clock minus ours: from an object written now, asked for once. A bucket that can't be written to is taken
    /// to go by our clock; such a reader decides nothing anyway.
    async fn clock_offset(&self) -> SignedDuration {
        if let Some(offset) = self.clock.get() {
            return *offset;
        }
        let offset = self.ask_clock().await.unwrap_or(SignedDuration::ZERO);
        *self.clock.get_or_init(|| offset)
    }

    async fn ask_clock(&self) -> Result<SignedDuration, BucketError> {
        let mut random = [0_u8; 8];
        // Without randomness two readers might share a probe, which does no harm: both were written just now.
        let _ = getrandom::fill(&mut random);
        let object = format!("tmp/.clock-{}", u64::from_ne_bytes(random));
        self.store.overwrite_unflushed(&object, "").await?;
        let ours = Timestamp::now();
        let meta = self.store.head(&object).await?;
        self.store.delete(&object).await?;
        Ok(meta.map_or(SignedDuration::ZERO, |meta| modified(&meta).duration_since(ours)))
    }
}
