//! Artifacts of a pipeline: files that its workers need beside their environment, such as a pickled main session.
//!
//! Whoever submits a pipeline keeps them; the Job service asks for each over a stream that the submitter opens
//! (`ReverseArtifactRetrievalService`), and the submitter answers. [`receive`] is the service's side, [`offer`] the submitter's.

use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::{Stream, StreamExt};
use prost::Message;
use sha2::{Digest, Sha256};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Status;
use tonic::transport::Channel;

use crate::error::BeamError;
use crate::messages::{
    ArtifactFilePayload, ArtifactInformation, ArtifactRequest, ArtifactRequestWrapper, ArtifactResponse,
    ArtifactResponseWrapper, EmbeddedFilePayload, GetArtifactRequest, GetArtifactResponse,
    ResolveArtifactsRequest, ResolveArtifactsResponse,
};
use crate::services::staging::artifact_staging_service_client::ArtifactStagingServiceClient;

/// What a file is sent in.
const CHUNK: usize = 1 << 20;

/// An artifact that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Artifact {
    /// The environment that needs it.
    pub environment: String,
    /// The name under which a worker finds it.
    pub name: String,
    /// Where it is kept.
    pub path: PathBuf,
    /// SHA-256 of its bytes, as hexadecimal digits.
    pub sha256: String,
    /// How many bytes it has.
    pub size: u64,
    /// What it is for, as the program said it.
    pub role_urn: String,
    /// What belongs to that.
    pub role_payload: Bytes,
}

impl Artifact {
    /// The artifact as a file, as an environment names it.
    pub fn as_file(&self) -> ArtifactInformation {
        let payload =
            ArtifactFilePayload { path: self.path.display().to_string(), sha256: self.sha256.clone() };
        self.information(ArtifactInformation::FILE, payload.encode_to_vec())
    }

    /// The artifact with its bytes within the message: whoever has the pipeline has it too.
    pub fn as_embedded(&self) -> Result<ArtifactInformation, BeamError> {
        let payload = EmbeddedFilePayload { data: fs_err::read(&self.path)?.into() };
        Ok(self.information(ArtifactInformation::EMBEDDED, payload.encode_to_vec()))
    }

    fn information(&self, type_urn: &str, payload: Vec<u8>) -> ArtifactInformation {
        ArtifactInformation {
            type_urn: type_urn.to_owned(),
            type_payload: payload.into(),
            role_urn: self.role_urn.clone(),
            role_payload: self.role_payload.clone(),
        }
    }
}

/// Asks a submitter for the artifacts of its environments, and keeps them in `folder`. `answers` is what it says, `questions` goes to
/// it.
pub(crate) async fn receive(
    folder: &Path,
    environments: &[(String, Vec<ArtifactInformation>)],
    answers: &mut (impl Stream<Item = Result<ArtifactResponseWrapper, Status>> + Unpin),
    questions: &mpsc::Sender<Result<ArtifactRequestWrapper, Status>>,
) -> Result<Vec<Artifact>, Status> {
    let mut kept = Vec::new();
    for (environment, dependencies) in environments {
        if dependencies.is_empty() {
            continue;
        }
        let request = ResolveArtifactsRequest {
            artifacts: dependencies.clone(),
            preferred_urns: vec![ArtifactInformation::FILE.to_owned()],
        };
        ask(questions, ArtifactRequest::Resolve(request)).await?;
        let Some(ArtifactResponse::Resolved(resolved)) = next(answers).await?.response else {
            return Err(Status::invalid_argument("no list of artifacts came where one was asked for"));
        };
        for information in resolved.replacements {
            let place = folder.join(format!("{:03}", kept.len()));
            ask(questions, ArtifactRequest::Get(GetArtifactRequest { artifact: Some(information.clone()) }))
                .await?;
            let (sha256, size) = keep(&place, answers).await?;
            let name = information.staged_name().unwrap_or_else(|| format!("artifact-{:03}", kept.len()));
            kept.push(Artifact {
                environment: environment.clone(),
                name,
                path: place,
                sha256,
                size,
                role_urn: information.role_urn,
                role_payload: information.role_payload,
            });
        }
    }
    Ok(kept)
}

async fn ask(
    questions: &mpsc::Sender<Result<ArtifactRequestWrapper, Status>>,
    request: ArtifactRequest,
) -> Result<(), Status> {
    let gone = |_| Status::cancelled("whoever submits the pipeline is gone");
    questions.send(Ok(ArtifactRequestWrapper { request: Some(request) })).await.map_err(gone)
}

