//! A worker's artifacts: asked of the runner, checked, and put where the SDK's worker looks for them.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use prost::Message;
use sha2::{Digest, Sha256};
use tokio::fs;
use tokio::io::AsyncWriteExt;
use tonic::Status;
use tonic::transport::Channel;

use super::WorkerError;
use super::provision::{Provisioned, connect, of_worker, words};
use crate::messages::{
    ArtifactFilePayload, ArtifactInformation, ArtifactUrlPayload, EmbeddedFilePayload, GetArtifactRequest,
    ResolveArtifactsRequest,
};
use crate::services::retrieval::artifact_retrieval_service_client::ArtifactRetrievalServiceClient;

type Client = ArtifactRetrievalServiceClient<Channel>;

/// How many are fetched at a time.
const AT_A_TIME: usize = 4;
/// How often a transfer that was cut off is tried, and the pause between.
const TRIES: usize = 3;
const PAUSE: Duration = Duration::from_secs(1);
/// The experiment by which a pipeline waives the check of its artifacts.
const UNCHECKED: &str = "disable_staged_file_integrity_checks";

/// An artifact that lies where the worker finds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StagedFile {
    /// Its name: a path below the folder.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// What it is for, as the pipeline says it.
    pub role_urn: String,
}

/// An artifact that is to be fetched.
#[derive(Clone, Debug)]
struct Wanted {
    name: String,
    information: ArtifactInformation,
    /// Its digest as hexadecimal digits, empty where the pipeline does not say.
    sha256: String,
}

/// Fetches a worker's artifacts into `folder`, in the order in which the runner has them. What `leave_out` says of a role is not fetched.
pub async fn fetch_artifacts(
    provisioned: &Provisioned,
    folder: &Path,
    leave_out: &(dyn Fn(&str) -> bool + Sync),
    patience: Duration,
) -> Result<Vec<StagedFile>, WorkerError> {
    let Provisioned { start, info } = provisioned;
    if info.dependencies.iter().all(|artifact| leave_out(&artifact.role_urn)) {
        return Ok(Vec::new());
    }
    let endpoint = &start.artifact_endpoint;
    let channel = connect("artifact endpoint", endpoint, patience).await?;
    let mut client = Client::new(channel).max_decoding_message_size(usize::MAX);
    let request =
        ResolveArtifactsRequest { artifacts: info.dependencies.clone(), preferred_urns: Vec::new() };
    let resolved = client.resolve_artifacts(of_worker(&start.id, request)?).await.map_err(|status| {
        WorkerError::Refused { endpoint: endpoint.clone(), call: "ResolveArtifacts", message: words(&status) }
    })?;
    let mut named: BTreeMap<String, String> = BTreeMap::new();
    let mut wanted = Vec::new();
    for (number, information) in resolved.into_inner().replacements.into_iter().enumerate() {
        if leave_out(&information.role_urn) {
            continue;
        }
        let artifact = Wanted::of(information, number + 1)?;
        match named.insert(artifact.name.clone(), artifact.sha256.clone()) {
            None => wanted.push(artifact),
            // A pipeline may name one file for several reasons.
            Some(sha256) if sha256 == artifact.sha256 && !sha256.is_empty() => {}
            Some(_) => {
                let reason = "two artifacts have this name";
                return Err(WorkerError::ArtifactName { name: artifact.name, reason });
            }
        }
    }
    let checked = !provisioned.has_experiment(UNCHECKED);
    let fetch =
        |artifact: Wanted| fetch(client.clone(), start.id.clone(), endpoint, artifact, folder, checked);
    stream::iter(wanted).map(fetch).buffered(AT_A_TIME).try_collect().await
}

impl Wanted {
    /// What an artifact is called, and what it must be. `number` makes the name of one that has none its own.
    fn of(information: ArtifactInformation, number: usize) -> Result<Self, WorkerError> {
        let payload = information.type_payload.clone();
        let unreadable = |_| WorkerError::Malformed {
            what: "artifact",
            text: format!("number {number}, a {}", information.type_urn),
        };
        let (origin, sha256) = match information.type_urn.as_str() {
            ArtifactInformation::FILE => {
                let file = ArtifactFilePayload::decode(payload).map_err(unreadable)?;
                (file.path, file.sha256)
            }
            ArtifactInformation::URL => {
                let file = ArtifactUrlPayload::decode(payload).map_err(unreadable)?;
                (file.url, file.sha256)
            }
            _ => (String::new(), String::new()),
        };
        let last = origin.rsplit('/').next().unwrap_or_default();
        let own = || (!last.is_empty()).then(|| format!("{number}-{last}"));
        let Some(name) = information.staged_name().or_else(own) else {
            let name = format!("number {number}, a {}", information.type_urn);
            return Err(WorkerError::ArtifactName { name, reason: "it has no name" });
        };
        let inside = Path::new(&name).components().all(|part| matches!(part, Component::Normal(_)));
        if !inside || name.is_empty() || name.contains('\0') {
            return Err(WorkerError::ArtifactName { name, reason: "it would lie outside its folder" });
        }
        Ok(Self { name, information, sha256 })
    }
}

