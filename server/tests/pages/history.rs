//! The list of jobs: filters in the address, pages, and jobs of others.

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use tmpl_template::{JobId, JobState};

use crate::site::Site;
use crate::support::jobs;

#[tokio::test]
async fn jobs_come_in_pages_and_are_filtered() {
    let site = Site::new().await;
    site.publish("report", &json!({ "name": "The report", "parameters": [] })).await;
    assert!(site.page("/jobs").await.contains("No job has run yet"));
    let bucket = &site.rig.bucket;
    let begin: Timestamp = "2026-11-01T00:00:00Z".parse().unwrap();
    for number in 0..130_u64 {
        let mut record =
            jobs::job(if number % 2 == 0 { "report" } else { "other" }, &format!("job-{number}"));
        record.created = begin + SignedDuration::from_mins(i64::try_from(number).unwrap());
        record.id = JobId::new(record.created, number);
        record.submitter.who = if number % 10 == 0 { "zoë" } else { "ann" }.to_owned();
        bucket.accept_job(&record).await.unwrap();
        let state = if number % 13 == 0 { JobState::Failed } else { JobState::Done };
        jobs::end(bucket, &record, state, "x").await;
    }
    let count = |page: &str| page.matches("name=\"job\"").count();
    // The list was looked at a moment ago.
    let mut first = site.page("/jobs").await;
    for _ in 0..100 {
        if count(&first) == 30 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        first = site.page("/jobs").await;
    }
    assert!(first.contains(">job-129<") && first.contains(">The report<"), "{first}");
    let mut page = first;
    let mut seen = count(&page);
    while let Some((before, _)) = page.split_once("\">Older</a>") {
        let address = crate::site::unescaped(before.rsplit("href=\"").next().unwrap());
        page = site.page(&address).await;
        seen += count(&page);
    }
    assert_eq!(seen, 130);
    for (query, expected) in [
        ("template=report", 30),
        ("state=failed", 10),
        ("who=ZO%C3%8B", 13),
        ("name=job-12", 11),
        ("template=report&state=failed", 5),
        ("since=2026-11-02", 0),
        ("until=2026-11-01&name=job-1", 30),
        ("template=No+Such", 0),
        ("state=ongoing", 0),
        ("after=nonsense&name=job-129", 1),
    ] {
        assert_eq!(count(&site.page(&format!("/jobs?{query}")).await), expected, "{query}");
    }
    let odd = site.page("/jobs?since=%3Cscript%3E").await;
    assert!(odd.contains("A day is written like") && odd.contains("&#60;script&#62;"), "{odd}");
}

#[tokio::test]
async fn a_job_of_a_terminal_appears_while_it_runs() {
    let site = Site::new().await;
    site.page("/jobs").await;
    let record = jobs::begun(&site.rig.bucket, "report", "by-hand").await;
    let mut page = String::new();
    for _ in 0..100 {
        page = site.page("/jobs?state=ongoing").await;
        if page.contains("by-hand") {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    }
    assert!(page.contains("</svg>Running</span>") && page.contains("data-again"), "{page}");
    jobs::end(&site.rig.bucket, &record, JobState::Done, "done").await;
    assert!(!site.page("/jobs?state=ongoing").await.contains("by-hand"));
    assert!(site.page("/jobs?state=done").await.contains("by-hand"));
}

#[tokio::test]
async fn a_whole_page_is_small_and_its_parts_are_kept_for_ever() {
    let site = Site::new().await;
    site.publish("report", &json!({ "name": "The report", "parameters": [] })).await;
    for number in 0..60_u64 {
        let record = jobs::job("report", &format!("report-20261121-080000-{number:04}"));
        site.rig.bucket.accept_job(&record).await.unwrap();
        jobs::end(&site.rig.bucket, &record, JobState::Done, "done").await;
    }
    for path in ["/", "/jobs", "/templates/report"] {
        let page = site.page(path).await;
        let mut whole = page.len();
        for part in ["/assets/style-", "/assets/script-", "/assets/icon-"] {
            let rest = page.split_once(part).unwrap().1;
            let address = format!("{part}{}", rest.split('"').next().unwrap());
            let answer = site.get(&address).await;
            assert_eq!(answer.header("cache-control"), "public, max-age=31536000, immutable", "{address}");
            whole += answer.body.len();
        }
        assert!(whole < 60_000, "{path}: {whole} bytes");
    }
    assert_eq!(site.get("/assets/style-0.css").await.status, 404);
}
