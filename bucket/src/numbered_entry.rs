//! Entries of numbered logs that a later version may write in another form.

use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::{Bucket, BucketError};

impl Bucket {
    /// An entry from which something may be concluded: one of a newer format says less than it seems.
    pub(crate) async fn numbered_entry<T: DeserializeOwned>(
        &self,
        object: &str,
        newest_format: u32,
        limit: u64,
    ) -> Result<T, BucketError> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let bytes = self.store.get_at_most(object, limit).await?;
        let bytes = bytes.ok_or_else(|| self.store.malformed(object, "it vanished while it was read"))?;
        match serde_json::from_slice::<Format>(&bytes) {
            Ok(Format { format }) if format > newest_format => {
                Err(self.store.malformed(object, format!("it has format {format}, which a newer tmpl wrote")))
            }
            _ => serde_json::from_slice(&bytes).map_err(|error| self.store.malformed(object, error)),
        }
    }
}
