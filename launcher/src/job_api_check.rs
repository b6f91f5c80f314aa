//! What `tmpl runners check` finds out of an engine that speaks Beam's Job API, and of a worker pool: whether they are that.

use tmpl_beam::BeamError;
use tmpl_beam::job_client::JobClient;
use tmpl_beam::pool_client;
use tmpl_bucket::causes;
use tmpl_template::{RunnerAddress, RunnerProfile};

use crate::runner_check::CheckStep;

/// Asks what only a Job service answers. Nothing is submitted.
pub(crate) async fn job_service(profile: &RunnerProfile) -> Vec<CheckStep> {
    const STEP: &str = "job service";
    // One that the launcher starts is one.
    let Some(endpoint) = &profile.endpoint else { return Vec::new() };
    let asked = async { JobClient::connect(endpoint).await?.describe().await };
    match asked.await {
        Ok(options) => {
            let offered =
                if options == 0 { String::new() } else { format!(", with {options} options of its own") };
            vec![
                CheckStep::ok(STEP, format!("speaks Beam's Job API{offered}")),
                CheckStep::ok("artifacts", "are sent with each launch, where the service asks for them"),
            ]
        }
        Err(error) if error.is_temporary() => vec![CheckStep::unreachable(
            STEP,
            causes(&error).join(": "),
            "start the engine, or correct `endpoint` in the profile (--endpoint for a launch)",
        )],
        Err(error) => vec![CheckStep::refused(
            STEP,
            format!("no Job service of Beam's answers at {endpoint}: {}", causes(&error).join(": ")),
            format!("check that {} listens there, and at this port", profile.engine),
        )],
    }
}

/// Asks a pool for the end of a worker that it does not have: it says so, and anything else does not understand.
pub(crate) async fn worker_pool(address: &RunnerAddress, answer: String) -> CheckStep {
    const STEP: &str = "worker pool";
    let endpoint = format!("{}:{}", address.host, address.port);
    match pool_client::answers(&endpoint).await {
        Err(
            error @ (BeamError::Unreachable { .. } | BeamError::Refused { .. } | BeamError::Silent { .. }),
        ) => CheckStep::refused(
            STEP,
            format!("what listens at {endpoint} is no worker pool: {}", causes(&error).join(": ")),
            "start one (`tmpl worker-pool`), or correct `workerPool` in the profile (--worker-pool for a launch)",
        ),
        // It answers; an address that only looks odd here was reached a moment ago.
        _ => CheckStep::ok(STEP, answer),
    }
}
