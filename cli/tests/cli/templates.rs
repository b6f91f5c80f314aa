//! `tmpl template`: versions, what changed, going back, promotion, and specs that lie elsewhere.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::Place;

/// Builds the talker with its metadata changed, and gives the current version.
fn rebuilt(place: &Place, change: impl Fn(&str) -> String) -> String {
    let project = place.project("talker");
    let metadata = project.join("metadata.json");
    std::fs::write(&metadata, change(&std::fs::read_to_string(&metadata).unwrap())).unwrap();
    place.tmpl(&["build", project.to_str().unwrap(), "--check", "static", "--quiet"]).expect(0);
    versions(place)[0]["digest"].as_str().unwrap().to_owned()
}

fn versions(place: &Place) -> Vec<Value> {
    let listed = place.tmpl(&["template", "versions", "talker", "--format", "json"]).expect(0);
    serde_json::from_str(&listed.stdout).unwrap()
}

/// The talker asks for its text, and no longer takes a count.
fn narrower(metadata: &str) -> String {
    let text = "\"helpText\": \"Any text; the program tells it back.\",\n      \"isOptional\": true,";
    assert!(metadata.contains(text));
    metadata
        .replace(text, "\"helpText\": \"Any text; the program tells it back.\",")
        .replace("\"count\"", "\"number\"")
}

