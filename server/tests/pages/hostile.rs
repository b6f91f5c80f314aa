//! Templates, values, jobs and logs that were made to do harm: they are shown, and do nothing.

use serde_json::json;
use tmpl_bucket::FinalRecord;
use tmpl_template::JobState;

use crate::site::{Form, Site, parameter};
use crate::support::jobs;

const EVIL: &str =
    "<script>alert(1)</script>\"' onmouseover='x' {{7*7}} \u{202e}evil\u{1b}[31m</textarea></title>";

/// What people see of a page does nothing and hides nothing. What is sent back stays what it is.
fn harmless(page: &str) {
    assert_eq!(page.matches("<script").count(), 1, "{page}");
    let seen: String =
        page.split('<').map(|part| part.split_once('>').map_or("", |(_, text)| text)).collect();
    for character in ['\u{202e}', '\u{1b}'] {
        assert!(!seen.contains(character), "{character:?}: {page}");
    }
}

#[tokio::test]
async fn hostile_metadata_is_shown_and_does_nothing() {
    let site = Site::new().await;
    let long = "x".repeat(10_000);
    site.publish(
        "hostile",
        &json!({
            "name": EVIL, "description": format!("{EVIL}. {long}"),
            "customMetadata": { "tmpl.owner": EVIL, "tmpl.ifItFails": EVIL },
            "parameters": [
                { "name": EVIL, "label": EVIL, "helpText": EVIL, "groupName": EVIL },
                { "name": "long", "label": long, "helpText": long, "groupName": long, "regexes": ["^y"],
                  "customMetadata": { "tmpl.example": EVIL, "tmpl.unit": EVIL, "tmpl.message": EVIL } },
                { "name": "choice", "label": "c", "helpText": "h", "paramType": "ENUM",
                  "enumOptions": [{ "value": EVIL, "label": EVIL, "description": EVIL }, { "value": "" }] },
                { "name": "child", "label": "c", "helpText": "h", "parentName": "choice", "parentTriggerValues": [EVIL] },
            ],
        }),
    )
    .await;
    for path in ["/", "/?q=%3Cscript%3E%E2%80%AE", "/templates/hostile", "/jobs"] {
        harmless(&site.page(path).await);
    }
    let page = site.page("/templates/hostile?long=%E2%80%AEx").await;
    assert!(page.contains("has characters that can&#39;t be seen"), "{page}");
    let page = site.page("/templates/hostile").await;
    let answer = site
        .send(&page, &[("p.long", EVIL), ("job_name", EVIL), ("runner", EVIL)], ("action", "review"))
        .await;
    let text = answer.text();
    assert_eq!(answer.status, 422, "{text}");
    assert_eq!(text.matches("<script").count(), 1, "{text}");
    let form = Form::of(&text);
    assert_eq!(form.get("p.long"), Some(EVIL), "a value stays what it is");
    assert!(text.len() < 60_000, "{}", text.len());
}

