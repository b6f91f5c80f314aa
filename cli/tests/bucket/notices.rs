//! Notices: who is told of what happens to a job, once.

use std::net::TcpListener;
use std::process::Child;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::place::{files_below, program};
use crate::receiver::Receiver;
use crate::support::{Place, send, until};

/// What is written of a job's notices.
fn written(place: &Place, id: &str) -> String {
    let mut files = files_below(&place.job_folder(id).join("notices"));
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// What `tmpl jobs show` says of the newest job's notices.
fn notices(place: &Place) -> Vec<String> {
    let shown = place.tmpl(&["jobs", "show", &place.newest_job()]).expect(0).stdout;
    let told = shown.lines().skip_while(|line| *line != "  notices").skip(1);
    told.map(|line| line.trim_start().to_owned()).collect()
}

#[test]
fn failure_success_and_retry_are_told() {
    let (place, receiver) = (Place::with_talker(), Receiver::start());
    let notify = receiver.url("/hook?room=7");
    place.talk("ok", &["--notify", &notify]).expect(0);
    let arguments = ["--notify", &notify, "--retries", "1", "--backoff", "10ms", "--job-name", "nightly"];
    place.talk("fail", &arguments).expect(1);
    assert_eq!(receiver.types(), ["job.success", "job.retry", "job.failure"]);
    let [success, retry, failure] = &receiver.received()[..] else { panic!("three") };
    assert_eq!((success.path.as_str(), success.header("content-type")), ("/hook?room=7", "application/json"));
    assert!(success.header("webhook-signature").is_empty(), "nobody gave a secret");
    assert_eq!(retry.json()["attempt"], 1);
    let told = failure.json();
    assert_eq!((&told["job"]["name"], &told["job"]["template"]), (&"nightly".into(), &"talker".into()));
    assert_eq!(told["end"]["state"], "JOB_STATE_FAILED");
    assert_eq!(told["end"]["cause"]["message"], "the step failed");
    assert_eq!(told["job"]["id"], *place.newest_job());
    assert_eq!(notices(&place), ["retry-1: sent", "failure: sent"]);
    // Who asks for a part is told of that part, and of a cancelled job nobody is told.
    let some = format!("failure,slow={}", receiver.url("/some"));
    place.talk("ok", &["--notify", &some]).expect(0);
    let id = place.running("", "hang", &["--notify", &notify]);
    place.tmpl(&["jobs", "cancel", &id]).expect(0);
    assert_eq!(receiver.types().len(), 3);
    place.talk("ok", &["--notify", "never=https://x"]).expect(2).says("neither the URL");
    place.talk("ok", &["--notify", "exec:page"]).expect(2).says("whole path");
}

#[test]
fn a_job_that_takes_longer_than_usual_is_told_of_while_it_runs() {
    let (place, receiver) = (Place::with_talker(), Receiver::start());
    for _ in 0..3 {
        place.talk("ok", &["--quiet"]).expect(0);
    }
    let id = place.running("", "hang", &["--notify", &format!("slow={}", receiver.url("/"))]);
    until("somebody is told", || !receiver.received().is_empty());
    assert_eq!(receiver.types(), ["job.slow"]);
    assert_eq!(place.job(&id)["state"], "JOB_STATE_RUNNING");
    place.tmpl(&["jobs", "cancel", &id]).expect(0);
    assert_eq!(receiver.types().len(), 1);
}

#[test]
fn a_notice_is_signed_as_standard_webhooks_are() {
    let (place, receiver) = (Place::with_talker(), Receiver::start());
    let key = b"some bytes that only we know";
    let secret = format!("whsec_{}", STANDARD.encode(key));
    let configuration = format!("notify = ['{}']\nnotify_secret = 'env:HOOK_SECRET'\n", receiver.url("/"));
    let mut command = place.command(&["run", "talker", "--param", "mode=ok"]);
    command.env("TMPL_CONFIG", place.write("config.toml", &configuration)).env("HOOK_SECRET", &secret);
    place.ended(command.spawn().unwrap()).expect(0);
    let [told] = &receiver.received()[..] else { panic!("one") };
    let (id, time) = (told.header("webhook-id"), told.header("webhook-timestamp"));
    assert!(id.starts_with(&place.newest_job()), "{id}");
    assert!((jiff::Timestamp::now().as_second() - time.parse::<i64>().unwrap()).abs() < 60, "{time}");
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(format!("{id}.{time}.").as_bytes());
    mac.update(&told.body);
    assert_eq!(
        told.header("webhook-signature"),
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    );
    assert!(!String::from_utf8_lossy(&told.body).contains("whsec_"));
    // The secret is the operator's: nothing in the bucket has it.
    for file in files_below(&place.bucket()) {
        assert!(
            !String::from_utf8_lossy(&std::fs::read(&file).unwrap()).contains(&secret),
            "{}",
            file.display()
        );
    }
}

#[test]
fn a_receiver_that_fails_for_a_moment_is_asked_again() {
    let (place, receiver) = (Place::with_talker(), Receiver::start());
    receiver.answer(&[500, 503]);
    place.talk("ok", &["--notify", &receiver.url("/")]).expect(0);
    let tries = receiver.received();
    assert_eq!(tries.len(), 3);
    assert!(tries.iter().all(|one| one.header("webhook-id") == tries[0].header("webhook-id")));
    assert_eq!(notices(&place), ["success: sent"]);
    // One that does not want it is not asked twice.
    receiver.answer(&[410]);
    place.talk("ok", &["--notify", &receiver.url("/")]).expect(0);
    assert_eq!(receiver.received().len(), 4);
    assert_eq!(notices(&place), ["success: given up: the receiver answered 410 Gone"]);
}

#[test]
fn a_receiver_that_is_away_changes_nothing_of_the_job() {
    let place = Place::with_talker();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let hook = format!("http://{closed}/token-in-the-path");
    place.talk("fail", &["--notify", &hook]).expect(1);
    let said = written(&place, &place.newest_job());
    assert!(said.contains("given up: ") && !said.contains("token-in-the-path"), "{said}");
}

#[test]
fn what_is_told_of_a_killed_launcher_is_told_once() {
    let (place, receiver) = (Place::with_talker(), Receiver::start());
    let id = place.running("lease = '6s'", "hang", &["--notify", &receiver.url("/")]);
    send("KILL", &place.job(&id)["attempts"][0]["pid"].to_string());
    until("its end is seen", || {
        let list = ["jobs", "list", "--format", "json"];
        let readers: Vec<Child> = (0..5).map(|_| place.command(&list).spawn().unwrap()).collect();
        let ended: Vec<_> = readers.into_iter().map(|reader| place.ended(reader).expect(0)).collect();
        ended.iter().any(|ended| ended.json()[0]["state"] == "JOB_STATE_FAILED")
    });
    until("somebody is told", || !receiver.received().is_empty());
    place.tmpl(&["jobs", "show", &id]).expect(0);
    place.tmpl(&["wait", &id]).expect(3);
    assert_eq!(receiver.types(), ["job.failure"]);
    assert!(receiver.received()[0].json()["end"]["reason"].as_str().unwrap().starts_with("launcher lost"));
}

#[test]
fn the_operators_programs_are_run() {
    let place = Place::with_talker();
    let by_flag = program(&place, "flag.sh", "#!/bin/sh\ncat > \"$(dirname \"$0\")/told-by-flag\"\n");
    let by_file = program(&place, "file.sh", "#!/bin/sh\ncat > \"$(dirname \"$0\")/told-by-file\"\nexit 3\n");
    let configuration = format!("notify = ['failure=exec:{}']", by_file.display());
    let flag = format!("exec:{}", by_flag.display());
    let arguments = ["run", "talker", "--param", "mode=fail", "--notify", &flag];
    place.configured(&configuration, &arguments).expect(1);
    for name in ["told-by-flag", "told-by-file"] {
        let told: serde_json::Value =
            serde_json::from_slice(&std::fs::read(place.path(name)).unwrap()).unwrap();
        assert_eq!((&told["type"], &told["job"]["id"]), (&"job.failure".into(), &place.newest_job().into()));
    }
    // What a program says of itself changes nothing, and its name is in no record that others would act upon.
    let said = written(&place, &place.newest_job());
    assert!(said.contains("given up: ") && said.contains("exit status: 3"), "{said}");
    assert!(place.job(&place.newest_job())["job"].get("notify").is_none());
}

#[test]
fn a_program_that_the_bucket_names_is_never_run() {
    let place = Place::with_talker();
    let wicked = program(&place, "wicked.sh", "#!/bin/sh\ntouch \"$(dirname \"$0\")/was-run\"\n");
    let target = format!("exec:{}", wicked.display());
    let settings = serde_json::json!({ "notify": [target] }).to_string();
    place.write("bucket/staging/config/settings/00000001.json", &settings);
    // A launch that was cut off before its job was written down, and goes on with what somebody has written into its key.
    place.talk("fail", &["--launch-key", "k"]).expect(1);
    let id = place.newest_job();
    std::fs::remove_dir_all(place.job_folder(&id)).unwrap();
    std::fs::remove_dir_all(place.bucket().join("staging/index")).unwrap();
    let [key] = &files_below(&place.bucket().join("staging/keys"))[..] else { panic!("one") };
    let mut keyed: serde_json::Value = serde_json::from_slice(&std::fs::read(key).unwrap()).unwrap();
    keyed["job"]["notify"] = serde_json::json!([target]);
    std::fs::write(key, keyed.to_string()).unwrap();
    place.talk("fail", &["--launch-key", "k"]).expect(1);
    assert_eq!(
        place.job(&id)["job"]["notify"][0],
        *target,
        "the launch has the program, and the launcher saw it"
    );
    assert!(!place.path("was-run").exists());
    assert!(!place.job_folder(&id).join("notices").exists());
}

#[test]
fn the_bucket_and_the_template_name_webhooks_of_their_own() {
    let (place, receiver) = (Place::with_talker(), Receiver::start());
    place.tmpl(&["bucket", "settings", "--notify", &receiver.url("/bucket")]).expect(0);
    let project = place.project("talker");
    let settings = std::fs::read_to_string(project.join("tmpl.toml")).unwrap();
    let named = format!("{settings}notify = [\"success={}\"]\n", receiver.url("/template"));
    std::fs::write(project.join("tmpl.toml"), named).unwrap();
    place.tmpl(&["build", project.to_str().unwrap(), "--check", "static"]).expect(0);
    place.talk("ok", &["--notify", &receiver.url("/launch")]).expect(0);
    let mut paths: Vec<String> = receiver.received().into_iter().map(|received| received.path).collect();
    paths.sort();
    assert_eq!(paths, ["/bucket", "/launch", "/template"]);
    // One that is named twice is told once.
    place.talk("fail", &["--notify", &receiver.url("/bucket")]).expect(1);
    assert_eq!(receiver.received().len(), 4);
}
