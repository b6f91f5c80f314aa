//! `tmpl template`: versions, what changed, going back, promotion, and specs that lie elsewhere.

use insta::assert_snapshot;
use serde_json::Value;

use crate::support::Place;

/// Builds the talker with its metadata changed, and gives the current version.
fn rebuilt(place: &Place, change: impl Fn(String) -> String) -> String {
    let project = place.project("talker");
    let metadata = project.join("metadata.json");
    std::fs::write(&metadata, change(std::fs::read_to_string(&metadata).unwrap())).unwrap();
    place.tmpl(&["build", project.to_str().unwrap(), "--check", "static", "--quiet"]).expect(0);
    versions(place)[0]["digest"].as_str().unwrap().to_owned()
}

fn versions(place: &Place) -> Vec<Value> {
    let listed = place.tmpl(&["template", "versions", "talker", "--format", "json"]).expect(0);
    serde_json::from_str(&listed.stdout).unwrap()
}

/// The talker asks for its text, and no longer takes a count.
fn narrower(metadata: String) -> String {
    let text = "\"helpText\": \"Any text; the program tells it back.\",\n      \"isOptional\": true,";
    assert!(metadata.contains(text));
    metadata.replace(text, "\"helpText\": \"Any text; the program tells it back.\",").replace("\"count\"", "\"number\"")
}

#[test]
fn versions_are_told_compared_and_gone_back_to() {
    let place = Place::with_talker();
    let first = versions(&place)[0]["digest"].as_str().unwrap().to_owned();
    rebuilt(&place, narrower);
    let old = format!("talker@{}", &first["sha256:".len()..][..12]);

    assert_snapshot!(place.tmpl(&["template", "diff", &old, "talker", "--exit-code"]).whole(), @"");
    place.tmpl(&["template", "diff", &old, "talker"]).expect(0);
    place.tmpl(&["template", "diff", "talker", "talker", "--exit-code"]).expect(0);

    let refused = place.talk("ok", &["--dry-run"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert_snapshot!(place.tmpl(&["template", "rollback", "talker", "-m", "the text stays optional"]).whole(), @"");
    place.talk("ok", &["--quiet"]).expect(0);
    assert_snapshot!(place.tmpl(&["template", "versions", "talker"]).whole(), @"");

    assert_snapshot!(place.tmpl(&["template", "delete", "talker"]).whole(), @"");
    assert_snapshot!(place.talk("ok", &[]).whole(), @"");
    let pinned = place.tmpl(&["run", &old, "--param", "mode=ok", "--quiet"]);
    assert_eq!(pinned.code, 0, "a version that somebody pinned goes on: {pinned:?}");
    place.tmpl(&["template", "rollback", &old]).expect(0);
    place.talk("ok", &["--quiet"]).expect(0);
    assert_eq!(versions(&place).len(), 5);
}

#[test]
fn a_build_that_would_break_launches_publishes_nothing_where_it_is_asked_to() {
    let place = Place::with_talker();
    let project = place.project("talker");
    let metadata = project.join("metadata.json");
    std::fs::write(&metadata, narrower(std::fs::read_to_string(&metadata).unwrap())).unwrap();
    let ended = place.tmpl(&["build", project.to_str().unwrap(), "--check", "static", "--check-compatible"]);
    assert_snapshot!(ended.whole(), @"");
    assert_eq!(versions(&place).len(), 1);
}

#[test]
fn a_version_is_promoted_without_a_rebuild() {
    let place = Place::with_talker();
    let other = place.path("production");
    let to = other.to_str().unwrap();
    assert_snapshot!(place.tmpl(&["template", "copy", "talker", "--to", to, "--name", "nightly"]).whole(), @"");
    let again = place.tmpl(&["template", "copy", "talker", "--to", to, "--name", "nightly", "--format", "json"]);
    let again: Value = serde_json::from_str(&again.expect(0).stdout).unwrap();
    assert_eq!((&again["changed"], &again["blobs"]["sent"]), (&Value::Bool(false), &Value::from(0)));
    assert_eq!(again["digest"], versions(&place)[0]["digest"]);
    place.tmpl(&["run", "nightly", "--param", "mode=ok", "--bucket", to, "--quiet"]).expect(0);

    let missing = place.tmpl(&["template", "copy", "talkre", "--to", to]);
    assert_snapshot!(missing.whole(), @"");
}

#[test]
fn a_spec_that_lies_elsewhere_is_launched_and_recorded() {
    let place = Place::with_talker();
    let spec = place.bucket().join("templates/talker.json");
    let elsewhere = place.path("own");
    std::fs::create_dir(&elsewhere).unwrap();
    let arguments = ["run", spec.to_str().unwrap(), "--param", "mode=ok", "--quiet"];

    // In the bucket that is meant: layers are copied, the spec is kept beside the job, and nothing is published.
    let bucket = elsewhere.to_str().unwrap();
    place.tmpl(&[&arguments[..], &["--bucket", bucket]].concat()).expect(0);
    assert!(!elsewhere.join("templates").exists());
    let listed = place.tmpl(&["jobs", "list", "--format", "json", "--bucket", bucket]).expect(0);
    let jobs: Value = serde_json::from_str(&listed.stdout).unwrap();
    let template = &jobs[0]["job"]["template"];
    assert_eq!(template["digest"], versions(&place)[0]["digest"]);
    assert_eq!(template["origin"].as_str(), spec.to_str());

    // Without a bucket: the one that the file lies in.
    let mut command = place.command(&arguments);
    command.env_remove("TMPL_BUCKET");
    place.ended(command.spawn().unwrap()).expect(0);

    // A copy of the file alone has no layers.
    let alone = place.write("alone/x.json", &std::fs::read_to_string(&spec).unwrap());
    let ended = place.tmpl(&["run", alone.to_str().unwrap(), "--param", "mode=ok", "--bucket", bucket, "--quiet"]);
    assert_eq!(ended.code, 0, "the layers came with the first launch: {ended:?}");
    let empty = place.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let bucket = empty.to_str().unwrap();
    let ended = place.tmpl(&["run", alone.to_str().unwrap(), "--param", "mode=ok", "--bucket", bucket]);
    assert_eq!(ended.code, 3);
    assert!(ended.stderr.contains("is not in") && ended.stderr.contains("tmpl template copy"), "{ended:?}");
    let gone = place.tmpl(&["run", "./gone.json", "--param", "mode=ok"]);
    assert_snapshot!(gone.whole(), @"");
}

#[test]
fn templates_are_listed_searched_and_shown() {
    let place = Place::with_talker();
    let project = place.write(
        "images/tmpl.toml",
        "[[template]]\nname = \"xml-to-bigquery\"\nimage = \"eu.gcr.io/p/xml:1\"\nsdk_language = \"PYTHON\"\n\
         metadata_file = \"metadata.json\"\nmax_workers = 5\n",
    );
    place.write(
        "images/metadata.json",
        r#"{"name": "XML to BigQuery", "description": "Loads customer orders.\nEvery night.", "parameters": [
        {"name": "input", "label": "Input", "helpText": "XML files to read.", "paramType": "GCS_READ_FILE",
         "regexes": ["^gs:\\/\\/[^\\n\\r]+$"], "customMetadata": {"tmpl.example": "gs://bucket/*.xml"}},
        {"name": "table", "label": "Table", "helpText": "Where rows go.", "paramType": "BIGQUERY_TABLE"},
        {"name": "batch", "label": "Batch size", "helpText": "How much is sent at once.", "isOptional": true, "groupName": "Tuning",
         "paramType": "NUMBER", "defaultValue": "500", "customMetadata": {"tmpl.min": "1", "tmpl.max": "1000", "tmpl.unit": "rows"}}]}"#,
    );
    let folder = project.parent().unwrap().to_str().unwrap();
    assert_snapshot!(place.tmpl(&["build", folder]).whole(), @"");
    assert_snapshot!(place.tmpl(&["template", "list"]).whole(), @"");
    assert_snapshot!(place.tmpl(&["template", "list", "ORDERS", "xml"]).whole(), @"");
    assert_snapshot!(place.tmpl(&["template", "list", "nothing"]).whole(), @"");
    assert_snapshot!(place.tmpl(&["template", "show", "xml-to-bigquery"]).whole(), @"");
    let wrong = place.tmpl(&["run", "xml-to-bigquery", "--param", "input=/data/a.xml", "--param", "table=orders", "--param", "batch=2000"]);
    assert_snapshot!(wrong.whole(), @"");
    let right = place.tmpl(&["run", "xml-to-bigquery", "--param", "input=/data/a.xml", "--param", "table=p:d.orders"]);
    assert_eq!(right.code, 3, "an image can't be launched yet: {right:?}");
}

