//! The upload of one blob: what to do next, and what to do after a failure.

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{CONNECTION, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, LOCATION, RANGE};
use reqwest::{Method, Response, StatusCode};

use super::authorizer::Asked;
use super::blob_body::OutgoingBlob;
use super::error::RegistryError;
use super::options::RegistryOptions;
use super::scope::Scope;
use super::session::{self, Parts, Session};
use super::transport::{Body, Call, Target, Transport};
use crate::ImageReference;

const OCTETS: &str = "application/octet-stream";
/// So often a blob is begun anew without more of it being kept than before.
const MOST_RESTARTS: u32 = 3;
/// So long two looks at what a registry keeps are apart: it may still be writing what came before a connection broke.
const SETTLING: Duration = Duration::from_millis(50);
const MOST_LOOKS: u32 = 20;

/// How a blob came to be where it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PushOutcome {
    /// It was there.
    Existing,
    /// The registry took it from another of its repositories.
    Mounted,
    /// It was sent.
    Uploaded,
}

/// A blob that was pushed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PushedBlob {
    /// How it came there.
    pub outcome: PushOutcome,
    /// How many bytes of it were sent, those sent in vain with them.
    pub bytes_sent: u64,
}

/// The upload of one blob to one repository.
pub(super) struct Upload<'a> {
    pub(super) transport: &'a Transport,
    pub(super) options: &'a RegistryOptions,
    pub(super) reference: &'a ImageReference,
    pub(super) blob: Arc<OutgoingBlob>,
    /// Repository of the same registry that may have the blob.
    pub(super) mount_from: Option<&'a str>,
    /// What is done, for errors.
    pub(super) action: String,
}

/// What a session was opened to, or not.
enum Opened {
    Mounted,
    Session(Session),
}

/// What came of one request with bytes.
enum Step {
    Finished,
    Kept,
}

