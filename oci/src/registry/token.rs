//! Tokens from a registry's token server.

use std::time::{Duration, Instant};

use reqwest::header::AUTHORIZATION;
use reqwest::{Response, StatusCode};
use serde::Deserialize;
use url::Url;

use super::answer;
use super::authorizer::{Asked, denied};
use super::connections::Connections;
use super::credentials::{Credentials, Lookup};
use super::error::RegistryError;
use super::origin;
use super::scope::Scope;
use super::secret::Secret;

/// What we are called where a name is wanted.
const CLIENT_ID: &str = "tmpl";
/// How long a token lives whose server does not say it, by the protocol.
const DEFAULT_LIFE: Duration = Duration::from_mins(1);
/// More is no token.
const LONGEST_ANSWER: usize = 256 * 1024;

/// A token, and until when it is used.
pub(super) struct Token {
    pub(super) value: Secret,
    pub(super) expires: Instant,
}

/// What a token server is asked for.
pub(super) struct Request<'a> {
    pub(super) realm: &'a str,
    pub(super) service: Option<&'a str>,
    pub(super) asked: &'a Asked<'a>,
    pub(super) lookup: &'a Lookup,
}

#[derive(Deserialize)]
struct Answer {
    token: Option<String>,
    access_token: Option<String>,
    expires_in: Option<u64>,
}

/// Asks token servers.
pub(super) struct Client<'a> {
    pub(super) connections: &'a Connections,
    /// Registries that may be spoken to without TLS.
    pub(super) plain_http: &'a [String],
}

impl Client<'_> {
    /// A new token. Temporary failures are the caller's to repeat.
    pub(super) async fn fetch(&self, request: &Request<'_>) -> Result<Token, RegistryError> {
        let registry = request.asked.reference.registry();
        let action = format!("get a token to {}", request.asked.action);
        let wrong = |reason: &str| RegistryError::Protocol {
            action: action.clone(),
            registry: registry.to_owned(),
            reason: reason.to_owned(),
        };
        let realm = Url::parse(request.realm).map_err(|_| wrong("its token server has no address"))?;
        if !self.is_safe(&realm) {
            return Err(wrong("its token server would be spoken to without TLS"));
        }
        let asked_at = Instant::now();
        let (response, secrets) = self.send(request, &action, realm).await?;
        let status = response.status();
        if matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            let detail = answer::detail(response, self.connections.idle_timeout(), &secrets).await;
            return Err(denied(request.asked, detail, request.lookup.searched.clone()));
        }
        if !status.is_success() {
            return Err(self.connections.refused(response, &action, registry, &secrets).await);
        }
        let body = self.connections.body(response, LONGEST_ANSWER, &action, registry).await?;
        let answer: Answer =
            serde_json::from_slice(&body).map_err(|_| wrong("what its token server sent is no JSON"))?;
        let token = answer.token.or(answer.access_token).filter(|token| !token.is_empty());
        let value = Secret::new(token.ok_or_else(|| wrong("its token server sent no token"))?);
        if value.bearer().header().is_none() {
            return Err(wrong("its token server sent a token that is none"));
        }
        let life = answer.expires_in.map_or(DEFAULT_LIFE, Duration::from_secs);
        // A request that begins with the token should also end with it.
        Ok(Token { value, expires: asked_at + life.min(Duration::from_hours(24)) * 9 / 10 })
    }

    /// The request, and what in it is secret.
    async fn send(
        &self,
        request: &Request<'_>,
        action: &str,
        mut realm: Url,
    ) -> Result<(Response, Vec<Secret>), RegistryError> {
        let client = self.connections.client(&realm)?;
        let scopes = request.asked.scopes.iter().map(Scope::text);
        let (builder, secrets) = match &request.lookup.credentials {
            Some(Credentials::Identity(identity)) => {
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                form.append_pair("grant_type", "refresh_token")
                    .append_pair("client_id", CLIENT_ID)
                    .append_pair("refresh_token", identity.reveal())
                    .append_pair("scope", &scopes.collect::<Vec<_>>().join(" "));
                if let Some(service) = request.service {
                    form.append_pair("service", service);
                }
                let builder = client
                    .post(realm)
                    .header("content-type", "application/x-www-form-urlencoded")
                    .body(form.finish());
                (builder, vec![identity.clone()])
            }
            credentials => {
                {
                    let mut query = realm.query_pairs_mut();
                    for scope in scopes {
                        query.append_pair("scope", &scope);
                    }
                    if let Some(service) = request.service {
                        query.append_pair("service", service);
                    }
                    query.append_pair("client_id", CLIENT_ID);
                }
                let builder = client.get(realm);
                match credentials {
                    Some(Credentials::Password { user, password }) => {
                        let header = Secret::basic(user, password);
                        match header.header() {
                            Some(value) => {
                                (builder.header(AUTHORIZATION, value), vec![header, password.clone()])
                            }
                            None => (builder, Vec::new()),
                        }
                    }
                    _ => (builder, Vec::new()),
                }
            }
        };
        let registry = request.asked.reference.registry();
        let response = self.connections.send(builder, action, registry, None).await?;
        Ok((response, secrets))
    }

    /// Whether credentials may be sent there.
    fn is_safe(&self, realm: &Url) -> bool {
        let registry = match (realm.host_str(), realm.port()) {
            (Some(host), Some(port)) => format!("{host}:{port}"),
            (host, _) => host.unwrap_or_default().to_owned(),
        };
        realm.scheme() == "https"
            || realm.scheme() == "http"
                && (origin::is_loopback_url(realm) || self.plain_http.contains(&registry))
    }
}
