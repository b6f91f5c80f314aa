//! `beam_provision_api.proto`, and of `beam_fn_api.proto` the worker pool, and as much of the control service as it takes to refuse work.

use std::collections::HashMap;

use prost::Message;
use prost_types::Struct;

use super::{ApiServiceDescriptor, ArtifactInformation, Transform};

#[derive(Clone, Copy, PartialEq, Message)]
pub struct GetProvisionInfoRequest {}

#[derive(Clone, PartialEq, Message)]
pub struct GetProvisionInfoResponse {
    #[prost(message, optional, tag = "1")]
    pub info: Option<ProvisionInfo>,
}

/// What a worker is told before it begins.
#[derive(Clone, PartialEq, Message)]
pub struct ProvisionInfo {
    #[prost(message, optional, tag = "3")]
    pub pipeline_options: Option<Struct>,
    #[prost(string, tag = "6")]
    pub retrieval_token: String,
    #[prost(message, optional, tag = "7")]
    pub status_endpoint: Option<ApiServiceDescriptor>,
    #[prost(message, optional, tag = "8")]
    pub logging_endpoint: Option<ApiServiceDescriptor>,
    #[prost(message, optional, tag = "9")]
    pub artifact_endpoint: Option<ApiServiceDescriptor>,
    #[prost(message, optional, tag = "10")]
    pub control_endpoint: Option<ApiServiceDescriptor>,
    #[prost(message, repeated, tag = "11")]
    pub dependencies: Vec<ArtifactInformation>,
    #[prost(string, repeated, tag = "12")]
    pub runner_capabilities: Vec<String>,
    #[prost(map = "string, string", tag = "13")]
    pub metadata: HashMap<String, String>,
    #[prost(string, repeated, tag = "14")]
    pub sibling_worker_ids: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
pub struct StartWorkerRequest {
    #[prost(string, tag = "1")]
    pub worker_id: String,
    #[prost(message, optional, tag = "2")]
    pub control_endpoint: Option<ApiServiceDescriptor>,
    #[prost(message, optional, tag = "3")]
    pub logging_endpoint: Option<ApiServiceDescriptor>,
    #[prost(message, optional, tag = "4")]
    pub artifact_endpoint: Option<ApiServiceDescriptor>,
    #[prost(message, optional, tag = "5")]
    pub provision_endpoint: Option<ApiServiceDescriptor>,
    #[prost(map = "string, string", tag = "10")]
    pub params: HashMap<String, String>,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct StartWorkerResponse {
    #[prost(string, tag = "1")]
    pub error: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct StopWorkerRequest {
    #[prost(string, tag = "1")]
    pub worker_id: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct StopWorkerResponse {
    #[prost(string, tag = "1")]
    pub error: String,
}

/// What a worker is to do.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct InstructionRequest {
    #[prost(string, tag = "1")]
    pub instruction_id: String,
    /// Some of the job's elements.
    #[prost(message, optional, tag = "1001")]
    pub process_bundle: Option<ProcessBundleRequest>,
}

/// Which steps some elements go through.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct ProcessBundleRequest {
    #[prost(string, tag = "1")]
    pub process_bundle_descriptor_id: String,
}

/// Asks what the steps are.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct GetProcessBundleDescriptorRequest {
    #[prost(string, tag = "1")]
    pub process_bundle_descriptor_id: String,
}

/// Steps that a worker runs together. Those that elements come from and go to name the engine's data service.
#[derive(Clone, PartialEq, Message)]
pub struct ProcessBundleDescriptor {
    #[prost(map = "string, message", tag = "2")]
    pub transforms: HashMap<String, Transform>,
}

/// Where elements come from or go to: the payload of `beam:runner:source:v1` and `beam:runner:sink:v1`.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct RemoteGrpcPort {
    #[prost(message, optional, tag = "1")]
    pub api_service_descriptor: Option<ApiServiceDescriptor>,
}

/// Elements of a job, none of which matters here.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct Elements {}

/// What came of it.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct InstructionResponse {
    #[prost(string, tag = "1")]
    pub instruction_id: String,
    /// Why it could not be done; empty where it was.
    #[prost(string, tag = "2")]
    pub error: String,
}
