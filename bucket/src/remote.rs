//! Object stores: from an address to a client. Credentials are looked for where the store's own tools look for them.

mod azure;
mod google;
mod profile;
mod s3;
mod variables;

use std::sync::Arc;
use std::time::Duration;

use object_store::{BackoffConfig, ClientConfigKey, ClientOptions, ObjectStore, RetryConfig, TagSet};

pub(crate) use self::profile::ProfileCredentials;
pub(crate) use self::variables::Variables;
use crate::BucketError;
use crate::url::{RemoteUrl, Scheme};

/// A server that says nothing for so long is taken to be gone. Longer than what a store under load takes, and enough to send a part
/// over a slow line.
const SILENCE: Duration = Duration::from_mins(1);
const CONNECT_LIMIT: Duration = Duration::from_secs(5);
/// How long a request is tried again: long enough for a server that restarts.
const RETRY_LIMIT: Duration = Duration::from_mins(1);
const RETRIES: usize = 8;

/// A store that is not on this machine's disks.
pub(crate) struct Remote {
    pub(crate) store: Arc<dyn ObjectStore>,
    /// What every object that is written is tagged with.
    pub(crate) tags: TagSet,
    /// Where the credentials come from, in words.
    pub(crate) credentials: String,
    /// What a program must have in its environment to mean the same store.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// The profile that the credentials are of, where it is one.
    pub(crate) profile: Option<Arc<ProfileCredentials>>,
}

impl Remote {
    /// A client for the store of an address. Asks nobody anything yet.
    pub(crate) fn connect(url: &RemoteUrl, variables: Variables<'_>) -> Result<Self, BucketError> {
        let connected = match url.scheme {
            Scheme::S3 => s3::connect(url, variables),
            Scheme::Google => google::connect(url, variables),
            Scheme::Azure => azure::connect(url, variables),
        };
        connected.map_err(|reason| BucketError::Settings { bucket: url.name(), reason })
    }
}

fn client_options(endpoint: Option<&str>) -> ClientOptions {
    ClientOptions::new()
        .with_timeout_disabled()
        .with_read_timeout(SILENCE)
        .with_connect_timeout(CONNECT_LIMIT)
        // It would bring the C library's resolver of names, which a static program has no use of.
        .with_config(ClientConfigKey::RandomizeAddresses, "false")
        // Whoever writes http:// means it.
        .with_allow_http(endpoint.is_some_and(|endpoint| endpoint.starts_with("http://")))
}

fn retries() -> RetryConfig {
    let backoff = BackoffConfig {
        init_backoff: Duration::from_millis(100),
        max_backoff: Duration::from_secs(5),
        base: 2.0,
    };
    RetryConfig { backoff, max_retries: RETRIES, retry_timeout: RETRY_LIMIT }
}

/// Tags as an address has them: `team:data,cost:17`.
fn tags(url: &RemoteUrl) -> Result<TagSet, String> {
    let mut tags = TagSet::default();
    for pair in url.option("tags").unwrap_or_default().split(',').filter(|pair| !pair.is_empty()) {
        let (name, value) =
            pair.split_once(':').ok_or_else(|| format!("the tag `{pair}` is written NAME:VALUE"))?;
        tags.push(name, value);
    }
    Ok(tags)
}