#[test]
fn versions_are_told_compared_and_gone_back_to() {
    let place = Place::with_talker();
    let first = versions(&place)[0]["digest"].as_str().unwrap().to_owned();
    rebuilt(&place, narrower);
    let old = format!("talker@{}", &first["sha256:".len()..][..12]);

    assert_snapshot!(place.tmpl(&["template", "diff", &old, "talker", "--exit-code"]).whole(), @r#"
    exit: 1
    --- stdout
    ! parameter `text` is required and was optional
      parameter `number` is new
    ! parameter `count` is no longer declared and is refused
    --- stderr
    launches that worked may be refused (!)
    "#);
    place.tmpl(&["template", "diff", &old, "talker"]).expect(0);
    place.tmpl(&["template", "diff", "talker", "talker", "--exit-code"]).expect(0);

    let refused = place.talk("ok", &["--dry-run"]);
    assert_eq!(refused.code, 2, "{refused:?}");
    assert_snapshot!(place.tmpl(&["template", "rollback", "talker", "-m", "the text stays optional"]).whole(), @r#"
    exit: 0
    --- stdout
    [DIR]/bucket/templates/talker.json
    --- stderr
    talker is [VERSION] again (entry 3 of its log)
    "#);
    place.talk("ok", &["--quiet"]).expect(0);
    assert_snapshot!(place.tmpl(&["template", "versions", "talker"]).whole(), @r#"
    exit: 0
    --- stdout
    *    3  [VERSION]  rollback  [TIME]  ann on [HOST]  the text stays optional
         2  [VERSION]  publish   [TIME]  ann on [HOST]
         1  [VERSION]  publish   [TIME]  ann on [HOST]
    --- stderr
    "#);

    assert_snapshot!(place.tmpl(&["template", "delete", "talker"]).whole(), @r#"
    exit: 0
    --- stdout
    --- stderr
    talker is deleted; `tmpl template rollback talker@[VERSION]` brings it back
    "#);
    assert_snapshot!(place.talk("ok", &[]).whole(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: template `talker` in [DIR]/bucket was deleted on [TIME] by ann
    hint: `tmpl template rollback talker@[VERSION]` brings it back
    "#);
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
    std::fs::write(&metadata, narrower(&std::fs::read_to_string(&metadata).unwrap())).unwrap();
    let ended = place.tmpl(&["build", project.to_str().unwrap(), "--check", "static", "--check-compatible"]);
    assert_snapshot!(ended.whole(), @r#"
    exit: 1
    --- stdout
    --- stderr
    error: template `talker` would refuse launches that worked: parameter `text` is required and was optional; parameter `count` is no longer declared and is refused
    hint: keep what launches give valid, publish under a new name, or build without --check-compatible
    "#);
    assert_eq!(versions(&place).len(), 1);
}

#[test]
fn a_version_is_promoted_without_a_rebuild() {
    let place = Place::with_talker();
    let other = place.path("production");
    let to = other.to_str().unwrap();
    assert_snapshot!(place.tmpl(&["template", "copy", "talker", "--to", to, "--name", "nightly"]).whole(), @r#"
    exit: 0
    --- stdout
    [DIR]/production/templates/nightly.json
    --- stderr
    nightly@[VERSION] is current now in [DIR]/production: 2 of 2 blobs sent, [SIZE]
    "#);
    let again =
        place.tmpl(&["template", "copy", "talker", "--to", to, "--name", "nightly", "--format", "json"]);
    let again: Value = serde_json::from_str(&again.expect(0).stdout).unwrap();
    assert_eq!((&again["changed"], &again["blobs"]["sent"]), (&Value::Bool(false), &Value::from(0)));
    assert_eq!(again["digest"], versions(&place)[0]["digest"]);
    place.tmpl(&["run", "nightly", "--param", "mode=ok", "--bucket", to, "--quiet"]).expect(0);

    let missing = place.tmpl(&["template", "copy", "talkre", "--to", to]);
    assert_snapshot!(missing.whole(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: there is no template `talkre` in [DIR]/bucket
    hint: did you mean talker?
    "#);
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
    let shown = place.tmpl(&[
        "jobs",
        "show",
        jobs[0]["id"].as_str().unwrap(),
        "--format",
        "json",
        "--bucket",
        bucket,
    ]);
    let shown: Value = serde_json::from_str(&shown.expect(0).stdout).unwrap();
    let template = &shown["job"]["template"];
    assert_eq!(template["digest"], versions(&place)[0]["digest"]);
    assert_eq!(template["origin"].as_str(), spec.to_str());

    // Without a bucket: the one that the file lies in.
    let mut command = place.command(&arguments);
    command.env_remove("TMPL_BUCKET");
    place.ended(command.spawn().unwrap()).expect(0);

    // A copy of the file alone has no layers.
    let alone = place.write("alone/x.json", &std::fs::read_to_string(&spec).unwrap());
    let ended =
        place.tmpl(&["run", alone.to_str().unwrap(), "--param", "mode=ok", "--bucket", bucket, "--quiet"]);
    assert_eq!(ended.code, 0, "the layers came with the first launch: {ended:?}");
    let empty = place.path("empty");
    std::fs::create_dir(&empty).unwrap();
    let bucket = empty.to_str().unwrap();
    let ended = place.tmpl(&["run", alone.to_str().unwrap(), "--param", "mode=ok", "--bucket", bucket]);
    assert_eq!(ended.code, 3);
    assert!(ended.stderr.contains("is not in") && ended.stderr.contains("tmpl template copy"), "{ended:?}");
    let gone = place.tmpl(&["run", "./gone.json", "--param", "mode=ok"]);
    assert_snapshot!(gone.whole(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: failed to open file `./gone.json`: No such file or directory (os error 2)
    hint: give the name of a template, or the path or URL of a spec
    "#);
}

#[test]
fn what_an_author_says_of_a_template_is_told_where_it_counts() {
    let place = Place::new();
    let metadata = place.project("talker").join("metadata.json");
    let text = std::fs::read_to_string(&metadata).unwrap();
    let custom = r#""customMetadata": {"tmpl.owner": "Finance, ann@example.org", "tmpl.mutates": "true",
        "tmpl.ifItFails": "Run it again: rows that were written are left alone."}, "parameters": ["#;
    std::fs::write(&metadata, text.replacen("\"parameters\": [", custom, 1)).unwrap();
    place.tmpl(&["build", "talker", "--check", "static"]).expect(0);
    let shown = place.tmpl(&["template", "show", "talker"]).expect(0).stdout;
    for line in [
        "\n  owner      Finance, ann@example.org\n",
        "\n  changes    its jobs change data that others use\n",
        "\n  if it fails Run it again: rows that were written are left alone.\n",
    ] {
        assert!(shown.contains(line), "{shown}");
    }
    let listed = place.tmpl(&["template", "list", "--format", "json"]).expect(0).stdout;
    let listed: Value = serde_json::from_str(&listed).unwrap();
    assert_eq!(
        (&listed[0]["owner"], &listed[0]["mutates"]),
        (&json!("Finance, ann@example.org"), &json!(true))
    );
    // Nothing is asked here: schedulers use this command.
    place.talk("ok", &[]).expect(0);
    assert_snapshot!(place.talk("exit", &["--quiet"]).expect(1).whole(), @r"
    exit: 1
    --- stdout
    --- stderr
    error: job [JOB] failed: the program ended with exit code 3
    hint: the template's author says: Run it again: rows that were written are left alone.
    hint: `tmpl jobs logs [JOB]` shows the whole log
    ");
    let failed: Value =
        serde_json::from_str(&place.talk("exit", &["--format", "json", "--quiet"]).expect(1).stdout).unwrap();
    assert_eq!(failed["ifItFails"], "Run it again: rows that were written are left alone.");
    let id = failed["id"].as_str().unwrap();
    let shown = place.tmpl(&["jobs", "show", id]).expect(0).stdout;
    assert!(shown.contains("\n  advice     Run it again: rows"), "{shown}");
    assert_eq!(place.job(id)["ifItFails"], failed["ifItFails"]);
    place.talk("ok", &["--quiet"]).expect(0);
    assert_eq!(place.job(&place.newest_job())["ifItFails"], Value::Null);
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
    assert_snapshot!(place.tmpl(&["build", folder]).whole(), @r#"
    exit: 0
    --- stdout
    [DIR]/bucket/templates/xml-to-bigquery.json
    --- stderr
    template   xml-to-bigquery published as version 1 ([DIGEST])
    [SIZE] written to the bucket in [DURATION]
    "#);
    assert_snapshot!(place.tmpl(&["template", "list"]).whole(), @r#"
    exit: 0
    --- stdout
    talker           [VERSION]  Talker: Does what its mode says, so that tests see how programs are launched and ended.
    xml-to-bigquery  [VERSION]  XML to BigQuery: Loads customer orders.
    --- stderr
    "#);
    assert_snapshot!(place.tmpl(&["template", "list", "ORDERS", "xml"]).whole(), @r#"
    exit: 0
    --- stdout
    xml-to-bigquery  [VERSION]  XML to BigQuery: Loads customer orders.
    --- stderr
    "#);
    assert_snapshot!(place.tmpl(&["template", "list", "nothing"]).whole(), @r#"
    exit: 0
    --- stdout
    --- stderr
    no template has these words
    "#);
    assert_snapshot!(place.tmpl(&["template", "show", "xml-to-bigquery"]).whole(), @r#"
    exit: 0
    --- stdout
    XML to BigQuery (xml-to-bigquery)
      Loads customer orders.
      Every night.

      version    [DIGEST]
      published  [TIME] by ann on [HOST]
      language   Python
      image      eu.gcr.io/p/xml:1
      default    maxWorkers = 5

    It asks for
      input  Input
          XML files to read.
          a file to read, matching ^gs:\/\/[^\n\r]+$; for example gs://bucket/*.xml
      table  Table
          Where rows go.
          a BigQuery table

    It also takes
      [Tuning]
      batch  Batch size
          How much is sent at once.
          a number in rows, from 1 to 1000; forms fill in 500

      tmpl run xml-to-bigquery --param input='gs://bucket/*.xml' --param table=…
    --- stderr
    "#);
    let wrong = place.tmpl(&[
        "run",
        "xml-to-bigquery",
        "--param",
        "input=/data/a.xml",
        "--param",
        "table=orders",
        "--param",
        "batch=2000",
    ]);
    assert_snapshot!(wrong.whole(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: the parameters break 2 rules of the template
      parameter `table` (Table): the value "orders" is not a BigQuery table; write it like `my-project:my_dataset.my_table`
      parameter `batch` (Batch size): the value "2000" is out of range; give a value from 1 to 1000 rows
    "#);
    let right = place.tmpl(&[
        "run",
        "xml-to-bigquery",
        "--param",
        "input=/data/a.xml",
        "--param",
        "table=p:d.orders",
    ]);
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
    let printed =
        place.tmpl(&["build", folder, "--print-only", "--bucket", elsewhere.to_str().unwrap()]).expect(0);
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
    assert!(
        ended.stderr.contains("the launch environment means nothing to a program without Beam"),
        "{ended:?}"
    );
    let job = place.job(&place.newest_job());
    assert_eq!(job["job"]["parameters"]["text"], "a,b=c");
    assert_eq!(
        job["job"]["environment"],
        serde_json::json!({"maxWorkers": 3, "additionalUserLabels": {"team": "data"}})
    );
    let twice = place.tmpl(&["run", "talker", &flags, "--param", "mode=ok"]);
    assert_eq!(twice.code, 2, "{twice:?}");
}

#[test]
fn flags_for_one_template_leave_the_others_alone() {
    let place = Place::new();
    let image = |name: &str| {
        format!("[[template]]\nname = \"{name}\"\nimage = \"{name}:1\"\nsdk_language = \"JAVA\"\n")
    };
    place.write("two/tmpl.toml", &(image("one") + &image("two")));
    place.write("m.json", r#"{"name": "M"}"#);
    let printed = |arguments: &[&str]| {
        let ended =
            place.tmpl(&[&["build", "two", "--print-only", "--only", "two"], arguments].concat()).expect(0);
        serde_json::from_str::<Value>(&ended.stdout).unwrap()
    };
    assert_eq!(printed(&["--metadata-file", "m.json"])["metadata"]["name"], "M");
    assert_eq!(printed(&["--image", "k"])["image"], "k");
    assert_eq!(printed(&["--sdk-language", "GO"])["sdkInfo"]["language"], "GO");
    let all = place.tmpl(&["build", "two", "--print-only", "--max-workers", "4"]).expect(0);
    let all: Value = serde_json::from_str(&all.stdout).unwrap();
    assert_eq!(
        (&all["one"]["defaultEnvironment"], &all["two"]["image"]),
        (&serde_json::json!({"maxWorkers": 4}), &Value::from("two:1"))
    );
    for (arguments, message) in [
        (&["--image", "k"][..], "--image: it is for one template, and the project has several"),
        (&["--name", "three"], "--name: tmpl.toml names its templates"),
        (&["--metadata-file", "/dev/zero", "--only", "one"], "/dev/zero"),
    ] {
        let ended = place.tmpl(&[&["build", "two", "--print-only"], arguments].concat());
        assert_eq!(ended.code, 2, "{ended:?}");
        assert!(ended.stderr.contains(message) && ended.stderr.contains("hint: "), "{ended:?}");
    }
}

#[test]
fn a_projection_that_is_not_what_the_log_says_is_told() {
    let place = Place::with_talker();
    let projection = place.bucket().join("templates/talker.json");
    std::fs::write(&projection, r#"{"image": "from-elsewhere"}"#).unwrap();
    let told = place.tmpl(&["template", "versions", "talker"]).expect(0);
    assert!(told.stderr.contains("not what the log says"), "{told:?}");
    place.tmpl(&["template", "show", "talker"]).expect(0);
    rebuilt(&place, |metadata| metadata.replace("Talker", "Speaker"));
    let kept = place.tmpl(&["template", "versions", "talker"]).expect(0);
    assert!(!kept.stderr.contains("not what the log says"), "{kept:?}");
    let versions = std::fs::read_dir(place.bucket().join("templates/talker")).unwrap();
    let texts = versions.filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok());
    assert!(texts.into_iter().any(|text| text.contains("from-elsewhere")), "what somebody put there is lost");
}
