//! What exactly an engine is asked to make for a job: a plain value, so that a dry run and a test see it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tmpl_bucket::BucketUrl;
use tmpl_template::JobId;

use super::{DockerProfile, Mount, User};
use crate::engine::{CreateContainer, DeviceRequest, HostSettings, MountRequest};
use crate::place::{BUCKET_VARIABLE, CACHE_VARIABLE, JOB_VARIABLE, SECRETS_VARIABLE};

/// The label that every container of ours has: the job's id.
pub(super) const JOB_LABEL: &str = "tmpl.job";
/// The label with the bucket that the job lies in.
pub(super) const BUCKET_LABEL: &str = "tmpl.bucket";
/// Where our own launcher is put in an image that has another.
const LAUNCHER: &str = "/run/tmpl-launcher";
/// Where the values of secrets are put that lie in variables here.
const SECRETS: &str = "/run/tmpl-secrets";
/// Where layers are unpacked, if it comes to that.
const CACHE: &str = "/run/tmpl-cache";
/// A file system in memory that everybody may write to, and run programs from.
const IN_MEMORY: &str = "rw,exec,nosuid,nodev,mode=1777";

/// Everything that a container is made from.
#[derive(Clone, Debug)]
pub(super) struct JobContainerRequest<'a> {
    pub(super) id: &'a JobId,
    /// The bucket. A folder the container sees under the same path.
    pub(super) bucket: &'a BucketUrl,
    /// The image, as the engine knows it.
    pub(super) image: &'a str,
    /// Our own launcher on this machine, for an image that has another entry point.
    pub(super) launcher: Option<&'a Path>,
    pub(super) user: &'a User,
    /// A private folder with the values of secrets, of which the launcher leaves nothing.
    pub(super) secrets: Option<&'a Path>,
    pub(super) profile: &'a DockerProfile,
}

/// The container's name: one a job.
pub(super) fn container_name(id: &JobId) -> String {
    format!("tmpl-{id}")
}

impl JobContainerRequest<'_> {
    /// The request in the words of the API.
    pub(super) fn build(&self) -> CreateContainer {
        let profile = self.profile;
        let mut env = vec![
            format!("{BUCKET_VARIABLE}={}", self.bucket),
            format!("{JOB_VARIABLE}={}", self.id),
            format!("{CACHE_VARIABLE}={CACHE}"),
            // Its user may have no home: what programs keep there goes where it can be written.
            "HOME=/tmp".to_owned(),
        ];
        let mut mounts: Vec<Mount> = self.bucket.folder().map(Mount::same).into_iter().collect();
        mounts.extend(profile.mounts.iter().cloned());
        if let Some(source) = self.secrets {
            mounts.push(Mount {
                source: source.to_owned(),
                target: PathBuf::from(SECRETS),
                read_only: false,
            });
            env.push(format!("{SECRETS_VARIABLE}={SECRETS}"));
        }
        if let Some(source) = self.launcher {
            mounts.push(Mount {
                source: source.to_owned(),
                target: PathBuf::from(LAUNCHER),
                read_only: true,
            });
        }
        let memory = profile.memory.map(super::Memory::bytes);
        CreateContainer {
            image: self.image.to_owned(),
            entrypoint: self.launcher.map(|_| vec![LAUNCHER.to_owned()]),
            cmd: Vec::new(),
            env,
            user: self.user.to_string(),
            labels: BTreeMap::from([
                (JOB_LABEL.to_owned(), self.id.to_string()),
                (BUCKET_LABEL.to_owned(), self.bucket.to_string()),
            ]),
            host_config: HostSettings {
                mounts: mounts.iter().map(mount_request).collect(),
                tmpfs: ["/tmp", CACHE].map(|path| (path.to_owned(), IN_MEMORY.to_owned())).into(),
                network_mode: profile.network.as_ref().map(ToString::to_string),
                readonly_rootfs: true,
                cap_drop: vec!["ALL".to_owned()],
                security_opt: vec!["no-new-privileges".to_owned()],
                memory,
                // As much as the memory alone: a job that takes too much ends, instead of making the machine slow.
                memory_swap: memory,
                nano_cpus: profile.cpus.map(super::Processors::billionths),
                devices: profile
                    .devices
                    .iter()
                    .map(|device| DeviceRequest {
                        path_on_host: device.source.clone(),
                        path_in_container: device.target.clone(),
                        cgroup_permissions: device.permissions.clone(),
                    })
                    .collect(),
            },
        }
    }
}

