//! A client that sends what it is told, byte for byte.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(20);
const LOOK: Duration = Duration::from_millis(30);

/// A request.
#[derive(Clone)]
pub(crate) struct Request {
    address: SocketAddr,
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(address: SocketAddr, method: &str, target: &str) -> Self {
        let headers = vec![("host".to_owned(), address.to_string())];
        Self { address, method: method.to_owned(), target: target.to_owned(), headers, body: Vec::new() }
    }

    /// Another header.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A header in place of another, or of none where the value is empty.
    pub(crate) fn instead(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        if value.is_empty() { self } else { self.header(name, value) }
    }

    pub(crate) fn cookie(self, cookie: &str) -> Self {
        self.header("cookie", cookie)
    }

    pub(crate) fn body(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = body.into();
        self
    }

    fn bytes(&self) -> Vec<u8> {
        let mut head = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.headers {
            head.extend([name.as_str(), ": ", value, "\r\n"]);
        }
        let has = |wanted: &str| self.headers.iter().any(|(name, _)| name == wanted);
        if !has("content-length")
            && !has("transfer-encoding")
            && (!self.body.is_empty() || self.method == "POST")
        {
            head.extend(["content-length: ", &self.body.len().to_string(), "\r\n"]);
        }
        head.push_str("connection: close\r\n\r\n");
        [head.into_bytes(), self.body.clone()].concat()
    }

    /// Sends it, and reads the whole answer.
    pub(crate) async fn send(&self) -> Answer {
        let mut stream = self.begin().await;
        timeout(PATIENCE, stream.read_all()).await.expect("the answer takes too long")
    }

    /// Sends it, and leaves the answer to be read.
    pub(crate) async fn begin(&self) -> Stream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // A server that has heard enough answers before it has read everything.
        let _ = stream.write_all(&self.bytes()).await;
        Stream { stream, read: Vec::new() }
    }
}

impl Answer {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
        let mut lines = head.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        let mut body = bytes[end + 4..].to_vec();
        if headers.iter().any(|(name, value)| name == "transfer-encoding" && value == "chunked") {
            body = unchunked(&body);
        }
        Some(Self { status, headers, body })
    }

    pub(crate) fn header(&self, wanted: &str) -> &str {
        self.headers
            .iter()
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.as_str())
            .unwrap_or_default()
    }

    pub(crate) fn all(&self, wanted: &str) -> Vec<&str> {
        self.headers.iter().filter(|(name, _)| name == wanted).map(|(_, value)| value.as_str()).collect()
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    /// The first cookie that is set, as it is sent back.
    pub(crate) fn cookie(&self) -> String {
        let set = self.header("set-cookie");
        assert!(!set.is_empty(), "no cookie is set: {self:?}");
        set.split(';').next().unwrap().to_owned()
    }

    /// The value of a hidden field of the page.
    pub(crate) fn field(&self, name: &str) -> String {
        let text = self.text();
        let rest = text
            .split_once(&format!("name=\"{name}\" value=\""))
            .unwrap_or_else(|| panic!("no {name}: {text}"));
        rest.1.split('"').next().unwrap().to_owned()
    }
}

/// The parts of a chunked body that are there so far.
fn unchunked(mut body: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = body.windows(2).position(|window| window == b"\r\n") {
        let size =
            std::str::from_utf8(&body[..end]).ok().and_then(|size| usize::from_str_radix(size, 16).ok());
        let Some(size) = size.filter(|size| *size > 0) else { break };
        let Some(chunk) = body.get(end + 2..end + 2 + size) else { break };
        whole.extend_from_slice(chunk);
        body = body.get(end + 4 + size..).unwrap_or_default();
    }
    whole
}

/// An answer that is read as it comes.
pub(crate) struct Stream {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Stream {
    async fn read_all(&mut self) -> Answer {
        while self.read_more().await {}
        Answer::parse(&self.read).unwrap_or(Answer {
            status: 0,
            headers: Vec::new(),
            body: self.read.clone(),
        })
    }

    async fn read_more(&mut self) -> bool {
        let mut part = vec![0; 64 * 1024];
        match self.stream.read(&mut part).await {
            Ok(0) | Err(_) => false,
            Ok(count) => {
                self.read.extend_from_slice(&part[..count]);
                true
            }
        }
    }

    /// What has come so far.
    pub(crate) fn so_far(&self) -> Option<Answer> {
        Answer::parse(&self.read)
    }

    /// Reads until the body is as it should be; false where it ends before, or takes too long.
    pub(crate) async fn reads(&mut self, is_it: impl Fn(&str) -> bool) -> bool {
        let read = async {
            let mut looked = None::<Instant>;
            loop {
                let now = Instant::now();
                // Much comes in many pieces; what has come is not looked at after each of them.
                if looked.is_none_or(|looked| now - looked > LOOK) {
                    if self.so_far().is_some_and(|answer| is_it(&answer.text())) {
                        return true;
                    }
                    looked = Some(Instant::now());
                }
                match timeout(LOOK, self.read_more()).await {
                    Ok(true) | Err(_) => {}
                    Ok(false) => return self.so_far().is_some_and(|answer| is_it(&answer.text())),
                }
            }
        };
        timeout(PATIENCE, read).await.unwrap_or(false)
    }

    /// Reads to the end.
    pub(crate) async fn ends(&mut self) -> Answer {
        timeout(PATIENCE, self.read_all()).await.expect("the answer does not end")
    }
}
