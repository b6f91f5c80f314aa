//! Connections, and the way of a request.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use hyper::body::{Body, Incoming};
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, TRANSFER_ENCODING};
use hyper::{Request, Response, Uri, Version};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use rustix::net::sockopt::set_socket_linger;
use tokio::net::{TcpListener, TcpStream};

use super::body::{self, Cut, Error, Passed, Side};
use super::record::Entry;
use super::{Fault, Shared, Then};

type Upstream = Client<HttpConnector, Passed>;

/// Connections to the server are not kept for longer than servers keep them.
const IDLE: Duration = Duration::from_secs(2);

/// Accepts connections until the runtime ends.
pub(super) async fn serve(listener: TcpListener, shared: Arc<Shared>) {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let upstream: Upstream = Client::builder(TokioExecutor::new()).pool_idle_timeout(IDLE).build(connector);
    loop {
        let Ok((stream, _)) = listener.accept().await else { continue };
        let (shared, upstream) = (Arc::clone(&shared), upstream.clone());
        tokio::spawn(async move {
            // A connection that ends in an error is the matter of the client, which sees it too.
            let _ = connection(stream, shared, upstream).await;
        });
    }
}

async fn connection(stream: TcpStream, shared: Arc<Shared>, upstream: Upstream) -> Result<(), Error> {
    stream.set_nodelay(true)?;
    // Programs that a test starts meanwhile must not have it: as long as one of them lived, no reset would go out.
    let line = Arc::new(Line(rustix::io::fcntl_dupfd_cloexec(&stream, 0)?));
    let service = hyper::service::service_fn(move |request| {
        let way = Way { shared: Arc::clone(&shared), upstream: upstream.clone(), line: Arc::clone(&line) };
        way.pass(request)
    });
    hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service).await?;
    Ok(())
}

/// The connection to a client, by a second handle.
struct Line(rustix::fd::OwnedFd);

impl Line {
    /// Whenever it is closed, it will be by a reset.
    fn reset_at_end(&self) {
        let _ = set_socket_linger(&self.0, Some(Duration::ZERO));
    }
}

/// A request's way: what is needed for it.
struct Way {
    shared: Arc<Shared>,
    upstream: Upstream,
    line: Arc<Line>,
}

impl Way {
    /// Passes a request on. An error closes the connection, which is how a client sees a fault without an answer.
    async fn pass(self, request: Request<Incoming>) -> Result<Response<Passed>, Error> {
        let entry = self.shared.enter(&request);
        self.shared.unblocked().await;
        let hooked = tokio::task::block_in_place(|| self.shared.ask_hook(&entry));
        let answer = match hooked {
            Then::Drop => Err("dropped by a hook".into()),
            Then::PassOn => self.meet(request, &entry).await,
        };
        self.shared.unblocked().await;
        match &answer {
            Ok(answer) => entry.status.store(answer.status().as_u16(), Ordering::SeqCst),
            Err(_) => self.line.reset_at_end(),
        }
        answer
    }

    /// What becomes of a request that meets a fault, or none.
    async fn meet(&self, request: Request<Incoming>, entry: &Arc<Entry>) -> Result<Response<Passed>, Error> {
        match entry.fault {
            Some(Fault::ResetBeforeRequest) => Err("reset".into()),
            Some(Fault::Status(status)) => self.refuse(request, entry, status, name(status)).await,
            Some(Fault::ExpiredCredentials(status)) => {
                self.refuse(request, entry, status, "ExpiredToken").await
            }
            Some(Fault::RepeatedRequest) => self.repeat(request, entry).await,
            Some(Fault::LostAnswer) => {
                let answer = self.forward(request, entry, None).await?;
                http_body_util::BodyExt::collect(answer.into_body()).await?;
                Err("the answer is lost".into())
            }
            Some(Fault::StallSeconds(seconds)) => {
                let answer = self.forward(request, entry, None).await?;
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                Ok(self.back(answer, entry, None))
            }
            Some(Fault::ResetInRequestBody) => {
                let after = half(request.headers());
                // The connection is reset by the error that this ends in.
                let cut = Cut { after, then: Box::new(|| {}) };
                self.forward(request, entry, Some(cut)).await?;
                Err("cut in the request".into())
            }
            Some(Fault::ResetInResponseBody) => {
                let answer = with_body(self.forward(request, entry, None).await?)?;
                let line = Arc::clone(&self.line);
                let cut = Cut { after: half(answer.headers()), then: Box::new(move || line.reset_at_end()) };
                Ok(self.back(answer, entry, Some(cut)))
            }
            Some(Fault::TruncateResponse) => {
                let answer = with_body(self.forward(request, entry, None).await?)?;
                let cut = Cut { after: half(answer.headers()), then: Box::new(|| {}) };
                Ok(self.back(answer, entry, Some(cut)))
            }
            None => {
                let answer = self.forward(request, entry, None).await?;
                Ok(self.back(answer, entry, None))
            }
        }
    }

