//! A job's events: its log by byte offset, its state, its end.

use std::time::{Duration, Instant};

use serde_json::Value;
use tmpl_template::JobState;

use crate::support::jobs::{begin_attempt, begun, end, line};
use crate::support::{Rig, Stream};

/// The lines of a stream's log events, each with its offset.
pub(crate) fn lines(text: &str) -> Vec<(u64, String)> {
    events(text, "log")
        .iter()
        .flat_map(|data| data["lines"].as_array().unwrap().clone())
        .map(|line| (line["at"].as_u64().unwrap(), line["text"].as_str().unwrap().to_owned()))
        .collect()
}

pub(crate) fn events(text: &str, name: &str) -> Vec<Value> {
    let mut found = Vec::new();
    for event in text.split("\n\n") {
        if event.lines().any(|line| line == format!("event: {name}"))
            && let Some(data) = event.lines().find_map(|line| line.strip_prefix("data: "))
        {
            found.push(serde_json::from_str(data).unwrap());
        }
    }
    found
}

fn last_id(text: &str) -> String {
    text.lines().rev().find_map(|line| line.strip_prefix("id: ")).unwrap().to_owned()
}

async fn watch(rig: &Rig, cookie: &str, path: &str) -> Stream {
    rig.get(path).instead("accept", "text/event-stream").cookie(cookie).begin().await
}

#[tokio::test]
async fn a_log_is_followed_to_the_end_of_the_job() {
    let rig = Rig::new("").await;
    let cookie = rig.come_in().await;
    let job = begun(&rig.bucket, "wordcount", "a").await;
    let first = [line("one"), line("\u{1b}[31mtwo\u{1b}[0m <b>")].concat();
    rig.bucket.write_log_segment(&job.id, 1, 0, first.clone()).await.unwrap();
    let path = format!("/jobs/{}/events", job.id);
    let mut stream = watch(&rig, &cookie, &path).await;
    assert!(stream.reads(|text| lines(text).len() == 2).await);
    let answer = stream.so_far().unwrap();
    assert_eq!(answer.header("content-type"), "text/event-stream");
    assert_eq!(answer.header("content-encoding"), "");
    assert!(rig.bucket.is_watched(&job.id).await.unwrap(), "launchers write small segments now");

    let begun = Instant::now();
    rig.bucket.write_log_segment(&job.id, 1, first.len() as u64, line("three")).await.unwrap();
    assert!(stream.reads(|text| lines(text).len() == 3).await);
    assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
    rig.bucket
        .write_metrics(
            &job.id,
            1,
            &serde_json::json!({ "counters": [{ "step": "s", "name": "n", "value": 3 }] }),
        )
        .await
        .unwrap();
    end(&rig.bucket, &job, JobState::Failed, "exit code 1").await;
    let text = stream.ends().await.text();
    assert_eq!(
        lines(&text).into_iter().map(|(_, text)| text).collect::<Vec<_>>(),
        ["one", "two <b>", "three"]
    );
    let states: Vec<_> = events(&text, "state").iter().map(|state| state["word"].clone()).collect();
    assert_eq!(states, ["running", "failed"]);
    assert_eq!(events(&text, "counters")[0]["counters"][0]["value"], "3");
    assert_eq!(events(&text, "end")[0]["reason"], "exit code 1");
    assert!(text.ends_with("\n\n") && text.rfind("event: end") > text.rfind("event: log"));

    // Whoever comes back is told what they have not had, and that there is nothing more.
    let from = last_id(&text);
    let back = rig.get(&path).cookie(&cookie).header("last-event-id", &from).send().await;
    assert_eq!((back.status, back.body.len()), (204, 0));
    let middle = format!("1:{}", first.iter().position(|byte| *byte == b'\n').unwrap() + 1);
    let back = rig.get(&path).cookie(&cookie).header("last-event-id", &middle).send().await.text();
    assert_eq!(lines(&back).len(), 2);
    // One that asks from the middle of a line gets the next.
    let back = rig.get(&format!("{path}?from=1:3")).cookie(&cookie).send().await.text();
    assert_eq!(lines(&back).len(), 2);
    let off = rig.get(&format!("{path}?log=off")).cookie(&cookie).send().await.text();
    assert!(lines(&off).is_empty() && events(&off, "end").len() == 1, "{off}");
}

#[tokio::test]
async fn all_attempts_are_read_in_order() {
    let rig = Rig::new("").await;
    let cookie = rig.come_in().await;
    let job = begun(&rig.bucket, "wordcount", "a").await;
    rig.bucket.write_log_segment(&job.id, 1, 0, line("first")).await.unwrap();
    begin_attempt(&rig.bucket, &job, 2).await;
    rig.bucket.write_log_segment(&job.id, 2, 0, line("second")).await.unwrap();
    let path = format!("/jobs/{}/events?from=1:0", job.id);
    let mut stream = watch(&rig, &cookie, &path).await;
    assert!(stream.reads(|text| lines(text).len() == 2).await, "{:?}", stream.so_far().map(|a| a.text()));
    begin_attempt(&rig.bucket, &job, 3).await;
    rig.bucket.write_log_segment(&job.id, 3, 0, line("third")).await.unwrap();
    end(&rig.bucket, &job, JobState::Done, "exit code 0").await;
    let text = stream.ends().await.text();
    let texts: Vec<_> = lines(&text).into_iter().map(|(_, text)| text).collect();
    assert_eq!(texts, ["first", "second", "third"], "{text}");
    assert_eq!(
        events(&text, "attempt").iter().map(|data| data["attempt"].clone()).collect::<Vec<_>>(),
        [2, 3]
    );
    let newest = rig.get(&format!("/jobs/{}/events", job.id)).cookie(&cookie).send().await.text();
    assert_eq!(lines(&newest).len(), 1);
}

