//! What a cluster says of itself: its version, its room, its machines and their logs.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::Deserialize;

use super::client::{Ask, FlinkClient};
use super::{FlinkError, path};

/// What a cluster has, and what runs on it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Overview {
    /// Its version: `1.19.3`.
    #[serde(rename = "flink-version")]
    pub version: String,
    /// How many `TaskManagers` there are.
    #[serde(rename = "taskmanagers")]
    pub task_managers: u64,
    /// How many tasks can run at the same time.
    pub slots_total: u64,
    /// How many more can run now.
    #[serde(rename = "slots-available")]
    pub slots_free: u64,
    /// How many jobs run.
    pub jobs_running: u64,
}

/// What a cluster lets its clients do.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct ClusterConfig {
    /// Its version: `2.2.1`.
    #[serde(rename = "flink-version")]
    pub version: String,
    /// What is turned on.
    #[serde(default)]
    pub features: Features,
}

/// What is turned on in a cluster. What an older one does not know of is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", default)]
pub struct Features {
    /// Whether jars can be uploaded and run.
    pub web_submit: bool,
    /// Whether jobs can be cancelled.
    pub web_cancel: bool,
}

impl Default for Features {
    fn default() -> Self {
        Self { web_submit: true, web_cancel: true }
    }
}

/// A machine that runs tasks.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TaskManager {
    /// Its id.
    pub id: String,
    /// How many tasks it can run.
    #[serde(default)]
    pub slots_number: u64,
    /// How many more it can run now.
    #[serde(default)]
    pub free_slots: u64,
}

/// A part of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogPart {
    /// The bytes.
    pub bytes: Bytes,
    /// Where the next part begins.
    pub next: u64,
}

impl FlinkClient {
    /// What the cluster has, and what runs on it.
    pub async fn overview(&self) -> Result<Overview, FlinkError> {
        self.ask(Ask::get("tell what it has", "/overview")).await
    }

    /// What the cluster lets its clients do.
    pub async fn config(&self) -> Result<ClusterConfig, FlinkError> {
        self.ask(Ask::get("tell its configuration", "/config")).await
    }

    /// The settings that the cluster was started with, as far as it shows them.
    pub async fn settings(&self) -> Result<BTreeMap<String, String>, FlinkError> {
        #[derive(Deserialize)]
        struct Setting {
            key: String,
            value: String,
        }
        let settings: Vec<Setting> = self.ask(Ask::get("tell its settings", "/jobmanager/config")).await?;
        Ok(settings.into_iter().map(|setting| (setting.key, setting.value)).collect())
    }

    /// The machines that run tasks.
    pub async fn task_managers(&self) -> Result<Vec<TaskManager>, FlinkError> {
        #[derive(Deserialize)]
        struct TaskManagers {
            #[serde(rename = "taskmanagers")]
            all: Vec<TaskManager>,
        }
        let managers: TaskManagers = self.ask(Ask::get("name its TaskManagers", "/taskmanagers")).await?;
        Ok(managers.all)
    }

    /// The log of a `TaskManager` from a byte on; none where it keeps none, or is gone. Flink sends the whole of it each time.
    pub async fn task_manager_log(&self, id: &str, from: u64) -> Result<Option<LogPart>, FlinkError> {
        let path = format!("/taskmanagers/{}/log", path::segment(id));
        let action = format!("show the log of TaskManager {id}");
        let bytes = match self.send(Ask::get(&action, &path)).await {
            Ok((_, bytes)) => bytes,
            // 500: it has no log file; 404: it is gone.
            Err(FlinkError::Refused { status: 404 | 500, .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let end = bytes.len() as u64;
        // One that became shorter was begun anew.
        let from = if from > end { 0 } else { from };
        let start = usize::try_from(from).unwrap_or_default();
        Ok(Some(LogPart { bytes: bytes.slice(start..), next: end }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_both_versions_answer_is_read() {
        for (overview, config, version) in [
            (
                include_str!("testdata/overview-1.19.json"),
                include_str!("testdata/config-1.19.json"),
                "1.19.3",
            ),
            (include_str!("testdata/overview-2.2.json"), include_str!("testdata/config-2.2.json"), "2.2.1"),
        ] {
            let overview: Overview = serde_json::from_str(overview).unwrap();
            assert_eq!(
                (overview.version.as_str(), overview.slots_total, overview.slots_free),
                (version, 4, 4)
            );
            let config: ClusterConfig = serde_json::from_str(config).unwrap();
            assert_eq!((config.version.as_str(), config.features), (version, Features::default()));
        }
        let off: ClusterConfig =
            serde_json::from_str(r#"{"flink-version":"1.19.3","features":{"web-submit":false}}"#).unwrap();
        assert_eq!(off.features, Features { web_submit: false, web_cancel: true });
    }
}
