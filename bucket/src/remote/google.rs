//! Google Cloud Storage.

use std::sync::Arc;

use object_store::StaticCredentialProvider;
use object_store::gcp::{GcpCredential, GoogleCloudStorageBuilder};

use super::{Remote, Variables, client_options, retries};
use crate::url::RemoteUrl;

/// The variable that Google's own clients take the address of an emulator from.
const EMULATOR: &str = "STORAGE_EMULATOR_HOST";

pub(super) fn connect(url: &RemoteUrl, known: Variables<'_>) -> Result<Remote, String> {
    let endpoint = url.option("endpoint").map(str::to_owned).or_else(|| known.get(EMULATOR));
    let mut builder = GoogleCloudStorageBuilder::from_env()
        .with_bucket_name(&url.container)
        .with_client_options(client_options(endpoint.as_deref()))
        .with_retry(retries());
    for (key, value) in known.given() {
        builder = builder.with_config(key, value);
    }
    let mut variables = Vec::new();
    let mut credentials = "Google's application default credentials".to_owned();
    if let Some(file) = url.option("credentials") {
        builder = builder.with_application_credentials(file);
        credentials = format!("the file {file}");
        variables.push(("GOOGLE_APPLICATION_CREDENTIALS", file.to_owned()));
    } else if let Some(endpoint) = endpoint.as_deref().filter(|endpoint| endpoint.starts_with("http://")) {
        // An emulator knows nobody, and nobody sends credentials in the clear. Without any, the client asks for them before each
        // write, whatever it is told of signatures.
        let nobody = GcpCredential { bearer: "nobody".to_owned() };
        builder = builder.with_credentials(Arc::new(StaticCredentialProvider::new(nobody)));
        credentials = format!("none: {endpoint} is no place to send any to");
    }
    if let Some(endpoint) = endpoint {
        builder = builder.with_base_url(&endpoint);
        variables.push((EMULATOR, endpoint));
    }
    let store = builder.build().map_err(|error| error.to_string())?;
    Ok(Remote {
        store: Arc::new(store),
        tags: object_store::TagSet::default(),
        credentials,
        variables,
        profile: None,
    })
}
