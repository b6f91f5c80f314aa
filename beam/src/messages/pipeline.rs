//! `beam_runner_api.proto`, as far as a graph is looked at: never to be written again, since what is not declared would be lost.

use std::collections::BTreeMap;

use bytes::Bytes;
use prost::Message;

use super::{Environment, WindowingStrategy};

#[derive(Clone, PartialEq, Message)]
pub struct Pipeline {
    #[prost(message, optional, tag = "1")]
    pub components: Option<Components>,
    #[prost(string, repeated, tag = "2")]
    pub root_transform_ids: Vec<String>,
    #[prost(string, repeated, tag = "4")]
    pub requirements: Vec<String>,
}

impl Pipeline {
    /// Reads an encoded pipeline.
    pub fn read(bytes: Bytes) -> Result<Self, crate::BeamError> {
        Ok(Self::decode(bytes).map_err(crate::wire::WireError::from)?)
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct Components {
    #[prost(btree_map = "string, message", tag = "1")]
    pub transforms: BTreeMap<String, Transform>,
    #[prost(btree_map = "string, message", tag = "2")]
    pub pcollections: BTreeMap<String, Collection>,
    #[prost(btree_map = "string, message", tag = "3")]
    pub windowing_strategies: BTreeMap<String, WindowingStrategy>,
    #[prost(btree_map = "string, message", tag = "5")]
    pub environments: BTreeMap<String, Environment>,
}

/// `PTransform`.
#[derive(Clone, PartialEq, Message)]
pub struct Transform {
    #[prost(message, optional, tag = "1")]
    pub spec: Option<FunctionSpec>,
    #[prost(string, repeated, tag = "2")]
    pub subtransforms: Vec<String>,
    /// From names within the transform to collections.
    #[prost(btree_map = "string, string", tag = "3")]
    pub inputs: BTreeMap<String, String>,
    #[prost(btree_map = "string, string", tag = "4")]
    pub outputs: BTreeMap<String, String>,
    #[prost(string, tag = "5")]
    pub unique_name: String,
    #[prost(string, tag = "7")]
    pub environment_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct FunctionSpec {
    #[prost(string, tag = "1")]
    pub urn: String,
    #[prost(bytes = "bytes", tag = "3")]
    pub payload: Bytes,
}

/// `PCollection`.
#[derive(Clone, PartialEq, Message)]
pub struct Collection {
    #[prost(string, tag = "1")]
    pub unique_name: String,
    #[prost(string, tag = "2")]
    pub coder_id: String,
    /// 1: unbounded, 2: bounded.
    #[prost(int32, tag = "3")]
    pub is_bounded: i32,
    #[prost(string, tag = "4")]
    pub windowing_strategy_id: String,
}

/// Payload of a `ParDo`, as far as it says what an engine must be able to do.
#[derive(Clone, PartialEq, Message)]
pub struct ParDoPayload {
    #[prost(btree_map = "string, bytes", tag = "3")]
    pub side_inputs: BTreeMap<String, Vec<u8>>,
    #[prost(btree_map = "string, bytes", tag = "4")]
    pub state_specs: BTreeMap<String, Vec<u8>>,
    #[prost(btree_map = "string, bytes", tag = "9")]
    pub timer_family_specs: BTreeMap<String, Vec<u8>>,
    #[prost(string, tag = "7")]
    pub restriction_coder_id: String,
    #[prost(bool, tag = "8")]
    pub requests_finalization: bool,
    #[prost(bool, tag = "10")]
    pub requires_time_sorted_input: bool,
    #[prost(bool, tag = "11")]
    pub requires_stable_input: bool,
}
