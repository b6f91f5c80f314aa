//! Forms drawn from metadata, filled in and sent without a script.

use serde_json::json;

use crate::site::{Form, Site, parameter};

#[tokio::test]
async fn every_kind_of_parameter_is_drawn_and_comes_back() {
    let site = Site::new().await;
    let kind = |kind: &str| json!({ "isOptional": true, "customMetadata": { "tmpl.type": kind } });
    let options = json!([{ "value": "a", "label": "First" }, { "value": "b" }, { "value": "c" }]);
    site.publish(
        "every",
        &json!({ "name": "Every kind", "parameters": [
            parameter("text", json!({})),
            parameter("long", json!({ "customMetadata": { "tmpl.pass": "file" } })),
            parameter("flag", json!({ "paramType": "BOOLEAN" })),
            parameter("one", json!({ "paramType": "ENUM", "enumOptions": options })),
            parameter("many", json!({ "customMetadata": { "tmpl.type": "multiple-choice" }, "enumOptions": options })),
            parameter("size", json!({ "paramType": "NUMBER", "customMetadata": { "tmpl.min": "1", "tmpl.max": "9", "tmpl.unit": "MB" } })),
            parameter("day", kind("date")),
            parameter("moment", kind("date-time")),
            parameter("wait", kind("duration")),
            parameter("json", kind("json")),
            parameter("path", json!({ "paramType": "GCS_READ_FILE" })),
            parameter("key", json!({ "customMetadata": { "tmpl.secret": "true", "tmpl.pass": "env" } })),
        ]}),
    )
    .await;
    let page = site.page("/templates/every").await;
    for drawn in [
        "<textarea id=\"p-1\" name=\"p.long\"",
        "type=\"radio\" id=\"p-2-0\" name=\"p.flag\" value=\"true\"",
        "type=\"radio\" id=\"p-3-1\" name=\"p.one\" value=\"b\"",
        "type=\"checkbox\" id=\"p-4-2\" name=\"p.many\" value=\"c\"",
        "inputmode=\"decimal\"",
        "From 1 to 9 MB.",
        "type=\"date\" id=\"p-6\"",
        "type=\"datetime-local\"",
        "name=\"browse\" value=\"p-10\"",
        "Never the secret itself",
    ] {
        assert!(page.contains(drawn), "{drawn}: {page}");
    }
    let sent = [
        ("p.text", "a \"b\" <c> & 'd'"),
        ("p.long", "\nfirst\r\nsecond </textarea>"),
        ("p.flag", "true"),
        ("p.one", "b"),
        ("p.many", "a"),
        ("p.size", "10"),
        ("p.day", "2026-11-21"),
        ("p.moment", "2026-11-21T08:00"),
        ("p.wait", "1h30m"),
        ("p.json", "{\"a\": [1]}"),
        ("p.path", "/data/x.csv"),
        ("p.key", "env:TMPL_TEST_NO_SUCH_SECRET"),
    ];
    let answer = site.send(&page, &sent, ("action", "review")).await;
    assert_eq!(answer.status, 422);
    let text = answer.text();
    assert!(text.contains("“Label of size” must be from 1 to 9 MB."), "{text}");
    let form = Form::of(&text);
    for (name, value) in sent {
        let value = value.replace("\r\n", "\n");
        let value = if name == "p.moment" { "2026-11-21T08:00:00".to_owned() } else { value };
        assert_eq!(form.get(name), Some(value.as_str()), "{name}");
    }
    // Then all is well but for the secret, which the server can't read.
    let answer = site.send(&text, &[("p.size", "9")], ("action", "review")).await;
    let text = answer.text();
    assert_eq!(answer.status, 422, "{text}");
    assert!(text.contains("The server can&#39;t read the secret env:TMPL_TEST_NO_SUCH_SECRET"), "{text}");
}

