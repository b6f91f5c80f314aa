//! Requests to registries: with the right authorization, tried again when that may help.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, WWW_AUTHENTICATE};
use reqwest::{Method, Response, StatusCode};
use url::Url;

use super::answer;
use super::authorizer::{Asked, Authorizer, denied};
use super::backoff::Backoff;
use super::blob_body::BlobPart;
use super::challenge;
use super::connections::Connections;
use super::error::RegistryError;
use super::options::RegistryOptions;
use super::origin::{self, Scheme};
use super::secret::Secret;
use super::session::Parts;
use super::token;

/// Where a request goes.
pub(super) enum Target {
    /// In the registry: what follows `/v2/`.
    Path(String),
    /// Where the registry sent us.
    Address(Url),
}

/// What a request carries.
pub(super) enum Body {
    Empty,
    Bytes(Bytes),
    Part(BlobPart),
}

/// An answer that was read to its end.
pub(super) struct Fetched {
    /// Where it came from.
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// A request, which can be made more than once.
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) asked: Asked<'a>,
    pub(super) headers: Vec<(HeaderName, String)>,
    pub(super) body: Body,
}

impl<'a> Call<'a> {
    /// A request without a body.
    pub(super) fn new(method: Method, target: Target, asked: Asked<'a>) -> Self {
        Self { method, target, asked, headers: Vec::new(), body: Body::Empty }
    }

    pub(super) fn header(mut self, name: HeaderName, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn body(mut self, body: Body) -> Self {
        self.body = body;
        self
    }

    fn registry(&self) -> &str {
        self.asked.reference.registry()
    }

    /// Where it goes, if the registry is spoken to so.
    fn url(&self, scheme: Scheme) -> Result<Url, RegistryError> {
        match &self.target {
            Target::Address(url) => Ok(url.clone()),
            Target::Path(path) => origin::url(scheme, self.registry(), path)
                .map_err(|error| self.wrong(format!("its name makes no address: {error}"))),
        }
    }

    /// The error of an answer that can't be.
    pub(super) fn wrong(&self, reason: impl Into<String>) -> RegistryError {
        RegistryError::Protocol {
            action: self.asked.action.to_owned(),
            registry: self.registry().to_owned(),
            reason: reason.into(),
        }
    }
}

/// What all requests of a [`Registry`](super::Registry) share.
pub(super) struct Transport {
    connections: Connections,
    authorizer: Authorizer,
    plain_http: Vec<String>,
    retry_budget: Duration,
    /// How the registries that answered are spoken to.
    reached: Mutex<HashMap<String, Scheme>>,
    /// What was learned of registries about blobs in parts.
    parts: Mutex<HashMap<String, Parts>>,
}

impl Transport {
    pub(super) fn new(options: &RegistryOptions) -> Result<Self, RegistryError> {
        Ok(Self {
            connections: Connections::new(options)?,
            authorizer: Authorizer::new(options.credentials.clone()),
            plain_http: options.plain_http.clone(),
            retry_budget: options.retry_budget,
            reached: Mutex::default(),
            parts: Mutex::default(),
        })
    }

    pub(super) fn connections(&self) -> &Connections {
        &self.connections
    }

    pub(super) fn backoff(&self) -> Backoff {
        Backoff::new(self.retry_budget)
    }

    pub(super) fn parts(&self, registry: &str) -> Parts {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.get(registry).copied().unwrap_or(Parts::Usual)
    }

    pub(super) fn learn_parts(&self, registry: &str, learned: Parts) {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).insert(registry.to_owned(), learned);
    }

    /// Waits before another try after an error, or gives up with it.
    pub(super) async fn wait(
        &self,
        error: RegistryError,
        backoff: &mut Backoff,
    ) -> Result<(), RegistryError> {
        match backoff.next(error.retry_after()).filter(|_| error.is_temporary()) {
            Some(wait) => {
                tokio::time::sleep(wait).await;
                Ok(())
            }
            None => Err(error),
        }
    }

    /// A successful answer; temporary failures are tried again.
    pub(super) async fn send(&self, call: &Call<'_>) -> Result<Response, RegistryError> {
        let mut backoff = self.patience(call.registry());
        loop {
            match self.attempt(call).await {
                Err(error) => self.wait(error, &mut backoff).await?,
                answer => return answer,
            }
        }
    }

    /// A successful answer with its whole body; temporary failures are tried again.
    pub(super) async fn fetch(&self, call: &Call<'_>, most: usize) -> Result<Fetched, RegistryError> {
        let mut backoff = self.patience(call.registry());
        loop {
            let fetched = async {
                let response = self.attempt(call).await?;
                let (url, headers) = (response.url().clone(), response.headers().clone());
                let body = self.connections.body(response, most, call.asked.action, call.registry()).await?;
                Ok(Fetched { url, headers, body: body.into() })
            };
            match fetched.await {
                Err(error) => self.wait(error, &mut backoff).await?,
                fetched => return fetched,
            }
        }
    }

