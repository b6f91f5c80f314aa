//! `metrics.proto`: what was counted.

use std::collections::HashMap;

use bytes::Bytes;
use prost::Message;

/// One figure: what (`urn`, `labels`), in which form (`type`), and its value in that form.
#[derive(Clone, PartialEq, Message)]
pub struct MonitoringInfo {
    #[prost(string, tag = "1")]
    pub urn: String,
    #[prost(string, tag = "2")]
    pub r#type: String,
    #[prost(bytes = "bytes", tag = "3")]
    pub payload: Bytes,
    #[prost(map = "string, string", tag = "4")]
    pub labels: HashMap<String, String>,
}
