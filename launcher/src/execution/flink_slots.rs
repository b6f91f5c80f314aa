//! A job on Flink that waits for slots: Flink says that it runs, and nothing of it does.

use std::time::{Duration, Instant};

use tmpl_bucket::LogLevel;

use super::news::News;
use crate::flink::{FlinkClient, FlinkJobId};

/// How long a job may take to begin before it is asked why it does not.
const PATIENCE: Duration = Duration::from_secs(3);
/// Flink's states of tasks that have not begun.
const WAITING: [&str; 2] = ["CREATED", "SCHEDULED"];

/// Looks, until a job's tasks have begun, whether they can.
pub(super) struct Slots {
    since: Instant,
    is_settled: bool,
}

impl Slots {
    pub(super) fn new() -> Self {
        Self { since: Instant::now(), is_settled: false }
    }

    /// What there is to say of a job that has not begun, once.
    pub(super) async fn look(&mut self, client: &FlinkClient, id: &FlinkJobId) -> Option<News> {
        if self.is_settled || self.since.elapsed() < PATIENCE {
            return None;
        }
        let job = client.job(id).await.ok()?;
        if job.vertices.iter().any(|vertex| !WAITING.contains(&vertex.status.as_str())) {
            self.is_settled = true;
            return None;
        }
        let cluster = client.overview().await.ok()?;
        if cluster.slots_free > 0 {
            return None;
        }
        self.is_settled = true;
        let text = format!(
            "the job waits: no slot of the cluster is free ({} slots on {} TaskManagers, {} jobs); Flink gives it up after \
             `slot.request.timeout`, 5 minutes unless it is set",
            cluster.slots_total, cluster.task_managers, cluster.jobs_running
        );
        Some(News::Message { level: LogLevel::Warning, text })
    }
}
