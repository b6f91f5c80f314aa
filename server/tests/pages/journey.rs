//! From the list to a job: found, filled in wrongly, mended, reviewed, run once, run again.

use serde_json::json;
use tmpl_bucket::JobFilter;
use tmpl_template::JobId;

use crate::site::{Form, Site, parameter};

fn report() -> serde_json::Value {
    json!({
        "name": "Monthly donor report",
        "description": "Adds up what donors gave. By country.",
        "customMetadata": { "tmpl.owner": "Finance" },
        "parameters": [
            parameter("month", json!({ "regexes": ["^[0-9]{4}-[0-9]{2}$"],
                "customMetadata": { "tmpl.message": "Give the month like 2026-11." } })),
            parameter("output", json!({ "paramType": "GCS_WRITE_FOLDER" })),
            parameter("note", json!({ "isOptional": true, "defaultValue": "none" })),
        ],
    })
}

async fn jobs(site: &Site) -> Vec<JobId> {
    let list = site.rig.bucket.jobs(&JobFilter::default(), 100).await.unwrap();
    list.jobs.into_iter().map(|job| job.id).collect()
}

#[tokio::test]
async fn a_report_is_found_run_and_run_again() {
    let site = Site::new().await;
    site.publish("donor-report", &report()).await;
    let found = site.page("/?q=DON").await;
    assert!(
        found.contains("href=\"/templates/donor-report\"") && found.contains("Adds up what donors gave.")
    );
    assert!(found.contains("Finance") && !found.contains("By country"));
    assert!(site.page("/?q=nothing").await.contains("Nothing is called “nothing”"));

    let page = site.page("/templates/donor-report").await;
    let key = Form::of(&page).get("key").unwrap().to_owned();
    let wrong = site.send(&page, &[("p.month", "November"), ("p.note", "kept")], ("action", "review")).await;
    assert_eq!(wrong.status, 422);
    let refused = site.send(&page, &[("p.month", "November")], ("action", "run")).await;
    assert_eq!(refused.status, 422);
    let wrong = wrong.text();
    assert!(wrong.contains("<title>Error: Monthly donor report"), "{wrong}");
    let summary = wrong.split_once("id=\"errors\"").unwrap().1.split("</ul>").next().unwrap();
    let month = summary.find("<a href=\"#p-0\">Give the month like 2026-11.</a>").unwrap();
    let output = summary.find("<a href=\"#p-1\">Enter a value for “Label of output”.</a>").unwrap();
    assert!(month < output);
    assert!(
        wrong.contains("aria-invalid=\"true\"") && wrong.contains("aria-describedby=\"p-0-error p-0-help\"")
    );
    let form = Form::of(&wrong);
    assert_eq!((form.get("p.month"), form.get("p.note")), (Some("November"), Some("kept")));
    assert!(wrong.contains("<details class=\"fold\" open"), "what was changed is shown");
    assert_eq!(form.get("key"), Some(key.as_str()), "a launch has one key, through all errors");

    let review =
        site.send(&wrong, &[("p.month", "2026-11"), ("p.output", "/data/it's")], ("action", "review")).await;
    assert_eq!(review.status, 200, "{}", review.text());
    let review = review.text();
    assert!(review.contains("Is this right?") && review.contains("/data/it"), "{review}");
    assert!(review.contains("--param &#34;output=/data/it&#39;s&#34;"), "{review}");
    assert!(jobs(&site).await.is_empty(), "nothing has run yet");

    let back = site.send(&review, &[], ("action", "edit")).await.text();
    assert_eq!(Form::of(&back).get("p.output"), Some("/data/it's"));

    let run = site.send(&review, &[], ("action", "run")).await;
    assert_eq!(run.status, 303, "{}", run.text());
    let job = run.header("location").to_owned();
    assert_eq!(jobs(&site).await.len(), 1);
    let written = site.rig.audited(|entry| entry.action == "launch").await;
    assert_eq!(written.subject["key"], key.as_str());
    let launches = site.rig.audit().await.iter().filter(|entry| entry.action == "launch").count();
    assert_eq!(launches, 1, "what was refused was no launch");
    for _ in 0..3 {
        let again = site.send(&review, &[], ("action", "run")).await;
        assert_eq!((again.status, again.header("location")), (303, job.as_str()), "one form, one job");
    }
    assert_eq!(jobs(&site).await.len(), 1);
    let record = site.rig.bucket.job_record(&jobs(&site).await[0]).await.unwrap();
    assert_eq!(record.submitter.who, "owner");
    assert_eq!(record.parameters.get("note"), Some("kept"));

    // Back in the browser, something else is entered: that is another launch, and the person is told.
    let other = site.send(&review, &[("p.month", "2026-12")], ("action", "run")).await;
    assert_eq!(other.status, 409);
    let other = other.text();
    assert!(other.contains(&job) && other.contains("You have run this form already"), "{other}");
    assert_ne!(Form::of(&other).get("key"), Some(key.as_str()));
    assert_eq!(Form::of(&other).get("p.month"), Some("2026-12"));
    let review = site.send(&other, &[], ("action", "review")).await.text();
    let second = site.send(&review, &[], ("action", "run")).await;
    assert_ne!(second.header("location"), job);
    assert_eq!(jobs(&site).await.len(), 2);

    let page = site.page(&job).await;
    assert!(page.contains("Monthly donor report") && page.contains("Label of month"), "{page}");
    let again = site.page(&format!("/templates/donor-report?from={}", record.id)).await;
    let form = Form::of(&again);
    assert_eq!((form.get("p.month"), form.get("p.note")), (Some("2026-11"), Some("kept")));
    assert_ne!(form.get("key"), Some(key.as_str()));
}