    /// Sends a request to the server.
    async fn forward(
        &self,
        request: Request<Incoming>,
        entry: &Arc<Entry>,
        cut: Option<Cut>,
    ) -> Result<Response<Incoming>, Error> {
        let (head, body) = request.into_parts();
        let body = body::pass(body, &self.shared, entry, Side::Request, cut);
        self.send(Request::from_parts(head, body)).await
    }

    async fn send(&self, mut request: Request<Passed>) -> Result<Response<Incoming>, Error> {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        *request.uri_mut() = Uri::builder()
            .scheme("http")
            .authority(self.shared.upstream.as_str())
            .path_and_query(path)
            .build()?;
        strip(request.headers_mut());
        Ok(self.upstream.request(request).await?)
    }

    /// Gives an answer to the client.
    fn back(&self, answer: Response<Incoming>, entry: &Arc<Entry>, cut: Option<Cut>) -> Response<Passed> {
        let (mut head, body) = answer.into_parts();
        head.version = Version::HTTP_11;
        strip(&mut head.headers);
        let body = body::pass(body, &self.shared, entry, Side::Response, cut);
        Response::from_parts(head, body)
    }

    /// Sends a request twice.
    async fn repeat(
        &self,
        request: Request<Incoming>,
        entry: &Arc<Entry>,
    ) -> Result<Response<Passed>, Error> {
        let (head, body) = request.into_parts();
        let bytes = body::read(body, &self.shared, entry, Side::Request).await?;
        let first = self.send(Request::from_parts(head.clone(), body::whole(bytes.clone()))).await?;
        http_body_util::BodyExt::collect(first.into_body()).await?;
        let second = self.send(Request::from_parts(head, body::whole(bytes))).await?;
        Ok(self.back(second, entry, None))
    }

    /// Answers in the server's place, after the client has said all.
    async fn refuse(
        &self,
        request: Request<Incoming>,
        entry: &Arc<Entry>,
        status: u16,
        code: &str,
    ) -> Result<Response<Passed>, Error> {
        let head = request.method() == hyper::Method::HEAD;
        body::read(request.into_body(), &self.shared, entry, Side::Request).await?;
        let text = format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
             <Error><Code>{code}</Code><Message>{code}: injected by a test</Message></Error>"
        );
        let text = if head { String::new() } else { text };
        entry.response_bytes.store(text.len() as u64, Ordering::SeqCst);
        let answer = Response::builder().status(status).header(CONTENT_TYPE, "application/xml");
        Ok(answer.body(body::whole(text))?)
    }
}

impl Shared {
    /// Writes a request down, and decides what happens to it.
    fn enter(&self, request: &Request<Incoming>) -> Arc<Entry> {
        let (method, uri) = (request.method(), request.uri());
        let has_body = !request.body().is_end_stream();
        let mut state = self.state();
        let thrown = state.faults.as_mut().and_then(|dice| dice.throw(method, has_body));
        let whole = uri.path_and_query().map_or("", |path| path.as_str());
        let aim = state.aimed.iter().position(|aimed| {
            aimed.method == method.as_str()
                && whole.contains(&aimed.part)
                && aimed.fault.concerns(method, has_body)
        });
        let fault = aim.map(|index| state.aimed.remove(index).fault).or(thrown);
        if let Some(fault) = fault {
            *state.injected.entry(fault).or_default() += 1;
        }
        let entry = Arc::new(Entry::new(method, uri, fault));
        state.entries.push(Arc::clone(&entry));
        entry
    }

    fn ask_hook(&self, entry: &Entry) -> Then {
        let mut hook = self.hook.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        hook.as_mut().map_or(Then::PassOn, |hook| hook(&entry.recorded()))
    }

    /// Waits while the network is lost.
    pub(super) async fn unblocked(&self) {
        // The sender is in `self`: it does not go away.
        let _ = self.blocked.subscribe().wait_for(|blocked| !blocked).await;
    }
}

/// Headers that are about a connection are each connection's own.
fn strip(headers: &mut HeaderMap) {
    for name in [CONNECTION, TRANSFER_ENCODING, HeaderName::from_static("keep-alive")] {
        headers.remove(name);
    }
}

/// An answer that has a body to be cut. One that has none is lost whole.
fn with_body(answer: Response<Incoming>) -> Result<Response<Incoming>, Error> {
    if answer.body().is_end_stream() { Err("cut before the answer".into()) } else { Ok(answer) }
}

/// The middle of a body whose length is known, or a little of it.
fn half(headers: &HeaderMap) -> u64 {
    let length = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    length.map_or(1, |length: u64| length / 2)
}

/// S3's name of an error.
fn name(status: u16) -> &'static str {
    match status {
        429 => "TooManyRequests",
        503 => "SlowDown",
        _ => "InternalError",
    }
}