async fn fetch(
    client: Client,
    worker: String,
    endpoint: &str,
    artifact: Wanted,
    folder: &Path,
    checked: bool,
) -> Result<StagedFile, WorkerError> {
    let path = folder.join(&artifact.name);
    let failed = |source| WorkerError::File { path: path.clone(), source };
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder).await.map_err(failed)?;
    }
    let mut tries = 1;
    let found = loop {
        // Whatever is there, a link too, is not written through: a container that starts again finds what it had fetched.
        let _ = fs::remove_file(&path).await;
        let created = fs::OpenOptions::new().write(true).create_new(true).mode(0o755).open(&path).await;
        let mut file = created.map_err(failed)?;
        match receive(client.clone(), &worker, &artifact.information, &mut file).await {
            Ok(sha256) => break sha256,
            Err(Cut::File(source)) => return Err(failed(source)),
            Err(Cut::Worker(error)) => return Err(error),
            Err(Cut::Transfer(_)) if tries < TRIES => {
                tries += 1;
                tokio::time::sleep(PAUSE).await;
            }
            Err(Cut::Transfer(message)) => {
                let call = "GetArtifact";
                return Err(WorkerError::Refused { endpoint: endpoint.to_owned(), call, message });
            }
        }
    };
    if checked && !artifact.sha256.is_empty() && !artifact.sha256.eq_ignore_ascii_case(&found) {
        let Wanted { name, sha256: expected, .. } = artifact;
        return Err(WorkerError::Damaged { name, expected, found });
    }
    Ok(StagedFile { name: artifact.name, path, role_urn: artifact.information.role_urn })
}

/// What a transfer ended with before its end.
enum Cut {
    Transfer(String),
    File(std::io::Error),
    Worker(WorkerError),
}

/// Writes an artifact's bytes and gives their digest.
async fn receive(
    mut client: Client,
    worker: &str,
    information: &ArtifactInformation,
    file: &mut fs::File,
) -> Result<String, Cut> {
    let mut hash = Sha256::new();
    if let Some(data) = embedded(information) {
        hash.update(&data);
        file.write_all(&data).await.map_err(Cut::File)?;
    } else {
        let cut = |status: Status| Cut::Transfer(words(&status));
        let request = GetArtifactRequest { artifact: Some(information.clone()) };
        let request = of_worker(worker, request).map_err(Cut::Worker)?;
        let mut parts = client.get_artifact(request).await.map_err(cut)?.into_inner();
        while let Some(part) = parts.message().await.map_err(cut)? {
            hash.update(&part.data);
            file.write_all(&part.data).await.map_err(Cut::File)?;
        }
    }
    file.flush().await.map_err(Cut::File)?;
    Ok(hex::encode(hash.finalize()))
}

/// The bytes of an artifact that has them in itself.
fn embedded(information: &ArtifactInformation) -> Option<Bytes> {
    if information.type_urn != ArtifactInformation::EMBEDDED {
        return None;
    }
    EmbeddedFilePayload::decode(information.type_payload.clone()).ok().map(|payload| payload.data)
}

#[cfg(test)]
mod tests {
    use crate::messages::ArtifactStagingToRolePayload;

    use super::*;

    fn file(staged_name: Option<&str>, path: &str) -> ArtifactInformation {
        let payload = ArtifactFilePayload { path: path.to_owned(), sha256: "ab".to_owned() };
        let mut information = ArtifactInformation {
            type_urn: ArtifactInformation::FILE.to_owned(),
            type_payload: payload.encode_to_vec().into(),
            ..ArtifactInformation::default()
        };
        if let Some(name) = staged_name {
            information.role_urn = ArtifactInformation::STAGING_TO.to_owned();
            let role = ArtifactStagingToRolePayload { staged_name: name.to_owned() };
            information.role_payload = role.encode_to_vec().into();
        }
        information
    }

    #[test]
    fn artifacts_stay_in_their_folder() {
        for (staged_name, path, found) in [
            (Some("pickled_main_session"), "/x/y", Ok("pickled_main_session")),
            (Some("lib/a.jar"), "/x/y", Ok("lib/a.jar")),
            (None, "/x/a.jar", Ok("3-a.jar")),
            (Some("../a"), "/x", Err("it would lie outside its folder")),
            (Some("/etc/passwd"), "/x", Err("it would lie outside its folder")),
            (Some("lib/../../a"), "/x", Err("it would lie outside its folder")),
            (Some("."), "/x", Err("it would lie outside its folder")),
            (None, "/x/", Err("it has no name")),
        ] {
            let wanted = Wanted::of(file(staged_name, path), 3).map_err(|error| match error {
                WorkerError::ArtifactName { reason, .. } => reason,
                other => panic!("{other}"),
            });
            assert_eq!(wanted.as_ref().map(|wanted| wanted.name.as_str()).map_err(|reason| *reason), found);
        }
    }

    #[test]
    fn what_nobody_can_name_is_refused() {
        let information = ArtifactInformation {
            type_urn: "beam:artifact:type:deferred:v1".to_owned(),
            ..ArtifactInformation::default()
        };
        assert!(matches!(Wanted::of(information, 1), Err(WorkerError::ArtifactName { .. })));
    }
}