#[tokio::test]
async fn two_clicks_at_the_same_moment_make_one_job() {
    let site = Site::new().await;
    site.publish("donor-report", &report()).await;
    let page = site.page("/templates/donor-report").await;
    let review = site
        .send(&page, &[("p.month", "2026-11"), ("p.output", "/data/x")], ("action", "review"))
        .await
        .text();
    let clicks = (0..8).map(|_| site.send(&review, &[], ("action", "run")));
    let answers = futures::future::join_all(clicks).await;
    let places: Vec<&str> = answers.iter().map(|answer| answer.header("location")).collect();
    assert!(answers.iter().all(|answer| answer.status == 303), "{places:?}");
    assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
    assert_eq!(jobs(&site).await.len(), 1);
}

#[tokio::test]
async fn a_form_of_an_older_version_launches_what_was_seen() {
    let site = Site::new().await;
    site.publish("donor-report", &report()).await;
    let page = site.page("/templates/donor-report").await;
    let mut newer = report();
    newer["parameters"][0]["name"] = json!("period");
    site.publish("donor-report", &newer).await;
    let fields = [("p.month", "2026-11"), ("p.output", "/data/x")];
    let review = site.send(&page, &fields, ("action", "review")).await.text();
    let run = site.send(&review, &[], ("action", "run")).await;
    assert_eq!(run.status, 303, "{}", run.text());
    let record = site.rig.bucket.job_record(&jobs(&site).await[0]).await.unwrap();
    assert_eq!(record.parameters.get("month"), Some("2026-11"));
    let page = site.page(&format!("/templates/donor-report?from={}", record.id)).await;
    assert!(page.contains("another version of the template") && page.contains("Use the version of then"));
    assert!(
        page.contains("name=\"other.name\" value=\"month\""),
        "what the newer one does not ask for is not lost"
    );
}

#[tokio::test]
async fn what_changes_data_is_confirmed_by_its_name() {
    let site = Site::new().await;
    let mut metadata = report();
    metadata["customMetadata"]["tmpl.mutates"] = json!("true");
    site.publish("donor-report", &metadata).await;
    assert!(site.page("/").await.contains("Changes data"));
    let page = site.page("/templates/donor-report").await;
    let fields = [("p.month", "2026-11"), ("p.output", "/data/x")];
    let review = site.send(&page, &fields, ("action", "review")).await.text();
    for typed in ["", "donor", "Donor-Report", "yes"] {
        let asked = site.send(&review, &[("confirm", typed)], ("action", "run")).await;
        assert_eq!(asked.status, 422, "{typed}");
        assert!(asked.text().contains("href=\"#confirm\""), "{}", asked.text());
    }
    assert!(jobs(&site).await.is_empty());
    let run = site.send(&review, &[("confirm", " donor-report ")], ("action", "run")).await;
    assert_eq!(run.status, 303, "{}", run.text());
}

#[tokio::test]
async fn a_reader_sees_and_runs_nothing() {
    let site = Site::with("read_only = true").await;
    site.publish("donor-report", &report()).await;
    let page = site.page("/templates/donor-report").await;
    assert!(page.contains("you can&#39;t run it") && !page.contains("Continue to review"), "{page}");
    let fields = [("p.month", "2026-11"), ("p.output", "/data/x")];
    for action in ["review", "run", "save", "check"] {
        let refused = site.send(&page, &fields, ("action", action)).await;
        assert_eq!(refused.status, 403, "{action}");
    }
}
