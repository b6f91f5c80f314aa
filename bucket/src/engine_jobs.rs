//! A job on its engine: what it is called there, so that whoever comes after a launcher that died can ask the engine.
//!
//! Written twice, each time once: the intent before anything is submitted, and the engine's own id when it has answered. Who finds
//! only the intent asks the engine for a job of that name.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tmpl_template::{JobId, RunnerKind};

use crate::{Bucket, BucketError, layout};

/// A job as its engine knows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EngineJob {
    /// When this was written.
    pub time: Timestamp,
    /// The engine.
    pub engine: RunnerKind,
    /// Where it listens.
    pub endpoint: String,
    /// What the engine calls the job: a name that no other attempt has.
    pub name: String,
    /// The engine's id of the job; nothing as long as it has given none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Whether the engine, or its workers, are processes of the launcher's own, and gone with it.
    #[serde(default)]
    pub own: bool,
}

/// A file that a graph's workers need beside the template.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StagedArtifact {
    /// The environment of the graph that needs it.
    pub environment: String,
    /// The name under which a worker finds it.
    pub name: String,
    /// SHA-256 of its bytes, as hexadecimal digits: also the name of its blob.
    pub sha256: String,
    /// How many bytes it has.
    pub size: u64,
    /// What it is for, in Beam's words.
    pub role: String,
    /// What belongs to that, as hexadecimal digits.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub role_payload: String,
}

impl Bucket {
    /// Writes down that an attempt is about to be submitted.
    pub async fn intend_engine_job(
        &self,
        id: &JobId,
        attempt: u32,
        job: &EngineJob,
    ) -> Result<(), BucketError> {
        self.store.create_json(&layout::engine_intent(id, attempt), job).await?;
        Ok(())
    }

    /// Writes down what the engine calls an attempt.
    pub async fn record_engine_job(
        &self,
        id: &JobId,
        attempt: u32,
        job: &EngineJob,
    ) -> Result<(), BucketError> {
        self.store.create_json(&layout::engine_job(id, attempt), job).await?;
        Ok(())
    }

    /// An attempt as its engine knows it: with the engine's id, or the intent alone; nothing where nothing was submitted.
    pub async fn engine_job(&self, id: &JobId, attempt: u32) -> Result<Option<EngineJob>, BucketError> {
        match self.store.get_json(&layout::engine_job(id, attempt)).await? {
            Some(job) => Ok(Some(job)),
            None => self.store.get_json(&layout::engine_intent(id, attempt)).await,
        }
    }

    /// Keeps a file that a graph's workers need.
    pub async fn keep_staged(
        &self,
        id: &JobId,
        artifact: &StagedArtifact,
        bytes: Vec<u8>,
    ) -> Result<(), BucketError> {
        self.store.create(&layout::staged(id, &artifact.sha256), bytes).await?;
        Ok(())
    }

    /// Writes down which files those are. Called after all of them are kept.
    pub async fn keep_staged_list(&self, id: &JobId, list: &[StagedArtifact]) -> Result<(), BucketError> {
        self.store.create_json(&layout::staged_list(id), &list).await?;
        Ok(())
    }

    /// The files that a graph's workers need beside the template.
    pub async fn staged_list(&self, id: &JobId) -> Result<Vec<StagedArtifact>, BucketError> {
        Ok(self.store.get_json(&layout::staged_list(id)).await?.unwrap_or_default())
    }

    /// The bytes of such a file.
    pub async fn staged(&self, id: &JobId, artifact: &StagedArtifact) -> Result<Vec<u8>, BucketError> {
        let object = layout::staged(id, &artifact.sha256);
        let found = self.store.get(&object).await?;
        found
            .map(|bytes| bytes.to_vec())
            .ok_or_else(|| self.store.malformed(&object, "it is listed, and not there"))
    }
}
