//! Who may do what: every role at every route.

use crate::support::{Answer, Rig, jobs, templates};

const SETTINGS: &str = r#"
public_url = "https://tmpl.example"
[proxy]
from = ["127.0.0.0/8"]
user_header = "x-user"
groups_header = "x-groups"
[roles]
view = ["vera"]
run = ["rob"]
author = ["ann"]
admin = ["group:platform"]
[[rules]]
templates = "payroll-*"
run = ["group:accounting"]
"#;

/// What somebody gets.
async fn ask(rig: &Rig, who: (&str, &str), path: &str) -> Answer {
    let request = rig.get(path).instead("host", "tmpl.example").header("x-user", who.0);
    request.header("x-groups", who.1).send().await
}

#[tokio::test]
async fn every_role_gets_what_it_may_and_a_hidden_template_is_not_there() {
    let rig = Rig::new(SETTINGS).await;
    let open = jobs::begun(&rig.bucket, "wordcount", "open").await;
    let hidden = jobs::begun(&rig.bucket, "payroll-monthly", "hidden").await;
    jobs::end(&rig.bucket, &open, tmpl_template::JobState::Done, "exit code 0").await;
    jobs::end(&rig.bucket, &hidden, tmpl_template::JobState::Done, "exit code 0").await;
    let (open, hidden) = (format!("/jobs/{}/events", open.id), format!("/jobs/{}/events", hidden.id));
    let nothing = "/jobs/2026-11-21_08_00_00-0000000000000000001/events";
    for (who, groups, statuses) in [
        ("nobody", "", [403, 403, 403, 403]),
        ("nobody", "accounting-2", [403, 403, 403, 403]),
        ("vera", "", [200, 404, 404, 403]),
        ("rob", "", [200, 404, 404, 403]),
        ("ann", "", [200, 404, 404, 403]),
        ("vera", "accounting", [200, 200, 404, 403]),
        // Whoever has a role on some templates alone.
        ("carl", "accounting", [404, 200, 404, 403]),
        ("pat", "platform", [200, 200, 404, 200]),
        // A group is no person, and a person no group.
        ("group:platform", "", [403, 403, 403, 403]),
        ("platform", "vera", [403, 403, 403, 403]),
    ] {
        let mut found = Vec::new();
        for path in [open.as_str(), hidden.as_str(), nothing, "/metrics"] {
            found.push(ask(&rig, (who, groups), path).await.status);
        }
        assert_eq!(found, statuses, "{who} {groups}");
    }
    let (secret, missing) = (ask(&rig, ("vera", ""), &hidden).await, ask(&rig, ("vera", ""), nothing).await);
    let id = |path: &str| path.split('/').nth(2).unwrap().to_owned();
    let (secret, missing) =
        (secret.text().replace(&id(&hidden), "ID"), missing.text().replace(&id(nothing), "ID"));
    assert_eq!(secret, missing, "nobody learns that it is there");
    assert!(!secret.contains("payroll"), "{secret}");
    let reason = "no role on the job's template";
    let entry = rig.audited(|entry| entry.submitter.who == "vera" && entry.subject["reason"] == reason).await;
    assert_eq!(entry.subject["path"], hidden.as_str());
}

#[tokio::test]
async fn whoever_has_no_role_may_only_leave() {
    let rig = Rig::new(SETTINGS).await;
    for path in ["/", "/jobs", "/templates/wordcount", "/nothing"] {
        let answer = ask(&rig, ("nobody", ""), path).await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.text().contains("right"), "{}", answer.text());
    }
    assert_eq!(ask(&rig, ("nobody", ""), "/signed-out").await.status, 200);
    assert_eq!(ask(&rig, ("nobody", ""), "/healthz").await.status, 200);
}

/// Who comes: may look, may launch, may save cards, may do everything; and one who may launch the payroll alone.
const PEOPLE: [(&str, &str); 5] =
    [("vera", ""), ("rob", ""), ("ann", ""), ("pat", "platform"), ("carl", "accounting")];

/// A server with a template for everybody and one for accounting, a card and a running job of each.
async fn busy() -> (Rig, [String; 2]) {
    let folder = tempfile::TempDir::new().unwrap();
    templates::published(&folder, &["wordcount", "payroll-monthly"]).await;
    let rig = Rig::with(folder, SETTINGS).await.unwrap();
    let mut ids = Vec::new();
    for template in ["wordcount", "payroll-monthly"] {
        let job = jobs::begun(&rig.bucket, template, template).await;
        rig.bucket.write_log_segment(&job.id, 1, 0, jobs::line("a line")).await.unwrap();
        ids.push(job.id.to_string());
    }
    (rig, ids.try_into().unwrap())
}

