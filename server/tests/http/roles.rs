//! Who may do what: every role at every route.

use crate::support::{Answer, Rig, jobs};

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
