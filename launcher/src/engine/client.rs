//! One container engine: requests to it, its answers, and what its errors mean.

use std::time::Duration;

use reqwest::{Body, Client, Method, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::{EngineAddress, EngineError};

/// How long an engine may take for a short question. One that has much to do takes seconds to make a container.
const SHORT: Duration = Duration::from_mins(2);
/// How long a place where there may be an engine is waited for.
const GREETING: Duration = Duration::from_secs(10);
/// Bytes of an answer; those we ask for have some thousands.
const LONGEST_ANSWER: usize = 16 << 20;
/// Characters of an engine's own words that are passed on.
const LONGEST_MESSAGE: usize = 2_000;

/// An engine that answers.
#[derive(Clone, Debug)]
pub struct Engine {
    http: Client,
    address: EngineAddress,
    /// `http://localhost/v1.41`: the API in the newest version that the engine speaks.
    base: String,
}

/// What an engine says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EngineFacts {
    /// Its version.
    pub version: String,
    /// The platform that its containers run on, like `linux/amd64`.
    pub platform: String,
    /// Whether it runs without root: user 0 of a container is then the user that runs the engine.
    pub rootless: bool,
}

impl Engine {
    /// Finds an engine: at `DOCKER_HOST`, else where the configuration says, else where engines listen by default.
    pub async fn find(configured: Option<&EngineAddress>) -> Result<Self, EngineError> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let mut looked = Vec::new();
        for address in EngineAddress::candidates(variable, configured)? {
            match Self::open(address.clone()).await {
                Ok(engine) => return Ok(engine),
                Err(error) => looked.push(format!("{address} ({})", reason(&error))),
            }
        }
        Err(EngineError::NotFound { looked })
    }

    /// Opens the engine at an address, which must answer.
    pub async fn open(address: EngineAddress) -> Result<Self, EngineError> {
        let name = address.to_string();
        let builder = Client::builder().no_proxy();
        let (builder, root) = match &address {
            EngineAddress::Socket(path) => {
                (builder.unix_socket(path.as_path()), "http://localhost".to_owned())
            }
            EngineAddress::Http(url) => (builder, url.as_str().trim_end_matches('/').to_owned()),
        };
        let http = builder.build().map_err(|source| EngineError::Client { engine: name, source })?;
        let mut engine = Self { http, address, base: root };
        let greeted = engine.ping().await?;
        engine.base = format!("{}/v{greeted}", engine.base);
        Ok(engine)
    }

    /// Where the engine listens.
    pub fn address(&self) -> &EngineAddress {
        &self.address
    }

    /// What the engine says of itself.
    pub async fn facts(&self) -> Result<EngineFacts, EngineError> {
        let version: Version = self.ask("tell its version", Method::GET, "/version").await?;
        let info: Info = self.ask("describe itself", Method::GET, "/info").await?;
        Ok(EngineFacts {
            version: version.number,
            platform: format!("{}/{}", version.os, version.arch),
            rootless: info.security_options.iter().any(|option| option.contains("name=rootless")),
        })
    }

    /// The newest version of the API that the engine speaks.
    async fn ping(&self) -> Result<String, EngineError> {
        let action = "answer";
        let answer = self.http.get(format!("{}/_ping", self.base)).timeout(GREETING).send().await;
        let answer = answer.map_err(|source| self.lost(action, source))?;
        let version =
            answer.headers().get("api-version").and_then(|value| value.to_str().ok()).map(str::to_owned);
        let is_version = |text: &String| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.');
        match version.filter(is_version) {
            Some(version) if answer.status().is_success() => Ok(version),
            _ => Err(self.nonsense(action, format!("status {} to a ping", answer.status()))),
        }
    }

    /// Asks for something that is answered at once, in JSON.
    pub(super) async fn ask<T: DeserializeOwned>(
        &self,
        action: &str,
        method: Method,
        path: &str,
    ) -> Result<T, EngineError> {
        let answer =
            self.send(action, method, path, Request { limit: Some(SHORT), ..Request::default() }).await?;
        self.read(action, answer).await
    }

    /// Tells the engine to do something that is done at once.
    pub(super) async fn tell(&self, action: &str, method: Method, path: &str) -> Result<(), EngineError> {
        self.send(action, method, path, Request { limit: Some(SHORT), ..Request::default() }).await?;
        Ok(())
    }

    /// Sends a request; an answer that says no is an error.
    pub(super) async fn send(
        &self,
        action: &str,
        method: Method,
        path: &str,
        request: Request,
    ) -> Result<Response, EngineError> {
        let mut sent = self.http.request(method, format!("{}{path}", self.base));
        if let Some(limit) = request.limit {
            sent = sent.timeout(limit);
        }
        for (name, value) in request.headers {
            sent = sent.header(name, value);
        }
        if let Some((kind, body)) = request.body {
            sent = sent.header(reqwest::header::CONTENT_TYPE, kind).body(body);
        }
        let answer = sent.send().await.map_err(|source| self.lost(action, source))?;
        let status = answer.status();
        // 304: it is so already.
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            return Ok(answer);
        }
        let body = self.bytes(action, answer).await?;
        let said = serde_json::from_slice::<Message>(&body).map(|said| said.message);
        let message = said.unwrap_or_else(|_| format!("status {status}"));
        Err(EngineError::Refused {
            action: action.to_owned(),
            status: status.as_u16(),
            message: shorten(&message),
        })
    }

    /// Reads an answer to its end.
    pub(super) async fn read<T: DeserializeOwned>(
        &self,
        action: &str,
        answer: Response,
    ) -> Result<T, EngineError> {
        let bytes = self.bytes(action, answer).await?;
        serde_json::from_slice(&bytes).map_err(|error| self.nonsense(action, error.to_string()))
    }

    pub(super) async fn bytes(&self, action: &str, mut answer: Response) -> Result<Vec<u8>, EngineError> {
        let mut bytes = Vec::new();
        while let Some(part) = answer.chunk().await.map_err(|source| self.lost(action, source))? {
            bytes.extend_from_slice(&part);
            if bytes.len() > LONGEST_ANSWER {
                return Err(self.nonsense(action, format!("it is longer than {LONGEST_ANSWER} bytes")));
            }
        }
        Ok(bytes)
    }

    pub(super) fn lost(&self, action: &str, source: reqwest::Error) -> EngineError {
        // The URL is ours, and says nothing.
        let source = source.without_url();
        EngineError::Lost { engine: self.address.to_string(), action: action.to_owned(), source }
    }

    pub(super) fn nonsense(&self, action: &str, reason: String) -> EngineError {
        EngineError::Answer { engine: self.address.to_string(), action: action.to_owned(), reason }
    }

    pub(super) fn refused(action: &str, message: &str) -> EngineError {
        EngineError::Refused { action: action.to_owned(), status: 0, message: shorten(message) }
    }
}

/// What a request has beside its path.
#[derive(Debug, Default)]
pub(super) struct Request {
    /// How long the whole answer may take; without a limit where it lasts as long as a job or a download does.
    pub(super) limit: Option<Duration>,
    pub(super) headers: Vec<(&'static str, String)>,
    /// The body and its media type.
    pub(super) body: Option<(&'static str, Body)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Version {
    #[serde(rename = "Version")]
    number: String,
    os: String,
    arch: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Info {
    #[serde(default)]
    security_options: Vec<String>,
}

#[derive(Deserialize)]
struct Message {
    message: String,
}

fn shorten(text: &str) -> String {
    let text = text.trim();
    match text.char_indices().nth(LONGEST_MESSAGE) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

/// Why there is no engine at a place, in a few words: the last cause, which is the system's.
fn reason(error: &EngineError) -> String {
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    match last.downcast_ref::<std::io::Error>().map(std::io::Error::kind) {
        Some(std::io::ErrorKind::NotFound) => "not there".to_owned(),
        Some(std::io::ErrorKind::ConnectionRefused) => "nobody listens".to_owned(),
        Some(std::io::ErrorKind::PermissionDenied) => "permission denied".to_owned(),
        _ => last.to_string(),
    }
}
