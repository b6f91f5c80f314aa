//! Google's XML interface before a server that has only the JSON one: an upload becomes an upload of the other kind, with the same
//! condition, and so on. What is no request of that interface is passed on as it is.
//!
//! The parts of an upload are held in memory until it is completed; all else is the server's.

use std::collections::{BTreeMap, HashMap};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::header::{CONTENT_LENGTH, CONTENT_TYPE, ETAG, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::Value;
use tokio::runtime::Runtime;
use url::form_urlencoded::{Serializer, parse};

use super::xml;

type Error = Box<dyn std::error::Error + Send + Sync>;
type Body = UnsyncBoxBody<Bytes, Error>;
type Answer = Result<Response<Body>, Error>;
/// What an upload in parts has so far.
type Upload = BTreeMap<u32, Bytes>;

/// The paths of the JSON interface begin so.
const JSON: [&str; 5] = ["storage", "upload", "download", "batch", "_internal"];
const CONDITION: HeaderName = HeaderName::from_static("x-goog-if-generation-match");
const COPY_SOURCE: HeaderName = HeaderName::from_static("x-goog-copy-source");
const GENERATION: HeaderName = HeaderName::from_static("x-goog-generation");

/// A running front.
#[derive(Debug)]
pub(in crate::server) struct Front {
    endpoint: String,
    runtime: Option<Runtime>,
}

impl Front {
    /// Starts a front of the server at a port of this machine.
    pub(in crate::server) fn start(port: u16) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .thread_name("front")
            .enable_all()
            .build()
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let listener = {
            let _inside = runtime.enter();
            tokio::net::TcpListener::from_std(listener).unwrap()
        };
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        let way = Arc::new(Way { client, server: format!("127.0.0.1:{port}"), uploads: Mutex::default() });
        runtime.spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else { continue };
                let _ = stream.set_nodelay(true);
                let way = Arc::clone(&way);
                let service = hyper::service::service_fn(move |request| {
                    let way = Arc::clone(&way);
                    async move { way.answer(request).await }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        Self { endpoint, runtime: Some(runtime) }
    }

    pub(in crate::server) fn endpoint(&self) -> &str {
        &self.endpoint
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

struct Way {
    client: Client<HttpConnector, Body>,
    server: String,
    uploads: Mutex<HashMap<String, Upload>>,
}

impl Way {
    async fn answer(&self, request: Request<Incoming>) -> Answer {
        let (head, body) = request.into_parts();
        let (path, query) = (head.uri.path().to_owned(), head.uri.query().unwrap_or_default().to_owned());
        let (bucket, object) = path.trim_start_matches('/').split_once('/').unwrap_or((&path[1..], ""));
        let value = |name: &str| parse(query.as_bytes()).find(|(key, _)| key == name).map(|(_, value)| value);
        let body = body.map_err(Error::from).boxed_unsync();
        if JSON.contains(&bucket) {
            return self.pass(head, body).await;
        }
        let upload = value("uploadId");
        match (head.method.clone(), object.is_empty(), upload) {
            (Method::GET, true, _) => self.list(bucket, &query).await,
            (Method::PUT, false, Some(upload)) => {
                let number = value("partNumber").and_then(|number| number.parse().ok()).unwrap_or(1);
                self.part(&upload, number, body).await
            }
            (Method::PUT, false, None) if head.headers.contains_key(&COPY_SOURCE) => {
                self.copy(bucket, object, &head.headers).await
            }
            (Method::PUT, false, None) => self.put(bucket, object, &head.headers, body).await,
            (Method::POST, false, Some(upload)) => {
                self.complete(bucket, object, &upload, &head.headers, body).await
            }
            (Method::POST, false, None) if value("uploads").is_some() => {
                let upload = format!("{:016x}", getrandom::u64()?);
                self.uploads().insert(upload.clone(), Upload::new());
                Ok(text(StatusCode::OK, xml::begun(&upload)))
            }
            (Method::DELETE, false, Some(upload)) => Ok(match self.uploads().remove(&*upload) {
                Some(_) => text(StatusCode::NO_CONTENT, String::new()),
                None => no_upload(),
            }),
            _ => self.pass(head, body).await,
        }
    }

    fn uploads(&self) -> std::sync::MutexGuard<'_, HashMap<String, Upload>> {
        self.uploads.lock().unwrap()
    }

    /// Passes a request on.
    async fn pass(&self, mut head: Parts, body: Body) -> Answer {
        let target = head.uri.path_and_query().map_or("/", |target| target.as_str());
        head.uri = format!("http://{}{target}", self.server).parse()?;
        let answer = self.client.request(Request::from_parts(head, body)).await?;
        Ok(answer.map(|body| body.map_err(Error::from).boxed_unsync()))
    }

    /// Asks the server itself.
    async fn ask(
        &self,
        method: Method,
        target: &str,
        headers: HeaderMap,
        body: Body,
    ) -> Result<(StatusCode, HeaderMap, Bytes), Error> {
        let mut request =
            Request::builder().method(method).uri(format!("http://{}{target}", self.server)).body(body)?;
        *request.headers_mut() = headers;
        request.headers_mut().remove(HOST);
        let (head, body) = self.client.request(request).await?.into_parts();
        Ok((head.status, head.headers, body.collect().await?.to_bytes()))
    }

    async fn list(&self, bucket: &str, query: &str) -> Answer {
        let (target, after) = list_target(bucket, query);
        let (status, _, answer) = self.ask(Method::GET, &target, HeaderMap::new(), empty()).await?;
        if !status.is_success() {
            return Ok(refused(status, &answer));
        }
        Ok(text(status, xml::page(bucket, &serde_json::from_slice(&answer)?, after.as_deref())))
    }

    /// Makes an object, under the condition of the request. Names are still encoded as they came.
    async fn make(
        &self,
        bucket: &str,
        object: &str,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Result<Value, Response<Body>>, Error> {
        let mut target = format!("/upload/storage/v1/b/{bucket}/o?uploadType=media&name={object}");
        if let Some(generation) = headers.get(CONDITION) {
            target += &["&ifGenerationMatch=", generation.to_str()?].concat();
        }
        let meaning = |name: &&HeaderName| {
            [CONTENT_TYPE, CONTENT_LENGTH].contains(name) || name.as_str().starts_with("x-goog-meta-")
        };
        let headers: HeaderMap = headers
            .iter()
            .filter(|(name, _)| meaning(name))
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect();
        let (status, _, answer) = self.ask(Method::POST, &target, headers, body).await?;
        Ok(if status.is_success() {
            Ok(serde_json::from_slice(&answer)?)
        } else {
            Err(refused(status, &answer))
        })
    }

    async fn put(&self, bucket: &str, object: &str, headers: &HeaderMap, body: Body) -> Answer {
        Ok(match self.make(bucket, object, headers, body).await? {
            Ok(made) => {
                let mut answer = text(StatusCode::OK, String::new());
                describe(&mut answer, &made)?;
                answer
            }
            Err(refused) => refused,
        })
    }

    async fn copy(&self, bucket: &str, object: &str, headers: &HeaderMap) -> Answer {
        let source = headers[COPY_SOURCE].to_str()?.trim_start_matches('/').to_owned();
        let (from, name) = source.split_once('/').ok_or("no object is named")?;
        let target = format!("/storage/v1/b/{from}/o/{name}?alt=media");
        let (status, found, bytes) = self.ask(Method::GET, &target, HeaderMap::new(), empty()).await?;
        if !status.is_success() {
            return Ok(refused(status, &bytes));
        }
        let mut headers = headers.clone();
        headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        headers.extend(found.get(CONTENT_TYPE).map(|kind| (CONTENT_TYPE, kind.clone())));
        self.put(bucket, object, &headers, whole(bytes)).await
    }

    async fn part(&self, upload: &str, number: u32, body: Body) -> Answer {
        let bytes = body.collect().await?.to_bytes();
        match self.uploads().get_mut(upload) {
            Some(parts) => parts.insert(number, bytes),
            None => return Ok(no_upload()),
        };
        let mut answer = text(StatusCode::OK, String::new());
        answer.headers_mut().insert(ETAG, HeaderValue::try_from(format!("\"{upload}-{number}\""))?);
        Ok(answer)
    }

    async fn complete(
        &self,
        bucket: &str,
        object: &str,
        upload: &str,
        headers: &HeaderMap,
        body: Body,
    ) -> Answer {
        let list = body.collect().await?.to_bytes();
        let numbers = xml::part_numbers(&String::from_utf8_lossy(&list));
        let Some(parts) = self.uploads().get(upload).cloned() else { return Ok(no_upload()) };
        let Some(bytes) = numbers.iter().map(|number| parts.get(number)).collect::<Option<Vec<_>>>() else {
            return Ok(refused(StatusCode::BAD_REQUEST, b"a part is missing"));
        };
        let bytes = bytes.into_iter().map(|part| &part[..]).collect::<Vec<_>>().concat();
        let mut headers = headers.clone();
        headers.remove(CONTENT_TYPE);
        headers.insert(CONTENT_LENGTH, HeaderValue::from(bytes.len()));
        Ok(match self.make(bucket, object, &headers, whole(bytes.into())).await? {
            Ok(made) => {
                self.uploads().remove(upload);
                let etag = made["etag"].as_str().unwrap_or_default();
                let mut answer = text(StatusCode::OK, xml::completed(etag));
                describe(&mut answer, &made)?;
                answer
            }
            Err(refused) => refused,
        })
    }
}

/// The request for a page of objects, and the object after which it begins.
fn list_target(bucket: &str, query: &str) -> (String, Option<String>) {
    let mut after = None;
    let mut wanted = Serializer::new(String::new());
    for (key, value) in parse(query.as_bytes()) {
        match &*key {
            "prefix" | "delimiter" => wanted.append_pair(&key, &value),
            "max-keys" => wanted.append_pair("maxResults", &value),
            "continuation-token" => wanted.append_pair("pageToken", &value),
            "start-after" => {
                after = Some(value.to_string());
                wanted.append_pair("startOffset", &value)
            }
            _ => &mut wanted,
        };
    }
    (format!("/storage/v1/b/{bucket}/o?{}", wanted.finish()), after)
}

/// What is told of an object that was made.
fn describe(answer: &mut Response<Body>, made: &Value) -> Result<(), Error> {
    for (name, key) in [(ETAG, "etag"), (GENERATION, "generation")] {
        answer.headers_mut().insert(name, HeaderValue::from_str(made[key].as_str().unwrap_or_default())?);
    }
    Ok(())
}

fn text(status: StatusCode, text: String) -> Response<Body> {
    let mut answer = Response::new(whole(text.into()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/xml"));
    answer
}

fn refused(status: StatusCode, said: &[u8]) -> Response<Body> {
    text(status, xml::error(status.as_u16(), &String::from_utf8_lossy(said)))
}

fn no_upload() -> Response<Body> {
    refused(StatusCode::NOT_FOUND, b"there is no such upload")
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).map_err(|never| match never {}).boxed_unsync()
}

fn empty() -> Body {
    whole(Bytes::new())
}
