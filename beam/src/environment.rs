//! Where a pipeline's workers come from: the environments of a kept pipeline, pointed at a worker pool.

use std::collections::HashMap;

use bytes::Bytes;
use prost::Message;

use crate::BeamError;
use crate::job_service::Captured;
use crate::messages::{ApiServiceDescriptor, ArtifactInformation, Environment, ExternalPayload};
use crate::wire::{NewEnvironment, replace_environments};

/// What a program is told to name as its worker pool: no address, so that what was meant for us is known from what was not.
pub const PLACEHOLDER: &str = "127.0.0.1:1";

/// The pipeline with every environment of the program's own at a pool, which is given `params` with each request. Artifacts are named
/// as files that were kept; [`crate::job_client::JobClient::stage`] hands them over.
pub fn at_pool(kept: &Captured, pool: &str, params: &[(&str, &str)]) -> Result<Bytes, BeamError> {
    changed(kept, pool, params, |artifacts| Ok(artifacts.iter().map(|artifact| artifact.as_file()).collect()))
}

/// The same with the artifacts' bytes within the pipeline, for engines that ask nobody for them.
pub fn at_pool_embedded(kept: &Captured, pool: &str, params: &[(&str, &str)]) -> Result<Bytes, BeamError> {
    changed(kept, pool, params, |artifacts| artifacts.iter().map(|artifact| artifact.as_embedded()).collect())
}

fn changed(
    kept: &Captured,
    pool: &str,
    params: &[(&str, &str)],
    named: impl Fn(&[&crate::artifacts::Artifact]) -> Result<Vec<ArtifactInformation>, BeamError>,
) -> Result<Bytes, BeamError> {
    let params: HashMap<String, String> =
        params.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let payload = ExternalPayload { endpoint: Some(ApiServiceDescriptor { url: pool.to_owned() }), params };
    let payload: Bytes = payload.encode_to_vec().into();
    // A file that can't be read is told after the walk, which has no error of that kind.
    let mut failure = None;
    let pipeline = replace_environments(&kept.pipeline, |id, environment| {
        if !is_own(environment) {
            return None;
        }
        let artifacts: Vec<_> = kept.artifacts.iter().filter(|artifact| artifact.environment == id).collect();
        match named(&artifacts) {
            Ok(dependencies) => Some(NewEnvironment {
                urn: Environment::EXTERNAL.to_owned(),
                payload: payload.clone(),
                dependencies,
            }),
            Err(error) => {
                failure = Some(error);
                None
            }
        }
    })?;
    failure.map_or(Ok(pipeline), Err)
}

/// Whether an environment is the program's own: one that was told to use our placeholder.
pub fn is_own(environment: &Environment) -> bool {
    environment.urn == Environment::EXTERNAL
        && ExternalPayload::decode(environment.payload.clone())
            .is_ok_and(|payload| payload.endpoint.is_some_and(|endpoint| endpoint.url == PLACEHOLDER))
}