impl Upload<'_> {
    /// Sends the blob, unless it is there or comes there without being sent.
    pub(super) async fn run(&self) -> Result<PushedBlob, RegistryError> {
        if self.exists().await? {
            return Ok(self.pushed(PushOutcome::Existing));
        }
        let mut session = match self.open(self.mount_from).await? {
            Opened::Mounted => return Ok(self.pushed(PushOutcome::Mounted)),
            Opened::Session(session) => session,
        };
        let mut backoff = self.transport.backoff();
        let mut most_kept = 0;
        let mut restarts = 0;
        loop {
            let sent_before = self.blob.sent();
            let error = match self.step(&mut session).await {
                Ok(Step::Finished) => return Ok(self.pushed(PushOutcome::Uploaded)),
                Ok(Step::Kept) => {
                    // What is sent again is no progress: it may get lost again and again.
                    if session.kept > most_kept {
                        most_kept = session.kept;
                        backoff.progressed();
                    }
                    continue;
                }
                Err(error) => error,
            };
            let broke = error.is_temporary();
            if broke {
                self.transport.wait(error, &mut backoff).await?;
            } else if restarts < MOST_RESTARTS && self.may_be_the_session(&session, &error) {
                restarts += 1;
            } else {
                return Err(error);
            }
            // The answer may be lost, and the blob there.
            if self.exists().await? {
                return Ok(self.pushed(PushOutcome::Uploaded));
            }
            session = if let Some(session) = self.resume(session).await? {
                session
            } else {
                if broke {
                    self.learn_loss(self.blob.sent() - sent_before);
                }
                match self.open(None).await? {
                    Opened::Mounted => return Ok(self.pushed(PushOutcome::Mounted)),
                    Opened::Session(session) => session,
                }
            };
            if session.kept > most_kept {
                most_kept = session.kept;
                restarts = 0;
                backoff.progressed();
            }
        }
    }

    fn pushed(&self, outcome: PushOutcome) -> PushedBlob {
        PushedBlob { outcome, bytes_sent: self.blob.sent() }
    }

    fn registry(&self) -> &str {
        self.reference.registry()
    }

    /// Whether a refusal may be meant for this session, so that another one (or another way to send) may do better.
    fn may_be_the_session(&self, session: &Session, error: &RegistryError) -> bool {
        let Some(status) = error.status() else { return false };
        let parts = self.transport.parts(self.registry());
        if status == StatusCode::PAYLOAD_TOO_LARGE && parts == Parts::Usual {
            // Something before the registry does not let long requests through.
            self.transport.learn_parts(self.registry(), Parts::small(0));
            return true;
        }
        let forgotten = matches!(status, StatusCode::NOT_FOUND | StatusCode::RANGE_NOT_SATISFIABLE);
        if session.chunked && session.kept < self.blob.size() && !forgotten {
            // It takes no parts: the whole blob in one request is another matter.
            self.transport.learn_parts(self.registry(), Parts::None);
            return true;
        }
        forgotten || matches!(status, StatusCode::BAD_REQUEST | StatusCode::GONE)
    }

    /// What was sent in one request is lost: less is sent in one from now on.
    fn learn_loss(&self, sent: u64) {
        if sent > 0 && self.transport.parts(self.registry()) != Parts::None {
            self.transport.learn_parts(self.registry(), Parts::small(sent));
        }
    }

    /// Whether the registry has the blob.
    async fn exists(&self) -> Result<bool, RegistryError> {
        let scopes = [Scope::push(self.reference)];
        super::blobs::exists(self.transport, self.reference, self.blob.digest(), &scopes).await
    }

    /// A new session, or the blob itself.
    async fn open(&self, mount_from: Option<&str>) -> Result<Opened, RegistryError> {
        let Some(from) = mount_from else { return self.post("", &[Scope::push(self.reference)]).await };
        let query = url::form_urlencoded::Serializer::new("?".to_owned())
            .append_pair("mount", self.blob.digest().as_ref())
            .append_pair("from", from)
            .finish();
        match self.post(&query, &[Scope::push(self.reference), Scope::pull_from(from)]).await {
            // Who may not read there can still send it.
            Err(error) if !error.is_temporary() => self.post("", &[Scope::push(self.reference)]).await,
            opened => opened,
        }
    }

    async fn post(&self, query: &str, scopes: &[Scope]) -> Result<Opened, RegistryError> {
        let path = format!("{}/blobs/uploads/{query}", self.reference.repository());
        let call = Call::new(Method::POST, Target::Path(path), self.asked(scopes));
        let response = self.transport.send(&call).await?;
        if response.status() == StatusCode::CREATED {
            return Ok(Opened::Mounted);
        }
        let Some(location) = response.headers().get(LOCATION) else {
            return Err(call.wrong("it opens an upload without `Location`"));
        };
        let url = session::next(response.url(), location).map_err(|reason| call.wrong(reason))?;
        let limits = session::ChunkLimits::of(self.registry(), response.headers());
        Ok(Opened::Session(Session { url, kept: 0, limits, chunked: self.goes_in_parts() }))
    }

    /// Whether the blob is not sent in one request.
    fn goes_in_parts(&self) -> bool {
        let threshold = match self.transport.parts(self.registry()) {
            Parts::Usual => self.options.chunk_threshold,
            Parts::Small(most) => Some(most),
            Parts::None => None,
        };
        threshold.is_some_and(|threshold| self.blob.size() > threshold)
    }

    /// Sends what comes next.
    async fn step(&self, session: &mut Session) -> Result<Step, RegistryError> {
        let size = self.blob.size();
        if session.chunked && session.kept < size {
            let wanted = match self.transport.parts(self.registry()) {
                Parts::Small(most) => most.min(self.options.chunk_size),
                _ => self.options.chunk_size,
            };
            let length = session.limits.chunk(wanted);
            self.patch(session, session.kept.saturating_add(length).min(size)).await?;
            return Ok(Step::Kept);
        }
        let part = self.blob.part(session.kept..size);
        let mut url = session.url.clone();
        url.query_pairs_mut().append_pair("digest", self.blob.digest().as_ref());
        let scopes = [Scope::push(self.reference)];
        let call = Call::new(Method::PUT, Target::Address(url), self.asked(&scopes))
            .header(CONTENT_TYPE, OCTETS)
            .header(CONTENT_LENGTH, part.length().to_string());
        let call = if part.length() > 0 { call.body(Body::Part(part)) } else { call };
        self.transport.attempt(&call).await?;
        Ok(Step::Finished)
    }

    /// Sends the bytes up to `end`, without finishing the blob.
    async fn patch(&self, session: &mut Session, end: u64) -> Result<(), RegistryError> {
        let part = self.blob.part(session.kept..end);
        let scopes = [Scope::push(self.reference)];
        let mut call = Call::new(Method::PATCH, Target::Address(session.url.clone()), self.asked(&scopes))
            .header(CONTENT_TYPE, OCTETS)
            .header(CONTENT_LENGTH, part.length().to_string())
            .header(CONTENT_RANGE, format!("{}-{}", session.kept, end - 1))
            .body(Body::Part(part));
        if matches!(self.transport.parts(self.registry()), Parts::Small(_)) {
            call = call.header(CONNECTION, "close");
        }
        let response = self.transport.attempt(&call).await?;
        let kept = session::kept(response.headers().get(RANGE)).unwrap_or(end);
        if kept > end || kept <= session.kept {
            return Err(call.wrong(format!("it keeps {kept} bytes of {end}")));
        }
        go_on(session, &response, &call)?;
        session.kept = kept;
        Ok(())
    }

    /// The session as the registry has it after a failure; `None`: it has none, or none that can go on.
    async fn resume(&self, mut session: Session) -> Result<Option<Session>, RegistryError> {
        if self.transport.parts(self.registry()) == Parts::None {
            return Ok(None);
        }
        let mut before = None;
        for _ in 0..MOST_LOOKS {
            let Some(kept) = self.look(&mut session).await? else { return Ok(None) };
            if before == Some(kept) {
                // What is kept of a blob that was sent whole goes on in parts; without any it is sent whole again.
                session.chunked = session.chunked || kept > 0 || self.goes_in_parts();
                session.kept = kept;
                return Ok((kept <= self.blob.size()).then_some(session));
            }
            before = Some(kept);
            tokio::time::sleep(SETTLING).await;
        }
        Ok(None)
    }

    /// How many bytes the session has.
    async fn look(&self, session: &mut Session) -> Result<Option<u64>, RegistryError> {
        let scopes = [Scope::push(self.reference)];
        let call = Call::new(Method::GET, Target::Address(session.url.clone()), self.asked(&scopes));
        let response = match self.transport.send(&call).await {
            Ok(response) => response,
            Err(error) if error.is_temporary() => return Err(error),
            Err(_) => return Ok(None),
        };
        if response.status() != StatusCode::NO_CONTENT {
            return Ok(None);
        }
        go_on(session, &response, &call)?;
        Ok(session::kept(response.headers().get(RANGE)))
    }

    fn asked<'a>(&'a self, scopes: &'a [Scope]) -> Asked<'a> {
        Asked { reference: self.reference, scopes, action: &self.action }
    }
}

/// Takes up where the registry wants the next request.
fn go_on(session: &mut Session, response: &Response, call: &Call<'_>) -> Result<(), RegistryError> {
    if let Some(location) = response.headers().get(LOCATION) {
        session.url = session::next(response.url(), location).map_err(|reason| call.wrong(reason))?;
    }
    Ok(())
}
