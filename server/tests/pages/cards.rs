//! Saved launches: made, run, changed, deleted.

use serde_json::json;
use tmpl_bucket::JobFilter;

use crate::site::{Form, Site, parameter};

async fn site() -> Site {
    let site = Site::new().await;
    site.publish(
        "report",
        &json!({ "name": "Report", "parameters": [
            parameter("table", json!({})),
            parameter("month", json!({ "regexes": ["^[0-9-]+$"] })),
            parameter("inner", json!({ "isOptional": true })),
        ]}),
    )
    .await;
    site
}

#[tokio::test]
async fn a_saved_launch_asks_only_for_what_it_leaves_open() {
    let site = site().await;
    let page = site.page("/templates/report").await;
    let draft = site.send(&page, &[("p.table", "donors"), ("p.inner", "deep")], ("action", "save")).await;
    assert_eq!(draft.status, 200, "{}", draft.text());
    let draft = draft.text();
    assert_eq!(Form::of(&draft).get("p.table"), Some("donors"));
    let wrong = site.send(&draft, &[("title", ""), ("p.month", "November")], ("action", "save")).await;
    assert_eq!(wrong.status, 422);
    let wrong = wrong.text();
    assert!(wrong.contains("Enter a title.") && wrong.contains("href=\"#p-1\""), "{wrong}");
    let fields = [
        ("title", "Größe <b>monthly</b>"),
        ("p.month", ""),
        ("access.p-0", "locked"),
        ("access.p-2", "hidden"),
        ("notes", "Only on Mondays. Ask first."),
    ];
    let saved = site.send(&wrong, &fields, ("action", "save")).await;
    assert_eq!(
        (saved.status, saved.header("location")),
        (303, "/cards/grosse-bmonthly-b"),
        "{}",
        saved.text()
    );
    site.rig.audited(|entry| entry.action == "save card").await;
    let list = site.page("/").await;
    assert!(list.find("/cards/grosse").unwrap() < list.find("/templates/report").unwrap());
    assert!(list.contains("Only on Mondays.") && list.contains("Größe &#60;b&#62;monthly"), "{list}");

    let page = site.page("/cards/grosse-bmonthly-b").await;
    assert!(page.contains("Set by the saved launch.") && page.contains("donors"), "{page}");
    assert!(!page.contains("name=\"p.table\"") && !page.contains("deep"), "{page}");
    let review =
        site.send(&page, &[("p.month", "2026-11"), ("p.inner", "stolen")], ("action", "review")).await;
    let review = review.text();
    assert!(review.contains("Is this right?") && review.contains("--card grosse-bmonthly-b"), "{review}");
    assert!(
        !review.contains("deep") && !review.contains("stolen") && review.contains("not shown"),
        "{review}"
    );
    let run = site.send(&review, &[("p.table", "stolen")], ("action", "run")).await;
    assert_eq!(run.status, 303, "{}", run.text());
    let jobs = site.rig.bucket.jobs(&JobFilter::default(), 9).await.unwrap().jobs;
    let record = site.rig.bucket.job_record(&jobs[0].id).await.unwrap();
    let parameters: Vec<_> = record.parameters.iter().collect();
    assert_eq!(parameters.len(), 3);
    for (name, value) in [("table", "donors"), ("month", "2026-11"), ("inner", "deep")] {
        assert_eq!(record.parameters.get(name), Some(value));
    }
    assert_eq!(record.card.as_ref().map(ToString::to_string).as_deref(), Some("grosse-bmonthly-b"));
    // Once more, through the same saved launch: what it hides stays hidden.
    let job = site.page(&format!("/jobs/{}", record.id)).await;
    let again = format!("/cards/grosse-bmonthly-b?from={}", record.id);
    assert!(job.contains(&again), "{job}");
    let again = site.page(&format!("{again}&p.table=stolen&inner=stolen")).await;
    assert_eq!(Form::of(&again).get("p.month"), Some("2026-11"));
    assert!(again.contains("donors") && !again.contains("stolen") && !again.contains("deep"), "{again}");
}

