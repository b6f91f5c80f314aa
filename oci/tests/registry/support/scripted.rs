//! A server that answers as a test wants it, and remembers what it was asked.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

/// A request, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) method: String,
    /// With its query.
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Method and path, without the query.
    pub(crate) fn line(&self) -> String {
        format!("{} {}", self.method, self.path.split('?').next().unwrap())
    }
}

/// What is answered.
pub(crate) enum Reply {
    Answer {
        status: u16,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    },
    /// These bytes, then the connection ends.
    Raw(Vec<u8>),
    /// Nothing, for as long as the client waits.
    Nothing,
}

pub(crate) fn answer(status: u16) -> Reply {
    Reply::Answer { status, headers: Vec::new(), body: Vec::new() }
}

impl Reply {
    pub(crate) fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        if let Self::Answer { headers, .. } = &mut self {
            headers.push((name.to_owned(), value.into()));
        }
        self
    }

    pub(crate) fn body(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        if let Self::Answer { body, .. } = &mut self {
            *body = bytes.into();
        }
        self
    }
}

/// A server, for as long as the tests run.
pub(crate) struct Scripted {
    /// HOST:PORT
    pub(crate) address: String,
    requests: Arc<Mutex<Vec<Request>>>,
}

impl Scripted {
    /// `script` is told the number of the request, from 0.
    pub(crate) fn start(script: impl Fn(usize, &Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let requests = Arc::<Mutex<Vec<Request>>>::default();
        let log = Arc::clone(&requests);
        let script = Arc::new(script);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let (script, log) = (Arc::clone(&script), Arc::clone(&log));
                thread::spawn(move || serve(stream, script.as_ref(), &log));
            }
        });
        Self { address, requests }
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }

    /// What it was asked, in lines.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.requests().iter().map(Request::line).collect()
    }
}

fn serve(stream: TcpStream, script: &dyn Fn(usize, &Request) -> Reply, log: &Mutex<Vec<Request>>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut writer = stream;
    while let Some(request) = read(&mut reader) {
        let head = request.method == "HEAD";
        let number = {
            let mut log = log.lock().unwrap();
            log.push(request.clone());
            log.len() - 1
        };
        let bytes = match script(number, &request) {
            Reply::Nothing => {
                thread::sleep(Duration::from_mins(1));
                return;
            }
            Reply::Raw(bytes) => {
                let _ = writer.write_all(&bytes);
                return;
            }
            Reply::Answer { status, headers, body } => {
                let mut lines = vec![format!("HTTP/1.1 {status} Status")];
                lines.extend(headers.iter().map(|(name, value)| format!("{name}: {value}")));
                if !headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-length"))
                    && status != 204
                {
                    lines.push(format!("content-length: {}", body.len()));
                }
                let mut bytes = (lines.join("\r\n") + "\r\n\r\n").into_bytes();
                if !head {
                    bytes.extend_from_slice(&body);
                }
                bytes
            }
        };
        if writer.write_all(&bytes).is_err() {
            return;
        }
    }
}

/// A request; `None`: there is none, or one that is cut.
fn read(reader: &mut BufReader<TcpStream>) -> Option<Request> {
    let first = *reader.fill_buf().ok()?.first()?;
    // The beginning of TLS is no beginning of a line: it is answered as common servers do.
    if !first.is_ascii_uppercase() {
        let _ = reader.get_mut().write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        return None;
    }
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        match line.trim_end() {
            "" => break,
            line => lines.push(line.to_owned()),
        }
    }
    let mut words = lines.first()?.split(' ');
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let headers: Vec<(String, String)> = lines[1..]
        .iter()
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let mut body = vec![0; length.map_or(0, |(_, value)| value.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some(Request { method, path, headers, body })
}
