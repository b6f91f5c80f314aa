//! A server of a test's own that tells what it was asked, as small as it can be.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A request that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    /// The first line's first two words.
    pub(crate) request: String,
    /// The header `Host`.
    pub(crate) host: String,
    /// Which connection it came on, counted from 0.
    pub(crate) connection: usize,
    /// How much of the body came.
    pub(crate) bytes: usize,
    /// Whether that was all of it.
    pub(crate) whole: bool,
}

#[derive(Default)]
struct State {
    seen: Vec<Seen>,
    objects: BTreeMap<String, Vec<u8>>,
}

/// `PUT /…` keeps an object, under `/new/…` only where there is none yet (else 412); `GET /…` gives it back; `GET /bytes/N` gives so
/// many bytes; `DELETE` answers 204.
pub(crate) struct Upstream {
    endpoint: String,
    state: Arc<Mutex<State>>,
}

impl Upstream {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let (stream, state) = (stream.unwrap(), Arc::clone(&shared));
                stream.set_nodelay(true).unwrap();
                std::thread::spawn(move || while answer(&stream, number, &state).is_some() {});
            }
        });
        Self { endpoint, state }
    }

    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// What came in, the requests whose bodies are still on their way too.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.lock().unwrap().seen.clone()
    }

    /// Waits until something has come in.
    pub(crate) fn wait(&self, what: &str, there: impl Fn(&[Seen]) -> bool) {
        let begun = Instant::now();
        while !there(&self.seen()) {
            assert!(begun.elapsed() < Duration::from_secs(20), "{what}: {:?}", self.seen());
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

/// Answers one request. Nothing when the connection is to be closed.
fn answer(mut stream: &TcpStream, connection: usize, state: &Mutex<State>) -> Option<()> {
    // Read byte by byte: the next request is not to be read with this one.
    let mut head = String::new();
    let mut reader = BufReader::with_capacity(1, stream);
    while !head.ends_with("\r\n\r\n") {
        (reader.read_line(&mut head).ok()? > 0).then_some(())?;
    }
    let header = |name: &str| {
        let line = |line: &str| Some(line.split_once(':')?.1.trim().to_owned());
        head.lines().find(|text| text.to_ascii_lowercase().starts_with(name)).and_then(line)
    };
    let words: Vec<&str> = head.split(' ').collect();
    let (method, path) = (words[0], words[1]);
    let length = header("content-length:").map_or(0, |length| length.parse().unwrap());
    let index = {
        let request = format!("{method} {path}");
        let host = header("host:").unwrap();
        let seen = &mut state.lock().unwrap().seen;
        seen.push(Seen { request, host, connection, bytes: 0, whole: length == 0 });
        seen.len() - 1
    };
    let mut body = Vec::new();
    let mut buffer = vec![0; 65536];
    while body.len() < length {
        let count = stream.read(&mut buffer).ok().filter(|count| *count > 0)?;
        body.extend_from_slice(&buffer[..count]);
        let seen = &mut state.lock().unwrap().seen[index];
        (seen.bytes, seen.whole) = (body.len(), body.len() == length);
    }
    let (status, text) = respond(method, path, body, &mut state.lock().unwrap().objects);
    let length = if status == 204 { String::new() } else { format!("content-length: {}\r\n", text.len()) };
    write!(stream, "HTTP/1.1 {status} X\r\n{length}x-server: tiny\r\n\r\n").ok()?;
    if method != "HEAD" {
        stream.write_all(&text).ok()?;
    }
    Some(())
}

fn respond(
    method: &str,
    path: &str,
    body: Vec<u8>,
    objects: &mut BTreeMap<String, Vec<u8>>,
) -> (u16, Vec<u8>) {
    match method {
        "PUT" if path.starts_with("/new/") && objects.contains_key(path) => (412, b"it is there".to_vec()),
        "PUT" => {
            objects.insert(path.to_owned(), body);
            (200, Vec::new())
        }
        "DELETE" => (204, Vec::new()),
        _ => match (path.strip_prefix("/bytes/"), objects.get(path)) {
            (Some(count), _) => (200, vec![b'x'; count.parse().unwrap()]),
            (None, Some(object)) => (200, object.clone()),
            (None, None) => (404, b"nothing".to_vec()),
        },
    }
}