#[test]
fn what_would_be_published_is_printed_and_nothing_is_touched() {
    let place = Place::with_talker();
    let project = place.project("talker");
    let folder = project.to_str().unwrap();
    let published = std::fs::read_to_string(place.bucket().join("templates/talker.json")).unwrap();
    let printed = place.tmpl(&["build", folder, "--print-only"]).expect(0);
    assert_eq!(printed.stdout, published);
    let elsewhere = place.path("no-bucket");
    std::fs::remove_file(project.join("tmpl.lock")).ok();
    let printed = place.tmpl(&["build", folder, "--print-only", "--bucket", elsewhere.to_str().unwrap()]).expect(0);
    assert_eq!(printed.stdout, published);
    assert!(!elsewhere.exists() && !project.join("tmpl.lock").exists());
}

#[test]
fn the_launch_environment_and_flags_from_a_file() {
    let place = Place::with_talker();
    let file = place.write(
        "flags.yaml",
        "--param: {mode: ok}\n--parameters:\n  text: a,b=c\n--max-workers: 3\n--additional-user-labels: {team: data}\n",
    );
    let flags = format!("--flags-file={}", file.display());
    let ended = place.tmpl(&["run", "talker", &flags, "--quiet"]).expect(0);
    assert!(ended.stderr.contains("the launch environment means nothing to a program without Beam"), "{ended:?}");
    let job = place.job(&place.newest_job());
    assert_eq!(job["job"]["parameters"]["text"], "a,b=c");
    assert_eq!(job["job"]["environment"], serde_json::json!({"maxWorkers": 3, "additionalUserLabels": {"team": "data"}}));
    let twice = place.tmpl(&["run", "talker", &flags, "--param", "mode=ok"]);
    assert_eq!(twice.code, 2, "{twice:?}");
}