fn mount_request(mount: &Mount) -> MountRequest {
    MountRequest {
        r#type: "bind",
        source: mount.source.display().to_string(),
        target: mount.target.display().to_string(),
        read_only: mount.read_only,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_container_gets_what_the_profile_says_and_no_more() {
        let profile = DockerProfile {
            network: Some("none".parse().unwrap()),
            memory: Some("64m".parse().unwrap()),
            cpus: Some("0.5".parse().unwrap()),
            devices: vec!["/dev/a".parse().unwrap()],
            mounts: vec!["/data:/in:ro".parse().unwrap()],
            ..DockerProfile::default()
        };
        let request = JobContainerRequest {
            id: &"2026-11-21_08_00_00-0000000000000000001".parse().unwrap(),
            bucket: &"/bucket".parse().unwrap(),
            image: "sha256:00",
            launcher: Some(Path::new("/usr/bin/launcher")),
            user: &User::numbered(1000, 100),
            secrets: Some(Path::new("/cache/secrets/1")),
            profile: &profile,
        };
        let bind = |source: &str, target: &str, read_only: bool| json!({"Type": "bind", "Source": source, "Target": target, "ReadOnly": read_only});
        assert_eq!(
            serde_json::to_value(request.build()).unwrap(),
            json!({
                "Image": "sha256:00",
                "Entrypoint": ["/run/tmpl-launcher"],
                "Cmd": [],
                "Env": [
                    "TMPL_BUCKET=/bucket",
                    "TMPL_JOB=2026-11-21_08_00_00-0000000000000000001",
                    "TMPL_CACHE_DIR=/run/tmpl-cache",
                    "HOME=/tmp",
                    "TMPL_SECRETS_DIR=/run/tmpl-secrets",
                ],
                "User": "1000:100",
                "Labels": {"tmpl.job": "2026-11-21_08_00_00-0000000000000000001", "tmpl.bucket": "/bucket"},
                "HostConfig": {
                    "Mounts": [
                        bind("/bucket", "/bucket", false),
                        bind("/data", "/in", true),
                        bind("/cache/secrets/1", "/run/tmpl-secrets", false),
                        bind("/usr/bin/launcher", "/run/tmpl-launcher", true),
                    ],
                    "Tmpfs": {
                        "/tmp": "rw,exec,nosuid,nodev,mode=1777",
                        "/run/tmpl-cache": "rw,exec,nosuid,nodev,mode=1777",
                    },
                    "NetworkMode": "none",
                    "ReadonlyRootfs": true,
                    "CapDrop": ["ALL"],
                    "SecurityOpt": ["no-new-privileges"],
                    "Memory": 64 << 20,
                    "MemorySwap": 64 << 20,
                    "NanoCpus": 500_000_000,
                    "Devices": [{"PathOnHost": "/dev/a", "PathInContainer": "/dev/a", "CgroupPermissions": "rwm"}],
                },
            })
        );
        // Nothing is asked for that nobody said.
        let bare = JobContainerRequest {
            profile: &DockerProfile::default(),
            launcher: None,
            secrets: None,
            ..request
        };
        let bare = serde_json::to_value(bare.build()).unwrap();
        for key in ["NetworkMode", "Memory", "MemorySwap", "NanoCpus", "Devices"] {
            assert!(bare["HostConfig"].get(key).is_none(), "{key}");
        }
        assert!(bare.get("Entrypoint").is_none());
        assert_eq!(bare["HostConfig"]["Mounts"].as_array().unwrap().len(), 1);
    }
}
