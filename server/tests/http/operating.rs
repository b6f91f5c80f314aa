//! What operators see.

use std::time::Duration;

use crate::support::{Request, Rig, jobs};

#[tokio::test]
async fn every_answer_says_what_a_browser_may_do_with_it() {
    let rig = Rig::new("").await;
    let cookie = rig.come_in().await;
    for (path, status) in [("/nothing", 404), ("/healthz", 200), ("/signed-out", 200), ("/metrics", 200)] {
        let answer = rig.get(path).cookie(&cookie).send().await;
        assert_eq!(answer.status, status, "{path}");
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{path}: {policy}");
        assert!(!policy.contains("http"), "no other host: {policy}");
        for (name, value) in [
            ("x-content-type-options", "nosniff"),
            ("x-frame-options", "DENY"),
            ("referrer-policy", "same-origin"),
            ("cache-control", "private, no-cache"),
            ("cross-origin-opener-policy", "same-origin"),
            ("cross-origin-resource-policy", "same-origin"),
        ] {
            assert_eq!(answer.header(name), value, "{path} {name}");
        }
        assert_eq!(answer.header("strict-transport-security"), "", "not without TLS");
        assert!(answer.header("server").is_empty());
    }
    let request = rig.get("/signed-out").header("accept-encoding", "gzip");
    assert_eq!(request.send().await.header("content-encoding"), "gzip");
}

#[tokio::test]
async fn health_is_asked_for_by_anybody_and_knows_the_bucket() {
    let rig = Rig::new("").await;
    let ask =
        async |path: &str| Request::new(rig.address, "GET", path).instead("host", "10.1.2.3").send().await;
    assert_eq!((ask("/healthz").await.status, ask("/readyz").await.status), (200, 200));
    let (place, away) = (rig.folder.path().join("bucket"), rig.folder.path().join("away"));
    std::fs::rename(&place, &away).unwrap();
    assert_eq!(ask("/readyz").await.status, 200, "what was found out counts for a second");
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let answer = ask("/readyz").await;
    assert_eq!(answer.status, 503);
    assert!(!answer.text().contains(rig.folder.path().to_str().unwrap()), "{}", answer.text());
    assert_eq!(ask("/healthz").await.status, 200);
    std::fs::rename(&away, &place).unwrap();
    tokio::time::sleep(Duration::from_millis(1100)).await;
    assert_eq!(ask("/readyz").await.status, 200);
}

#[tokio::test]
async fn figures_are_for_whoever_looks_after_the_server() {
    let folder = tempfile::tempdir().unwrap();
    let token = folder.path().join("token");
    std::fs::write(&token, "figures-token\n").unwrap();
    let rig = Rig::new(&format!("metrics_token = \"file:{}\"", token.display())).await;
    let ask = || Request::new(rig.address, "GET", "/metrics");
    let near = ask().send().await;
    assert_eq!(near.status, 200);
    assert!(near.header("content-type").starts_with("text/plain; version=0.0.4"));
    assert!(near.text().contains("tmpl_build_info"), "{}", near.text());
    // By another name, or through a proxy, it is not this machine that asks.
    assert_eq!(ask().instead("host", "evil.example").send().await.status, 403);
    assert_eq!(ask().header("x-forwarded-for", "192.0.2.1").send().await.status, 403);
    let shown = async |token: &str| {
        ask().instead("host", "10.0.0.1:8080").header("authorization", token).send().await
    };
    assert_eq!(shown("Bearer figures-token").await.status, 200);
    for wrong in ["Bearer figures-toke", "Bearer ", "figures-token", "Basic figures-token"] {
        assert_eq!(shown(wrong).await.status, 403, "{wrong}");
    }
    let cookie = rig.come_in().await;
    rig.get("/nowhere-at-all").cookie(&cookie).send().await;
    let text = ask().send().await.text();
    assert!(text.contains(r#"tmpl_http_requests_total{route="none",method="GET",status="404"} 1"#), "{text}");
    assert!(!text.contains("nowhere-at-all"), "{text}");
}

#[tokio::test]
async fn the_access_log_tells_who_did_what_and_no_secret() {
    let mut rig = Rig::new("").await;
    let cookie = rig.come_in().await;
    let request =
        rig.get("/nothing/here?password=hunter22").cookie(&cookie).header("user-agent", "browser\u{9b}1");
    let answer = request.header("authorization", "Bearer hunter22").send().await;
    let id = answer.header("x-request-id").to_owned();
    rig.stop().await;
    let log = rig.log();
    let line = log.iter().find(|line| line["request"] == id.as_str()).unwrap();
    assert_eq!(line["path"], "/nothing/here");
    assert_eq!(
        (&line["status"], &line["method"], &line["who"]),
        (&404.into(), &"GET".into(), &"owner".into())
    );
    assert_eq!(line["address"], "127.0.0.1");
    assert!(line["milliseconds"].as_f64().unwrap() >= 0.0 && line["time"].is_string());
    let text = serde_json::to_string(&log).unwrap();
    let token = rig.printed.split_once("token=").unwrap().1;
    let session = cookie.split_once('=').unwrap().1;
    for secret in ["hunter22", token, session, "password"] {
        assert!(!text.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn a_server_that_is_told_to_stop_lets_watchers_know_and_ends() {
    let mut rig = Rig::new("").await;
    let cookie = rig.come_in().await;
    let job = jobs::begun(&rig.bucket, "wordcount", "a").await;
    let mut stream = rig.get(&format!("/jobs/{}/events", job.id)).cookie(&cookie).begin().await;
    assert!(stream.reads(|text| text.contains("event: state")).await);
    let begun = std::time::Instant::now();
    rig.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let text = stream.ends().await.text();
    assert!(text.contains("event: leave\ndata: {\"why\":\"stop\"}"), "{text}");
    assert!(tokio::net::TcpStream::connect(rig.address).await.is_err());
    assert!(rig.bucket.final_record(&job.id).await.unwrap().is_none(), "jobs go on");
}

#[tokio::test]
async fn a_request_that_takes_too_long_is_given_up() {
    let rig = Rig::new("[limits]\nrequest_time = \"300ms\"").await;
    let cookie = rig.come_in().await;
    // The body never comes.
    let request = rig.post("/sign-out", "").cookie(&cookie).header("content-length", "100").body("csrf=");
    let begun = std::time::Instant::now();
    let answer = request.send().await;
    assert_eq!(answer.status, 503);
    assert!(begun.elapsed() < Duration::from_secs(5));
    assert!(answer.text().contains("too long"), "{}", answer.text());
}

#[tokio::test]
async fn there_are_only_so_many_connections_at_a_time() {
    let rig = Rig::new("[limits]\nconnections = 3").await;
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(tokio::net::TcpStream::connect(rig.address).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let waiting = rig.get("/healthz");
    let waiting = tokio::spawn(async move { waiting.send().await.status });
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(!waiting.is_finished());
    held.pop();
    assert_eq!(waiting.await.unwrap(), 200);
}
