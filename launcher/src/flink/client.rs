//! One Flink cluster: requests to its REST API, and what its answers mean.

use std::net::IpAddr;
use std::time::Duration;

use bytes::Bytes;
use reqwest::{Body, Client, Method, RequestBuilder, Response, StatusCode, header, redirect};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::{Host, Url};

use super::java_error::{first_cause, mentions};
use super::other_server::{self, Answer};
use super::{FlinkError, FlinkJobId};

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(10);
/// How long a short question may take. A `JobManager` that has much to do takes seconds.
pub(super) const ANSWER: Duration = Duration::from_secs(30);
/// Bytes of an answer: figures of a large graph have some millions.
const LONGEST_ANSWER: usize = 256 << 20;

/// A cluster, by its REST API.
#[derive(Clone, Debug)]
pub struct FlinkClient {
    http: Client,
    /// The address without `/v1`, and without a slash at the end.
    endpoint: String,
    token: Option<Token>,
}

/// A secret that is shown to nobody.
#[derive(Clone)]
struct Token(String);

/// A request.
#[derive(Debug)]
pub(super) struct Ask<'a> {
    /// What Flink is to do, for errors: "tell how job X is".
    pub(super) action: &'a str,
    pub(super) method: Method,
    /// Behind `/v1`, with a slash.
    pub(super) path: &'a str,
    /// The job that an answer 404 says is gone.
    pub(super) job: Option<&'a FlinkJobId>,
    /// The body and its media type.
    pub(super) body: Option<(&'a str, Body)>,
    /// How many bytes the body has.
    pub(super) bytes: u64,
    /// How long the whole answer may take; none where somebody else watches over that.
    pub(super) limit: Option<Duration>,
}

impl<'a> Ask<'a> {
    pub(super) fn get(action: &'a str, path: &'a str) -> Self {
        Self { action, method: Method::GET, path, job: None, body: None, bytes: 0, limit: Some(ANSWER) }
    }

    pub(super) fn of(self, job: &'a FlinkJobId) -> Self {
        Self { job: Some(job), ..self }
    }

    pub(super) fn by(self, method: Method) -> Self {
        Self { method, ..self }
    }

    pub(super) fn json(self, body: &serde_json::Value) -> Self {
        let body = body.to_string();
        Self {
            method: Method::POST,
            bytes: body.len() as u64,
            body: Some(("application/json", body.into())),
            ..self
        }
    }
}

impl FlinkClient {
    /// A client for the cluster whose REST API is at an address, such as `http://flink.example:8081`. Nothing is asked yet.
    pub fn new(endpoint: &str, token: Option<String>) -> Result<Self, FlinkError> {
        let wrong = |reason: String| FlinkError::Endpoint { endpoint: endpoint.to_owned(), reason };
        let url = Url::parse(endpoint).map_err(|error| wrong(error.to_string()))?;
        let Some(host) = url.host().filter(|_| matches!(url.scheme(), "http" | "https")) else {
            return Err(wrong("it has to begin with http:// or https://, and to name a host".to_owned()));
        };
        let builder = Client::builder()
            .connect_timeout(CONNECT)
            .user_agent(concat!("tmpl/", env!("CARGO_PKG_VERSION")))
            // Who is sent elsewhere has not reached Flink: perhaps a page to sign in at.
            .redirect(redirect::Policy::none());
        // A proxy has another idea of what this machine is.
        let builder = if is_this_machine(&host) { builder.no_proxy() } else { builder };
        let http = builder.build().map_err(|error| wrong(other_server::reason(&error)))?;
        let endpoint = endpoint.split(['?', '#']).next().unwrap_or(endpoint).trim_end_matches('/');
        let endpoint = endpoint.strip_suffix("/v1").unwrap_or(endpoint).to_owned();
        Ok(Self { http, endpoint, token: token.map(Token) })
    }

    /// Where the cluster's REST API is.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Asks, and reads the answer.
    pub(super) async fn ask<T: DeserializeOwned>(&self, ask: Ask<'_>) -> Result<T, FlinkError> {
        let action = ask.action.to_owned();
        let (answer, body) = self.send(ask).await?;
        serde_json::from_slice(&body).map_err(|error| {
            let found = format!("{}, where it was to {action}: {error}", answer.describe(&body));
            FlinkError::NotFlink { endpoint: self.endpoint.clone(), found }
        })
    }

