//! Each fault, by what the client and the server see of it.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use support::Upstream;
use tmpl_testing::{Fault, Faults, Proxy, StoreServer, http};

struct Bench {
    upstream: Upstream,
    proxy: Proxy,
}

impl Bench {
    /// The next request with this method meets a fault.
    fn with(method: &str, fault: Fault) -> Self {
        let upstream = Upstream::start();
        let proxy = Proxy::start(upstream.endpoint());
        proxy.fault_once(method, "", fault);
        Self { upstream, proxy }
    }

    fn send(&self, method: &str, target: &str, body: &[u8]) -> std::io::Result<http::Answer> {
        http::send(self.proxy.endpoint(), method, target, &[], body)
    }

    /// What a client reads of an answer, and how it ends.
    fn read(&self, target: &str) -> (Vec<u8>, std::io::Result<()>) {
        let mut stream = TcpStream::connect(self.proxy.endpoint().trim_start_matches("http://")).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(stream, "GET {target} HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
        let mut read = Vec::new();
        let end = stream.read_to_end(&mut read).map(|_| ());
        let body = read.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |start| start + 4);
        (read.split_off(body), end)
    }
}

#[test]
fn a_status_is_answered_in_the_servers_place() {
    for (status, code) in [(500, "InternalError"), (503, "SlowDown"), (429, "TooManyRequests")] {
        let bench = Bench::with("PUT", Fault::Status(status));
        let answer = bench.send("PUT", "/one", &vec![b'x'; 3_000_000]).unwrap();
        assert_eq!(answer.status, status);
        assert!(answer.text().contains(&format!("<Code>{code}</Code>")), "{}", answer.text());
        assert_eq!(bench.upstream.seen(), []);
        let request = &bench.proxy.requests()[0];
        assert_eq!((request.status, request.request_bytes), (status, 3_000_000));
        assert_eq!(bench.send("PUT", "/one", b"x").unwrap().status, 200, "only once");
    }
}

#[test]
fn credentials_expire() {
    let bench = Bench::with("GET", Fault::ExpiredCredentials(403));
    let answer = bench.send("GET", "/one", &[]).unwrap();
    assert_eq!(answer.status, 403);
    assert!(answer.text().contains("<Code>ExpiredToken</Code>"), "{}", answer.text());
    let bench = Bench::with("HEAD", Fault::ExpiredCredentials(400));
    assert_eq!(bench.send("HEAD", "/one", &[]).unwrap().status, 400);
}