#[tokio::test]
async fn a_secret_in_clear_is_never_written_back() {
    let site = Site::new().await;
    site.publish(
        "secret",
        &json!({ "name": "S", "parameters": [
            parameter("key", json!({ "customMetadata": { "tmpl.secret": "true", "tmpl.pass": "env" } })),
            parameter("path", json!({ "paramType": "GCS_READ_FILE" })),
        ]}),
    )
    .await;
    let page = site.page("/templates/secret?key=env:STOLEN&path=/a").await;
    assert_eq!(Form::of(&page).get("p.key"), Some(""), "no link fills in a secret");
    assert_eq!(Form::of(&page).get("p.path"), Some("/a"));
    let page = site.page("/templates/secret?p.key=env:STOLEN&p.path=/b").await;
    assert_eq!((Form::of(&page).get("p.key"), Form::of(&page).get("p.path")), (Some(""), Some("/b")));
    for button in
        [("action", "review"), ("action", "check"), ("action", "save"), ("browse", "p-1"), ("action", "edit")]
    {
        let answer = site.send(&page, &[("p.key", "hunter2"), ("p.path", "/a")], button).await;
        assert!(!answer.text().contains("hunter2"), "{button:?}: {}", answer.text());
    }
    assert!(!serde_json::to_string(&site.rig.log()).unwrap().contains("hunter2"));
}

#[tokio::test]
async fn children_are_asked_for_with_their_parents() {
    let site = Site::new().await;
    site.publish(
        "conditional",
        &json!({ "name": "C", "parameters": [
            parameter("table", json!({ "parentName": "source", "parentTriggerValues": ["table"] })),
            parameter("source", json!({ "paramType": "ENUM", "enumOptions": [{ "value": "file" }, { "value": "table", "label": "A table" }] })),
            parameter("path", json!({ "parentName": "source", "parentTriggerValues": ["file"] })),
        ]}),
    )
    .await;
    let page = site.page("/templates/conditional").await;
    let place = |text: &str| page.find(text).unwrap_or_else(|| panic!("{text}: {page}"));
    assert!(place("name=\"p.source\"") < place("name=\"p.table\""));
    assert!(page.contains("Only if “Label of source” is “A table”."));
    assert!(page.contains("data-parent=\"p-1\" data-when=\"[&#34;table&#34;]\" data-off"), "{page}");
    let fields = [("p.source", "table"), ("p.table", "t"), ("p.path", "stale")];
    let review = site.send(&page, &fields, ("action", "review")).await;
    let text = review.text();
    assert_eq!(review.status, 200, "{text}");
    let command = text.split_once("id=\"command\"").unwrap().1.split("</pre>").next().unwrap();
    assert!(command.contains("table=t") && !command.contains("stale"), "{command}");
    let missing = site.send(&page, &[("p.source", "file")], ("action", "review")).await;
    assert_eq!(missing.status, 422);
    let text = missing.text();
    assert!(text.contains("href=\"#p-2\"") && !text.contains("href=\"#p-0\""), "{text}");
}

#[tokio::test]
async fn a_script_is_told_what_is_wrong_while_somebody_types() {
    let site = Site::new().await;
    site.publish(
        "small",
        &json!({ "name": "S", "parameters": [parameter("n", json!({ "paramType": "NUMBER" }))] }),
    )
    .await;
    let page = site.page("/templates/small").await;
    for (value, said) in [("x", "{\"p-0\":[\"“Label of n” must be a number.\"]}"), ("5", "{}")] {
        let answer = site.send(&page, &[("p.n", value)], ("action", "check")).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
        assert_eq!(answer.json()["problems"].to_string(), said);
    }
}

