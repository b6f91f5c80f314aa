//! What the proxy passes on, what it writes down, and how it can be stopped.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use support::Upstream;
use tmpl_testing::http::{self, Connection};
use tmpl_testing::{Fault, Faults, Proxy, Recorded, Then};

#[test]
fn a_request_is_passed_on_as_it_is() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(upstream.endpoint());
    let target = "/new/a%2Fb%20c?list-type=2&prefix=x%2Fy";
    let host = [("host", "bucket.example:9000")];
    let put = http::send(proxy.endpoint(), "PUT", target, &host, b"some text").unwrap();
    assert_eq!((put.status, put.header("x-server")), (200, Some("tiny")));
    let seen = upstream.seen();
    assert_eq!(seen.len(), 1);
    assert_eq!(seen[0].request, format!("PUT {target}"));
    assert_eq!(seen[0].host, "bucket.example:9000");
    assert_eq!(seen[0].bytes, 9);
    let get = http::send(proxy.endpoint(), "GET", target, &[], &[]).unwrap();
    assert_eq!(get.text(), "some text");
    assert_eq!(
        proxy.requests()[0],
        Recorded {
            method: "PUT".to_owned(),
            path: "/new/a%2Fb%20c".to_owned(),
            query: "list-type=2&prefix=x%2Fy".to_owned(),
            status: 200,
            request_bytes: 9,
            response_bytes: 0,
            fault: None,
        }
    );
    assert_eq!((proxy.requests()[1].status, proxy.requests()[1].response_bytes), (200, 9));
    assert_eq!(proxy.request_bytes(), 9);
    proxy.clear();
    assert_eq!((proxy.requests(), proxy.request_bytes()), (Vec::new(), 0));
}

#[test]
fn connections_are_kept_on_both_sides_and_answers_without_a_body_do_not_end_them() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(upstream.endpoint());
    let mut connection = Connection::open(proxy.endpoint()).unwrap();
    let head = connection.send("HEAD", "/bytes/1000", &[], &[]).unwrap();
    assert_eq!((head.status, head.header("content-length")), (200, Some("1000")));
    assert_eq!(connection.send("DELETE", "/gone", &[], &[]).unwrap().status, 204);
    assert_eq!(connection.send("PUT", "/empty", &[], &[]).unwrap().status, 200);
    assert_eq!(connection.send("GET", "/bytes/1000", &[], &[]).unwrap().body.len(), 1000);
    assert_eq!(connection.send("GET", "/missing", &[], &[]).unwrap().status, 404);
    let connections: Vec<usize> = upstream.seen().iter().map(|seen| seen.connection).collect();
    assert_eq!(connections, [0; 5]);
}

#[test]
fn a_body_is_passed_on_while_it_comes() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(upstream.endpoint());
    let mut stream = TcpStream::connect(proxy.endpoint().trim_start_matches("http://")).unwrap();
    write!(stream, "PUT /slow HTTP/1.1\r\nhost: x\r\ncontent-length: 2000000\r\n\r\n").unwrap();
    stream.write_all(&vec![b'x'; 1_000_000]).unwrap();
    upstream.wait("the first half", |seen| seen.first().is_some_and(|seen| seen.bytes == 1_000_000));
    assert!(!upstream.seen()[0].whole);
    assert_eq!(proxy.request_bytes(), 1_000_000);
    stream.write_all(&vec![b'x'; 1_000_000]).unwrap();
    upstream.wait("the second half", |seen| seen[0].whole);
}

#[test]
fn a_hook_stops_the_nth_request() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(upstream.endpoint());
    let (sender, receiver) = mpsc::channel();
    proxy.stop_after(3, move || sender.send(()).unwrap());
    let mut connection = Connection::open(proxy.endpoint()).unwrap();
    for number in 1..=2 {
        connection.send("PUT", &format!("/{number}"), &[], b"x").unwrap();
        assert!(receiver.try_recv().is_err());
    }
    let error = connection.send("PUT", "/3", &[], b"x").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    receiver.try_recv().unwrap();
    http::send(proxy.endpoint(), "PUT", "/4", &[], b"x").unwrap();
    let requests: Vec<String> = upstream.seen().into_iter().map(|seen| seen.request).collect();
    assert_eq!(requests, ["PUT /1", "PUT /2", "PUT /4"]);
    assert_eq!(proxy.requests().iter().map(|request| request.status).collect::<Vec<_>>(), [200, 200, 0, 200]);
}

#[test]
fn a_hook_decides_by_what_a_request_is() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(upstream.endpoint());
    proxy.on_request(|request| if request.path.starts_with("/jobs/") { Then::Drop } else { Then::PassOn });
    http::send(proxy.endpoint(), "PUT", "/jobs/one", &[], b"x").unwrap_err();
    http::send(proxy.endpoint(), "PUT", "/blobs/one", &[], b"x").unwrap();
    assert_eq!(upstream.seen().len(), 1);
}

#[test]
fn a_lost_network_accepts_and_says_nothing_and_goes_on_when_it_is_back() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(upstream.endpoint());
    proxy.block();
    let mut impatient = Connection::open(proxy.endpoint()).unwrap();
    impatient.set_patience(Duration::from_millis(300)).unwrap();
    let error = impatient.send("GET", "/bytes/1", &[], &[]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WouldBlock);
    assert_eq!(upstream.seen(), []);
    drop(impatient);
    let endpoint = proxy.endpoint().to_owned();
    let patient = std::thread::spawn(move || http::send(&endpoint, "GET", "/bytes/2", &[], &[]));
    while proxy.requests().len() < 2 {
        std::thread::sleep(Duration::from_millis(10));
    }
    proxy.unblock();
    assert_eq!(patient.join().unwrap().unwrap().body.len(), 2);
}

#[test]
fn faults_come_back_with_the_seed_and_are_counted() {
    let faults = |seed| {
        let upstream = Upstream::start();
        let proxy = Proxy::start(upstream.endpoint());
        let kinds = vec![Fault::Status(503), Fault::ResetBeforeRequest, Fault::ResetInResponseBody];
        proxy.set_faults(Faults { rate: 0.5, kinds, seed });
        for _ in 0..40 {
            let _ = http::send(proxy.endpoint(), "GET", "/bytes/10", &[], &[]);
        }
        let faults: Vec<Option<Fault>> = proxy.requests().iter().map(|request| request.fault).collect();
        for (fault, count) in proxy.injected() {
            assert_eq!(faults.iter().filter(|other| **other == Some(fault)).count(), count);
        }
        assert_eq!(proxy.injected().values().sum::<usize>(), faults.iter().flatten().count());
        proxy.clear_faults();
        http::send(proxy.endpoint(), "GET", "/bytes/10", &[], &[]).unwrap();
        faults
    };
    let first = faults(1);
    assert!((10..30).contains(&first.iter().flatten().count()), "{first:?}");
    assert_eq!(first, faults(1));
    assert_ne!(first, faults(2));
}

#[tokio::test]
async fn a_proxy_lives_in_async_tests_too() {
    let upstream = Upstream::start();
    let proxy = Proxy::start(upstream.endpoint());
    assert_eq!(http::send(proxy.endpoint(), "GET", "/bytes/10", &[], &[]).unwrap().body.len(), 10);
    let (endpoint, begun) = (proxy.endpoint().to_owned(), Instant::now());
    drop(proxy);
    while http::send(&endpoint, "GET", "/bytes/10", &[], &[]).is_ok() {
        assert!(begun.elapsed() < Duration::from_secs(10), "the proxy goes on");
    }
}
