//! `tmpl run`: values that arrive untouched, plans, exit codes, what a failure says.

use insta::assert_snapshot;

use crate::support::Place;

#[test]
fn a_job_that_succeeds() {
    let place = Place::with_talker();
    assert_snapshot!(place.talk("ok", &["--param", "text=hello"]).whole(), @r#"
    exit: 0
    --- stdout
    --- stderr
    job [JOB] (talker-[NAME])
    pending
    running
    [TIME] INFO    repr: 'hello'
    [TIME] INFO    json: {"text": "hello", "flag": false, "token": null, "count": 3, "blob": null}
    done in [DURATION]
    "#);
}

#[test]
fn json_is_one_object_on_standard_output() {
    let place = Place::with_talker();
    let ended = place.talk("ok", &["--format", "json", "--quiet"]).expect(0);
    let end: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(end["end"]["state"], "JOB_STATE_DONE");
    assert_eq!(end["template"]["name"], "talker");
    assert_eq!(ended.stderr, "");
}

#[test]
fn values_arrive_byte_for_byte() {
    let place = Place::with_talker();
    for text in [
        "a=b=c",
        "",
        "two\nlines\n",
        "\"quoted\" 'quoted'",
        "a,b,^~^c",
        "--flag",
        "-x",
        "$HOME `id` $(id) ; rm -rf / | cat > /dev/null &",
        "  spaces  ",
        "ünïcödé ☃ \u{1f40d}",
        "*?[a-z]{b,c}~",
        "\\n\\t\\\\",
    ] {
        let parameter = format!("text={text}");
        let ended = place.talk("ok", &["--param", &parameter]).expect(0);
        let line =
            ended.stderr.lines().find_map(|line| line.split_once("json: ")).expect("the program's line").1;
        let told: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(told["text"].as_str(), Some(text));
    }
}

#[test]
fn every_way_to_pass_a_value() {
    let place = Place::with_talker();
    let long = "x".repeat(300_000);
    let file =
        place.write("parameters.yaml", &format!("flag: true\ntoken: s3cret\ncount: 7\nblob: {long}\n"));
    let ended = place.talk("ok", &["--params-file", file.to_str().unwrap()]).expect(0);
    let line = ended.stderr.lines().find_map(|line| line.split_once("json: ")).unwrap().1;
    let told: serde_json::Value = serde_json::from_str(line).unwrap();
    assert_eq!(told["flag"], true);
    assert_eq!(told["token"], "s3cret");
    assert_eq!(told["count"], 7);
    assert_eq!(told["blob"]["length"], 300_000);
    assert_eq!(told["blob"]["mode"], "600");
    let left = crate::support::cache().join("parameters").join(place.newest_job());
    assert!(!left.exists(), "a parameter's file was left behind");
}

#[test]
fn values_in_a_file_are_what_is_written_there() {
    let place = Place::with_talker();
    for written in
        ["007", "1.10", "12345678901234567890123", "0x1F", "1e3", "yes", "true", "~x", "2026-11-21"]
    {
        let yaml = place.write("parameters.yaml", &format!("mode: ok\ntext: {written}\n"));
        let planned =
            place.tmpl(&["run", "talker", "--dry-run", "--params-file", yaml.to_str().unwrap()]).expect(0);
        let expected = format!("argument     --text={written}");
        assert!(planned.stdout.lines().any(|line| line == expected), "{written}: {}", planned.stdout);
    }
}

#[test]
fn parameters_as_gcloud_takes_them() {
    let place = Place::with_talker();
    let ended = place
        .tmpl(&["run", "talker", "--parameters", "mode=ok,count=4", "--parameters", "^;^text=a,b"])
        .expect(0);
    assert!(ended.stderr.contains(r#""text": "a,b""#), "{}", ended.stderr);
}

#[test]
fn a_dry_run_shows_the_plan_and_writes_nothing() {
    // What another launch unpacked is there for this one.
    Place::with_talker().talk("ok", &[]).expect(0);
    let place = Place::with_talker();
    let arguments = [
        "--dry-run",
        "--param",
        "text=a b",
        "--param",
        "flag=true",
        "--param",
        "token=t",
        "--param",
        "blob=b",
    ];
    let ended = place.talk("ok", &arguments).expect(0);
    let shown: Vec<&str> = ended.stdout.lines().filter(|line| !line.starts_with("interpreter")).collect();
    let whole = place.filtered(&format!("{}\n", shown.join("\n")));
    assert_snapshot!(whole, @r"
    exit: 0
    --- stdout
    template     talker@[DIGEST]
    runner       direct (place process)
    environment  [CACHE]/environments/[KEY]
    layer        [DIGEST] [SIZE] app, unpacked here
    program      [CACHE]/environments/[KEY]/bin/python
    argument     [CACHE]/environments/[KEY]/app/main.py
    argument     --mode=ok
    argument     --text=a b
    argument     --flag
    argument     --blob=[CACHE]/parameters/[JOB]/blob
    variable     PYTHONDONTWRITEBYTECODE=1
    variable     PYTHONNOUSERSITE=1
    variable     PYTHONUNBUFFERED=1
    variable     TMPL_ARTIFACTS=[DIR]/bucket/staging/jobs/[DAY]/[JOB]/artifacts
    variable     TMPL_JOB_ID=[JOB]
    variable     TMPL_JOB_NAME=talker-[NAME]
    variable     TMPL_METRICS=[CACHE]/metrics/[JOB]/1.json
    variable     TMPL_RESULTS=[DIR]/bucket/staging/jobs/[DAY]/[JOB]/results/1
    variable     TMPL_TEMP_LOCATION=[DIR]/bucket/tmp/[JOB]
    variable     TOKEN=t
    variable     VIRTUAL_ENV=[CACHE]/environments/[KEY]
    file         [CACHE]/parameters/[JOB]/blob (blob)
    folder       [DIR]
    temporary    [DIR]/bucket/tmp/[JOB]
    logs         [DIR]/bucket/staging/jobs/[DAY]/[JOB]/logs/1
    results      [DIR]/bucket/staging/jobs/[DAY]/[JOB]/results/1
    --- stderr
    ");
    assert!(!place.bucket().join("staging/jobs").exists());
    let json = place.talk("ok", &["--dry-run", "--format", "json"]).expect(0);
    let plan: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!(plan["invocation"]["arguments"][1], "--mode=ok");
}

#[test]
fn an_exception_is_told_before_its_traceback_is_read() {
    let place = Place::with_talker();
    let ended = place.talk("raise-chained", &[]);
    let told = ended.whole();
    let told = told.split_once("error: ").unwrap().1;
    assert_snapshot!(told, @r"
    job [JOB] failed: the program ended with exit code 1
      caused by: ValueError: invalid literal for int() with base 10: 'seven'
    hint: `tmpl jobs logs [JOB]` shows the whole log
    ");
    assert_eq!(ended.code, 1);
    let end = &place.job(&place.newest_job())["end"];
    assert_eq!(end["cause"]["exception"], "ValueError");
    assert_eq!(end["program"]["code"], 1);
}

#[test]
fn other_failures_have_a_cause_too() {
    let place = Place::with_talker();
    for (mode, arguments, cause) in [
        ("exit", &["--param", "count=3"][..], "the program ended with exit code 3"),
        ("memory", &[], "caused by: MemoryError"),
        ("killed", &[], "caused by: killed by signal"),
    ] {
        let ended = place.talk(mode, arguments).expect(1);
        assert!(ended.stderr.contains(cause), "{mode}: {}", ended.stderr);
    }
}

#[test]
fn lines_have_levels_and_nothing_in_them_moves_the_terminal() {
    let place = Place::with_talker();
    let ended = place.talk("chatty", &["--param", "count=4"]).expect(0);
    let levels: Vec<&str> = ended
        .stderr
        .lines()
        .filter(|line| line.contains(":talker:record"))
        .map(|line| &line[13..20])
        .collect();
    assert_eq!(levels, ["DEBUG  ", "INFO   ", "WARNING", "ERROR  "]);
    let ended = place.talk("binary", &[]).expect(0);
    assert!(!ended.stderr.contains('\x1b'), "{}", ended.stderr);
}

#[test]
fn long_and_unfinished_lines_are_kept() {
    let place = Place::with_talker();
    place.talk("big", &[]).expect(0);
    place.talk("partial-line", &[]).expect(0);
    let log = place.tmpl(&["jobs", "logs", &place.newest_job()]).expect(0).stdout;
    assert!(!log.is_empty());
}

#[test]
fn the_temporary_location_is_there_and_gone_afterwards() {
    let place = Place::with_talker();
    let ended = place.talk("temp", &[]).expect(0);
    assert!(ended.stderr.contains("/bucket/tmp/"), "{}", ended.stderr);
    let left: Vec<_> = std::fs::read_dir(place.bucket().join("tmp")).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn an_output_that_exists_is_refused_unless_it_is_meant() {
    let place = Place::with_talker();
    let out = place.write("counts-00000-of-00002", "old");
    let parameter = format!("out={}", place.path("counts").display());
    let write = ["--param", "text=new", "--param", &parameter];
    assert_snapshot!(place.talk("write", &write).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: parameter `out`: [DIR]/counts-00000-of-00002 exists already
    hint: choose another output, or pass --overwrite to write there all the same
    ");
    place.talk("write", &[&write[..], &["--overwrite"]].concat()).expect(0);
    assert_eq!(std::fs::read_to_string(out).unwrap(), "old");
    // A relative path means the folder that the launch was made from.
    let relative = place.talk("write", &["--param", "text=new", "--param", "out=fresh"]).expect(0);
    assert!(place.path("fresh").exists(), "{}", relative.stderr);
}

#[test]
fn the_id_is_written_before_anything_starts() {
    let place = Place::with_talker();
    place.talk("ok", &["--id-file", "id"]).expect(0);
    let id = std::fs::read_to_string(place.path("id")).unwrap();
    assert_eq!(id.trim_end(), place.newest_job());
}

#[test]
fn a_version_is_launched_by_its_digest() {
    let place = Place::with_talker();
    let versions = std::fs::read_dir(place.bucket().join("templates/talker")).unwrap();
    let mut names = versions.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let version = names.find_map(|name| name.strip_suffix(".json").map(str::to_owned)).unwrap();
    place.tmpl(&["run", &format!("talker@{}", &version[..12]), "--param", "mode=ok"]).expect(0);
    let job = place.job(&place.newest_job());
    assert_eq!(job["job"]["template"]["digest"], format!("sha256:{version}"));
}
