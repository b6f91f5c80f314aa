//! `beam_job_api.proto`: submitting, watching and ending jobs.

use bytes::Bytes;
use prost::{Enumeration, Message, Oneof};
use prost_types::Timestamp;

use super::{ApiServiceDescriptor, MonitoringInfo};

#[derive(Clone, PartialEq, Message)]
pub struct PrepareJobRequest {
    /// A `Pipeline`, as it came.
    #[prost(bytes = "bytes", tag = "1")]
    pub pipeline: Bytes,
    /// A `google.protobuf.Struct`, as it came.
    #[prost(bytes = "bytes", tag = "2")]
    pub pipeline_options: Bytes,
    #[prost(string, tag = "3")]
    pub job_name: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct PrepareJobResponse {
    #[prost(string, tag = "1")]
    pub preparation_id: String,
    #[prost(message, optional, tag = "2")]
    pub artifact_staging_endpoint: Option<ApiServiceDescriptor>,
    #[prost(string, tag = "3")]
    pub staging_session_token: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct RunJobRequest {
    #[prost(string, tag = "1")]
    pub preparation_id: String,
    #[prost(string, tag = "2")]
    pub retrieval_token: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct RunJobResponse {
    #[prost(string, tag = "1")]
    pub job_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct CancelJobRequest {
    #[prost(string, tag = "1")]
    pub job_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct CancelJobResponse {
    #[prost(enumeration = "JobState", tag = "1")]
    pub state: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct DrainJobRequest {
    #[prost(string, tag = "1")]
    pub job_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct DrainJobResponse {
    #[prost(enumeration = "JobState", tag = "1")]
    pub state: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct JobInfo {
    #[prost(string, tag = "1")]
    pub job_id: String,
    #[prost(string, tag = "2")]
    pub job_name: String,
    #[prost(enumeration = "JobState", tag = "4")]
    pub state: i32,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct GetJobsRequest {}

#[derive(Clone, PartialEq, Message)]
pub struct GetJobsResponse {
    #[prost(message, repeated, tag = "1")]
    pub job_info: Vec<JobInfo>,
}

#[derive(Clone, PartialEq, Message)]
pub struct GetJobStateRequest {
    #[prost(string, tag = "1")]
    pub job_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct JobStateEvent {
    #[prost(enumeration = "JobState", tag = "1")]
    pub state: i32,
    #[prost(message, optional, tag = "2")]
    pub timestamp: Option<Timestamp>,
}

#[derive(Clone, PartialEq, Message)]
pub struct GetJobPipelineRequest {
    #[prost(string, tag = "1")]
    pub job_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct GetJobPipelineResponse {
    /// A `Pipeline`, as it came.
    #[prost(bytes = "bytes", tag = "1")]
    pub pipeline: Bytes,
}

#[derive(Clone, PartialEq, Message)]
pub struct JobMessagesRequest {
    #[prost(string, tag = "1")]
    pub job_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct JobMessage {
    #[prost(string, tag = "1")]
    pub message_id: String,
    #[prost(string, tag = "2")]
    pub time: String,
    #[prost(enumeration = "MessageImportance", tag = "3")]
    pub importance: i32,
    #[prost(string, tag = "4")]
    pub message_text: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct JobMessagesResponse {
    #[prost(oneof = "MessageOrState", tags = "1, 2")]
    pub response: Option<MessageOrState>,
}

#[derive(Clone, PartialEq, Oneof)]
pub enum MessageOrState {
    #[prost(message, tag = "1")]
    Message(JobMessage),
    #[prost(message, tag = "2")]
    State(JobStateEvent),
}

#[derive(Clone, PartialEq, Message)]
pub struct GetJobMetricsRequest {
    #[prost(string, tag = "1")]
    pub job_id: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct GetJobMetricsResponse {
    #[prost(message, optional, tag = "1")]
    pub metrics: Option<MetricResults>,
}

#[derive(Clone, PartialEq, Message)]
pub struct MetricResults {
    #[prost(message, repeated, tag = "1")]
    pub attempted: Vec<MonitoringInfo>,
    #[prost(message, repeated, tag = "2")]
    pub committed: Vec<MonitoringInfo>,
}

#[derive(Clone, Copy, PartialEq, Message)]
pub struct DescribePipelineOptionsRequest {}

#[derive(Clone, PartialEq, Message)]
pub struct DescribePipelineOptionsResponse {
    #[prost(message, repeated, tag = "1")]
    pub options: Vec<PipelineOptionDescriptor>,
}

#[derive(Clone, PartialEq, Message)]
pub struct PipelineOptionDescriptor {
    #[prost(string, tag = "1")]
    pub name: String,
    /// 0: text, 1: yes or no, 2: whole number, 3: number, 4: list, 5: object.
    #[prost(int32, tag = "2")]
    pub r#type: i32,
    #[prost(string, tag = "3")]
    pub description: String,
    #[prost(string, tag = "4")]
    pub default_value: String,
    #[prost(string, tag = "5")]
    pub group: String,
}

/// `JobState.Enum`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub enum JobState {
    Unspecified = 0,
    Stopped = 1,
    Running = 2,
    Done = 3,
    Failed = 4,
    Cancelled = 5,
    Updated = 6,
    Draining = 7,
    Drained = 8,
    Starting = 9,
    Cancelling = 10,
    Updating = 11,
}

/// `JobMessage.MessageImportance`. Dataflow numbers its own differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Enumeration)]
#[repr(i32)]
pub enum MessageImportance {
    Unspecified = 0,
    Debug = 1,
    Detailed = 2,
    Basic = 3,
    Warning = 4,
    Error = 5,
}