#[tokio::test]
async fn every_page_is_for_those_who_may_see_it() {
    const ALL: [u16; 5] = [200; 5];
    // What is of the open template, for each of the people; what is of the other one.
    const OPEN: [u16; 5] = [200, 200, 200, 200, 404];
    const HIDDEN: [u16; 5] = [404, 404, 404, 200, 200];
    const NOTHING: [u16; 5] = [404; 5];
    let (rig, [open, hidden]) = busy().await;
    let mut expected = vec![
        ("/".to_owned(), ALL),
        ("/jobs".to_owned(), ALL),
        ("/jobs?template=payroll-monthly".to_owned(), ALL),
        ("/browse".to_owned(), [403, 200, 200, 200, 403]),
        ("/metrics".to_owned(), [403, 403, 403, 200, 403]),
        ("/readyz".to_owned(), ALL),
        ("/templates/wordcount".to_owned(), OPEN),
        ("/templates/payroll-monthly".to_owned(), HIDDEN),
        ("/templates/payroll-missing".to_owned(), NOTHING),
        (format!("/templates/wordcount?from={open}"), OPEN),
        (format!("/templates/payroll-monthly?from={hidden}"), HIDDEN),
        ("/cards/card-wordcount".to_owned(), OPEN),
        ("/cards/card-payroll-monthly".to_owned(), HIDDEN),
        ("/cards/card-missing".to_owned(), NOTHING),
        ("/cards/card-wordcount/edit".to_owned(), [403, 403, 200, 200, 404]),
        ("/cards/card-payroll-monthly/edit".to_owned(), [404, 404, 404, 200, 403]),
        (format!("/cards?from={open}"), [403, 403, 200, 200, 404]),
        (format!("/cards?from={hidden}"), [404, 404, 404, 200, 403]),
        (format!("/compare?a={open}&b={open}"), OPEN),
        (format!("/compare?a={open}&b={hidden}"), [404, 404, 404, 200, 404]),
        (format!("/compare?a={hidden}&b={open}"), [404, 404, 404, 200, 404]),
        (format!("/jobs/{open}/stop?mode=cancel"), [403, 200, 200, 200, 404]),
        (format!("/jobs/{hidden}/stop?mode=cancel"), HIDDEN),
    ];
    for below in ["", "/log", "/log.txt", "/results.csv", "/results.json"] {
        expected.push((format!("/jobs/{open}{below}"), OPEN));
        expected.push((format!("/jobs/{hidden}{below}"), HIDDEN));
    }
    for below in ["/graph.svg", "/files/x", "/parameters/input"] {
        expected.push((format!("/jobs/{open}{below}"), NOTHING));
        expected.push((format!("/jobs/{hidden}{below}"), NOTHING));
    }
    for (path, statuses) in &expected {
        let mut found = Vec::new();
        for who in PEOPLE {
            found.push(ask(&rig, who, path).await.status);
        }
        assert_eq!(found, statuses, "{path}");
        assert_eq!(ask(&rig, ("nobody", ""), path).await.status, if path == "/readyz" { 200 } else { 403 });
        let stranger = rig.get(path).instead("host", "tmpl.example").send().await.status;
        assert_eq!(
            stranger,
            match path.as_str() {
                "/readyz" => 200,
                "/metrics" => 403,
                _ => 401,
            },
            "{path}"
        );
    }
    for who in PEOPLE {
        let sees = |template: &str| match (who.0, template) {
            ("pat", _) => true,
            ("carl", template) => template == "payroll",
            (_, template) => template == "wordcount",
        };
        for path in ["/", "/jobs", "/?q=a", "/jobs?q=a", "/templates/payrol", "/templates/wordcoun"] {
            let text = ask(&rig, who, path).await.text().replace("/templates/", "");
            for template in ["wordcount", "payroll"] {
                let shown = text.contains(template);
                assert!(!shown || sees(template), "{who:?} {path} {template}: {text}");
            }
        }
        let list = ask(&rig, who, "/jobs").await.text();
        assert_eq!((list.contains(&open), list.contains(&hidden)), (sees("wordcount"), sees("payroll")));
    }
}

