//! Where in its bucket a job's program has its own places, spelled as the program's SDK spells them.

use tmpl_bucket::{Bucket, layout};
use tmpl_template::JobId;

/// The places of an attempt, and what the program's environment must say so that it finds them.
#[derive(Clone, Debug)]
pub(crate) struct JobPlaces {
    /// What may be deleted when the job has ended.
    pub(crate) temporary: String,
    /// Where result rows go, where somebody reads them.
    pub(crate) results: Option<String>,
    /// What people may want to keep.
    pub(crate) artifacts: Option<String>,
    /// Endpoint, region and profile of the store.
    pub(crate) variables: Vec<(&'static str, String)>,
}

impl JobPlaces {
    pub(crate) fn new(bucket: &Bucket, id: &JobId, attempt: u32) -> Self {
        let place = |object: &str| in_beam(&bucket.place_of(object), bucket.variables());
        Self {
            temporary: place(&layout::temporary(id)),
            results: Some(place(&layout::results(id, attempt))),
            artifacts: Some(place(&layout::artifacts(id))),
            variables: bucket.variables().to_vec(),
        }
    }
}

impl JobPlaces {
    /// The places of a program that runs without a bucket.
    pub(crate) fn temporary(temporary: String) -> Self {
        Self { temporary, results: None, artifacts: None, variables: Vec::new() }
    }
}

/// Beam names Azure's account in a path: `azfs://ACCOUNT/CONTAINER/…`. Every other store it spells as we do.
fn in_beam(place: &str, variables: &[(&'static str, String)]) -> String {
    let Some(path) = place.strip_prefix("az://") else { return place.to_owned() };
    let account = variables.iter().find(|(name, _)| *name == "AZURE_STORAGE_ACCOUNT_NAME");
    match account {
        Some((_, account)) => format!("azfs://{account}/{path}"),
        None => format!("azfs://{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn azures_paths_name_the_account() {
        let account = [("AZURE_STORAGE_ACCOUNT_NAME", "me".to_owned())];
        assert_eq!(in_beam("az://box/tmp/x", &account), "azfs://me/box/tmp/x");
        assert_eq!(in_beam("s3://data/tmp/x", &account), "s3://data/tmp/x");
        assert_eq!(in_beam("/srv/bucket/tmp/x", &[]), "/srv/bucket/tmp/x");
    }
}