#[tokio::test]
async fn a_long_log_is_read_whole_whatever_its_lines_are() {
    let rig = Rig::new("").await;
    let cookie = rig.come_in().await;
    let job = begun(&rig.bucket, "wordcount", "a").await;
    let mut log = Vec::new();
    for n in 0..20_000 {
        log.extend(line(&format!("line {n} {}", "x".repeat(n % 200))));
    }
    log.extend(vec![b'y'; 3 * 1024 * 1024]);
    log.extend(b"\n\n\n\xff\xfe no record\n");
    log.extend(line(&"z".repeat(100_000)));
    let mut offset = 0;
    for segment in log.chunks(700_001) {
        rig.bucket.write_log_segment(&job.id, 1, offset, segment.to_vec()).await.unwrap();
        offset += segment.len() as u64;
    }
    end(&rig.bucket, &job, JobState::Done, "exit code 0").await;
    let path = format!("/jobs/{}/events", job.id);
    let text = rig.get(&path).cookie(&cookie).send().await.text();
    let read = lines(&text);
    assert_eq!(read.len(), 20_003);
    assert!(
        read.iter().take(20_000).enumerate().all(|(n, (_, text))| text.starts_with(&format!("line {n} ")))
    );
    assert!(read[20_000].1.len() == 64 * 1024 && read[20_002].1.len() == 64 * 1024);
    assert_eq!(read[20_001].1, "\u{fffd}\u{fffd} no record");
    let cut: Vec<bool> = events(&text, "log")
        .iter()
        .flat_map(|data| data["lines"].as_array().unwrap().clone())
        .map(|line| line["cut"] == true)
        .collect();
    assert_eq!(cut.iter().filter(|cut| **cut).count(), 2);
    // From any offset on, the same lines.
    for from in [1, 777, 700_001, 1_500_000] {
        let text = rig.get(&format!("{path}?from=1:{from}")).cookie(&cookie).send().await.text();
        let rest: Vec<_> = read.iter().filter(|(at, _)| *at >= from).cloned().collect();
        assert!(lines(&text) == rest, "{from}");
    }
}

#[tokio::test]
async fn whoever_is_slow_keeps_nobody_waiting() {
    let rig = Rig::new("").await;
    let cookie = rig.come_in().await;
    let job = begun(&rig.bucket, "wordcount", "a").await;
    let path = format!("/jobs/{}/events", job.id);
    // It takes nothing of what it is sent.
    let _slow = watch(&rig, &cookie, &path).await;
    let mut quick = watch(&rig, &cookie, &path).await;
    let mut offset = 0;
    for n in 0..40 {
        let segment = line(&format!("{n} {}", "x".repeat(60_000))).repeat(10);
        let size = segment.len() as u64;
        rig.bucket.write_log_segment(&job.id, 1, offset, segment).await.unwrap();
        offset += size;
    }
    end(&rig.bucket, &job, JobState::Done, "exit code 0").await;
    assert!(quick.reads(|text| text.ends_with("\"}\n\n") && text.contains("event: end")).await);
    assert_eq!(lines(&quick.so_far().unwrap().text()).len(), 400);
}

#[tokio::test]
async fn watching_ends_with_the_session() {
    let rig = Rig::new("").await;
    let cookie = rig.come_in().await;
    let job = begun(&rig.bucket, "wordcount", "a").await;
    let mut stream = watch(&rig, &cookie, &format!("/jobs/{}/events", job.id)).await;
    assert!(stream.reads(|text| text.contains("event: state")).await);
    let csrf = rig.csrf(&cookie).await;
    assert_eq!(rig.post("/sign-out", &format!("csrf={csrf}")).cookie(&cookie).send().await.status, 303);
    let text = stream.ends().await.text();
    assert!(text.contains("event: leave\ndata: {\"why\":\"session\"}"), "{text}");
}

#[tokio::test]
async fn there_are_only_so_many_seats() {
    let rig = Rig::new("[limits]\nstreams_per_person = 2").await;
    let cookie = rig.come_in().await;
    let job = begun(&rig.bucket, "wordcount", "a").await;
    let path = format!("/jobs/{}/events", job.id);
    let mut held = vec![watch(&rig, &cookie, &path).await, watch(&rig, &cookie, &path).await];
    for stream in &mut held {
        assert!(stream.reads(|text| text.contains("event: state")).await);
    }
    let refused = rig.get(&path).cookie(&cookie).send().await;
    assert_eq!(refused.status, 429);
    held.pop();
    let mut taken = false;
    for _ in 0..50 {
        let mut stream = watch(&rig, &cookie, &path).await;
        taken = stream.reads(|text| text.contains("event: state") || text.contains("Too many")).await
            && stream.so_far().unwrap().status == 200;
        if taken {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert!(taken, "a seat that was left is free again");
}