#[tokio::test]
async fn a_hostile_job_is_shown_and_does_nothing() {
    let site = Site::new().await;
    site.publish("plain", &json!({ "name": "Plain", "parameters": [parameter("input", json!({}))] })).await;
    let bucket = &site.rig.bucket;
    let mut record = jobs::job("plain", "evil-job");
    record.parameters.insert("input", format!("{}theend", "y".repeat(5000))).unwrap();
    record.parameters.insert(EVIL, EVIL).unwrap();
    record.submitter.who = EVIL.to_owned();
    record.runner = EVIL.to_owned();
    record.lease = Some(jiff::SignedDuration::from_mins(10));
    bucket.accept_job(&record).await.unwrap();
    jobs::begin_attempt(bucket, &record, 1).await;
    let results = site.rig.folder.path().join("bucket").join(tmpl_bucket::layout::results(&record.id, 1));
    std::fs::create_dir_all(&results).unwrap();
    let rows =
        [json!({ "stdout": EVIL }), json!({ "stderr": EVIL, EVIL: EVIL }), json!({ "stdout": "=1+1" })];
    let rows: Vec<String> = rows.iter().map(ToString::to_string).collect();
    std::fs::write(results.join("a.jsonl"), rows.join("\n")).unwrap();
    bucket.write_log_segment(&record.id, 1, 0, jobs::line(EVIL)).await.unwrap();
    let figures = json!({ "counters": [{ "step": EVIL, "namespace": EVIL, "name": EVIL, "value": 1 }] });
    bucket.write_metrics(&record.id, 1, &figures).await.unwrap();
    let files = site.rig.folder.path().join("bucket").join(tmpl_bucket::layout::artifacts(&record.id));
    std::fs::create_dir_all(&files).unwrap();
    std::fs::write(files.join("<script>.html"), "<script>alert(1)</script>").unwrap();
    std::os::unix::fs::symlink("/etc/passwd", files.join("passwd")).unwrap();
    let cause =
        tmpl_bucket::Cause { exception: Some(EVIL.into()), message: EVIL.into(), step: Some(EVIL.into()) };
    let end = FinalRecord {
        cause: Some(cause),
        hint: Some(EVIL.into()),
        ..FinalRecord::new(JobState::Failed, EVIL.into(), 1)
    };
    bucket.finish_job(&record, &end).await.unwrap();
    let job = format!("/jobs/{}", record.id);
    for path in [
        job.clone(),
        format!("{job}?rows=errors"),
        format!("{job}/log"),
        format!("{job}/log?q=%3Cscript"),
        "/jobs".to_owned(),
        format!("/compare?a={0}&b={0}&all=yes", record.id),
    ] {
        harmless(&site.page(&path).await);
    }
    let page = site.page(&job).await;
    assert!(!page.contains("theend") && page.contains(&format!("{job}/parameters/input")), "{page}");
    let whole = site.get(&format!("{job}/parameters/input")).await;
    assert!(whole.text().ends_with("theend") && whole.header("content-type").starts_with("text/plain"));
    assert_eq!(whole.header("x-content-type-options"), "nosniff");
    let csv = site.get(&format!("{job}/results.csv")).await;
    assert!(csv.text().contains("\"'=1+1\""), "{}", csv.text());
    assert!(csv.header("content-disposition").starts_with("attachment"));
    let address = page.split_once("<a href=\"/jobs/").unwrap().1;
    assert!(address.contains("/files/%3Cscript%3E%2Ehtml"), "{page}");
    let file = site.get(&format!("{job}/files/%3Cscript%3E%2Ehtml")).await;
    assert_eq!(file.text(), "<script>alert(1)</script>");
    assert_eq!(file.header("content-type"), "application/octet-stream");
    assert!(
        file.header("content-disposition").starts_with("attachment")
            && file.header("content-security-policy").contains("sandbox")
    );
    for path in [
        "files/passwd",
        "files/../job.json",
        "files/%2e%2e/job.json",
        "files/nothing",
        "parameters/nothing",
        "graph.svg",
    ] {
        let answer = site.get(&format!("{job}/{path}")).await;
        assert!(matches!(answer.status, 400 | 404), "{path}: {}", answer.status);
        assert!(!answer.text().contains("root:"), "{path}");
    }
    assert!(!site.get(&format!("{job}/log.txt")).await.text().contains('\u{1b}'));
}

#[tokio::test]
async fn a_damaged_template_is_named_and_the_others_are_there() {
    let site = Site::new().await;
    site.publish("good", &json!({ "name": "Good", "parameters": [] })).await;
    let place = site.rig.folder.path().join("bucket/templates");
    std::fs::write(place.join("bad.json"), "{").unwrap();
    std::fs::write(place.join("Not A Name.json"), "{}").unwrap();
    let page = site.page("/").await;
    assert!(page.contains("/templates/good") && page.contains("This template can&#39;t be read"), "{page}");
    let answer = site.get("/templates/bad").await;
    assert_eq!(answer.status, 500);
    assert!(!answer.text().contains("line 1"), "what is damaged is for the log: {}", answer.text());
    for path in [
        "/templates/nothing",
        "/templates/Not%20A%20Name",
        "/templates/..%2f..%2fetc",
        "/jobs/x",
        "/jobs/2026-11-21_08_00_00-0000000000000000001",
        "/cards/none",
    ] {
        assert_eq!(site.get(path).await.status, 404, "{path}");
    }
}