#[tokio::test]
async fn a_template_that_declares_nothing_takes_names_and_values() {
    let site = Site::new().await;
    site.publish_text("anything", &{
        let mut spec = crate::site::spec(&json!(null));
        spec.as_object_mut().unwrap().remove("metadata");
        spec.to_string()
    })
    .await;
    let page = site.page("/templates/anything").await;
    assert_eq!(page.matches("name=\"other.name\"").count(), 3);
    let form = Form::of(&page);
    let mut fields = form.fields.clone();
    fields.retain(|(name, _)| !name.starts_with("other."));
    for (name, value) in [("input", "/a"), ("input", "/b"), ("", "lost?")] {
        fields.push(("other.name".to_owned(), name.to_owned()));
        fields.push(("other.value".to_owned(), value.to_owned()));
    }
    let more: Vec<_> = fields.iter().cloned().chain([("action".to_owned(), "more".to_owned())]).collect();
    let page = site.post(&form.action, &more).await.text();
    assert_eq!(page.matches("name=\"other.name\"").count(), 7);
    fields.push(("action".to_owned(), "review".to_owned()));
    let answer = site.post(&form.action, &fields).await;
    let text = answer.text();
    assert_eq!(answer.status, 422, "{text}");
    assert!(
        text.contains("href=\"#other-1\">“input” is entered twice.")
            && text.contains("href=\"#other-2\">Enter a name")
    );
}

#[tokio::test]
async fn a_file_is_chosen_and_everything_else_stays() {
    let site = Site::new().await;
    let place = site.rig.folder.path().join("bucket/data/in");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("a <b>.csv"), "x").unwrap();
    std::fs::write(site.rig.folder.path().join("outside"), "x").unwrap();
    site.publish(
        "reads",
        &json!({ "name": "R", "parameters": [parameter("note", json!({})), parameter("path", json!({ "paramType": "GCS_READ_FILE" }))] }),
    )
    .await;
    let page = site.page("/templates/reads").await;
    let chooser = site.send(&page, &[("p.note", "kept")], ("browse", "p-1")).await.text();
    assert!(chooser.contains("name=\"at\" value=\"data\"") && !chooser.contains("staging"), "{chooser}");
    let folder = site.send(&chooser, &[], ("at", "data/in")).await.text();
    assert!(folder.contains("a &#60;b&#62;.csv") && folder.contains("1 B"), "{folder}");
    for at in ["..", "data/../..", "/etc", "staging/jobs", "data\0"] {
        let answer = site.send(&chooser, &[], ("at", at)).await;
        let text = answer.text();
        assert!(
            !text.contains("outside") && !text.contains("passwd") && !text.contains("job.json"),
            "{at}: {text}"
        );
        assert!(matches!(answer.status, 200 | 400), "{at}: {}", answer.status);
    }
    let file = site.rig.bucket.place_of("data/in/a <b>.csv");
    let back = site.send(&folder, &[], ("choose", &file)).await.text();
    let form = Form::of(&back);
    assert_eq!((form.get("p.path"), form.get("p.note")), (Some(file.as_str()), Some("kept")));
    assert!(back.contains("autofocus"));
    let left = site.send(&folder, &[], ("action", "edit")).await.text();
    assert_eq!(Form::of(&left).get("p.note"), Some("kept"));
    assert!(site.page("/browse").await.contains("data/"));
}

#[tokio::test]
async fn a_runner_is_chosen_by_its_name_where_there_are_several() {
    let site = Site::new().await;
    site.publish("small", &json!({ "name": "S", "parameters": [] })).await;
    assert!(!site.page("/templates/small").await.contains("name=\"runner\""));
    let submitter = tmpl_bucket::Submitter { who: "ann".into(), host: "here".into() };
    let profile =
        serde_json::from_value(json!({ "engine": "flink", "endpoint": "http://127.0.0.1:1" })).unwrap();
    let name = "nightly".parse().unwrap();
    assert!(site.rig.bucket.save_runner(&name, 0, &profile, &submitter).await.unwrap());
    let page = site.page("/templates/small").await;
    assert!(
        page.contains("<option value=\"nightly\">nightly</option>")
            && page.contains("As usual (On this server)")
    );
    let listed = site.page("/runners").await;
    assert!(
        listed.contains("nightly") && listed.contains("flink") && !listed.contains("127.0.0.1:1"),
        "{listed}"
    );
    let wrong = site.send(&page, &[("runner", "nowhere")], ("action", "review")).await;
    assert_eq!(wrong.status, 422);
    assert!(wrong.text().contains("href=\"#runner\""), "{}", wrong.text());
}
