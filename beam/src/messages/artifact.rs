//! `beam_artifact_api.proto`, and the artifacts of `beam_runner_api.proto`.

use bytes::Bytes;
use prost::{Message, Oneof};

/// What an artifact is (`type_urn`) and what it is for (`role_urn`).
#[derive(Clone, PartialEq, Eq, Hash, Message)]
pub struct ArtifactInformation {
    #[prost(string, tag = "1")]
    pub type_urn: String,
    #[prost(bytes = "bytes", tag = "2")]
    pub type_payload: Bytes,
    #[prost(string, tag = "3")]
    pub role_urn: String,
    #[prost(bytes = "bytes", tag = "4")]
    pub role_payload: Bytes,
}

/// Payload of [`ArtifactInformation::FILE`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ArtifactFilePayload {
    #[prost(string, tag = "1")]
    pub path: String,
    #[prost(string, tag = "2")]
    pub sha256: String,
}

/// Payload of [`ArtifactInformation::URL`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ArtifactUrlPayload {
    #[prost(string, tag = "1")]
    pub url: String,
    #[prost(string, tag = "2")]
    pub sha256: String,
}

/// Payload of [`ArtifactInformation::EMBEDDED`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct EmbeddedFilePayload {
    #[prost(bytes = "bytes", tag = "1")]
    pub data: Bytes,
}

/// Payload of [`ArtifactInformation::STAGING_TO`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ArtifactStagingToRolePayload {
    #[prost(string, tag = "1")]
    pub staged_name: String,
}

impl ArtifactInformation {
    /// A file of the machine that asks.
    pub const FILE: &'static str = "beam:artifact:type:file:v1";
    /// Something to be fetched.
    pub const URL: &'static str = "beam:artifact:type:url:v1";
    /// Bytes that are in the message itself.
    pub const EMBEDDED: &'static str = "beam:artifact:type:embedded:v1";
    /// A file that the worker finds under a name.
    pub const STAGING_TO: &'static str = "beam:artifact:role:staging_to:v1";

    /// The name under which a worker finds it, where the role says one.
    pub fn staged_name(&self) -> Option<String> {
        if self.role_urn != Self::STAGING_TO {
            return None;
        }
        let role = ArtifactStagingToRolePayload::decode(self.role_payload.clone()).ok()?;
        Some(role.staged_name).filter(|name| !name.is_empty())
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct ResolveArtifactsRequest {
    #[prost(message, repeated, tag = "1")]
    pub artifacts: Vec<ArtifactInformation>,
    #[prost(string, repeated, tag = "2")]
    pub preferred_urns: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ResolveArtifactsResponse {
    #[prost(message, repeated, tag = "1")]
    pub replacements: Vec<ArtifactInformation>,
}

#[derive(Clone, PartialEq, Message)]
pub struct GetArtifactRequest {
    #[prost(message, optional, tag = "1")]
    pub artifact: Option<ArtifactInformation>,
}

#[derive(Clone, PartialEq, Message)]
pub struct GetArtifactResponse {
    #[prost(bytes = "bytes", tag = "1")]
    pub data: Bytes,
}

/// What a Job service asks of whoever submits.
#[derive(Clone, PartialEq, Message)]
pub struct ArtifactRequestWrapper {
    #[prost(oneof = "ArtifactRequest", tags = "1000, 1001")]
    pub request: Option<ArtifactRequest>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum ArtifactRequest {
    #[prost(message, tag = "1000")]
    Resolve(ResolveArtifactsRequest),
    #[prost(message, tag = "1001")]
    Get(GetArtifactRequest),
}

/// What whoever submits answers.
#[derive(Clone, PartialEq, Message)]
pub struct ArtifactResponseWrapper {
    #[prost(string, tag = "1")]
    pub staging_token: String,
    #[prost(bool, tag = "2")]
    pub is_last: bool,
    #[prost(oneof = "ArtifactResponse", tags = "1000, 1001")]
    pub response: Option<ArtifactResponse>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum ArtifactResponse {
    #[prost(message, tag = "1000")]
    Resolved(ResolveArtifactsResponse),
    #[prost(message, tag = "1001")]
    Got(GetArtifactResponse),
}
