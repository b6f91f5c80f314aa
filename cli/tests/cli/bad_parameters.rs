//! Parameters that are wrong: all of them told at once, nothing written.

use insta::assert_snapshot;

use crate::support::Place;

#[test]
fn every_mistake_is_told_at_once() {
    let place = Place::with_talker();
    let arguments = [
        "run",
        "talker",
        "--param",
        "mod=ok",
        "--param",
        "count=many",
        "--param",
        "flag=yes",
        "--param",
        "nonsense=1",
    ];
    assert_snapshot!(place.tmpl(&arguments).whole(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: the parameters break 6 rules of the template
      parameter `mode` (Mode) is required and missing; give `--param mode=ok`
      parameter `mod` is not one of this template; did you mean `mode`?
      parameter `nonsense` is not one of this template; the template takes `mode`, `text`, `flag`, `token`, `blob`, `count`, `out`
      parameter `flag` (Flag): the value "yes" is neither `true` nor `false`; give `true` or `false`
      parameter `count` (Count): the value "many" is not a number; give a number like `0.5`
      parameter `count` (Count): the value "many" does not match the regex `^[0-9]+$`; give a value that matches
    "#);
    assert!(!place.bucket().join("staging/jobs").exists(), "a job was written down");
}

#[test]
fn a_choice_that_is_none() {
    let place = Place::with_talker();
    assert_snapshot!(place.talk("hagn", &[]).whole(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: the parameters break a rule of the template
      parameter `mode` (Mode): the value "hagn" is not one of those that can be chosen; give one of `ok`, `fail`, `raise-chained`, `exit`, `hang`, `ignore-sigterm`, `spawn-children`, `env`, `multiprocessing`, `subprocess-module`, `chatty`, `partial-line`, `progress`, `binary`, `big`, `memory`, `killed`, `sleep`, `write`, `temp`
    "#);
}

#[test]
fn a_value_longer_than_linux_takes_in_one_argument() {
    let place = Place::with_talker();
    let file = place.write("long.json", &format!("{{\"text\": \"{}\"}}", "x".repeat(131_072)));
    assert_snapshot!(place.talk("ok", &["--params-file", file.to_str().unwrap()]).whole(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: the parameters break a rule of the template
      parameter `text` (Text): the value "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (131072 characters)" takes 131080 bytes with its name, and Linux passes at most 131072 at once; have the template take it from a file: `"customMetadata": {"tmpl.pass": "file"}` in its metadata
    "#);
    // The longest that fits does arrive.
    let fits = 131_072 - "--text=".len() - 1;
    let file = place.write("fits.json", &format!("{{\"text\": \"{}\"}}", "x".repeat(fits)));
    place.talk("exit", &["--param", "count=0", "--params-file", file.to_str().unwrap()]).expect(0);
}

#[test]
fn ways_to_write_parameters_wrongly() {
    let place = Place::with_talker();
    place.write("broken.yaml", "mode: [ok\n");
    place.write("list.json", "[1, 2]");
    place.write("nested.json", "{\"mode\": {\"a\": 1}}");
    place.write("twice.json", "{\"mode\": \"ok\", \"mode\": \"fail\"}");
    let cases: [(&str, &[&str]); 9] = [
        ("twice", &["--param", "mode=ok", "--param", "mode=fail"]),
        ("twice in two ways", &["--param", "mode=ok", "--parameters", "mode=fail"]),
        ("no equals sign", &["--param", "mode"]),
        ("gcloud syntax", &["--parameters", "mode=ok,text"]),
        ("no such file", &["--params-file", "missing.json"]),
        ("broken file", &["--params-file", "broken.yaml"]),
        ("a list", &["--params-file", "list.json"]),
        ("a nested value", &["--params-file", "nested.json"]),
        ("twice in a file", &["--params-file", "twice.json"]),
    ];
    for (name, arguments) in cases {
        let ended = place.tmpl(&[&["run", "talker"], arguments].concat()).expect(2);
        assert_snapshot!(name, ended.whole());
    }
}

#[test]
fn names_of_templates_that_can_t_be() {
    let place = Place::with_talker();
    for (name, text) in [
        ("climbs", "../x"),
        ("spaces", "a b"),
        ("unicode", "wörter"),
        ("empty", ""),
        ("upper case", "Talker"),
    ] {
        assert_snapshot!(format!("template name {name}"), place.tmpl(&["run", text]).expect(2).whole());
    }
    assert_snapshot!(place.tmpl(&["run", "talkr", "--param", "mode=ok"]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no template `talkr` in [DIR]/bucket
    hint: did you mean talker?
    ");
    assert_snapshot!(place.tmpl(&["run", "talker@0123456789", "--param", "mode=ok"]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: template `talker` has no version `0123456789` in [DIR]/bucket
    hint: leave out `@…` to launch the newest version of talker
    ");
}

#[test]
fn job_names_and_durations_that_can_t_be() {
    let place = Place::with_talker();
    for arguments in
        [["--job-name", "Nightly"], ["--timeout", "soon"], ["--timeout", "0s"], ["--wait-timeout", "-5s"]]
    {
        let ended = place.talk("ok", &arguments).expect(2);
        assert!(ended.stderr.starts_with("error: "), "{}", ended.stderr);
    }
}
