//! Logs of any length: a part at a time, by line, by letters, by importance, whole.

use std::time::{Duration, Instant};

use serde_json::json;
use tmpl_bucket::JobRecord;

use crate::site::Site;
use crate::support::jobs;

async fn long_log(site: &Site, lines: usize, padding: usize) -> JobRecord {
    site.publish("noisy", &json!({ "name": "Noisy", "parameters": [] })).await;
    let record = jobs::begun(&site.rig.bucket, "noisy", "noisy").await;
    let (mut offset, mut segment) = (0, Vec::new());
    for number in 1..=lines {
        let level = if number % 1000 == 0 { "ERROR" } else { "INFO" };
        let line = json!({ "time": "2026-11-21T08:00:00Z", "level": level, "source": "stdout",
                           "message": format!("line number {number} {}", "x".repeat(padding)) });
        segment.extend_from_slice(format!("{line}\n").as_bytes());
        if segment.len() > 1 << 20 || number == lines {
            let length = segment.len() as u64;
            site.rig
                .bucket
                .write_log_segment(&record.id, 1, offset, std::mem::take(&mut segment))
                .await
                .unwrap();
            offset += length;
        }
    }
    record
}

#[tokio::test]
async fn a_long_log_is_read_a_part_at_a_time() {
    let site = Site::new().await;
    let record = long_log(&site, 5000, 20).await;
    let log = format!("/jobs/{}/log", record.id);
    let end = site.page(&log).await;
    assert!(end.contains("Lines 4,851 to 5,000 of 5,000") && end.contains("id=\"L5000\""), "{end}");
    assert!(end.contains("data-follow-from=\"1:") && end.len() < 40_000, "{}", end.len());
    let middle = site.page(&format!("{log}?line=2500")).await;
    assert!(
        middle.contains("line number 2500 ") && middle.contains("class=\" asked\"><a class=\"at\""),
        "{middle}"
    );
    assert!(middle.contains("Lines 2,470 to 2,619 of 5,000") && !middle.contains("data-follow-from"));
    let begin = site.page(&format!("{log}?top=1")).await;
    assert!(begin.contains("id=\"L1\"") && begin.contains("top=151") && !begin.contains(">Earlier<"));
    let place = middle.split_once("id=\"L2500\"").unwrap().1;
    assert!(place.contains("line=2500#L2500"));
    for (query, first) in [
        ("?line=99999", "5,000 of"),
        ("?line=0", "Lines 1 to"),
        ("?line=x", "5,000 of"),
        ("?offset=0", "Lines 1 to"),
        ("?offset=999999999", "5,000 of"),
    ] {
        assert!(site.page(&format!("{log}{query}")).await.contains(first), "{query}");
    }
    let errors = site.page(&format!("{log}?level=error")).await;
    assert!(
        errors.contains("5 lines like that")
            && errors.contains("id=\"L3000\"")
            && errors.contains("<b>Error</b>")
    );
    let found = site.page(&format!("{log}?q=NUMBER+123")).await;
    assert!(
        found.contains("<mark>number 123</mark>")
            && found.contains("id=\"L123\"")
            && found.contains("id=\"L1230\"")
    );
    let many = site.page(&format!("{log}?q=line")).await;
    assert!(many.contains("The first 150 lines like that") && many.contains("from="), "{many}");
    let next = crate::site::attribute(many.split_once("<a class=\"button quiet small\"").unwrap().1, "href")
        .unwrap();
    assert!(site.page(&next).await.contains("id=\"L151\""));
    assert!(site.page(&format!("{log}?q=nowhere")).await.contains("No line is like that."));
    let whole = site.get(&format!("{log}.txt")).await;
    assert_eq!(whole.text().lines().count(), 5000);
    assert!(
        whole.text().starts_with("2026-11-21T08:00:00.000Z Info line number 1 "),
        "{}",
        &whole.text()[..80]
    );
}

#[tokio::test]
async fn fifty_megabytes_are_opened_at_once() {
    let site = Site::new().await;
    let record = long_log(&site, 220_000, 150).await;
    let length = site.rig.bucket.log_length(&record.id, 1).await.unwrap();
    assert!(length > 50_000_000, "{length}");
    for query in ["", "?line=110000", "?top=1", "?level=error"] {
        let begun = Instant::now();
        let page = site.page(&format!("/jobs/{}/log{query}", record.id)).await;
        // A fifth of a second as it is released; tests are not.
        assert!(begun.elapsed() < Duration::from_secs(4), "{query}: {:?}", begun.elapsed());
        assert!(page.contains("line number"), "{query}");
    }
}
