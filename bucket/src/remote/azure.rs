//! Azure Blob Storage.

use std::sync::Arc;

use object_store::azure::MicrosoftAzureBuilder;

use super::{Remote, Variables, client_options, retries, tags};
use crate::url::RemoteUrl;

const ACCOUNT: &str = "AZURE_STORAGE_ACCOUNT_NAME";
/// The variables that name what proves who we are, and how people call it.
const CREDENTIALS: [(&str, &str); 5] = [
    ("AZURE_STORAGE_ACCOUNT_KEY", "the account's key"),
    ("AZURE_STORAGE_SAS_KEY", "a shared access signature"),
    ("AZURE_STORAGE_CLIENT_SECRET", "a client's secret"),
    ("AZURE_CLIENT_SECRET", "a client's secret"),
    ("AZURE_FEDERATED_TOKEN_FILE", "a workload's identity"),
];

pub(super) fn connect(url: &RemoteUrl, known: Variables<'_>) -> Result<Remote, String> {
    let endpoint = url.option("endpoint");
    let mut builder = MicrosoftAzureBuilder::from_env()
        .with_container_name(&url.container)
        .with_client_options(client_options(endpoint))
        .with_retry(retries());
    for (key, value) in known.given() {
        builder = builder.with_config(key, value);
    }
    let mut variables = Vec::new();
    // The program's paths name the account, also where only the environment does here.
    let account = url.option("account").map(str::to_owned).or_else(|| known.get(ACCOUNT));
    if let Some(account) = account {
        builder = builder.with_account(&account);
        variables.push((ACCOUNT, account));
    }
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(endpoint.to_owned());
        variables.push(("AZURE_STORAGE_ENDPOINT", endpoint.to_owned()));
    }
    let named = CREDENTIALS.into_iter().find(|(name, _)| known.get(name).is_some());
    let credentials = named.map_or_else(
        || "the identity of this machine".to_owned(),
        |(name, words)| format!("{words} ({name})"),
    );
    let store = builder.build().map_err(|error| error.to_string())?;
    Ok(Remote { store: Arc::new(store), tags: tags(url)?, credentials, variables, profile: None })
}
