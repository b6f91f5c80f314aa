//! A receiver of webhooks: writes down what it is sent, and answers what it is told to.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::Value;

/// A request.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    pub(crate) path: String,
    headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

/// A receiver. It listens until the test's process ends.
pub(crate) struct Receiver {
    address: String,
    received: Arc<Mutex<Vec<Received>>>,
    answers: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let this = Self { address, received: Arc::default(), answers: Arc::default() };
        let (received, answers) = (Arc::clone(&this.received), Arc::clone(&this.answers));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (received, answers) = (Arc::clone(&received), Arc::clone(&answers));
                std::thread::spawn(move || serve(&stream.unwrap(), &received, &answers));
            }
        });
        this
    }

    /// The address of a hook of its own.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.address)
    }

    /// The next requests are answered so, and those after them with 204.
    pub(crate) fn answer(&self, statuses: &[u16]) {
        self.answers.lock().unwrap().extend(statuses);
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }

    /// What happened, in order: `job.failure`.
    pub(crate) fn types(&self) -> Vec<String> {
        self.received().iter().map(|received| received.json()["type"].as_str().unwrap().to_owned()).collect()
    }
}

impl Received {
    pub(crate) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(other, _)| other.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

/// One request after the other, as long as the sender keeps the connection.
fn serve(stream: &TcpStream, received: &Mutex<Vec<Received>>, answers: &Mutex<VecDeque<u16>>) {
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else { break };
            headers.push((name.to_owned(), value.to_owned()));
        }
        let mut request = Received { path, headers, body: Vec::new() };
        request.body = vec![0; request.header("content-length").parse().unwrap()];
        reader.read_exact(&mut request.body).unwrap();
        received.lock().unwrap().push(request);
        let status = answers.lock().unwrap().pop_front().unwrap_or(204);
        let mut output = stream;
        write!(output, "HTTP/1.1 {status} Answer\r\ncontent-length: 0\r\n\r\n").unwrap();
    }
}