async fn next(
    answers: &mut (impl Stream<Item = Result<ArtifactResponseWrapper, Status>> + Unpin),
) -> Result<ArtifactResponseWrapper, Status> {
    answers.next().await.unwrap_or_else(|| Err(Status::cancelled("whoever submits the pipeline is gone")))
}

/// Writes what comes to `place`, until it is said to be the last.
async fn keep(
    place: &Path,
    answers: &mut (impl Stream<Item = Result<ArtifactResponseWrapper, Status>> + Unpin),
) -> Result<(String, u64), Status> {
    let failed = |error: std::io::Error| {
        Status::resource_exhausted(format!("the artifact can't be kept: {}: {error}", place.display()))
    };
    let mut file = tokio::fs::File::create(place).await.map_err(failed)?;
    let (mut hash, mut size) = (Sha256::new(), 0);
    loop {
        let answer = next(answers).await?;
        if let Some(ArtifactResponse::Got(GetArtifactResponse { data })) = answer.response {
            hash.update(&data);
            size += data.len() as u64;
            file.write_all(&data).await.map_err(failed)?;
        }
        if answer.is_last {
            break;
        }
    }
    file.flush().await.map_err(failed)?;
    Ok((hex::encode(hash.finalize()), size))
}

/// Answers a Job service that asks for artifacts, until it has what it wants. Only what is in `artifacts` is given, whatever is asked
/// for.
pub(crate) async fn offer(
    endpoint: &str,
    channel: Channel,
    token: &str,
    artifacts: &[Artifact],
) -> Result<(), BeamError> {
    const CALL: &str = "ReverseArtifactRetrievalService";
    let (answers, stream) = mpsc::channel::<ArtifactResponseWrapper>(4);
    let first = ArtifactResponseWrapper { staging_token: token.to_owned(), ..Default::default() };
    // The service asks once it knows for which job.
    let _ = answers.send(first).await;
    let mut client = ArtifactStagingServiceClient::new(channel)
        .max_decoding_message_size(usize::MAX)
        .max_encoding_message_size(usize::MAX);
    let failed = |status: Status| BeamError::refused(endpoint, CALL, &status);
    let mut questions = client
        .reverse_artifact_retrieval_service(ReceiverStream::new(stream))
        .await
        .map_err(failed)?
        .into_inner();
    while let Some(question) = questions.message().await.map_err(failed)? {
        let answered = match question.request {
            Some(ArtifactRequest::Resolve(asked)) => {
                let response =
                    ArtifactResponse::Resolved(ResolveArtifactsResponse { replacements: asked.artifacts });
                let whole =
                    ArtifactResponseWrapper { is_last: true, response: Some(response), ..Default::default() };
                answers.send(whole).await
            }
            Some(ArtifactRequest::Get(asked)) => give(&asked, artifacts, &answers).await?,
            None => Ok(()),
        };
        if answered.is_err() {
            break;
        }
    }
    Ok(())
}

type Sent = Result<(), mpsc::error::SendError<ArtifactResponseWrapper>>;

async fn give(
    asked: &GetArtifactRequest,
    artifacts: &[Artifact],
    answers: &mpsc::Sender<ArtifactResponseWrapper>,
) -> Result<Sent, BeamError> {
    let path = asked.artifact.as_ref().and_then(|information| {
        let payload = ArtifactFilePayload::decode(information.type_payload.clone()).ok()?;
        artifacts.iter().map(|artifact| &artifact.path).find(|path| Path::new(&payload.path) == **path)
    });
    if let Some(path) = path {
        let mut file = tokio::fs::File::open(path).await?;
        loop {
            let mut data = Vec::with_capacity(CHUNK);
            if (&mut file).take(CHUNK as u64).read_to_end(&mut data).await? == 0 {
                break;
            }
            let response = ArtifactResponse::Got(GetArtifactResponse { data: data.into() });
            let part = ArtifactResponseWrapper { response: Some(response), ..Default::default() };
            if let Err(gone) = answers.send(part).await {
                return Ok(Err(gone));
            }
        }
    }
    let response = ArtifactResponse::Got(GetArtifactResponse::default());
    let last = ArtifactResponseWrapper { is_last: true, response: Some(response), ..Default::default() };
    Ok(answers.send(last).await)
}