#[test]
fn a_reset_before_the_request_keeps_it_from_the_server() {
    let bench = Bench::with("GET", Fault::ResetBeforeRequest);
    let error = bench.send("GET", "/bytes/10", &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(bench.upstream.seen(), []);
    assert_eq!(bench.proxy.requests()[0].status, 0);
}

#[test]
fn a_reset_in_the_request_gives_the_server_half_of_it() {
    let bench = Bench::with("PUT", Fault::ResetInRequestBody);
    let error = bench.send("PUT", "/one", &vec![b'x'; 1_000_000]).unwrap_err();
    assert!([ErrorKind::ConnectionReset, ErrorKind::BrokenPipe].contains(&error.kind()), "{error}");
    bench.upstream.wait("half of the body", |seen| seen.first().is_some_and(|seen| seen.bytes == 500_000));
    assert!(!bench.upstream.seen()[0].whole);
    assert_eq!(bench.send("GET", "/one", &[]).unwrap().status, 404, "the server has no object");
}

#[test]
fn an_answer_is_cut_by_a_reset() {
    let bench = Bench::with("GET", Fault::ResetInResponseBody);
    let (body, end) = bench.read("/bytes/1000000");
    assert_eq!(end.unwrap_err().kind(), ErrorKind::ConnectionReset);
    // A reset takes with it what was still on its way to a client that reads slowly.
    assert!(body.len() <= 500_000, "{}", body.len());
    assert_eq!(bench.proxy.requests()[0].response_bytes, 500_000);
}

#[test]
fn an_answer_is_cut_in_order() {
    let bench = Bench::with("GET", Fault::TruncateResponse);
    let (body, end) = bench.read("/bytes/1000000");
    assert!(end.is_ok(), "{end:?}");
    assert_eq!(body.len(), 500_000);
    let short = Bench::with("GET", Fault::TruncateResponse).send("GET", "/bytes/1000000", &[]).unwrap_err();
    assert_eq!(short.kind(), ErrorKind::UnexpectedEof);
}

#[test]
fn an_answer_is_held() {
    let bench = Bench::with("GET", Fault::StallSeconds(1));
    let begun = Instant::now();
    assert_eq!(bench.send("GET", "/bytes/10", &[]).unwrap().body.len(), 10);
    assert!((1000..5000).contains(&begun.elapsed().as_millis()), "{:?}", begun.elapsed());
}

#[test]
fn a_lost_answer_leaves_what_was_done() {
    let bench = Bench::with("PUT", Fault::LostAnswer);
    let error = bench.send("PUT", "/new/one", b"mine").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(bench.send("PUT", "/new/one", b"mine").unwrap().status, 412);
    assert_eq!(bench.send("GET", "/new/one", &[]).unwrap().text(), "mine");
}

#[test]
fn a_repeated_request_is_answered_for_the_second_time() {
    let bench = Bench::with("PUT", Fault::RepeatedRequest);
    assert_eq!(bench.send("PUT", "/new/one", b"mine").unwrap().status, 412);
    let requests: Vec<(String, usize)> =
        bench.upstream.seen().into_iter().map(|seen| (seen.request, seen.bytes)).collect();
    assert_eq!(requests, [("PUT /new/one".to_owned(), 4), ("PUT /new/one".to_owned(), 4)]);
    assert_eq!(bench.proxy.requests().len(), 1);
}

#[test]
fn a_fault_is_aimed_at_a_request() {
    let bench = Bench::with("DELETE", Fault::Status(500));
    bench.proxy.fault_once("PUT", "/jobs/", Fault::Status(503));
    bench.proxy.fault_once("PUT", "/jobs/", Fault::LostAnswer);
    assert_eq!(bench.send("PUT", "/blobs/one", b"x").unwrap().status, 200);
    assert_eq!(bench.send("PUT", "/jobs/one", b"x").unwrap().status, 503);
    bench.send("PUT", "/jobs/one", b"x").unwrap_err();
    assert_eq!(bench.send("PUT", "/jobs/one", b"x").unwrap().status, 200);
    let injected = bench.proxy.injected();
    assert_eq!(injected.into_iter().collect::<Vec<_>>(), [(Fault::Status(503), 1), (Fault::LostAnswer, 1)]);
}

/// `MinIO`'s own client tries again, and gets through.
#[test]
fn a_client_that_retries_gets_its_bytes_through() {
    let server = StoreServer::minio();
    let proxy = Proxy::start(server.endpoint());
    let kinds = vec![Fault::Status(503), Fault::ResetBeforeRequest, Fault::LostAnswer];
    proxy.set_faults(Faults { rate: 0.25, kinds, seed: 3 });
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    let lines: Vec<String> = (0..2_000_000).map(|number| format!("{number:07}")).collect();
    let text = lines.join("\n");
    fs_err::write(&file, &text).unwrap();
    let credentials = server.credentials().unwrap();
    let mc = |arguments: &[&str]| server.try_mc_by(proxy.endpoint(), credentials, arguments).unwrap();
    mc(&["put", "--part-size", "5MiB", file.to_str().unwrap(), "server/tests/file"]);
    proxy.clear_faults();
    assert!(mc(&["cat", "server/tests/file"]) == text, "the object is what was sent");
    assert!(proxy.injected().values().sum::<usize>() > 0, "{:?}", proxy.requests());
}
