//! A runner, as far as a worker that starts needs one: says what it is for, and has its artifacts.

#![allow(
    dead_code,
    clippy::unwrap_used,
    reason = "several tests use a part of it each; a test that can't go on fails"
)]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use futures::stream;
use prost::Message;
use tmpl_beam::messages::{
    ApiServiceDescriptor, ArtifactFilePayload, ArtifactInformation, ArtifactStagingToRolePayload,
    GetArtifactRequest, GetArtifactResponse, GetProvisionInfoRequest, GetProvisionInfoResponse,
    ProvisionInfo, ResolveArtifactsRequest, ResolveArtifactsResponse,
};
use tmpl_beam::services::provision::provision_service_server::{ProvisionService, ProvisionServiceServer};
use tmpl_beam::services::retrieval::artifact_retrieval_service_server::{
    ArtifactRetrievalService, ArtifactRetrievalServiceServer,
};
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::transport::Server;
use tonic::{Request, Response, Status};

/// A runner that listens until the process ends.
#[derive(Clone)]
pub(crate) struct Runner {
    pub(crate) address: SocketAddr,
    inner: Arc<Inner>,
}

struct Inner {
    info: ProvisionInfo,
    /// Artifacts by the path that their payload names, and how often their transfer is cut off first.
    files: Mutex<Vec<(String, Bytes, usize)>>,
    /// Which worker asked for what.
    asked: Mutex<Vec<String>>,
}

impl Runner {
    /// A runner with these artifacts: staged name, bytes, how often the transfer is cut off. `info` is what it says besides them.
    pub(crate) fn start(mut info: ProvisionInfo, files: &[(&str, &[u8], usize)]) -> Self {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        let endpoint = Some(ApiServiceDescriptor { url: address.to_string() });
        info.artifact_endpoint.clone_from(&endpoint);
        info.logging_endpoint.get_or_insert(ApiServiceDescriptor { url: "localhost:1".to_owned() });
        info.control_endpoint.get_or_insert(ApiServiceDescriptor { url: "localhost:2".to_owned() });
        info.dependencies.extend(files.iter().map(|(name, bytes, _)| staged(name, bytes)));
        let kept = files
            .iter()
            .map(|(name, bytes, cuts)| ((*name).to_owned(), Bytes::copy_from_slice(bytes), *cuts));
        let inner = Arc::new(Inner { info, files: Mutex::new(kept.collect()), asked: Mutex::default() });
        let service = Self { address, inner };
        let served = service.clone();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let listener = TcpListener::from_std(listener).unwrap();
                Server::builder()
                    .add_service(ProvisionServiceServer::new(served.clone()))
                    .add_service(ArtifactRetrievalServiceServer::new(served))
                    .serve_with_incoming(TcpListenerStream::new(listener))
                    .await
                    .unwrap();
            });
        });
        service
    }

    pub(crate) fn asked(&self) -> Vec<String> {
        self.inner.asked.lock().unwrap().clone()
    }

    fn heard<T>(&self, request: &Request<T>, what: &str) {
        let worker = request.metadata().get("worker_id").map_or("nobody", |id| id.to_str().unwrap());
        self.inner.asked.lock().unwrap().push(format!("{worker}: {what}"));
    }
}

/// An artifact in a file of the runner's, under the name that it has for workers.
pub(crate) fn staged(name: &str, bytes: &[u8]) -> ArtifactInformation {
    use sha2::Digest;
    let sha256 = hex::encode(sha2::Sha256::digest(bytes));
    let payload = ArtifactFilePayload { path: name.to_owned(), sha256 };
    let role = ArtifactStagingToRolePayload { staged_name: name.to_owned() };
    ArtifactInformation {
        type_urn: ArtifactInformation::FILE.to_owned(),
        type_payload: payload.encode_to_vec().into(),
        role_urn: ArtifactInformation::STAGING_TO.to_owned(),
        role_payload: role.encode_to_vec().into(),
    }
}

#[tonic::async_trait]
impl ProvisionService for Runner {
    async fn get_provision_info(
        &self,
        request: Request<GetProvisionInfoRequest>,
    ) -> Result<Response<GetProvisionInfoResponse>, Status> {
        self.heard(&request, "provision");
        Ok(Response::new(GetProvisionInfoResponse { info: Some(self.inner.info.clone()) }))
    }
}

#[tonic::async_trait]
impl ArtifactRetrievalService for Runner {
    async fn resolve_artifacts(
        &self,
        request: Request<ResolveArtifactsRequest>,
    ) -> Result<Response<ResolveArtifactsResponse>, Status> {
        self.heard(&request, "resolve");
        Ok(Response::new(ResolveArtifactsResponse { replacements: request.into_inner().artifacts }))
    }

    type GetArtifactStream = stream::Iter<std::vec::IntoIter<Result<GetArtifactResponse, Status>>>;

    async fn get_artifact(
        &self,
        request: Request<GetArtifactRequest>,
    ) -> Result<Response<Self::GetArtifactStream>, Status> {
        let artifact = request.get_ref().artifact.clone().unwrap();
        let path = ArtifactFilePayload::decode(artifact.type_payload).unwrap().path;
        self.heard(&request, &path);
        let mut files = self.inner.files.lock().unwrap();
        let (_, bytes, cuts) = files.iter_mut().find(|(name, _, _)| *name == path).unwrap();
        let mut parts: Vec<_> = bytes
            .chunks(4)
            .map(|part| Ok(GetArtifactResponse { data: Bytes::copy_from_slice(part) }))
            .collect();
        if *cuts > 0 {
            *cuts -= 1;
            parts.truncate(1);
            parts.push(Err(Status::unavailable("cut off")));
        }
        Ok(Response::new(stream::iter(parts)))
    }
}
