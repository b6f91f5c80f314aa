//! Launch keys: however often a launch is asked for, there is one job.

use insta::assert_snapshot;

use crate::place::files_below;
use crate::support::Place;

/// Launches under a key and leaves no trace of it but what `keep` says: what a crash would have left.
fn cut_off(place: &Place, configuration: &str, keep: &[&str]) -> String {
    let arguments = ["run", "talker", "--param", "mode=ok", "--launch-key", "nightly-1"];
    place.configured(configuration, &arguments).expect(0);
    let id = place.newest_job();
    let folder = place.job_folder(&id);
    for file in files_below(&folder) {
        let name = file.strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
        if !keep.contains(&name.as_str()) {
            std::fs::remove_file(file).unwrap();
        }
    }
    std::fs::remove_dir_all(place.bucket().join("staging/index")).unwrap();
    id
}

fn again(place: &Place) -> crate::support::Ended {
    place.talk("ok", &["--launch-key", "nightly-1", "--format", "json"])
}

#[test]
fn the_same_key_is_the_same_job() {
    let place = Place::with_talker();
    assert_snapshot!(place.talk("ok", &["--launch-key", "k"]).expect(0).whole(), @r#"
    exit: 0
    --- stdout
    --- stderr
    job [JOB] (talker-[NAME])
    pending
    running
    [TIME] INFO    repr: None
    [TIME] INFO    json: {"text": null, "flag": false, "token": null, "count": 3, "blob": null}
    done in [DURATION]
    "#);
    assert_snapshot!(place.talk("ok", &["--launch-key", "k"]).expect(0).whole(), @r#"
    exit: 0
    --- stdout
    --- stderr
    job [JOB] (talker-[NAME]), launched before under this key
    pending
    running
    [TIME] INFO    repr: None
    [TIME] INFO    json: {"text": null, "flag": false, "token": null, "count": 3, "blob": null}
    done in [DURATION]
    "#);
    // The variable says the same as the flag, and what is only printed is no other launch.
    let mut command = place.command(&["run", "talker", "--param", "mode=ok", "--detach", "--quiet"]);
    let by_variable = place.ended(command.env("TMPL_LAUNCH_KEY", "k").spawn().unwrap()).expect(0);
    assert_eq!(by_variable.stdout.trim_end(), place.newest_job());
    assert_eq!(place.jobs(&[]).len(), 1);
    // Another key is another job.
    place.talk("ok", &["--launch-key", "l"]).expect(0);
    assert_eq!(place.jobs(&[]).len(), 2);
}

#[test]
fn a_job_that_failed_fails_again_under_its_key() {
    let place = Place::with_talker();
    place.talk("fail", &["--launch-key", "k"]).expect(1);
    place.talk("fail", &["--launch-key", "k"]).expect(1).says("StepError: the step failed");
    assert_eq!(place.jobs(&[]).len(), 1);
}

#[test]
fn a_key_that_was_used_for_another_launch_is_refused() {
    let place = Place::with_talker();
    place.talk("ok", &["--launch-key", "k", "--param", "text=a"]).expect(0);
    let other = ["--launch-key", "k", "--param", "flag=true", "--timeout", "1h", "--retries", "2"];
    assert_snapshot!(place.talk("chatty", &other).expect(6).whole(), @r"
    exit: 6
    --- stdout
    --- stderr
    error: the launch key `k` was used for another launch, job [JOB]: backoff was not given, and is `10s`; parameters.mode was `ok`, and is `chatty`; parameters.text was `a`, and is not given; parameters.flag was not given, and is `true`; retries was not given, and is 2; timeout was not given, and is `1h`
    hint: take a new key for a new launch, or ask for the same launch again
    ");
    assert_eq!(place.jobs(&[]).len(), 1);
    place.talk("ok", &["--launch-key", ""]).expect(2).says("it is empty");
}

#[test]
fn a_version_that_was_published_meanwhile_changes_nothing() {
    for keep in [&["job.json"][..], &[]] {
        let place = Place::with_talker();
        let id = cut_off(&place, "", keep);
        let project = place.project("talker");
        std::fs::write(project.join("helper.py"), "raise SystemExit('the new version')\n").unwrap();
        place.tmpl(&["build", project.to_str().unwrap(), "--check", "static"]).expect(0);
        let ended = again(&place).expect(0).json();
        assert_eq!(ended["id"], *id);
        assert_eq!(place.job(&id)["end"]["reason"], "done");
        // Without the key it is the new one.
        place.talk("ok", &[]).expect(1).says("the new version");
    }
}

#[test]
fn a_key_without_a_job_and_a_job_without_an_attempt_are_gone_on_with() {
    for keep in [&[][..], &["job.json"]] {
        let place = Place::with_talker();
        let id = cut_off(&place, "", keep);
        let ended = again(&place).expect(0).json();
        assert_eq!(ended["id"], *id);
        assert_eq!(ended["end"]["state"], "JOB_STATE_DONE");
        let job = place.job(&id);
        assert_eq!(job["attempts"].as_array().unwrap().len(), 1);
        assert_eq!(place.jobs(&[]), [id]);
    }
}

#[test]
fn an_attempt_without_a_launcher_is_not_made_a_second_time() {
    let place = Place::with_talker();
    let id = cut_off(&place, "lease = '2s'", &["job.json", "attempts/1.json"]);
    let ended = again(&place).expect(3).says("launcher lost").json();
    assert_eq!(ended["id"], *id);
    assert_eq!(place.job(&id)["attempts"].as_array().unwrap().len(), 1);
    assert_eq!(place.job(&id)["state"], "JOB_STATE_FAILED");
}

#[test]
fn a_key_is_free_again_when_its_job_was_deleted() {
    let place = Place::with_talker();
    place.talk("ok", &["--launch-key", "k"]).expect(0);
    let id = place.newest_job();
    place.tmpl(&["jobs", "delete", &id]).expect(0);
    place.talk("chatty", &["--launch-key", "k"]).expect(0);
    assert_ne!(place.newest_job(), id);
}
