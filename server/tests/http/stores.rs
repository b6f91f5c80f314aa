//! A bucket on a server: each question costs something, and now and then there is no answer.

use std::time::{Duration, Instant};

use tempfile::TempDir;
use tmpl_bucket::Bucket;
use tmpl_template::JobState;
use tmpl_testing::{Fault, Faults, Proxy, Store, shared};

use crate::live::{events, lines};
use crate::support::{Rig, jobs};

/// A server whose bucket is behind a proxy.
async fn remote(settings: &str) -> (Rig, Proxy, Bucket) {
    // The helpers of tests start servers with event loops of their own.
    let (place, proxy) = tokio::task::spawn_blocking(|| {
        let place = shared(Store::Minio);
        let proxy = Proxy::start(place.server.endpoint());
        (place, proxy)
    })
    .await
    .unwrap();
    let open = |url: String| Bucket::open_with(&url.parse().unwrap(), &place.server.variables()).unwrap();
    let (served, direct) = (open(place.url_by(proxy.endpoint())), open(place.url()));
    let rig = Rig::over(served, TempDir::new().unwrap(), settings).await.unwrap();
    (rig, proxy, direct)
}

async fn dropped(proxy: Proxy) {
    tokio::task::spawn_blocking(|| drop(proxy)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_watch_the_bucket_is_asked_for_one() {
    let (rig, proxy, direct) = remote("").await;
    let cookie = rig.come_in().await;
    let job = jobs::begun(&direct, "wordcount", "a").await;
    let path = format!("/jobs/{}/events", job.id);
    let mut streams = Vec::new();
    for _ in 0..20 {
        streams.push(rig.get(&path).cookie(&cookie).begin().await);
    }
    for stream in &mut streams {
        assert!(stream.reads(|text| text.contains("event: state")).await);
    }
    proxy.clear();
    let begun = Instant::now();
    let mut offset = 0;
    for (n, stream) in streams.iter_mut().take(5).enumerate() {
        let line = jobs::line(&format!("line {n}"));
        let size = line.len() as u64;
        direct.write_log_segment(&job.id, 1, offset, line).await.unwrap();
        let written = Instant::now();
        assert!(stream.reads(|text| lines(text).len() == n + 1).await);
        assert!(written.elapsed() < Duration::from_secs(1), "{:?}", written.elapsed());
        offset += size;
    }
    let asked = proxy.requests().len();
    let seconds = begun.elapsed().as_secs_f64().max(1.0);
    #[expect(clippy::cast_precision_loss, reason = "a rate")]
    let rate = asked as f64 / seconds;
    assert!(rate < 20.0, "{rate} requests a second");
    jobs::end(&direct, &job, JobState::Done, "exit code 0").await;
    for stream in &mut streams {
        let text = stream.ends().await.text();
        assert_eq!((lines(&text).len(), events(&text, "end").len()), (5, 1), "{text}");
    }
    drop(rig);
    dropped(proxy).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_bucket_that_is_away_is_told_and_watching_goes_on_when_it_is_back() {
    let (rig, proxy, direct) = remote("[limits]\nrequest_time = \"4s\"").await;
    let cookie = rig.come_in().await;
    let job = jobs::begun(&direct, "wordcount", "a").await;
    let path = format!("/jobs/{}/events", job.id);
    let mut stream = rig.get(&path).cookie(&cookie).begin().await;
    assert!(stream.reads(|text| text.contains("event: state")).await);
    assert_eq!(rig.get("/readyz").send().await.status, 200);
    proxy.set_faults(Faults { rate: 1.0, kinds: vec![Fault::Status(503)], seed: 1 });
    tokio::time::sleep(Duration::from_millis(1100)).await;
    for path in ["/readyz", &format!("/jobs/{}", job.id), &path] {
        let answer = rig.get(path).cookie(&cookie).send().await;
        assert_eq!(answer.status, 503, "{path}");
        assert!(!answer.header("retry-after").is_empty());
        assert!(!answer.text().contains("127.0.0.1:"), "{path}: {}", answer.text());
    }
    assert_eq!(rig.get("/healthz").send().await.status, 200);
    proxy.clear_faults();
    direct.write_log_segment(&job.id, 1, 0, jobs::line("after that")).await.unwrap();
    jobs::end(&direct, &job, JobState::Done, "exit code 0").await;
    assert!(stream.reads(|text| text.contains("event: end")).await);
    assert_eq!(lines(&stream.so_far().unwrap().text()).len(), 1);
    drop(stream);
    assert_eq!(rig.get("/readyz").send().await.status, 200);
    drop(rig);
    dropped(proxy).await;
}