#[tokio::test]
async fn whoever_may_only_look_changes_nothing() {
    let (rig, [open, hidden]) = busy().await;
    let send = async |who: (&str, &str), path: &str, fields: &str| {
        let post = |path: &str, fields: &str| {
            let request = rig.post(path, fields).instead("host", "tmpl.example");
            let request = request.instead("origin", "https://tmpl.example").header("x-user", who.0);
            request.header("x-groups", who.1)
        };
        let csrf = post("/sign-out", "").send().await.field("csrf");
        // Without the token nobody gets as far as to be asked what they may.
        assert_eq!(post(path, fields).send().await.status, 403, "{path}");
        post(path, &format!("csrf={csrf}&{fields}")).send().await.status
    };
    let stop = |id: &str| format!("/jobs/{id}/stop");
    for (who, path, fields, status) in [
        (PEOPLE[0], stop(&open), "mode=cancel", 403),
        (PEOPLE[0], stop(&hidden), "mode=cancel", 404),
        (PEOPLE[1], stop(&hidden), "mode=cancel", 404),
        (PEOPLE[4], stop(&open), "mode=cancel", 404),
        (PEOPLE[0], "/templates/wordcount".to_owned(), "action=run&p.input=x", 403),
        (PEOPLE[0], "/templates/payroll-monthly".to_owned(), "action=run&p.input=x", 404),
        (PEOPLE[2], "/templates/payroll-monthly".to_owned(), "action=check&p.input=x", 404),
        (PEOPLE[0], "/cards/card-wordcount".to_owned(), "action=run&p.input=x", 403),
        (PEOPLE[2], "/cards/card-payroll-monthly".to_owned(), "action=run&p.input=x", 404),
        (PEOPLE[1], "/cards/card-wordcount/edit".to_owned(), "action=delete", 403),
        (PEOPLE[2], "/cards/card-payroll-monthly/edit".to_owned(), "action=delete", 404),
        (PEOPLE[4], "/cards/card-payroll-monthly/edit".to_owned(), "action=delete", 403),
    ] {
        assert_eq!(send(who, &path, fields).await, status, "{who:?} {path} {fields}");
    }
    let ids = [&open, &hidden].map(|id| id.parse().unwrap());
    for id in &ids {
        assert!(rig.bucket.stop_request(id).await.unwrap().is_none());
    }
    assert_eq!(rig.bucket.cards().await.unwrap().cards.len(), 2);
    assert_eq!(rig.bucket.jobs(&tmpl_bucket::JobFilter::default(), 10).await.unwrap().jobs.len(), 2);
    assert_eq!(send(PEOPLE[1], &stop(&open), "mode=cancel").await, 303);
    assert_eq!(send(PEOPLE[4], &stop(&hidden), "mode=cancel").await, 303);
    for (id, who) in ids.iter().zip(["rob", "carl"]) {
        let request = rig.bucket.stop_request(id).await.unwrap().unwrap();
        assert_eq!((request.submitter.who.as_str(), request.submitter.host.as_str()), (who, "127.0.0.1"));
        rig.audited(|entry| entry.action == "cancel" && entry.subject["job"] == id.as_str()).await;
    }
    rig.audited(|entry| entry.action == "refused" && entry.submitter.who == "vera").await;
}

#[tokio::test]
async fn a_server_for_reading_launches_and_changes_nothing_for_anybody() {
    let folder = tempfile::TempDir::new().unwrap();
    templates::published(&folder, &["wordcount"]).await;
    let rig = Rig::with(folder, "read_only = true").await.unwrap();
    let cookie = rig.come_in().await;
    let job = jobs::begun(&rig.bucket, "wordcount", "a").await;
    for path in ["/", "/jobs", "/templates/wordcount", &format!("/jobs/{}", job.id)] {
        assert_eq!(rig.get(path).cookie(&cookie).send().await.status, 200, "{path}");
    }
    let csrf = rig.csrf(&cookie).await;
    for (path, fields) in [
        ("/templates/wordcount", "action=run&p.input=x"),
        (&format!("/jobs/{}/stop", job.id), "mode=cancel"),
        ("/cards/card-wordcount/edit", "action=delete"),
    ] {
        let answer = rig.post(path, &format!("csrf={csrf}&{fields}")).cookie(&cookie).send().await;
        assert_eq!(answer.status, 403, "{path}");
        assert!(answer.text().contains("for reading only"), "{path}: {}", answer.text());
    }
    assert!(rig.bucket.stop_request(&job.id).await.unwrap().is_none());
}
