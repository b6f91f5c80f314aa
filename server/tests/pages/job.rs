//! The page of a job: as it stands, what it did, what went wrong, how it is ended.

use prost::Message;
use serde_json::json;
use tmpl_beam::messages::{Collection, Components, Pipeline, Transform};
use tmpl_bucket::{Cause, DrainAnswer, DrainRefusal, FinalRecord, JobRecord};
use tmpl_template::JobState;

use crate::site::{Site, parameter};
use crate::support::jobs;

async fn site() -> Site {
    let site = Site::new().await;
    site.publish(
        "report",
        &json!({ "name": "Report", "customMetadata": { "tmpl.ifItFails": "Write to finance." },
                 "parameters": [parameter("input", json!({}))] }),
    )
    .await;
    site
}

#[tokio::test]
async fn a_job_that_runs_says_so_and_can_be_ended_once_somebody_has_agreed() {
    let site = site().await;
    let before = site.ended("report", "before", JobState::Done).await;
    // Of two jobs of the same second nobody can tell which one was first.
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    let record = jobs::begun(&site.rig.bucket, "report", "nightly").await;
    let job = format!("/jobs/{}", record.id);
    let page = site.page(&job).await;
    assert!(page.contains("</svg>Running</span>") && page.contains("JOB_STATE_RUNNING"), "{page}");
    assert!(page.contains("It usually takes") && page.contains("<progress"), "{page}");
    assert!(page.contains(&format!("data-job=\"{}\"", record.id)) && page.contains("Look again"));
    assert!(page.contains("mode=cancel") && !page.contains("mode=drain"), "{page}");
    let ask = site.page(&format!("{job}/stop?mode=cancel")).await;
    assert!(ask.contains("What it has not finished is lost"), "{ask}");
    assert!(site.rig.bucket.stop_request(&record.id).await.unwrap().is_none(), "nobody has agreed yet");
    for _ in 0..2 {
        let answer = site.send(&ask, &[], ("", "")).await;
        assert_eq!((answer.status, answer.header("location")), (303, job.as_str()));
    }
    assert_eq!(site.rig.bucket.stop_request(&record.id).await.unwrap().unwrap().submitter.who, "owner");
    site.rig.audited(|entry| entry.action == "cancel").await;
    let page = site.page(&job).await;
    assert!(page.contains("owner asked for it to be cancelled.") && !page.contains("mode=cancel"), "{page}");
    assert_eq!(site.get(&format!("{job}/stop?mode=drain")).await.status, 409);
    assert_eq!(site.get(&format!("{job}/stop?mode=burn")).await.status, 400);
    jobs::end(&site.rig.bucket, &record, JobState::Cancelled, "cancelled by owner").await;
    let answer = site.get(&format!("{job}/stop?mode=cancel")).await;
    assert_eq!((answer.status, answer.header("location")), (303, job.as_str()));
    let page = site.page(&job).await;
    assert!(page.contains("Cancelled</span>") && !page.contains("data-job="), "{page}");
    assert!(page.contains(&format!("/compare?a={}&#38;b={}", before.id, record.id)), "{page}");
}

/// A job on an engine that reads something without an end.
async fn endless(site: &Site) -> JobRecord {
    let profile = json!({ "engine": "flink", "endpoint": "http://127.0.0.1:1" });
    let mut record = jobs::job("report", "endless");
    record.lease = Some(jiff::SignedDuration::from_mins(10));
    record.profile = Some(serde_json::from_value(profile).unwrap());
    let bucket = &site.rig.bucket;
    bucket.accept_job(&record).await.unwrap();
    jobs::begin_attempt(bucket, &record, 1).await;
    let name = || "read".to_owned();
    let read = Transform { unique_name: name(), outputs: [(name(), name())].into(), ..Transform::default() };
    let lines = Collection { is_bounded: 1, ..Collection::default() };
    let components = Components {
        transforms: [(name(), read)].into(),
        pcollections: [(name(), lines)].into(),
        ..Components::default()
    };
    let root_transform_ids = vec![name()];
    let pipeline = Pipeline { components: Some(components), root_transform_ids, ..Pipeline::default() };
    assert!(bucket.keep_pipeline(&record.id, pipeline.encode_to_vec()).await.unwrap());
    record
}

#[tokio::test]
async fn an_engine_that_does_not_let_a_job_finish_up_is_quoted() {
    let site = site().await;
    let (record, bucket) = (endless(&site).await, &site.rig.bucket);
    let job = format!("/jobs/{}", record.id);
    for reason in ["there is no room for <savepoints>", "there is none still"] {
        let ask = site.page(&format!("{job}/stop?mode=drain")).await;
        assert_eq!(site.send(&ask, &[], ("", "")).await.status, 303);
        let page = site.page(&job).await;
        assert!(page.contains("owner asked for it to finish up.") && !page.contains("mode=drain"), "{page}");
        let refusal = DrainRefusal { reason: reason.to_owned(), hint: Some("make room".to_owned()) };
        let request = bucket.drain_request(&record.id).await.unwrap().unwrap().time;
        let answer = DrainAnswer { request, time: jiff::Timestamp::now(), refusal: Some(refusal) };
        bucket.answer_drain(&record.id, &answer).await.unwrap();
        let page = site.page(&job).await;
        assert!(
            page.contains("could not be asked to finish up, and goes on.") && page.contains("make room"),
            "{page}"
        );
        assert!(page.contains(&reason.replace('<', "&#60;").replace('>', "&#62;")), "{page}");
        assert!(!page.contains("owner asked for") && page.contains("mode=drain"), "{page}");
    }
}

