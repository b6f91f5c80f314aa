//! Waiting for a job whose container may be on this machine: whoever sees the end of one removes it, and writes the job's end if
//! its launcher did not live to do that.

use std::time::Duration;

use jiff::SignedDuration;
use tmpl_bucket::{Bucket, FinalRecord};
use tmpl_launcher::LaunchError;
use tmpl_launcher::place::DOCKER;
use tmpl_launcher::place::docker::{DockerPlace, JobContainer};
use tmpl_template::JobId;

use crate::context::Context;
use crate::follow;
use crate::report::Failure;

/// How long the end of a container is waited for when its job has ended.
const LAST_MOMENTS: Duration = Duration::from_secs(5);

/// Waits until a job has ended; nothing where the time is over first.
pub(crate) async fn wait(
    context: &Context<'_>,
    bucket: &Bucket,
    id: &JobId,
    limit: Option<SignedDuration>,
) -> Result<Option<FinalRecord>, Failure> {
    let Some(container) = container_of(context, bucket, id).await? else {
        return follow::wait(bucket, id, limit).await;
    };
    let settled = settle(&container, bucket);
    tokio::pin!(settled);
    let ended = tokio::select! {
        ended = follow::wait(bucket, id, limit) => ended?,
        // What can't be written or removed here, the bucket tells in its own time.
        _ = &mut settled => return follow::wait(bucket, id, limit).await,
    };
    if ended.is_some() {
        let _ = tokio::time::timeout(LAST_MOMENTS, settled).await;
    }
    Ok(ended)
}

/// The container of a job, if this machine's engine has one. That of another machine is not ours to ask.
async fn container_of(
    context: &Context<'_>,
    bucket: &Bucket,
    id: &JobId,
) -> Result<Option<JobContainer>, Failure> {
    if bucket.job_record(id).await?.place != DOCKER {
        return Ok(None);
    }
    let Ok(place) = DockerPlace::open(context.settings.docker.clone()).await else { return Ok(None) };
    Ok(place.find(id).await.unwrap_or_default())
}

async fn settle(container: &JobContainer, bucket: &Bucket) -> Result<(), LaunchError> {
    let end = container.ended(&mut |_| ()).await;
    container.settle(bucket, &end).await?;
    container.remove().await
}
