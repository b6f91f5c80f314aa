//! What a job on an engine is: its graph and its options, as the pipeline's program submitted them, and what it has counted.

use bytes::Bytes;
use serde::Serialize;
use serde_json::Value;
use tmpl_template::JobId;

use crate::store::Created;
use crate::{Bucket, BucketError, layout};

/// Figures are for people: more are not read.
const LARGEST_METRICS: u64 = 64 * 1024 * 1024;

impl Bucket {
    /// Keeps the graph that a job's program submitted: a `Pipeline` of Beam, byte for byte. Returns whether this is the one that is
    /// kept now: a later attempt may submit another one, and the first stays.
    pub async fn keep_pipeline(&self, id: &JobId, pipeline: impl Into<Bytes>) -> Result<bool, BucketError> {
        self.keep(&layout::pipeline(id), pipeline.into()).await
    }

    /// A job's graph, where its program has submitted one.
    pub async fn pipeline(&self, id: &JobId) -> Result<Option<Bytes>, BucketError> {
        self.store.get(&layout::pipeline(id)).await
    }

    /// Keeps the options that came with the graph, without the secrets among them. Returns whether these are kept now.
    pub async fn keep_options(&self, id: &JobId, options: &Value) -> Result<bool, BucketError> {
        let object = layout::options(id);
        let json = self.store.json(&object, options)?;
        self.keep(&object, json.into()).await
    }

    /// The options that came with a job's graph.
    pub async fn options(&self, id: &JobId) -> Result<Option<Value>, BucketError> {
        self.store.get_json(&layout::options(id)).await
    }

    /// Writes what an attempt has counted so far, over what was there: it is a view of what the engine, or the program, knows.
    pub async fn write_metrics(
        &self,
        id: &JobId,
        attempt: u32,
        metrics: &impl Serialize,
    ) -> Result<(), BucketError> {
        let object = layout::metrics(id, attempt);
        let json = self.store.json(&object, metrics)?;
        self.store.overwrite_unflushed(&object, json).await
    }

    /// What an attempt has counted, where it has said so.
    pub async fn metrics(&self, id: &JobId, attempt: u32) -> Result<Option<Value>, BucketError> {
        let object = layout::metrics(id, attempt);
        match self.store.get_at_most(&object, LARGEST_METRICS).await? {
            Some(bytes) => {
                let read = serde_json::from_slice(&bytes);
                read.map(Some).map_err(|error| self.store.malformed(&object, error))
            }
            None => Ok(None),
        }
    }

    async fn keep(&self, object: &str, body: Bytes) -> Result<bool, BucketError> {
        if self.store.create(object, body.clone()).await? == Created::Yes {
            return Ok(true);
        }
        match self.store.get_at_most(object, body.len() as u64).await {
            Ok(there) => Ok(there.is_some_and(|there| there == body)),
            Err(BucketError::TooLarge { .. }) => Ok(false),
            Err(error) => Err(error),
        }
    }
}