#[tokio::test]
async fn of_two_who_change_one_the_second_is_told() {
    let site = site().await;
    let page = site.page("/templates/report").await;
    let draft = site.send(&page, &[("p.table", "t")], ("action", "save")).await.text();
    let fields = [("title", "Mine"), ("card_name", "mine")];
    assert_eq!(site.send(&draft, &fields, ("action", "save")).await.status, 303);
    let taken = site.send(&draft, &fields, ("action", "save")).await;
    assert_eq!(taken.status, 422);
    assert!(taken.text().contains("There is a saved launch called mine already"));

    let form = site.page("/cards/mine").await;
    let (one, two) = (site.page("/cards/mine/edit").await, site.page("/cards/mine/edit").await);
    assert_eq!(site.send(&one, &[("title", "First")], ("action", "save")).await.status, 303);
    let late = site.send(&two, &[("title", "Second")], ("action", "save")).await;
    assert_eq!(late.status, 409);
    let late = late.text();
    assert!(late.contains("Somebody else has changed") && late.contains("value=\"Second\""), "{late}");
    assert_eq!(site.send(&late, &[], ("action", "save")).await.status, 303);
    // A form that was open meanwhile is shown again before it runs.
    let stale = site.send(&form, &[("p.month", "1")], ("action", "run")).await;
    assert_eq!(stale.status, 409);
    assert!(stale.text().contains("was changed while you had the form open"));

    let edit = site.page("/cards/mine/edit").await;
    let asked = site.send(&edit, &[], ("action", "delete")).await.text();
    assert!(asked.contains("Delete this saved launch?") && site.get("/cards/mine").await.status == 200);
    assert_eq!(site.send(&asked, &[], ("action", "delete-yes")).await.header("location"), "/");
    assert_eq!(site.get("/cards/mine").await.status, 404);
    assert!(!site.page("/").await.contains("/cards/mine"));
    assert_eq!(site.send(&draft, &fields, ("action", "save")).await.status, 303, "the name is free again");
}

#[tokio::test]
async fn a_saved_launch_is_made_of_a_job() {
    let site = site().await;
    let mut record = crate::support::jobs::job("report", "one");
    record.parameters.insert("table", "donors").unwrap();
    site.rig.bucket.accept_job(&record).await.unwrap();
    let page = site.page(&format!("/cards?from={}", record.id)).await;
    assert_eq!(Form::of(&page).get("p.table"), Some("donors"));
    assert_eq!(site.get("/cards").await.header("location"), "/");
    let fields = [("title", "Of others"), ("may_run", "somebody-else")];
    assert_eq!(site.send(&page, &fields, ("action", "save")).await.status, 303);
    let saved = site.rig.bucket.card(&"of-others".parse().unwrap()).await.unwrap().unwrap();
    assert_eq!(saved.card.may_run.len(), 1);
    let edit = site.page("/cards/of-others/edit").await;
    assert!(edit.contains("\nsomebody-else</textarea>"), "{edit}");
}

#[tokio::test]
async fn a_file_is_chosen_for_a_saved_launch_and_everything_else_stays() {
    let site = Site::new().await;
    let place = site.rig.folder.path().join("bucket/data");
    std::fs::create_dir_all(&place).unwrap();
    for name in ["a.csv", "b.csv"] {
        std::fs::write(place.join(name), "x").unwrap();
    }
    let path = parameter("path", json!({ "paramType": "GCS_READ_FILE" }));
    site.publish("reads", &json!({ "name": "R", "parameters": [parameter("note", json!({})), path] })).await;
    let form = site.page("/templates/reads").await;
    let draft = site.send(&form, &[("p.note", "kept")], ("action", "save")).await.text();
    assert!(draft.contains("name=\"browse\" value=\"p-1\""), "{draft}");
    let entered = [("title", "Read it"), ("notes", "two\nlines"), ("access.p-0", "locked")];
    let chooser = site.send(&draft, &entered, ("browse", "p-1")).await.text();
    let folder = site.send(&chooser, &[], ("at", "data")).await.text();
    let [a, b] = ["data/a.csv", "data/b.csv"].map(|file| site.rig.bucket.place_of(file));
    let back = site.send(&folder, &[], ("choose", &a)).await.text();
    assert!(back.contains("autofocus") && back.contains("\ntwo\nlines</textarea>"), "{back}");
    let form = Form::of(&back);
    let there = ["title", "p.note", "p.path", "access.p-0"].map(|field| form.get(field));
    assert_eq!(there, [Some("Read it"), Some("kept"), Some(a.as_str()), Some("locked")]);
    let left = site.send(&folder, &[], ("action", "edit")).await.text();
    assert_eq!(
        (Form::of(&left).get("p.note"), Form::of(&left).get("title")),
        (Some("kept"), Some("Read it"))
    );
    assert_eq!(site.get("/cards/read-it").await.status, 404, "nothing was saved by the way");
    assert_eq!(site.send(&back, &[], ("action", "save")).await.header("location"), "/cards/read-it");

    // The same of one that is there. It begins where its value lies.
    let edit = site.page("/cards/read-it/edit").await;
    let folder = site.send(&edit, &[("title", "Read that")], ("browse", "p-1")).await.text();
    assert!(folder.contains("b.csv"), "{folder}");
    let back = site.send(&folder, &[], ("choose", &b)).await.text();
    assert_eq!(Form::of(&back).get("title"), Some("Read that"));
    assert_eq!(site.send(&back, &[], ("action", "save")).await.header("location"), "/cards/read-it");
    let saved = site.rig.bucket.card(&"read-it".parse().unwrap()).await.unwrap().unwrap().card;
    assert_eq!(
        (saved.title.as_str(), saved.values["path"].value.as_deref()),
        ("Read that", Some(b.as_str()))
    );
    assert!(saved.values["note"].access.is_fixed());
}