    /// Asks, and reads an answer that is good, whatever it holds.
    pub(super) async fn send(&self, ask: Ask<'_>) -> Result<(Answer, Bytes), FlinkError> {
        let mut request = self.request(ask.method.clone(), ask.path);
        if let Some(limit) = ask.limit {
            request = request.timeout(limit);
        }
        if let Some((kind, body)) = ask.body {
            // Of a stream nobody knows how long it is, and a proxy that is to refuse it should do so at once.
            request = request
                .header(header::CONTENT_TYPE, kind)
                .header(header::CONTENT_LENGTH, ask.bytes)
                .body(body);
        }
        let failed =
            |error: reqwest::Error| other_server::failure(&self.endpoint, ask.action, ask.limit, &error);
        let response = request.send().await.map_err(failed)?;
        let answer = Answer::of(&response);
        let body = Self::read(response).await.map_err(failed)?;
        let body = body.ok_or_else(|| FlinkError::NotFlink {
            endpoint: self.endpoint.clone(),
            found: format!("its answer is longer than {LONGEST_ANSWER} bytes"),
        })?;
        if answer.status.is_success() {
            return Ok((answer, body));
        }
        Err(self.refusal(ask.action, ask.job, ask.bytes, &answer, &body))
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}/v1{path}", self.endpoint));
        match &self.token {
            Some(Token(token)) => request.bearer_auth(token),
            None => request,
        }
    }

    /// The body of an answer; none if it is too long.
    async fn read(mut response: Response) -> Result<Option<Bytes>, reqwest::Error> {
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await? {
            body.extend_from_slice(&part);
            if body.len() > LONGEST_ANSWER {
                return Ok(None);
            }
        }
        Ok(Some(body.into()))
    }

    /// What an answer that says no means.
    fn refusal(
        &self,
        action: &str,
        job: Option<&FlinkJobId>,
        bytes: u64,
        answer: &Answer,
        body: &[u8],
    ) -> FlinkError {
        let endpoint = self.endpoint.clone();
        let status = answer.status;
        let not_flink = || FlinkError::NotFlink { endpoint: endpoint.clone(), found: answer.describe(body) };
        match status {
            StatusCode::PAYLOAD_TOO_LARGE => {
                return FlinkError::TooLarge { action: action.to_owned(), bytes };
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN | StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
                return FlinkError::Denied { endpoint, status: status.as_u16() };
            }
            _ => {}
        }
        let Ok(Errors { errors }) = serde_json::from_slice::<Errors>(body) else {
            return match status {
                // A proxy that does not find Flink behind it.
                StatusCode::BAD_GATEWAY | StatusCode::SERVICE_UNAVAILABLE | StatusCode::GATEWAY_TIMEOUT => {
                    FlinkError::NotReady { endpoint, reason: answer.describe(body) }
                }
                _ => not_flink(),
            };
        };
        // One text each, or a word ("Internal server error.") and the stack trace behind it.
        let trace =
            errors.iter().find(|text| text.contains('\n')).or(errors.last()).map_or("", String::as_str);
        let message = first_cause(trace).unwrap_or_else(|| format!("status {status}"));
        if let Some(job) = job.filter(|_| mentions(trace, "DuplicateJobSubmissionException")) {
            return FlinkError::Duplicate { job: job.clone() };
        }
        let knows_no_job =
            status == StatusCode::NOT_FOUND && !trace.contains("Unable to load requested file");
        if let Some(job) = job.filter(|_| knows_no_job || mentions(trace, "FlinkJobNotFoundException")) {
            return FlinkError::Gone { job: job.clone() };
        }
        // 503 of its own: the JobManager has no leader yet.
        if status == StatusCode::SERVICE_UNAVAILABLE {
            return FlinkError::NotReady { endpoint, reason: message };
        }
        FlinkError::Refused { action: action.to_owned(), status: status.as_u16(), message }
    }
}

/// How Flink says no.
#[derive(Deserialize)]
struct Errors {
    errors: Vec<String>,
}

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("[secret]")
    }
}

fn is_this_machine(host: &Host<&str>) -> bool {
    match host {
        Host::Domain(name) => *name == "localhost" || name.ends_with(".localhost"),
        Host::Ipv4(address) => IpAddr::V4(*address).is_loopback(),
        Host::Ipv6(address) => IpAddr::V6(*address).is_loopback(),
    }
}

#[cfg(test)]
mod tests;