#[tokio::test]
async fn a_failure_is_told_in_a_sentence_with_the_authors_advice() {
    let site = site().await;
    let record = jobs::begun(&site.rig.bucket, "report", "broken").await;
    // The advice is of the version that ran.
    let cause = Cause {
        exception: Some("ValueError".into()),
        message: "the file has no donations".into(),
        step: Some("Read".into()),
    };
    let end =
        FinalRecord { cause: Some(cause), ..FinalRecord::new(JobState::Failed, "exit code 1".into(), 1) };
    site.rig.bucket.finish_job(&record, &end).await.unwrap();
    let page = site.page(&format!("/jobs/{}", record.id)).await;
    let wrong = page.split_once("What went wrong").unwrap().1;
    assert!(wrong.contains("<strong>the file has no donations</strong>"), "{wrong}");
    assert!(wrong.contains("ValueError, in the step Read") && wrong.contains("level=error"), "{wrong}");
}

#[tokio::test]
async fn rows_have_tabs_and_files_without_a_script() {
    let site = site().await;
    let record = jobs::begun(&site.rig.bucket, "report", "rows").await;
    let results = site.rig.folder.path().join("bucket").join(tmpl_bucket::layout::results(&record.id, 1));
    std::fs::create_dir_all(&results).unwrap();
    let mut rows: Vec<String> =
        (0..250).map(|n| json!({ "stdout": format!("row {n}") }).to_string()).collect();
    rows.insert(1, json!({ "stderr": "a mistake", "line": 7 }).to_string());
    std::fs::write(results.join("a.jsonl"), rows.join("\n")).unwrap();
    let job = format!("/jobs/{}", record.id);
    let page = site.page(&job).await;
    assert!(
        page.contains("row 0\n") && !page.contains("a mistake") && page.contains("Errors (1+)"),
        "{page}"
    );
    assert!(page.contains("The files have more of them"));
    let errors = site.page(&format!("{job}?rows=errors")).await;
    assert!(errors.contains("a mistake") && errors.contains(">line</bdi>") && !errors.contains("row 0\n"));
    let csv = site.get(&format!("{job}/results.csv")).await.text();
    assert_eq!((csv.lines().next(), csv.lines().count()), (Some("stdout,stderr,line"), 252));
    let json = site.get(&format!("{job}/results.json")).await.json();
    assert_eq!(json.as_array().unwrap().len(), 251);
}

#[tokio::test]
async fn the_picture_of_an_ended_job_says_what_its_steps_counted() {
    let site = site().await;
    let record = jobs::begun(&site.rig.bucket, "report", "counted").await;
    let folder = site.rig.folder.path().join("bucket").join(tmpl_bucket::layout::job(&record.id));
    let graph = concat!(env!("CARGO_MANIFEST_DIR"), "/../beam/tests/graphs/python-wordcount.pb");
    std::fs::copy(graph, folder.join("pipeline.pb")).unwrap();
    std::fs::create_dir_all(folder.join("metrics")).unwrap();
    let counted = json!({ "elements": [{ "step": "Split", "collection": "output", "count": 1234 }] });
    std::fs::write(folder.join("metrics/1.json"), counted.to_string()).unwrap();
    jobs::end(&site.rig.bucket, &record, JobState::Done, "done").await;
    let job = format!("/jobs/{}", record.id);
    let page = site.page(&job).await;
    assert!(page.contains("1,234") && page.contains(&format!("{job}/graph.svg")), "{page}");
    let drawn = site.get(&format!("{job}/graph.svg")).await;
    assert_eq!((drawn.status, drawn.header("content-type")), (200, "image/svg+xml"));
    let drawn = drawn.text();
    assert!(drawn.contains("1,234") && drawn.contains("GroupAndSum"), "{drawn}");
}

#[tokio::test]
async fn two_jobs_are_compared() {
    let site = site().await;
    let bucket = &site.rig.bucket;
    let mut ids = Vec::new();
    for (input, row) in [("a.csv", "3 lines"), ("b.csv", "4 lines")] {
        let mut record = jobs::job("report", "compared");
        record.parameters.insert("input", input).unwrap();
        record.name = format!("compared-{}", ids.len()).parse().unwrap();
        record.lease = Some(jiff::SignedDuration::from_mins(10));
        bucket.accept_job(&record).await.unwrap();
        jobs::begin_attempt(bucket, &record, 1).await;
        let results = site.rig.folder.path().join("bucket").join(tmpl_bucket::layout::results(&record.id, 1));
        std::fs::create_dir_all(&results).unwrap();
        let rows = [json!({ "stdout": "same" }).to_string(), json!({ "stdout": row }).to_string()];
        std::fs::write(results.join("a.jsonl"), rows.join("\n")).unwrap();
        jobs::end(bucket, &record, JobState::Done, "done").await;
        ids.push(record.id);
    }
    let (a, b) = (&ids[0], &ids[1]);
    let page = site.page(&format!("/compare?a={a}&b={b}")).await;
    assert!(page.contains("a.csv") && page.contains("b.csv") && page.contains("3 lines"), "{page}");
    assert!(!page.contains(">same<") && !page.contains("On this server"), "only what differs: {page}");
    assert!(site.page(&format!("/compare?a={a}&b={b}&all=yes")).await.contains("On this server"));
    // As a list sends them: the newer first.
    let listed = site.page(&format!("/compare?job={b}&job={a}")).await;
    assert!(listed.find(a.as_str()).unwrap() < listed.find(b.as_str()).unwrap());
    for query in ["", "?a=x", "?job=1", &format!("?a={a}&b=nothing")] {
        let answer = site.get(&format!("/compare{query}")).await;
        assert!(matches!(answer.status, 400 | 404), "{query}: {}", answer.status);
    }
}
