//! Runners: where their profiles come from, what may be taken from there, and what is kept of them.

use std::net::TcpListener;

use insta::assert_snapshot;
use serde_json::{Value, json};

use crate::support::{Ended, Place};

const SECRET: &str = "hunter2-the-whole-value";

/// A command with a configuration file, and a variable with a secret.
fn with(place: &Place, configuration: &str, arguments: &[&str]) -> Ended {
    let mut command = place.command(arguments);
    command.env("TMPL_CONFIG", place.write("config.toml", configuration)).env("FLINK_TOKEN", SECRET);
    place.ended(command.spawn().unwrap())
}

fn json_of(ended: &Ended) -> Value {
    serde_json::from_str(&ended.stdout).unwrap()
}

/// An address that listens, as long as the listener is there.
fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// An address that nobody listens at.
fn closed() -> String {
    listener().1
}

/// A place with the `talker`, which may run where `lines` of its `tmpl.toml` say.
fn place_with(lines: &str) -> Place {
    let place = Place::new();
    let manifest = place.project("talker").join("tmpl.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(manifest, format!("{text}{lines}\n")).unwrap();
    place.tmpl(&["build", "talker", "--check", "static"]).expect(0);
    place
}

#[test]
fn runners_are_saved_listed_shown_and_deleted() {
    let place = Place::with_talker();
    let runners = |arguments: &[&str]| place.tmpl(&[&["runners"], arguments].concat());
    let flags = ["--engine", "flink", "--endpoint", "http://127.0.0.1:8081", "--option", "parallelism=4"];
    assert_snapshot!(runners(&[&["save", "prod-flink"][..], &flags].concat()).expect(0).whole(), @r"
    exit: 0
    --- stdout
    [DIR]/bucket/staging/config/runners/prod-flink/00000001.json
    --- stderr
    the runner prod-flink is saved (entry 1)
    ");
    // Flags change what is there; the same once more changes nothing.
    let more = ["--limit", "queued=5m", "--token", "env:FLINK_TOKEN", "--description", "nightly jobs"];
    runners(&[&["save", "prod-flink"][..], &more].concat()).expect(0).says("(entry 2)");
    runners(&[&["save", "prod-flink"][..], &more].concat()).expect(0).says("is so already (entry 2)");
    assert_snapshot!(runners(&["list"]).expect(0).whole(), @r"
    exit: 0
    --- stdout
      name        engine    endpoint                   from
    * direct      direct    the program's own process  built in
      prod-flink  flink     http://127.0.0.1:8081      bucket
    --- stderr
    warning: prod-flink: the runner `prod-flink` would send the secret `env:FLINK_TOKEN` to http://127.0.0.1:8081, and the bucket alone says so
    * is meant where neither a launch nor its template says otherwise; engines can be named without a profile, too
    ");
    let allowed = "allow_references = ['env:FLINK_TOKEN']";
    assert_snapshot!(with(&place, allowed, &["runners", "show", "prod-flink"]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    prod-flink
      for          nightly jobs
      engine       flink
      endpoint     http://127.0.0.1:8081
      worker pool  started by the launcher
      option       parallelism = 4
      limit        queued 5m
      token        (secret from env:FLINK_TOKEN)
      from         the bucket, entry 2: [TIME] by ann on [HOST]
    --- stderr
    ");
    // A file says all of it.
    let file = place.write("runner.yaml", "engine: portable\nendpoint: 127.0.0.1:8099\noptions: {a: 1}\n");
    runners(&["save", "prod-flink", "--file", file.to_str().unwrap(), "--option", "b=2"]).expect(0);
    let shown = json_of(&runners(&["show", "prod-flink", "--format", "json"]).expect(0));
    let expected =
        json!({ "engine": "portable", "endpoint": "127.0.0.1:8099", "options": { "a": "1", "b": "2" } });
    assert_eq!((&shown["profile"], &shown["source"]["bucket"]["entry"]), (&expected, &json!(3)));
    runners(&["delete", "prod-flink"]).expect(0).says("the runner prod-flink is deleted; jobs on it go on");
    assert_snapshot!(runners(&["delete", "prod-flink"]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no runner `prod-flink` in [DIR]/bucket
    hint: `tmpl runners list` shows which there are
    ");
    // All of it is still to be seen.
    let entries = std::fs::read_dir(place.bucket().join("staging/config/runners/prod-flink")).unwrap();
    assert_eq!(entries.count(), 4);
    assert_eq!(json_of(&runners(&["list", "--format", "json"]).expect(0)).as_array().unwrap().len(), 1);
}

#[test]
fn what_makes_no_runner_is_not_saved() {
    let place = Place::with_talker();
    let save =
        |name: &str, flags: &[&str]| place.tmpl(&[&["runners", "save", name], flags].concat()).expect(2);
    save("x", &[]).says("the runner `x` does not say which `engine` it is");
    save("direct", &["--engine", "prism"]).says("`direct` can't be the name of a profile");
    save("x", &["--engine", "dataflow"]).says("the engine `dataflow` is not supported by this version");
    save("x", &["--engine", "flinc"]).says("did you mean `flink`?");
    save("x", &["--engine", "flink"]).says("write the URL of Flink's REST API");
    save("x", &["--engine", "flink", "--endpoint", "http://h"]).says("has no `workerPool`");
    save("x", &["--engine", "prism", "--option", "runner=x"])
        .says("the runner is chosen where a job is launched");
    save("Prod", &["--engine", "prism"]).says("the runner name \"Prod\" has 'P' at position 1");
    let told = save("x", &["--engine", "prism", "--token", SECRET]).says("write env:NAME");
    assert!(!told.stderr.contains(SECRET), "{}", told.stderr);
    let program = place.write("runner.json", r#"{"engine": "prism", "program": "/tmp/mine"}"#);
    save("x", &["--file", program.to_str().unwrap()]).says("a bucket names no programs");
    let slip = place.write("runner.json", r#"{"engine": "prism", "endpiont": "x"}"#);
    save("x", &["--file", slip.to_str().unwrap()]).says("unknown field `endpiont`");
    assert!(!place.bucket().join("staging/config/runners").exists());
    let reserved = "[runners.direct]\nengine = 'prism'";
    with(&place, reserved, &["runners", "list"]).expect(2).says("[runners.direct] of the configuration file");
    let slip = "[runners.x]\nendpiont = 'y'";
    with(&place, slip, &["runners", "list"]).expect(2).says("unknown field `endpiont`");
}

#[test]
fn flags_stand_above_the_configuration_and_that_above_the_bucket() {
    let place = Place::with_talker();
    let flags =
        ["--engine", "portable", "--endpoint", "127.0.0.1:1", "--option", "a=bucket", "--option", "b=bucket"];
    let limits = ["--limit", "run=1h", "--limit", "queued=1h", "--limit", "graph=1h"];
    place.tmpl(&[&["runners", "save", "prod"][..], &flags, &limits].concat()).expect(0);
    let own = "[runners.prod]\nendpoint = '127.0.0.1:2'\nworker-pool = '127.0.0.1:50000'\n\
               options = { b = 'file', c = 3 }\nlimits = { queued = '2h', graph = '2h' }\n";
    let shown = json_of(&with(&place, own, &["runners", "show", "prod", "--format", "json"]).expect(0));
    assert_eq!(shown["profile"]["endpoint"], "127.0.0.1:2");
    assert_eq!(shown["source"]["configuration"], json!(["endpoint", "limits", "options", "workerPool"]));
    let endpoint = closed();
    let run = ["run", "talker", "--param", "mode=ok", "--runner", "prod", "--endpoint", &endpoint];
    let more = ["--runner-option", "c=flag", "--limit", "graph=3h"];
    with(&place, own, &[&run[..], &more].concat());
    let job = place.job(&place.newest_job())["job"].clone();
    assert_eq!(job["runner"], "prod");
    let expected = json!({
        "engine": "portable", "endpoint": endpoint, "workerPool": "127.0.0.1:50000",
        "options": { "a": "bucket", "b": "file", "c": "flag" },
    });
    assert_eq!(job["profile"], expected);
    assert_eq!(job["limits"], json!({ "run": "PT1H", "queued": "PT2H", "graph": "PT3H" }));
    let shown = place.tmpl(&["jobs", "show", job["id"].as_str().unwrap()]).expect(0).stdout;
    assert!(
        shown.contains(&format!("  runner     prod (portable at {endpoint}; place process)\n")),
        "{shown}"
    );
    assert!(shown.contains("  option     c = flag\n  limit      queued 2h\n"), "{shown}");
    // Once more: as it was then, whatever the profile says now, and flags above that.
    place.tmpl(&["runners", "delete", "prod"]).expect(0);
    place.tmpl(&["jobs", "rerun", job["id"].as_str().unwrap(), "--runner-option", "a=again"]);
    let again = place.job(&place.newest_job())["job"].clone();
    assert_ne!(again["id"], job["id"]);
    assert_eq!(again["profile"]["options"], json!({ "a": "again", "b": "file", "c": "flag" }));
    assert_eq!(
        (&again["profile"]["endpoint"], &again["limits"]),
        (&job["profile"]["endpoint"], &job["limits"])
    );
    // Another engine of the same name in the file is another runner.
    let other = "[runners.prod]\nengine = 'prism'\n";
    place.tmpl(&[&["runners", "save", "prod"][..], &flags].concat()).expect(0);
    let shown = json_of(&with(&place, other, &["runners", "show", "prod", "--format", "json"]).expect(0));
    assert_eq!(shown["profile"], json!({ "engine": "prism" }));
}

#[test]
fn a_bucket_gets_no_secret_and_starts_no_program_that_the_operator_has_not_allowed() {
    let place = Place::with_talker();
    let endpoint = format!("http://{}", closed());
    let flags = ["--engine", "flink", "--endpoint", &endpoint, "--token", "env:FLINK_TOKEN"];
    place.tmpl(&[&["runners", "save", "prod"][..], &flags].concat()).expect(0);
    let run = |configuration: &str, more: &[&str]| {
        with(
            &place,
            configuration,
            &[&["run", "talker", "--param", "mode=ok", "--runner", "prod"], more].concat(),
        )
    };
    let refused = run("", &[]).expect(2);
    assert!(refused.stderr.contains(&endpoint), "{}", refused.stderr);
    assert!(refused.stderr.contains("the runner `prod` would send the secret `env:FLINK_TOKEN` to "));
    assert!(refused.stderr.contains("add \"env:FLINK_TOKEN\" to `allow_references`"), "{}", refused.stderr);
    // Neither half is enough: the operator's own token does not go where only the bucket says, and the bucket's does not go anywhere.
    run("[runners.prod]\ntoken = 'env:FLINK_TOKEN'", &[]).expect(2).says("the bucket alone says so");
    run("", &["--endpoint", &endpoint]).expect(2).says("the bucket alone says so");
    run("allow_references = ['env:OTHER', 'file:/etc/tmpl/*']", &[])
        .expect(2)
        .says("the bucket alone says so");
    assert_eq!(place.tmpl(&["jobs", "list", "--format", "json"]).expect(0).stdout.trim(), "[]");
    for allowed in [
        "allow-references = ['env:FLINK_*']".to_owned(),
        format!("[runners.prod]\ntoken = 'env:FLINK_TOKEN'\nendpoint = '{endpoint}'"),
    ] {
        let ended = with(&place, &allowed, &["runners", "check", "prod"]).expect(75);
        assert!(ended.stdout.contains("token         ok       env:FLINK_TOKEN is there"), "{}", ended.stdout);
    }
    // A program that was written into the bucket by other means is not run either.
    let entry = place.bucket().join("staging/config/runners/mine/00000001.json");
    std::fs::create_dir_all(entry.parent().unwrap()).unwrap();
    let profile = json!({ "engine": "prism", "program": "/tmp/evil" });
    let record =
        json!({ "format": 1, "time": "2026-11-21T08:00:00Z", "who": "eve", "host": "h", "profile": profile });
    std::fs::write(entry, record.to_string()).unwrap();
    let check = ["runners", "check", "mine"];
    place.tmpl(&check).expect(2).says("would start the program \"/tmp/evil\", and the bucket alone says so");
    let own = "[runners.mine]\nprogram = '/tmp/evil'";
    with(&place, own, &check).expect(3).says("a launch on `mine` would fail: program");
}

#[test]
fn a_job_keeps_its_profile_and_no_value_of_a_secret() {
    let place = Place::with_talker();
    let endpoint = format!("http://{}", closed());
    let own =
        format!("[runners.prod]\nengine = 'flink'\nendpoint = '{endpoint}'\ntoken = 'env:FLINK_TOKEN'\n");
    let run = ["run", "talker", "--param", "mode=ok", "--runner", "prod"];
    let mut unset = place.command(&run);
    unset.env("TMPL_CONFIG", place.write("config.toml", &own));
    place.ended(unset.spawn().unwrap()).expect(2).says("the variable FLINK_TOKEN is not set");
    with(&place, &own, &run);
    let job = place.job(&place.newest_job())["job"].clone();
    let profile = json!({ "engine": "flink", "endpoint": endpoint, "token": "env:FLINK_TOKEN" });
    assert_eq!((&job["runner"], &job["profile"]), (&json!("prod"), &profile));
    let found =
        std::process::Command::new("grep").args(["-rl", SECRET]).arg(place.bucket()).output().unwrap();
    assert!(found.stdout.is_empty(), "it is in {}", String::from_utf8_lossy(&found.stdout));
    // From another machine, without that configuration, the secret goes nowhere on the job's word.
    let rerun = ["jobs", "rerun", job["id"].as_str().unwrap()];
    with(&place, "", &rerun).expect(2).says("the bucket alone says so");
}

#[test]
fn a_launch_names_an_engine_without_any_profile() {
    let place = Place::with_talker();
    let run = |more: &[&str]| place.tmpl(&[&["run", "talker", "--param", "mode=ok"], more].concat());
    assert_snapshot!(run(&["--runner", "prod"]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no runner `prod`
    hint: there are direct, prism, flink, spark, portable
    ");
    run(&["--runner", "flik"]).expect(2).says("did you mean `flink`?");
    run(&["--runner", "flink"]).expect(2).says("a launch takes --endpoint too");
    run(&["--runner", "dataflow"]).expect(2).says("`dataflow` is not supported by this version");
    run(&["--runner", "portable", "--endpoint", "h:1"]).expect(2).says("a launch takes --worker-pool too");
    run(&["--endpoint", "h:1"]).expect(2).says("--endpoint means nothing to the runner `direct`");
    run(&["--runner-option", "a=1"]).expect(2).says("--additional-pipeline-options");
    run(&["--limit", "runn=1m"]).expect(2).says("did you mean `run`?");
    run(&["--limit", "run=0s"]).expect(2).says("it must be longer than nothing");
    assert_eq!(place.tmpl(&["jobs", "list", "--format", "json"]).expect(0).stdout.trim(), "[]");
    run(&["--limit", "run=1h"]).expect(0);
    let job = place.job(&place.newest_job())["job"].clone();
    assert_eq!((&job["runner"], job.get("profile")), (&json!("direct"), None));
    assert_eq!(job["limits"], json!({ "run": "PT1H" }));
}

#[test]
fn under_a_launch_key_the_runner_is_a_part_of_the_launch() {
    let place = Place::with_talker();
    let run = |more: &[&str]| {
        place.tmpl(&[&["run", "talker", "--param", "mode=ok", "--launch-key", "k"], more].concat())
    };
    run(&["--limit", "run=1h"]).expect(0);
    run(&["--limit", "run=1h"]).expect(0).says("launched before under this key");
    run(&["--limit", "run=2h"]).expect(6).says("runnerFlags.limits.run was `PT1H`, and is `PT2H`");
    run(&["--limit", "run=1h", "--runner", "prism"]).expect(6).says("runner was not given, and is `prism`");
}

#[test]
fn a_template_says_where_it_runs() {
    let place = place_with("runners = [\"portable\", \"nightly\"]\ndefault_runner = \"nightly\"");
    let shown = place.tmpl(&["template", "show", "talker"]).expect(0).stdout;
    assert!(shown.contains("  runner     portable, nightly; nightly where a launch names none\n"), "{shown}");
    let own = format!("[runners.nightly]\nengine = 'spark'\nendpoint = '{}'\n", closed());
    let run = |more: &[&str]| with(&place, &own, &[&["run", "talker", "--param", "mode=ok"], more].concat());
    assert_snapshot!(run(&["--runner", "direct"]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: the template does not run on the runner `direct`: it allows portable, nightly
    hint: choose one of them with --runner; `tmpl runners list` shows which profiles there are
    ");
    run(&["--runner", "spark", "--endpoint", "127.0.0.1:1"]).expect(2).says("it allows portable, nightly");
    assert_eq!(place.tmpl(&["jobs", "list", "--format", "json"]).expect(0).stdout.trim(), "[]");
    run(&[]);
    let job = place.job(&place.newest_job())["job"].clone();
    assert_eq!((&job["runner"], &job["profile"]["engine"]), (&json!("nightly"), &json!("spark")));
    // An older program that does not know of runners must not launch it elsewhere.
    let spec = std::fs::read_to_string(place.bucket().join("templates/talker.json")).unwrap();
    assert_eq!(serde_json::from_str::<Value>(&spec).unwrap()["tmpl"]["format"], 4);
}

#[test]
fn a_template_that_allows_only_engines_is_not_run_without_one() {
    let place = place_with("runners = [\"flink\"]");
    let shown = place.tmpl(&["template", "show", "talker"]).expect(0).stdout;
    assert!(shown.contains("  runner     flink: a launch names one of them\n"), "{shown}");
    let run = |more: &[&str]| place.tmpl(&[&["run", "talker", "--param", "mode=ok"], more].concat());
    run(&[]).expect(2).says("the template does not run on the runner `direct`: it allows flink");
}

#[test]
fn a_check_tells_step_by_step_what_a_launch_would_find() {
    let place = Place::with_talker();
    let ((_open, endpoint), away) = (listener(), closed());
    let check = |arguments: &[&str]| place.tmpl(&[&["runners", "check"], arguments].concat());
    let well = check(&["portable", "--endpoint", &endpoint, "--format", "json"]);
    let steps = json_of(&well)["steps"].clone();
    assert_eq!(steps[1]["step"], "endpoint");
    assert_eq!(steps[1]["outcome"], "ok", "{steps}");
    let told = check(&["portable", "--endpoint", &away]).expect(75);
    assert!(
        told.stdout.contains(&format!("endpoint      FAILED   {away} does not answer: ")),
        "{}",
        told.stdout
    );
    assert!(told.stderr.contains("a launch on `portable` would fail: endpoint"), "{}", told.stderr);
    assert!(told.stderr.contains("hint: start the engine, or correct `endpoint`"), "{}", told.stderr);
    let told = check(&["portable", "--endpoint", &away, "--worker-pool", &away]).expect(75);
    assert!(told.stderr.contains("would fail: endpoint, worker pool"), "{}", told.stderr);
    // A pool beside the workers of an engine elsewhere is none of this machine's.
    let far = ["portable", "--endpoint", "host.invalid:1", "--worker-pool", "127.0.0.1:50000"];
    let told = check(&far).expect(75);
    assert!(
        told.stdout.contains("worker pool   skipped  127.0.0.1:50000 is beside the engine's workers"),
        "{}",
        told.stdout
    );
    check(&["direct"]).expect(0);
    check(&["prod"]).expect(2).says("there is no runner `prod`");
}

#[test]
fn a_jar_is_stored_with_the_runner_and_known_by_its_digest() {
    let place = Place::with_talker();
    let jar = place.write("beam.jar", "the jar");
    let endpoint = format!("http://{}", closed());
    let save = ["runners", "save", "prod", "--engine", "flink", "--endpoint", &endpoint];
    place.tmpl(&[&save[..], &["--beam-jar", jar.to_str().unwrap()]].concat()).expect(0);
    let shown = json_of(&place.tmpl(&["runners", "show", "prod", "--format", "json"]).expect(0));
    let blob = shown["profile"]["beamJar"]["blob"].as_str().unwrap();
    let stored = place.bucket().join("staging/blobs/sha256").join(blob.strip_prefix("sha256:").unwrap());
    let check = || place.tmpl(&["runners", "check", "prod"]).expect(75).stdout;
    assert!(check().contains("beam jar      ok "), "{}", check());
    place.tmpl(&["gc", "--grace", "0s"]).expect(0);
    assert_eq!(std::fs::read_to_string(&stored).unwrap(), "the jar");
    std::fs::write(&stored, "another").unwrap();
    assert!(check().contains("beam jar      FAILED "), "{}", check());
    let missing = place.path("no.jar");
    place
        .tmpl(&[&save[..], &["--beam-jar", missing.to_str().unwrap()]].concat())
        .expect(2)
        .says("--beam-jar: ");
}
