//! Amazon S3 and what speaks like it.

use std::sync::Arc;

use object_store::aws::{AmazonS3Builder, AmazonS3ConfigKey};

use super::profile::{DEFAULT_PROFILE, Profile, ProfileCredentials};
use super::{Remote, Variables, client_options, retries, tags};
use crate::url::RemoteUrl;

/// The region of a store that has none.
const DEFAULT_REGION: &str = "us-east-1";
/// Whoever has one of these is given credentials by the platform it runs on.
const PLATFORM_VARIABLES: [&str; 3] = [
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
];

pub(super) fn connect(url: &RemoteUrl, known: Variables<'_>) -> Result<Remote, String> {
    let endpoint = url
        .option("endpoint")
        .map(str::to_owned)
        .or_else(|| known.get("AWS_ENDPOINT_URL_S3"))
        .or_else(|| known.get("AWS_ENDPOINT_URL"));
    let found = Found::look(url, known)?;
    let region = url
        .option("region")
        .map(str::to_owned)
        .or_else(|| known.get("AWS_REGION"))
        .or_else(|| known.get("AWS_DEFAULT_REGION"))
        .or_else(|| found.profile.as_ref()?.region.clone())
        // A program's client may insist on a region where the store has none.
        .or_else(|| endpoint.is_some().then(|| DEFAULT_REGION.to_owned()));
    let hosted = url.option("path_style") == Some("false");
    let mut builder = AmazonS3Builder::from_env()
        .with_bucket_name(&url.container)
        .with_region(region.as_deref().unwrap_or(DEFAULT_REGION))
        .with_virtual_hosted_style_request(hosted)
        .with_client_options(client_options(endpoint.as_deref()))
        .with_retry(retries());
    for (key, value) in known.given() {
        builder = builder.with_config(key, value);
    }
    let mut variables = Vec::new();
    if let Some(endpoint) = endpoint {
        builder = builder.with_endpoint(if hosted {
            hosted_at(&endpoint, &url.container)
        } else {
            endpoint.clone()
        });
        variables.push(("AWS_ENDPOINT_URL_S3", endpoint));
    }
    if let Some(region) = region {
        variables.push(("AWS_DEFAULT_REGION", region.clone()));
        variables.push(("AWS_REGION", region));
    }
    for (option, key) in [("sse", "aws_server_side_encryption"), ("kms_key", "aws_sse_kms_key_id")] {
        if let Some(value) = url.option(option) {
            let key: AmazonS3ConfigKey =
                key.parse().map_err(|error: object_store::Error| error.to_string())?;
            builder = builder.with_config(key, value);
        }
    }
    let profile = found.profile.map(|profile| {
        variables.push(("AWS_PROFILE", profile.name.clone()));
        Arc::new(ProfileCredentials::new(profile))
    });
    if let Some(profile) = &profile {
        builder = builder.with_credentials(Arc::clone(profile) as _);
    }
    let store = builder.build().map_err(|error| error.to_string())?;
    Ok(Remote { store: Arc::new(store), tags: tags(url)?, credentials: found.words, variables, profile })
}

/// Where the credentials are.
struct Found {
    words: String,
    /// The profile that has them, where it is one.
    profile: Option<Profile>,
}

impl Found {
    /// In the order of Amazon's own tools: a profile that is named outright, the variables, a role of the platform, the profile of
    /// the environment, the machine's role.
    fn look(url: &RemoteUrl, known: Variables<'_>) -> Result<Self, String> {
        if let Some(name) = url.option("profile") {
            let profile =
                Profile::read(name, known)?.ok_or_else(|| format!("there is no profile `{name}`"))?;
            return Ok(Self::of_profile(profile));
        }
        if known.get("AWS_ACCESS_KEY_ID").is_some() {
            let words =
                if known.get("AWS_SESSION_TOKEN").is_some() { ", with a session's token" } else { "" };
            return Ok(Self {
                words: format!("the variables AWS_ACCESS_KEY_ID and its like{words}"),
                profile: None,
            });
        }
        if let Some(name) = PLATFORM_VARIABLES.into_iter().find(|name| known.get(name).is_some()) {
            return Ok(Self { words: format!("the role that {name} names"), profile: None });
        }
        let named = known.get("AWS_PROFILE");
        let found = Profile::read(named.as_deref().unwrap_or(DEFAULT_PROFILE), known)?;
        match (found, named) {
            (Some(profile), _) => Ok(Self::of_profile(profile)),
            (None, Some(name)) => Err(format!("there is no profile `{name}`, which AWS_PROFILE names")),
            (None, None) => Ok(Self { words: "the role of this machine".to_owned(), profile: None }),
        }
    }

    fn of_profile(profile: Profile) -> Self {
        Self { words: format!("the profile `{}`, {}", profile.name, profile.source), profile: Some(profile) }
    }
}

/// An endpoint whose host names the bucket.
fn hosted_at(endpoint: &str, bucket: &str) -> String {
    match endpoint.split_once("://") {
        Some((scheme, host)) => format!("{scheme}://{bucket}.{host}"),
        None => endpoint.to_owned(),
    }
}
