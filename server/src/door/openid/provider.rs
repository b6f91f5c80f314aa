//! The provider: what it says of itself, its keys, and the two things that are asked of it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use jsonwebtoken::jwk::JwkSet;
use reqwest::{Client, RequestBuilder, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use tokio::sync::Mutex;
use url::Url;
use url::form_urlencoded::byte_serialize;

use super::{OpenId, OpenIdError};
use crate::door::origin::is_loopback;
use crate::start_error::StartError;

/// No request to the provider takes longer.
const PATIENCE: Duration = Duration::from_secs(10);
/// No answer is longer.
const LARGEST_ANSWER: usize = 1024 * 1024;
/// What a provider says of a code that it did not give, or not to this sign-in.
const INVALID_GRANT: &str = "invalid_grant";
/// What the provider says of itself is asked for again after this long.
const FRESH: Duration = Duration::from_hours(1);
/// Its keys are not asked for more often than this, whatever tokens name.
const KEYS_PAUSE: Duration = Duration::from_secs(10);

/// A provider, and what it has said.
#[derive(Debug)]
pub(super) struct Provider {
    client: Client,
    issuer: Url,
    /// The issuer as it was configured: providers are compared letter by letter.
    name: String,
    endpoints: Mutex<Option<(Instant, Arc<Endpoints>)>>,
    keys: Mutex<Option<(Instant, Arc<JwkSet>)>>,
}

/// Where a provider takes what.
#[derive(Debug)]
pub(super) struct Endpoints {
    pub(super) authorization: Url,
    token: Url,
    keys: Url,
    pub(super) userinfo: Option<Url>,
    pub(super) end_session: Option<Url>,
    /// Whether it says who it is when it sends people back.
    pub(super) names_issuer: bool,
    /// Whether our secret goes into the form, since it is not taken in the header.
    secret_in_form: bool,
}

#[derive(Deserialize)]
struct Discovery {
    issuer: String,
    authorization_endpoint: Url,
    token_endpoint: Url,
    jwks_uri: Url,
    userinfo_endpoint: Option<Url>,
    end_session_endpoint: Option<Url>,
    #[serde(default)]
    authorization_response_iss_parameter_supported: bool,
    token_endpoint_auth_methods_supported: Option<Vec<String>>,
}

/// What a code is redeemed for.
#[derive(Deserialize)]
pub(super) struct Tokens {
    pub(super) id_token: String,
    pub(super) access_token: Option<String>,
}

/// Whether an address of a provider is one that nobody else on the way can answer for: by TLS, or on this machine.
pub(super) fn is_trustworthy(address: &Url, issuer: &Url) -> bool {
    let local = |url: &Url| url.scheme() == "http" && url.host_str().is_some_and(is_loopback);
    address.scheme() == "https" || (local(issuer) && local(address))
}

impl Provider {
    pub(super) fn new(issuer: Url, name: &str) -> Result<Self, StartError> {
        let client = Client::builder()
            .timeout(PATIENCE)
            .redirect(redirect::Policy::none())
            .user_agent(concat!("tmpl/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| StartError::Setting { key: "sign_in", reason: error.to_string() })?;
        let (endpoints, keys) = (Mutex::default(), Mutex::default());
        Ok(Self { client, issuer, name: name.to_owned(), endpoints, keys })
    }

    /// What the provider says of itself.
    pub(super) async fn endpoints(&self) -> Result<Arc<Endpoints>, OpenIdError> {
        let mut known = self.endpoints.lock().await;
        if let Some((asked, endpoints)) = &*known
            && asked.elapsed() < FRESH
        {
            return Ok(Arc::clone(endpoints));
        }
        let endpoints = Arc::new(self.discover().await?);
        *known = Some((Instant::now(), Arc::clone(&endpoints)));
        Ok(endpoints)
    }

    async fn discover(&self) -> Result<Endpoints, OpenIdError> {
        let address = format!("{}/.well-known/openid-configuration", self.name.trim_end_matches('/'));
        let wrong = |reason: String| OpenIdError::Provider { endpoint: address.clone(), reason };
        let found: Discovery = self.asked(self.client.get(&address), &address).await?;
        if found.issuer != self.name {
            return Err(wrong(format!("it says that it is {}, not {}", found.issuer, self.name)));
        }
        let optional = [found.userinfo_endpoint.as_ref(), found.end_session_endpoint.as_ref()];
        let needed = [&found.authorization_endpoint, &found.token_endpoint, &found.jwks_uri];
        for address in needed.into_iter().chain(optional.into_iter().flatten()) {
            if !is_trustworthy(address, &self.issuer) {
                return Err(wrong(format!("{address} must begin with https://")));
            }
        }
        let methods = found.token_endpoint_auth_methods_supported.unwrap_or_default();
        let takes = |name: &str| methods.iter().any(|method| method == name);
        Ok(Endpoints {
            authorization: found.authorization_endpoint,
            token: found.token_endpoint,
            keys: found.jwks_uri,
            userinfo: found.userinfo_endpoint,
            end_session: found.end_session_endpoint,
            names_issuer: found.authorization_response_iss_parameter_supported,
            secret_in_form: takes("client_secret_post") && !takes("client_secret_basic"),
        })
    }

    /// The keys that it signs with. `anew` says that one is missing among those that are known.
    pub(super) async fn keys(&self, anew: bool) -> Result<Arc<JwkSet>, OpenIdError> {
        let mut known = self.keys.lock().await;
        if let Some((asked, keys)) = &*known {
            let limit = if anew { KEYS_PAUSE } else { FRESH };
            if asked.elapsed() < limit {
                return Ok(Arc::clone(keys));
            }
        }
        let endpoint = self.endpoints().await?.keys.clone();
        let found: RawKeys = self.asked(self.client.get(endpoint.clone()), endpoint.as_str()).await?;
        // A provider may have keys of kinds that nobody here knows.
        let keys = found.keys.into_iter().filter_map(|key| serde_json::from_value(key).ok()).collect();
        let keys = Arc::new(JwkSet { keys });
        *known = Some((Instant::now(), Arc::clone(&keys)));
        Ok(keys)
    }

    /// Redeems a code.
    pub(super) async fn redeem(
        &self,
        client: &OpenId,
        code: &str,
        verifier: &str,
    ) -> Result<Tokens, OpenIdError> {
        let endpoints = self.endpoints().await?;
        let (form, authorization) = redemption(client, endpoints.secret_in_form, code, verifier);
        let mut request = self
            .client
            .post(endpoints.token.clone())
            .header(reqwest::header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(form);
        if let Some(authorization) = authorization {
            request = request.header(reqwest::header::AUTHORIZATION, authorization);
        }
        self.asked(request, endpoints.token.as_str()).await
    }

    /// What it says of the person whose token this is.
    pub(super) async fn userinfo(
        &self,
        endpoint: &Url,
        token: &str,
    ) -> Result<Map<String, Value>, OpenIdError> {
        self.asked(self.client.get(endpoint.clone()).bearer_auth(token), endpoint.as_str()).await
    }

    /// A JSON answer. What an error says is not repeated: it may have a secret in it.
    async fn asked<T: DeserializeOwned>(
        &self,
        request: RequestBuilder,
        endpoint: &str,
    ) -> Result<T, OpenIdError> {
        let wrong = |reason: String| OpenIdError::Provider { endpoint: endpoint.to_owned(), reason };
        let request = request.header(reqwest::header::ACCEPT, "application/json");
        let sent = request.send().await.map_err(|error| wrong(error.without_url().to_string()))?;
        let status = sent.status();
        let body = body(sent).await.map_err(&wrong)?;
        if !status.is_success() {
            let code = serde_json::from_slice::<OAuthError>(&body).map(|error| error.error);
            let code = code.ok().filter(|code| is_code(code)).unwrap_or_default();
            // A code that was used, or made up: the provider is as it should be.
            if code == INVALID_GRANT {
                return Err(OpenIdError::Refused(code));
            }
            return Err(wrong(format!("{status} {code}").trim_end().to_owned()));
        }
        serde_json::from_slice(&body)
            .map_err(|error| wrong(format!("its answer can't be read: line {}", error.line())))
    }
}

/// The form that redeems a code, and the header that says who asks.
fn redemption(client: &OpenId, secret_in_form: bool, code: &str, verifier: &str) -> (String, Option<String>) {
    let id = &client.settings.client_id;
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    form.append_pair("grant_type", "authorization_code")
        .append_pair("code", code)
        .append_pair("redirect_uri", client.callback.as_str())
        .append_pair("code_verifier", verifier);
    match &client.secret {
        Some(secret) if !secret_in_form => {
            // Each is encoded as in a form before they are joined: RFC 6749, section 2.3.1.
            let encoded = |text: &str| byte_serialize(text.as_bytes()).collect::<String>();
            let pair = STANDARD.encode(format!("{}:{}", encoded(id), encoded(&secret.0)));
            (form.finish(), Some(format!("Basic {pair}")))
        }
        Some(secret) => {
            form.append_pair("client_id", id).append_pair("client_secret", &secret.0);
            (form.finish(), None)
        }
        None => (form.append_pair("client_id", id).finish(), None),
    }
}

#[derive(Deserialize)]
struct RawKeys {
    keys: Vec<Value>,
}

#[derive(Deserialize)]
struct OAuthError {
    error: String,
}

/// Whether a text is a code of an error as OAuth has them: `invalid_grant`.
pub(super) fn is_code(text: &str) -> bool {
    text.len() <= 64 && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

async fn body(mut response: reqwest::Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(part) = response.chunk().await.map_err(|error| error.without_url().to_string())? {
        if body.len() + part.len() > LARGEST_ANSWER {
            return Err(format!("its answer is longer than {LARGEST_ANSWER} bytes"));
        }
        body.extend_from_slice(&part);
    }
    Ok(body)
}
