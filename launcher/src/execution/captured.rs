//! A graph that was kept: written into the job's folder, read back for a replay, compared with what was asked.

use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempDir;
use tmpl_beam::artifacts::Artifact;
use tmpl_beam::job_service::Captured;
use tmpl_beam::options::PipelineOptions;
use tmpl_bucket::StagedArtifact;
use tmpl_template::JobId;

use super::{Execution, ExecutionError};
use crate::LaunchError;
use crate::session::Session;

/// A graph, with what it takes to run it.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    /// Graph, options and files as they are handed to an engine.
    pub(crate) captured: Captured,
    pub(crate) options: PipelineOptions,
    /// Whether a job that reports no row has failed.
    pub(crate) results_required: bool,
    /// Where the files lie until they are handed on.
    _folder: Arc<TempDir>,
}

/// Writes a graph into the job's folder.
pub(super) async fn keep(
    execution: &Execution<'_>,
    captured: Captured,
    results_required: bool,
    session: &mut Session,
) -> Result<Kept, LaunchError> {
    let (bucket, id) = (&execution.context.bucket, &execution.record.id);
    let options = PipelineOptions::decode(&captured.options).map_err(unusable)?;
    let shown = redacted(&options, session);
    let folder = Arc::new(tempfile::tempdir().map_err(unusable)?);
    let mut captured = captured;
    let mut list = Vec::new();
    for artifact in &mut captured.artifacts {
        let bytes = fs_err::read(&artifact.path).map_err(unusable)?;
        let place = folder.path().join(&artifact.sha256);
        fs_err::write(&place, &bytes).map_err(unusable)?;
        artifact.path = place;
        let staged = StagedArtifact {
            environment: artifact.environment.clone(),
            name: artifact.name.clone(),
            sha256: artifact.sha256.clone(),
            size: artifact.size,
            role: artifact.role_urn.clone(),
            role_payload: hex(&artifact.role_payload),
        };
        bucket.keep_staged(id, &staged, bytes).await?;
        list.push(staged);
    }
    // The graph last: what has one can be replayed.
    bucket.keep_staged_list(id, &list).await?;
    bucket.keep_options(id, &shown.to_json()).await?;
    bucket.keep_pipeline(id, captured.pipeline.clone()).await?;
    Ok(Kept { captured, options, results_required, _folder: folder })
}

/// Reads the graph of another job, to be run again.
pub(super) async fn load(execution: &Execution<'_>, other: &JobId) -> Result<Kept, LaunchError> {
    let bucket = &execution.context.bucket;
    let none = || ExecutionError::NoGraph { id: other.to_string() };
    let pipeline = bucket.pipeline(other).await?.ok_or_else(none)?;
    let options = PipelineOptions::from_json(bucket.options(other).await?.ok_or_else(none)?);
    let folder = Arc::new(tempfile::tempdir().map_err(unusable)?);
    let mut artifacts = Vec::new();
    for staged in bucket.staged_list(other).await? {
        let path = folder.path().join(&staged.sha256);
        fs_err::write(&path, bucket.staged(other, &staged).await?).map_err(unusable)?;
        artifacts.push(Artifact {
            environment: staged.environment,
            name: staged.name,
            path,
            sha256: staged.sha256,
            size: staged.size,
            role_urn: staged.role,
            role_payload: unhex(&staged.role_payload),
        });
    }
    // It is this job's graph too: drawn, and replayed in its turn.
    bucket.keep_staged_list(&execution.record.id, &[]).await?;
    bucket.keep_options(&execution.record.id, &options.to_json()).await?;
    bucket.keep_pipeline(&execution.record.id, pipeline.clone()).await?;
    let captured = Captured {
        pipeline,
        options: options.encode(),
        job_name: execution.record.name.to_string(),
        artifacts,
    };
    Ok(Kept { captured, options, results_required: false, _folder: folder })
}

impl Kept {
    /// Says where what the pipeline carries is not what the launch asked for.
    pub(super) async fn compare(&self, execution: &Execution<'_>, session: &mut Session) {
        let name = execution.record.name.as_str();
        if let Some(said) = self.options.get("job_name").and_then(|said| said.as_str())
            && said != name
        {
            let text = format!(
                "the program named the job `{said}` itself; it is called `{name}` all the same: take the name out of the code"
            );
            session.message(text).await;
        }
    }
}

/// The options without the value of any secret: they are written down.
fn redacted(options: &PipelineOptions, session: &Session) -> PipelineOptions {
    PipelineOptions::from_json(session.redact_json(options.to_json()))
}

fn unusable(error: impl std::fmt::Display) -> LaunchError {
    ExecutionError::Unusable { reason: error.to_string() }.into()
}

fn hex(bytes: &Bytes) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

fn unhex(text: &str) -> Bytes {
    let digits: Vec<u8> = text.chars().filter_map(|digit| u8::try_from(digit.to_digit(16)?).ok()).collect();
    digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}
