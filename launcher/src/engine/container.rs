//! Containers of an engine, from their creation to their removal.

use std::collections::BTreeMap;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Body, Method};
use serde::{Deserialize, Serialize};

use super::client::Request;
use super::{Engine, EngineError, output};

/// How long an engine may take to make a container: it may have to copy an image's files.
const CREATE: Duration = Duration::from_mins(5);
/// Lines of a container's own output that are asked for.
const LAST_LINES: u32 = 50;

/// What a container is made from, in the words of the API.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct CreateContainer {
    /// The image.
    pub image: String,
    /// The program to start instead of the image's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entrypoint: Option<Vec<String>>,
    /// Its arguments.
    pub cmd: Vec<String>,
    /// Variables, `NAME=value`.
    pub env: Vec<String>,
    /// The user, `uid:gid` or a name.
    pub user: String,
    /// Words for whoever lists containers.
    pub labels: BTreeMap<String, String>,
    /// What the container gets of the machine.
    pub host_config: HostSettings,
}

/// What a container gets of the machine it runs on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct HostSettings {
    /// Files and folders of the machine.
    pub mounts: Vec<MountRequest>,
    /// File systems in memory: where, and with which options.
    pub tmpfs: BTreeMap<String, String>,
    /// The network; the engine's default where none is named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network_mode: Option<String>,
    /// Whether its own files can't be changed.
    pub readonly_rootfs: bool,
    /// Capabilities that it does not get.
    pub cap_drop: Vec<String>,
    /// Security options.
    pub security_opt: Vec<String>,
    /// Bytes of memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<u64>,
    /// Bytes of memory and swap together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory_swap: Option<u64>,
    /// Processors, in billionths.
    #[serde(skip_serializing_if = "Option::is_none", rename = "NanoCpus")]
    pub nano_cpus: Option<u64>,
    /// Devices.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub devices: Vec<DeviceRequest>,
}

/// A file or folder of the machine in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct MountRequest {
    /// `bind`.
    pub r#type: &'static str,
    /// Where it lies on the machine. Unlike with the older `Binds`, a source that is missing is an error.
    pub source: String,
    /// Where it is seen.
    pub target: String,
    /// Whether it can't be written to.
    pub read_only: bool,
}

/// A device of the machine in a container.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DeviceRequest {
    /// Where it is on the machine.
    #[serde(rename = "PathOnHost")]
    pub path_on_host: String,
    /// Where it is seen.
    #[serde(rename = "PathInContainer")]
    pub path_in_container: String,
    /// What may be done: some of `rwm`.
    #[serde(rename = "CgroupPermissions")]
    pub cgroup_permissions: String,
}

/// A container that was made.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Created {
    /// Its id.
    pub id: String,
    /// What the engine can't do of what was asked, such as limiting memory.
    #[serde(default, deserialize_with = "list_or_null")]
    pub warnings: Vec<String>,
}

/// How a container is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct ContainerState {
    /// `created`, `running`, `exited`, …
    pub status: String,
    /// Whether it runs.
    pub running: bool,
    /// Whether the kernel killed a process of it because its memory ran out.
    #[serde(rename = "OOMKilled")]
    pub out_of_memory: bool,
    /// The exit code of its first process; 128+n for signal n.
    pub exit_code: i64,
    /// The engine's own words, where it could not start or keep it.
    pub error: String,
    /// The most memory that it may take, in bytes; 0 without a limit.
    #[serde(skip)]
    pub memory: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Inspected {
    state: ContainerState,
    #[serde(default)]
    host_config: Limits,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Limits {
    memory: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Listed {
    id: String,
    #[serde(default)]
    labels: Option<BTreeMap<String, String>>,
}

impl Engine {
    /// Makes a container, which does not run yet.
    pub async fn create_container(
        &self,
        name: &str,
        platform: Option<&str>,
        container: &CreateContainer,
    ) -> Result<Created, EngineError> {
        let action = "make the container";
        let body = serde_json::to_vec(container).map_err(|error| self.nonsense(action, error.to_string()))?;
        let platform = platform.map(|platform| format!("&platform={platform}")).unwrap_or_default();
        let request = Request {
            limit: Some(CREATE),
            body: Some(("application/json", Body::from(body))),
            ..Request::default()
        };
        let path = format!("/containers/create?name={name}{platform}");
        let answer = self.send(action, Method::POST, &path, request).await?;
        self.read(action, answer).await
    }

    /// Starts a container; one that runs already is left alone.
    pub async fn start_container(&self, id: &str) -> Result<(), EngineError> {
        self.tell("start the container", Method::POST, &format!("/containers/{id}/start")).await
    }

    /// Waits until a container does not run. Lasts as long as it does.
    pub async fn wait_container(&self, id: &str) -> Result<(), EngineError> {
        let action = "wait for the container";
        let path = format!("/containers/{id}/wait?condition=not-running");
        let answer = self.send(action, Method::POST, &path, Request::default()).await?;
        let _: serde_json::Value = self.read(action, answer).await?;
        Ok(())
    }

    /// How a container is; nothing where there is none.
    pub async fn container_state(&self, id: &str) -> Result<Option<ContainerState>, EngineError> {
        match self
            .ask::<Inspected>("describe the container", Method::GET, &format!("/containers/{id}/json"))
            .await
        {
            Ok(Inspected { state, host_config }) => {
                Ok(Some(ContainerState { memory: host_config.memory, ..state }))
            }
            Err(error) if error.is_missing() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The last lines that a container has written on its own streams.
    pub async fn container_output(&self, id: &str) -> Result<String, EngineError> {
        let action = "tell what the container has written";
        let path = format!("/containers/{id}/logs?stdout=1&stderr=1&tail={LAST_LINES}");
        let request = Request { limit: Some(Duration::from_secs(30)), ..Request::default() };
        let answer = self.send(action, Method::GET, &path, request).await?;
        Ok(output::text(&self.bytes(action, answer).await?))
    }

    /// Asks a container's first process to end, and kills it after `grace`. Returns when it is gone.
    pub async fn stop_container(&self, id: &str, grace: Duration) -> Result<(), EngineError> {
        let path = format!("/containers/{id}/stop?t={}", grace.as_secs());
        self.tell("stop the container", Method::POST, &path).await
    }

    /// Removes a container, also one that runs, with what it wrote. One that is gone, or is being removed, is as good.
    pub async fn remove_container(&self, id: &str) -> Result<(), EngineError> {
        match self
            .tell("remove the container", Method::DELETE, &format!("/containers/{id}?force=1&v=1"))
            .await
        {
            Err(error) if error.is_missing() || error.is_conflict() => Ok(()),
            other => other,
        }
    }

    /// The containers that have a label (`name=value`), with the value of another label of theirs.
    pub async fn labelled_containers(
        &self,
        label: &str,
        told: &str,
        only_ended: bool,
    ) -> Result<Vec<(String, String)>, EngineError> {
        let mut filters = serde_json::json!({ "label": [label] });
        if only_ended {
            filters["status"] = serde_json::json!(["exited"]);
        }
        let filters = utf8_percent_encode(&filters.to_string(), NON_ALPHANUMERIC).to_string();
        let path = format!("/containers/json?all=1&filters={filters}");
        let listed: Vec<Listed> = self.ask("list its containers", Method::GET, &path).await?;
        let value = |mut labels: BTreeMap<String, String>| labels.remove(told);
        let found = listed.into_iter().map(|container| (container.id, container.labels.and_then(value)));
        Ok(found.filter_map(|(id, value)| Some((id, value?))).collect())
    }
}

/// Some engines write `null` for a list without elements.
fn list_or_null<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Vec<String>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
