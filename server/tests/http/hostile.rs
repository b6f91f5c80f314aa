//! Paths, headers and queries that nobody means well with.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::support::{Request, Rig, jobs};

#[tokio::test]
async fn hostile_paths_lead_nowhere_and_say_nothing() {
    let rig = Rig::new("").await;
    let cookie = rig.come_in().await;
    std::fs::write(rig.folder.path().join("secret"), "s3cret").unwrap();
    let long = format!("/{}", "x".repeat(20_000));
    for path in [
        "/../secret",
        "/../../../../etc/passwd",
        "/%2e%2e/secret",
        "/%2e%2e%2fsecret",
        "/..%2fsecret",
        "/..%5csecret",
        "/assets/../secret",
        "/assets/..%2f..%2fsecret",
        "/assets/%2e%2e/Cargo.toml",
        "/assets/%00",
        "/jobs/%00/events",
        "/jobs/..%2f..%2fsecret/events",
        "/jobs/%ff/events",
        "/jobs/2026-11-21_08_00_00-1/events",
        "/jobs/2026-11-21_08_00_00-0000000000000000001/events",
        "/jobs//events",
        "/%",
        "/%zz",
        "/\u{7f}",
        "/<script>alert(1)</script>",
        long.as_str(),
        "*",
        "http:/x",
    ] {
        let answer = rig.get(path).cookie(&cookie).send().await;
        assert!(matches!(answer.status, 400 | 404 | 414 | 421 | 431), "{path}: {}", answer.status);
        let text = answer.text();
        for leak in ["s3cret", "root:", "panicked", ".rs:", "<script>alert", "/work", "RUST_BACKTRACE"] {
            assert!(!text.contains(leak), "{path}: {text}");
        }
        let folder = rig.folder.path().to_str().unwrap();
        assert!(!text.contains(folder), "{path}: {text}");
    }
}

#[tokio::test]
async fn hostile_queries_and_headers_get_a_clear_answer() {
    let rig = Rig::new("").await;
    let cookie = rig.come_in().await;
    let job = jobs::begun(&rig.bucket, "wordcount", "a").await;
    let events = format!("/jobs/{}/events", job.id);
    for query in
        ["from=x", "from=1", "from=-1:0", "from=1:99999999999999999999", "from=%ff", "from=1:0&from=2:0"]
    {
        let answer = rig.get(&format!("{events}?{query}")).cookie(&cookie).send().await;
        assert_eq!(answer.status, 400, "{query}");
    }
    for id in ["x", "1:x", "1:1:1", "\u{1f}"] {
        let answer = rig.get(&events).cookie(&cookie).header("last-event-id", id).send().await;
        assert_eq!(answer.status, 400, "{id:?}");
    }
    let large = rig.get("/healthz").header("x-large", &"x".repeat(64 * 1024)).send().await;
    assert_eq!(large.status, 431);
    let mut many = rig.get("/healthz");
    for n in 0..200 {
        many = many.header(&format!("x-{n}"), "x");
    }
    assert_eq!(many.send().await.status, 431);
    let address = format!("/healthz?{}", "x".repeat(10_000));
    assert_eq!(rig.get(&address).send().await.status, 414);
    for accept in ["application/json", "application/problem+json"] {
        let answer = rig.get("/nothing").instead("accept", accept).cookie(&cookie).send().await;
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json()["status"], 404);
    }
}

#[tokio::test]
async fn two_requests_in_one_are_not_two_peoples() {
    let rig = Rig::new("").await;
    let cookie = rig.come_in().await;
    let smuggled = "0\r\n\r\nGET /metrics HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let request = rig.post("/sign-out", "").cookie(&cookie).header("transfer-encoding", "chunked");
    let answer = request.header("content-length", "4").body(smuggled).send().await;
    // Whatever it is taken for, the connection is closed and there is one answer.
    assert_eq!(answer.text().matches("HTTP/1.1").count(), 0, "{}", answer.text());
    for request in [
        "GET / HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1, 2\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "\0\0\0",
    ] {
        let mut stream = TcpStream::connect(rig.address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let read = stream.read_to_string(&mut answer);
        tokio::time::timeout(Duration::from_secs(10), read).await.unwrap().unwrap();
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4"), "{request:?}: {answer}");
    }
}

#[tokio::test]
async fn methods_that_are_not_meant_are_named_so() {
    let rig = Rig::new("").await;
    let cookie = rig.come_in().await;
    for method in ["OPTIONS", "HEAD"] {
        let request = Request::new(rig.address, method, "/sign-out").cookie(&cookie);
        assert_eq!(request.send().await.status, 405, "{method}");
    }
    let posted = rig.post("/healthz", "").cookie(&cookie).send().await;
    assert_eq!(posted.status, 405);
    assert_eq!(Request::new(rig.address, "TRACE", "/").cookie(&cookie).send().await.status, 403);
}
