//! Generates clients and servers of Beam's gRPC services from the descriptions below: no `.proto` file, no compiler of them.
//!
//! Names are those of `beam_job_api.proto`, `beam_artifact_api.proto`, `beam_provision_api.proto` and `beam_fn_api.proto`
//! of Beam 2.77.0.

use tonic_build::manual::{Builder, Method, Service};

const JOB_MANAGEMENT: &str = "org.apache.beam.model.job_management.v1";
const FN_EXECUTION: &str = "org.apache.beam.model.fn_execution.v1";

/// How often each side speaks.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Unary,
    ServerStreams,
    BothStream,
}
use Kind::{BothStream, ServerStreams, Unary};

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let jobs = service(
        "JobService",
        JOB_MANAGEMENT,
        &[
            ("Prepare", "PrepareJobRequest", "PrepareJobResponse", Unary),
            ("Run", "RunJobRequest", "RunJobResponse", Unary),
            ("GetJobs", "GetJobsRequest", "GetJobsResponse", Unary),
            ("GetState", "GetJobStateRequest", "JobStateEvent", Unary),
            ("GetPipeline", "GetJobPipelineRequest", "GetJobPipelineResponse", Unary),
            ("Cancel", "CancelJobRequest", "CancelJobResponse", Unary),
            ("Drain", "DrainJobRequest", "DrainJobResponse", Unary),
            ("GetStateStream", "GetJobStateRequest", "JobStateEvent", ServerStreams),
            ("GetMessageStream", "JobMessagesRequest", "JobMessagesResponse", ServerStreams),
            ("GetJobMetrics", "GetJobMetricsRequest", "GetJobMetricsResponse", Unary),
            (
                "DescribePipelineOptions",
                "DescribePipelineOptionsRequest",
                "DescribePipelineOptionsResponse",
                Unary,
            ),
        ],
    );
    let staging = service(
        "ArtifactStagingService",
        JOB_MANAGEMENT,
        &[(
            "ReverseArtifactRetrievalService",
            "ArtifactResponseWrapper",
            "ArtifactRequestWrapper",
            BothStream,
        )],
    );
    let retrieval = service(
        "ArtifactRetrievalService",
        JOB_MANAGEMENT,
        &[
            ("ResolveArtifacts", "ResolveArtifactsRequest", "ResolveArtifactsResponse", Unary),
            ("GetArtifact", "GetArtifactRequest", "GetArtifactResponse", ServerStreams),
        ],
    );
    let provision = service(
        "ProvisionService",
        FN_EXECUTION,
        &[("GetProvisionInfo", "GetProvisionInfoRequest", "GetProvisionInfoResponse", Unary)],
    );
    let pool = service(
        "BeamFnExternalWorkerPool",
        FN_EXECUTION,
        &[
            ("StartWorker", "StartWorkerRequest", "StartWorkerResponse", Unary),
            ("StopWorker", "StopWorkerRequest", "StopWorkerResponse", Unary),
        ],
    );
    let control = service(
        "BeamFnControl",
        FN_EXECUTION,
        &[
            ("Control", "InstructionResponse", "InstructionRequest", BothStream),
            (
                "GetProcessBundleDescriptor",
                "GetProcessBundleDescriptorRequest",
                "ProcessBundleDescriptor",
                Unary,
            ),
        ],
    );
    let data = service("BeamFnData", FN_EXECUTION, &[("Data", "Elements", "Elements", BothStream)]);
    Builder::new().compile(&[jobs, staging, retrieval, provision, pool, control, data]);
}

fn service(name: &str, package: &str, methods: &[(&str, &str, &str, Kind)]) -> Service {
    let mut service = Service::builder().name(name).package(package);
    for (route, input, output, kind) in methods {
        let mut method = Method::builder()
            .name(snake_case(route))
            .route_name(*route)
            .input_type(format!("crate::messages::{input}"))
            .output_type(format!("crate::messages::{output}"))
            .codec_path("tonic_prost::ProstCodec");
        if *kind == BothStream {
            method = method.client_streaming();
        }
        if *kind != Unary {
            method = method.server_streaming();
        }
        service = service.method(method.build());
    }
    service.build()
}

/// `GetStateStream` as Rust writes names of functions.
fn snake_case(name: &str) -> String {
    let mut written = String::new();
    for (place, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && place > 0 {
            written.push('_');
        }
        written.push(letter.to_ascii_lowercase());
    }
    written
}