    /// One try. Any answer that is no success is an error.
    pub(super) async fn attempt(&self, call: &Call<'_>) -> Result<Response, RegistryError> {
        let registry = call.registry();
        let client = token::Client { connections: &self.connections, plain_http: &self.plain_http };
        let url = call.url(self.scheme(registry))?;
        let mut own = self.is_own(call, &url);
        let header = if own { self.authorizer.ready(&client, &call.asked).await? } else { None };
        let mut secrets: Vec<Secret> = header.clone().into_iter().collect();
        let mut response = self.exchange(call, url, header.as_ref()).await?;
        if own && response.status() == StatusCode::UNAUTHORIZED {
            let values = response.headers().get_all(WWW_AUTHENTICATE);
            let Some(challenge) = challenge::best(values.iter().filter_map(|value| value.to_str().ok()))
            else {
                let (action, registry) = (call.asked.action.to_owned(), registry.to_owned());
                return Err(RegistryError::Unchallenged { action, registry });
            };
            let header = self.authorizer.challenged(&client, &call.asked, challenge, header.as_ref()).await?;
            let url = call.url(self.scheme(registry))?;
            response = self.exchange(call, url, Some(&header)).await?;
            secrets.push(header);
        }
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        // A store that the registry sends readers to has rules of its own.
        own &= self.is_own_address(registry, response.url());
        if own && matches!(status, StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN) {
            let detail = answer::detail(response, self.connections.idle_timeout(), &secrets).await;
            let searched = self.authorizer.searched(call.asked.reference).await?;
            return Err(denied(&call.asked, detail, searched));
        }
        Err(self.connections.refused(response, call.asked.action, registry, &secrets).await)
    }

    /// The answer, whatever it is. A registry on this machine that does not understand plain HTTP is spoken to with TLS.
    async fn exchange(
        &self,
        call: &Call<'_>,
        url: Url,
        authorization: Option<&Secret>,
    ) -> Result<Response, RegistryError> {
        let registry = call.registry();
        let scheme = self.scheme(registry);
        let first = self.exchange_once(call, url, authorization).await;
        if matches!(call.target, Target::Address(_)) {
            return first;
        }
        let not_understood = match &first {
            Ok(response) => response.status() == StatusCode::BAD_REQUEST,
            Err(error) => matches!(error, RegistryError::Transport { .. }),
        };
        if scheme == Scheme::Either && not_understood {
            match self.exchange_once(call, call.url(Scheme::Https)?, authorization).await {
                Ok(response) => {
                    self.set_reached(registry, Scheme::Https);
                    return Ok(response);
                }
                Err(error @ RegistryError::Untrusted { .. }) => return Err(error),
                // It speaks no TLS either: what it said counts.
                Err(_) => {}
            }
        }
        if first.is_ok() {
            self.set_reached(registry, if scheme == Scheme::Either { Scheme::Http } else { scheme });
        }
        first
    }

    async fn exchange_once(
        &self,
        call: &Call<'_>,
        url: Url,
        authorization: Option<&Secret>,
    ) -> Result<Response, RegistryError> {
        let mut request = self.connections.client(&url)?.request(call.method.clone(), url);
        for (name, value) in &call.headers {
            request = request.header(name, value);
        }
        if let Some(value) = authorization.and_then(Secret::header) {
            request = request.header(AUTHORIZATION, value);
        }
        let (action, registry) = (call.asked.action, call.registry());
        match &call.body {
            Body::Empty if matches!(call.method, Method::GET | Method::HEAD) => {
                self.connections.send(request, action, registry, None).await
            }
            // The length is told, even if it is nothing: some registries ask for it.
            Body::Empty => self.connections.send(request.body(Bytes::new()), action, registry, None).await,
            Body::Bytes(bytes) => {
                self.connections.send(request.body(bytes.clone()), action, registry, None).await
            }
            Body::Part(part) => {
                let (body, activity) = part.stream();
                let sent = self.connections.send(request.body(body), action, registry, Some(&activity)).await;
                // A source that fails breaks the connection.
                sent.map_err(|error| part.failure().unwrap_or(error))
            }
        }
    }

    /// Whether an address is the registry's own, which may see who asks.
    fn is_own(&self, call: &Call<'_>, url: &Url) -> bool {
        matches!(call.target, Target::Path(_)) || self.is_own_address(call.registry(), url)
    }

    fn is_own_address(&self, registry: &str, url: &Url) -> bool {
        let own = origin::url(self.scheme(registry), registry, "");
        own.is_ok_and(|own| origin::same_origin(&own, url))
    }

    fn scheme(&self, registry: &str) -> Scheme {
        let reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner);
        reached.get(registry).copied().unwrap_or_else(|| Scheme::of(registry, &self.plain_http))
    }

    fn set_reached(&self, registry: &str, scheme: Scheme) {
        self.reached.lock().unwrap_or_else(PoisonError::into_inner).insert(registry.to_owned(), scheme);
    }

    /// A registry that never answered may not exist: that is found out sooner.
    fn patience(&self, registry: &str) -> Backoff {
        let reached = self.reached.lock().unwrap_or_else(PoisonError::into_inner).contains_key(registry);
        if reached { self.backoff() } else { Backoff::new(self.retry_budget / 8) }
    }
}
