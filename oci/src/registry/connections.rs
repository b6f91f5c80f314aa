//! Connections: one pool for all registries, with the trust, the limits and the errors that all requests have in common.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::Duration;

use jiff::Timestamp;
use reqwest::header::RETRY_AFTER;
use reqwest::{Certificate, Client, ClientBuilder, RequestBuilder, Response, redirect};
use url::Url;

use super::activity::Activity;
use super::answer;
use super::backoff;
use super::error::{RegistryError, is_untrusted};
use super::options::RegistryOptions;
use super::origin;
use super::secret::Secret;

/// A registry may send a reader on, to where the bytes are; not in circles.
const MOST_REDIRECTS: usize = 5;

/// The connections of a [`Registry`](super::Registry).
pub(super) struct Connections {
    certificates: Vec<Certificate>,
    connect_timeout: Duration,
    idle_timeout: Duration,
    /// Reading the system's certificates takes longer than asking a registry on this machine: each client is made when
    /// it is first needed.
    outside: OnceLock<Client>,
    /// Never goes through a proxy.
    loopback: OnceLock<Client>,
}

impl Connections {
    pub(super) fn new(options: &RegistryOptions) -> Result<Self, RegistryError> {
        let certificates = options.certificates.iter().map(read_certificates);
        let certificates: Vec<Vec<Certificate>> = certificates.collect::<Result<_, _>>()?;
        Ok(Self {
            certificates: certificates.concat(),
            connect_timeout: options.connect_timeout,
            idle_timeout: options.idle_timeout,
            outside: OnceLock::new(),
            loopback: OnceLock::new(),
        })
    }

    pub(super) fn idle_timeout(&self) -> Duration {
        self.idle_timeout
    }

    /// The client for an address.
    pub(super) fn client(&self, url: &Url) -> Result<&Client, RegistryError> {
        let loopback = origin::is_loopback_url(url);
        let made = if loopback { &self.loopback } else { &self.outside };
        if let Some(client) = made.get() {
            return Ok(client);
        }
        let builder = || if loopback { self.builder().no_proxy() } else { self.builder() };
        let trusting = builder().tls_certs_merge(self.certificates.clone()).build();
        // A machine without certificates of its own can still speak to registries whose certificates it was given.
        let client = trusting
            .or_else(|_| builder().tls_certs_only(self.certificates.clone()).build())
            .map_err(|source| RegistryError::Client { source })?;
        Ok(made.get_or_init(|| client))
    }

    fn builder(&self) -> ClientBuilder {
        let redirects = redirect::Policy::custom(|attempt| {
            let before = attempt.previous().last();
            let unsafe_next = before.is_some_and(|before| before.scheme() == "https")
                && attempt.url().scheme() != "https"
                && !origin::is_loopback_url(attempt.url());
            if unsafe_next {
                attempt.error("it leads from TLS to plain HTTP")
            } else if attempt.previous().len() > MOST_REDIRECTS {
                attempt.error("it leads on too often")
            } else {
                attempt.follow()
            }
        });
        Client::builder()
            .user_agent(concat!("tmpl/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(self.connect_timeout)
            .redirect(redirects)
            .referer(false)
    }

    /// Sends a request and waits for the beginning of the answer. What sends a body for long tells of it in `activity`.
    pub(super) async fn send(
        &self,
        request: RequestBuilder,
        action: &str,
        registry: &str,
        activity: Option<&Activity>,
    ) -> Result<Response, RegistryError> {
        let quiet = Activity::new();
        let activity = activity.unwrap_or(&quiet);
        let sent = tokio::select! {
            sent = request.send() => sent,
            () = activity.rest(self.idle_timeout) => return Err(self.silent(action, registry)),
        };
        sent.map_err(|error| broken(error, action, registry))
    }

    /// The whole body of an answer.
    pub(super) async fn body(
        &self,
        mut response: Response,
        most: usize,
        action: &str,
        registry: &str,
    ) -> Result<Vec<u8>, RegistryError> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk(&mut response, action, registry).await? {
            if body.len() + chunk.len() > most {
                return Err(RegistryError::Protocol {
                    action: action.to_owned(),
                    registry: registry.to_owned(),
                    reason: format!("it has more than {most} bytes"),
                });
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// The next bytes of an answer.
    pub(super) async fn chunk(
        &self,
        response: &mut Response,
        action: &str,
        registry: &str,
    ) -> Result<Option<bytes::Bytes>, RegistryError> {
        match tokio::time::timeout(self.idle_timeout, response.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| broken(error, action, registry)),
            Err(_) => Err(self.silent(action, registry)),
        }
    }

    /// The error that an answer is.
    pub(super) async fn refused(
        &self,
        response: Response,
        action: &str,
        registry: &str,
        secrets: &[Secret],
    ) -> RegistryError {
        let status = response.status();
        let retry_after = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
        let retry_after = retry_after.and_then(|value| backoff::retry_after(value, Timestamp::now()));
        RegistryError::Answer {
            action: action.to_owned(),
            registry: registry.to_owned(),
            status,
            detail: answer::detail(response, self.idle_timeout, secrets).await,
            retry_after,
        }
    }

    fn silent(&self, action: &str, registry: &str) -> RegistryError {
        let (action, registry) = (action.to_owned(), registry.to_owned());
        RegistryError::NoAnswer { action, registry, after: self.idle_timeout }
    }
}

/// The error of a request without its address, whose query may be a signature.
fn broken(error: reqwest::Error, action: &str, registry: &str) -> RegistryError {
    let source = error.without_url();
    let (action, registry) = (action.to_owned(), registry.to_owned());
    if source.is_redirect() || source.is_builder() {
        let reason = "it leads on to where it must not".to_owned();
        RegistryError::Protocol { action, registry, reason }
    } else if is_untrusted(&source) {
        RegistryError::Untrusted { action, registry, source }
    } else if source.is_connect() {
        RegistryError::Connection { action, registry, source }
    } else {
        RegistryError::Transport { action, registry, source }
    }
}

fn read_certificates(path: &PathBuf) -> Result<Vec<Certificate>, RegistryError> {
    let failed = |source| RegistryError::Certificates { path: path.clone(), source };
    let text = fs_err::read(path).map_err(|error| failed(error.into()))?;
    let certificates = Certificate::from_pem_bundle(&text).map_err(|error| failed(error.into()))?;
    if certificates.is_empty() {
        return Err(failed("it has no certificate in PEM".into()));
    }
    Ok(certificates)
}
