//! Cards: launches that somebody prepared, and what others can change about them.

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Ended, Place};

const SECRET: &str = "hunter2-the-whole-value";

fn json_of(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap()
}

fn cards(place: &Place, arguments: &[&str]) -> Ended {
    place.tmpl(&[&["cards"], arguments].concat())
}

/// The same, typed with `|` between the arguments.
fn typed(place: &Place, arguments: &str) -> Ended {
    cards(place, &arguments.split('|').collect::<Vec<_>>())
}

/// A place with the `talker`, and a card of it.
fn with_greeting() -> Place {
    let place = Place::with_talker();
    typed(
        &place,
        "save|greeting|--template|talker|--title|Say hello|--lock|mode=ok|--value|text=hello|--hide|count=7|--hide|flag",
    )
    .expect(0);
    place
}

#[test]
fn cards_are_saved_listed_shown_and_deleted() {
    let place = Place::with_talker();
    assert_snapshot!(cards(&place, &["list"]).whole(), @r"
    exit: 0
    --- stdout
    --- stderr
    no cards yet: `tmpl cards save` makes one
    ");
    let save = ["save", "greeting", "--template", "talker", "--title", "Say hello", "--lock", "mode=ok"];
    assert_snapshot!(cards(&place, &[&save[..], &["--value", "text=hello=you"]].concat()).whole(), @r"
    exit: 0
    --- stdout
    [DIR]/bucket/staging/config/cards/greeting/00000001.json
    --- stderr
    the card greeting is saved (entry 1)
    ");
    // Flags change what is there; the same once more changes nothing.
    let more = "save|greeting|--hide|count=7|--hide|flag|--lock|text|--owner|Finance|--may-run|ann|--may-run|group:ops|\
                --notes|Once a month.\nNever twice.|--runner|prism";
    typed(&place, more).expect(0).says("the card greeting is saved (entry 2)");
    typed(&place, more).expect(0).says("the card greeting is so already (entry 2)");
    typed(&place, "save|bye|--template|talker|--title|Say good-bye|--lock|mode=ok").expect(0);
    assert_snapshot!(cards(&place, &["list"]).whole(), @r"
    exit: 0
    --- stdout
    bye       talker  Say good-bye
    greeting  talker  Say hello (Finance)
    --- stderr
    ");
    assert_snapshot!(cards(&place, &["list", "FINANCE", "hello"]).whole(), @r"
    exit: 0
    --- stdout
    greeting  talker  Say hello (Finance)
    --- stderr
    ");
    assert_snapshot!(cards(&place, &["show", "greeting"]).whole(), @r"
    exit: 0
    --- stdout
    greeting: Say hello
      launches   talker, the newest version
      runner     prism
      owner      Finance
      may run    ann, group:ops
      saved      [TIME] by ann on [HOST] (entry 2)
      notes      Once a month.
      notes      Never twice.
      values
        count = 7 (locked, not shown)
        flag is not given (locked, not shown)
        mode = ok (locked)
        text = hello=you (locked)
      tmpl run --card greeting
    --- stderr
    ");
    let shown = json_of(&cards(&place, &["show", "greeting", "--format", "json"]).expect(0));
    let values = json!({
        "count": {"value": "7", "access": "hidden"}, "flag": {"access": "hidden"}, "mode": {"value": "ok", "access": "locked"},
        "text": {"value": "hello=you", "access": "locked"}
    });
    assert_eq!(
        (&shown["entry"], &shown["who"], &shown["card"]["values"]),
        (&json!(2), &json!("ann"), &values)
    );
    assert_eq!(shown["card"]["mayRun"], json!(["ann", "group:ops"]));
}

#[test]
fn a_card_is_changed_and_deleted_and_its_history_stays() {
    let place = with_greeting();
    typed(&place, "save|greeting|--owner|Finance|--notes|N|--runner|direct|--may-run|ann|--lock|text")
        .expect(0);
    // What is taken away is gone.
    let less = "save|greeting|--owner||--notes||--runner||--may-run||--remove|flag|--unlock|count";
    typed(&place, less).expect(0).says("(entry 3)");
    let card = json_of(&cards(&place, &["show", "greeting", "--format", "json"]).expect(0))["card"].clone();
    assert_eq!(
        card,
        json!({
            "title": "Say hello", "template": "talker", "values": {
                "count": {"value": "7", "access": "editable"}, "mode": {"value": "ok", "access": "locked"},
                "text": {"value": "hello", "access": "locked"}
            }
        })
    );
    cards(&place, &["delete", "greeting"]).expect(0).says("the card greeting is deleted; its jobs go on");
    assert_snapshot!(cards(&place, &["delete", "greeting"]).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no card `greeting` in [DIR]/bucket
    hint: `tmpl cards list` shows which there are
    ");
    assert_eq!(json_of(&cards(&place, &["list", "--format", "json"]).expect(0)), json!([]));
    assert_snapshot!(cards(&place, &["show", "greeting", "--history"]).expect(0).whole(), @r"
    exit: 0
    --- stdout
       4  [TIME]  ann on [HOST]  deleted
       3  [TIME]  ann on [HOST]  saved: Say hello (talker)
       2  [TIME]  ann on [HOST]  saved: Say hello (talker)
       1  [TIME]  ann on [HOST]  saved: Say hello (talker)
    --- stderr
    ");
    let history = json_of(&cards(&place, &["show", "greeting", "--history", "--format", "json"]).expect(0));
    assert_eq!((&history[0]["entry"], &history[0]["card"]), (&json!(4), &Value::Null));
    assert_eq!(history[2]["card"]["owner"], "Finance");
}

#[test]
fn a_card_is_launched_with_what_it_leaves_open() {
    let place = with_greeting();
    let run = |arguments: &[&str]| place.tmpl(&[&["run", "--card", "greeting"], arguments].concat());
    assert_snapshot!(run(&[]).whole(), @r#"
    exit: 0
    --- stdout
    --- stderr
    card greeting: Say hello
    job [JOB] (talker-[NAME])
    pending
    running
    [TIME] INFO    repr: 'hello'
    [TIME] INFO    json: {"text": "hello", "flag": false, "token": null, "count": 7, "blob": null}
    done in [DURATION]
    "#);
    let changed = run(&["--param", "text=good morning"]).expect(0);
    assert!(
        changed.stderr.contains(r#""text": "good morning", "flag": false, "token": null, "count": 7"#),
        "{}",
        changed.stderr
    );
    let id = place.newest_job();
    assert_eq!(place.job(&id)["job"]["card"], "greeting");
    let shown = place.tmpl(&["jobs", "show", &id]).expect(0).stdout;
    assert!(shown.contains("\n  card       greeting\n"), "{shown}");
    // What is locked or hidden is refused, also with the very value; nothing is started.
    assert_snapshot!(run(&["--param", "mode=ok", "--parameters", "flag=true,text=x"]).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: the parameters break 2 rules of the card
      parameter `flag` (Flag) is set by the card and can't be changed; leave it out
      parameter `mode` (Mode) is set by the card and can't be changed; leave it out
    ");
    assert_eq!(place.newest_job(), id);
    // Everything else is checked as it is of any launch.
    run(&["--param", "tken=x"])
        .expect(2)
        .says("parameter `tken` is not one of this template; did you mean `token`?");
    // Once more it is the card's job, unless something is changed that the card may not allow.
    place.tmpl(&["jobs", "rerun", &id]).expect(0);
    assert_eq!(place.job(&place.newest_job())["job"]["card"], "greeting");
    place.tmpl(&["jobs", "rerun", &id, "--param", "count=9"]).expect(0);
    assert_eq!(place.job(&place.newest_job())["job"]["card"], Value::Null);
    let planned = run(&["--dry-run"]).expect(0).stdout;
    assert!(planned.contains("argument     --text=hello\n"), "{planned}");
}

#[test]
fn a_card_under_a_launch_key_is_one_job() {
    let place = with_greeting();
    let run = |arguments: &[&str]| {
        place.tmpl(&[&["run", "--card", "greeting", "--launch-key", "k"], arguments].concat())
    };
    run(&[]).expect(0);
    let id = place.newest_job();
    run(&[]).expect(0).says(&format!("job {id}"));
    assert_eq!(place.newest_job(), id);
    run(&["--param", "text=other"]).expect(6).says("the launch key `k` was used for another launch");
}

#[test]
fn a_card_may_be_bound_to_a_version_and_to_a_runner() {
    let place = Place::new();
    let project = place.project("talker");
    place.tmpl(&["build", "talker", "--check", "static"]).expect(0);
    let version = || {
        let versions =
            json_of(&place.tmpl(&["template", "versions", "talker", "--format", "json"]).expect(0));
        versions[0]["digest"].as_str().unwrap().strip_prefix("sha256:").unwrap().to_owned()
    };
    let first = version();
    let save =
        ["save", "c", "--template", "talker", "--title", "T", "--lock", "mode=ok", "--version", &first[..9]];
    cards(&place, &save).expect(0);
    let card = json_of(&cards(&place, &["show", "c", "--format", "json"]).expect(0))["card"].clone();
    assert_eq!(card["version"], json!(first));
    let metadata = project.join("metadata.json");
    let text = std::fs::read_to_string(&metadata).unwrap().replace("\"Talker\"", "\"Talker 2\"");
    std::fs::write(metadata, text).unwrap();
    place.tmpl(&["build", "talker", "--check", "static"]).expect(0);
    assert_ne!(version(), first);
    place.tmpl(&["run", "--card", "c"]).expect(0);
    assert_eq!(place.job(&place.newest_job())["job"]["template"]["digest"], json!(format!("sha256:{first}")));
    cards(&place, &["save", "c", "--version", "newest", "--runner", "direct"]).expect(0);
    place.tmpl(&["run", "--card", "c", "--runner", "direct"]).expect(0);
    assert_eq!(
        place.job(&place.newest_job())["job"]["template"]["digest"],
        json!(format!("sha256:{}", version()))
    );
    assert_snapshot!(place.tmpl(&["run", "--card", "c", "--runner", "prism"]).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: the card `c` runs on `direct`
    hint: leave out --runner, or launch the template itself
    ");
}

#[test]
fn a_card_is_made_of_a_job_or_of_a_file() {
    let place = Place::with_talker();
    place.talk("ok", &["--param", "text=hello"]).expect(0);
    let id = place.newest_job();
    cards(&place, &["save", "again", "--from-job", &id, "--lock", "mode"]).expect(0);
    let shown =
        |name: &str| json_of(&cards(&place, &["show", name, "--format", "json"]).expect(0))["card"].clone();
    let values = json!({"mode": {"value": "ok", "access": "locked"}, "text": {"value": "hello", "access": "editable"}});
    assert_eq!(shown("again"), json!({"title": "Talker", "template": "talker", "values": values}));
    // Of another job, it is still that card.
    place.talk("ok", &["--param", "text=bye"]).expect(0);
    cards(&place, &["save", "again", "--title", "Once more", "--owner", "Finance"]).expect(0);
    cards(&place, &["save", "again", "--from-job", &place.newest_job()]).expect(0);
    let card = shown("again");
    assert_eq!((&card["title"], &card["owner"]), (&json!("Once more"), &json!("Finance")));
    assert_eq!(card["values"]["text"]["value"], "bye");
    let written = place.write("card.json", &card.to_string());
    cards(&place, &["save", "copy", "--file", written.to_str().unwrap(), "--title", "A copy"]).expect(0);
    assert_eq!((&shown("copy")["title"], &shown("copy")["values"]), (&json!("A copy"), &card["values"]));
    let yaml =
        "title: Of a file\ntemplate: talker\nmayRun: [ann]\nvalues:\n  mode: {value: ok, access: locked}\n";
    let yaml = place.write("card.yaml", yaml);
    cards(&place, &["save", "copy", "--file", yaml.to_str().unwrap()]).expect(0);
    assert_eq!(shown("copy")["mayRun"], json!(["ann"]));
    place.tmpl(&["run", "--card", "copy", "--quiet"]).expect(0);
    let odd = place.write("odd.yaml", "title: T\ntemplate: talker\nvalue: {}\n");
    assert_snapshot!(cards(&place, &["save", "copy", "--file", odd.to_str().unwrap()]).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: --file [DIR]/odd.yaml: line 3 column 1: unknown field `value`, expected one of title, template, version, values, runner, owner, mayRun, notes
    hint: the keys are title, template, version, values (of each: value, access), runner, owner, mayRun and notes
    ");
    let spec = place.bucket().join("templates/talker.json");
    place.tmpl(&["run", spec.to_str().unwrap(), "--param", "mode=ok"]).expect(0);
    assert_snapshot!(cards(&place, &["save", "x", "--from-job", &place.newest_job()]).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: --from-job: the template of job [JOB] was not published but read from [DIR]/bucket/templates/talker.json
    hint: publish it with `tmpl build`, and launch that
    ");
}

#[test]
fn a_card_that_nobody_could_launch_is_not_saved() {
    let place = Place::new();
    let metadata = place.project("talker").join("metadata.json");
    let text = std::fs::read_to_string(&metadata).unwrap();
    std::fs::write(
        metadata,
        text.replace("\"tmpl.pass\": \"env\"", "\"tmpl.pass\": \"env\", \"tmpl.secret\": \"true\""),
    )
    .unwrap();
    place.tmpl(&["build", "talker", "--check", "static"]).expect(0);
    let save = |arguments: &[&str]| cards(&place, &[&["save", "c"], arguments].concat());
    let talker = |arguments: &[&str]| save(&[&["--template", "talker", "--title", "T"], arguments].concat());
    assert_snapshot!(save(&["--title", "T"]).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no card `c` yet
    hint: say what a new one launches: --template NAME, --from-job ID or --file FILE
    ");
    assert_snapshot!(save(&["--template", "talker"]).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: the card has no title
    hint: say in a few words what people get when they run it
    ");
    assert_snapshot!(save(&["--template", "talkre", "--title", "T"]).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no template `talkre` in [DIR]/bucket
    hint: did you mean talker?
    ");
    assert_snapshot!(talker(&["--lock", "mode", "--value", "count=many", "--hide", "flaag"]).whole(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: the parameters break 4 rules of the template
      parameter `flaag` is not one of this template; did you mean `flag`?
      parameter `mode` (Mode) is required and missing; give `--param mode=ok`
      parameter `count` (Count): the value "many" is not a number; give a number like `0.5`
      parameter `count` (Count): the value "many" does not match the regex `^[0-9]+$`; give a value that matches
    "#);
    talker(&["--value", "mode=wrong"])
        .expect(2)
        .says("is not one of those that can be chosen; give one of `ok`,");
    let refused = talker(&["--value", &format!("token={SECRET}")])
        .expect(2)
        .says("is a secret in clear, and only a reference");
    assert!(!refused.whole().contains(SECRET));
    assert_snapshot!(talker(&["--runner", "prod"]).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no runner `prod`
    hint: there are direct, prism, flink, spark, portable
    ");
    talker(&["--runner", "Prod"]).expect(2).says("--runner: the runner name \"Prod\" has 'P' at position 1");
    talker(&["--may-run", "group:"]).expect(2).says("--may-run: name a person as they sign in");
    talker(&["--version", "beef"]).expect(2).says("beef");
    talker(&["--version", "latest"]).expect(2).says("or write newest");
    talker(&["--unlock", "mode"]).expect(2).says("--unlock mode: the card says nothing of this parameter");
    talker(&["--owner", "a\u{1b}[31m"])
        .expect(2)
        .says("the card's owner can't have the control character '\\u{1b}'");
    talker(&["--notes", &"x".repeat(10_001)])
        .expect(2)
        .says("10001 characters are too many for the card's notes");
    cards(&place, &["save", "../c", "--title", "T"])
        .expect(2)
        .says("the card name \"../c\" has '.' at position 1");
    save(&["--from-job", "2026-11-21_08_00_00-0123456789012345678"]).expect(2);
    assert_eq!(cards(&place, &["list", "--format", "json"]).expect(0).stdout.trim(), "[]");
    assert!(!place.bucket().join("staging/config/cards").exists());
    // A reference is what is wanted; whoever runs the card gives the rest.
    talker(&["--hide", "token=env:TALKER_TOKEN"]).expect(0);
    let mut command = place.command(&["run", "--card", "c", "--param", "mode=ok"]);
    command.env("TALKER_TOKEN", SECRET);
    let ended = place.ended(command.spawn().unwrap()).expect(0);
    assert!(!ended.whole().contains(SECRET), "{}", ended.stderr);
}

#[test]
fn what_can_not_be_read_of_a_card_is_told() {
    let place = with_greeting();
    assert_snapshot!(place.tmpl(&["run"]).expect(2).stderr, @r"
    error: the following required arguments were not provided:
      <TEMPLATE>

    Usage: tmpl run <TEMPLATE>

    For more information, try '--help'.
    ");
    assert_snapshot!(place.tmpl(&["run", "talker", "--card", "greeting"]).expect(2).stderr, @r"
    error: the argument '[TEMPLATE]' cannot be used with '--card <NAME>'

    Usage: tmpl run <TEMPLATE>

    For more information, try '--help'.
    ");
    assert_snapshot!(place.tmpl(&["run", "--card", "greting"]).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no card `greting` in [DIR]/bucket
    hint: did you mean `greeting`?
    ");
    place.tmpl(&["run", "--card", "x"]).expect(2).says("hint: `tmpl cards list` shows which there are");
    // A template that is gone, and a card of a newer version of this program.
    place.tmpl(&["template", "delete", "talker"]).expect(0);
    place.tmpl(&["run", "--card", "greeting"]).expect(2).says("talker");
    let newer = json!({"format": 2, "time": "2026-11-21T08:00:00Z", "who": "ann", "host": "h", "card": {}});
    place.write("bucket/staging/config/cards/newer/00000001.json", &newer.to_string());
    assert_snapshot!(cards(&place, &["list"]).whole(), @r"
    exit: 0
    --- stdout
    greeting  talker  Say hello
    --- stderr
    warning: a card is left out: [DIR]/bucket/staging/config/cards/newer/00000001.json can't be read: it has format 2, which a newer tmpl wrote
    ");
    cards(&place, &["show", "newer"]).expect(3).says("it has format 2, which a newer tmpl wrote");
    place.tmpl(&["run", "--card", "newer"]).expect(3);
    cards(&place, &["delete", "newer"]).expect(0);
}
