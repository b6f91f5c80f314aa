//! The environments of `beam_runner_api.proto`, and `endpoints.proto`.

use std::collections::HashMap;

use bytes::Bytes;
use prost::Message;

use super::ArtifactInformation;

/// Where a service listens: `host:port`.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ApiServiceDescriptor {
    #[prost(string, tag = "1")]
    pub url: String,
}

/// What runs the user's functions.
#[derive(Clone, PartialEq, Message)]
pub struct Environment {
    #[prost(string, tag = "2")]
    pub urn: String,
    #[prost(bytes = "bytes", tag = "3")]
    pub payload: Bytes,
    #[prost(string, repeated, tag = "5")]
    pub capabilities: Vec<String>,
    #[prost(message, repeated, tag = "6")]
    pub dependencies: Vec<ArtifactInformation>,
}

impl Environment {
    /// A container of an image.
    pub const DOCKER: &'static str = "beam:env:docker:v1";
    /// A process of the machine that executes.
    pub const PROCESS: &'static str = "beam:env:process:v1";
    /// A pool that is asked for workers.
    pub const EXTERNAL: &'static str = "beam:env:external:v1";
}

/// Payload of [`Environment::DOCKER`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct DockerPayload {
    #[prost(string, tag = "1")]
    pub container_image: String,
}

/// Payload of [`Environment::EXTERNAL`].
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ExternalPayload {
    #[prost(message, optional, tag = "1")]
    pub endpoint: Option<ApiServiceDescriptor>,
    #[prost(map = "string, string", tag = "2")]
    pub params: HashMap<String, String>,
}
