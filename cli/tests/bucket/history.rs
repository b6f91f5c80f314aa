//! What ran, how it went, and what becomes of it: lists, repetitions, comparisons, deletion.

use insta::assert_snapshot;

use crate::place::files_below;
use crate::support::{Place, send, until};

const LABELLED: [&str; 2] = ["--additional-user-labels", "team=data,cost=17"];

#[test]
fn lists_are_filtered_and_come_in_pages() {
    let place = Place::with_talker();
    place.talk("ok", &[&["--job-name", "nightly"], &LABELLED[..]].concat()).expect(0);
    let first = place.newest_job();
    place.talk("fail", &["--job-name", "hourly"]).expect(1);
    let second = place.newest_job();
    let mut by_bob = place.command(&["run", "talker", "--param", "mode=ok"]);
    place.ended(by_bob.env("USER", "bob").spawn().unwrap()).expect(0);
    let third = place.newest_job();
    let all = [third.clone(), second.clone(), first.clone()];
    for (filter, found) in [
        (&[][..], &all[..]),
        (&["--template", "talker"], &all),
        (&["--template", "other"], &[]),
        (&["--name", "nightly"], &all[2..]),
        (&["--state", "failed"], &all[1..2]),
        (&["--state", "failed", "--state", "done"], &all),
        (&["--state", "running"], &[]),
        (&["--who", "bob"], &all[..1]),
        (&["--who", "ann", "--state", "done"], &all[2..]),
        (&["--label", "team=data"], &all[2..]),
        (&["--label", "team=data", "--label", "cost=18"], &[]),
        (&["--since", "1h"], &all),
        (&["--until", "1h"], &[]),
        (&["--since", "2090-01-01"], &[]),
        (&["--until", "2090-01-01T00:00:00Z", "--since", "1d"], &all),
        (&["--limit", "2"], &all[..2]),
        (&["--limit", "2", "--after", &second], &all[2..]),
        (&["--after", &first], &[]),
    ] {
        assert_eq!(place.jobs(filter), found, "{filter:?}");
    }
    // A page says how the next one is had; the last one does not.
    let page = place.tmpl(&["jobs", "list", "--limit", "2"]).expect(0).says(&format!("`--after {second}`"));
    assert_eq!(page.stdout.lines().count(), 3);
    assert!(
        !place
            .tmpl(&["jobs", "list", "--limit", "2", "--after", &second])
            .expect(0)
            .stderr
            .contains("--after")
    );
    assert_snapshot!(place.tmpl(&["jobs", "list"]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    id                                       template  name     state       started                          took  who
    [JOB]  talker             done        [TIME] [DURATION]  bob
    [JOB]  talker    hourly   failed      [TIME] [DURATION]  ann
    [JOB]  talker    nightly  done        [TIME] [DURATION]  ann
    --- stderr
    ");
    assert_snapshot!(place.tmpl(&["jobs", "list", "--who", "eve"]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    --- stderr
    no job is like that
    ");
    let line = &place.tmpl(&["jobs", "list", "--name", "nightly", "--format", "json"]).expect(0).json()[0];
    assert_eq!(
        (&line["name"], &line["who"], &line["presumedLost"]),
        (&"nightly".into(), &"ann".into(), &false.into())
    );
    assert!(line["tookMs"].as_u64().is_some() && line["created"].is_string());
    for wrong in [
        ["--since", "yesterday"],
        ["--label", "team"],
        ["--state", "lost"],
        ["--limit", "0"],
        ["--after", "x"],
    ] {
        place.tmpl(&[&["jobs", "list"], &wrong[..]].concat()).expect(2).says(wrong[0]);
    }
}

#[test]
fn a_job_is_launched_once_more() {
    let place = Place::with_talker();
    place.talk("ok", &["--param", "text=first", "--param", "flag=true"]).expect(0);
    let first = place.newest_job();
    let project = place.project("talker");
    std::fs::write(project.join("helper.py"), "raise SystemExit('the new version')\n").unwrap();
    place.tmpl(&["build", project.to_str().unwrap(), "--check", "static"]).expect(0);
    // The version of then, and what is changed in the place of what was.
    place
        .tmpl(&["jobs", "rerun", &first, "--param", "text=second"])
        .expect(0)
        .says("repr: 'second'")
        .says("\"flag\": true");
    let second = place.newest_job();
    assert_ne!(first, second);
    assert_eq!(place.job(&first)["job"]["template"], place.job(&second)["job"]["template"]);
    place.tmpl(&["jobs", "rerun", &first, "--newest"]).expect(1).says("the new version");
    // What the first was not allowed, a repetition is not either; and it is a launch like any other.
    place.tmpl(&["jobs", "rerun", &first, "--param", "mode=dance"]).expect(2).says("dance");
    place.tmpl(&["jobs", "rerun", &first, "--dry-run"]).expect(0);
    let key = ["jobs", "rerun", first.as_str(), "--launch-key", "k", "--detach", "--quiet"];
    assert_eq!(place.tmpl(&key).expect(0).stdout, place.tmpl(&key).expect(0).stdout);
    assert_eq!(place.jobs(&[]).len(), 4);
    let nobodys = "2026-01-01_00_00_00-0000000000000000001";
    place.tmpl(&["jobs", "rerun", nobodys]).expect(2).says("there is no job");
}

#[test]
fn a_spec_that_was_not_published_is_launched_once_more() {
    let place = Place::with_talker();
    let spec = place.bucket().join("templates/talker.json");
    let elsewhere = place.write("talker.json", &std::fs::read_to_string(spec).unwrap());
    place.tmpl(&["run", elsewhere.to_str().unwrap(), "--param", "mode=ok"]).expect(0);
    let first = place.newest_job();
    std::fs::remove_file(elsewhere).unwrap();
    place.tmpl(&["jobs", "rerun", &first]).expect(0);
    place.tmpl(&["jobs", "rerun", &first, "--newest"]).expect(2).says("was not published");
}

#[test]
fn two_jobs_are_compared() {
    let place = Place::with_rows();
    place.rows("text", &[]).expect(0);
    let first = place.newest_job();
    place.rows("table", &["--param", "count=1"]).expect(0);
    let second = place.newest_job();
    let differs = place.tmpl(&["jobs", "diff", &first, &second, "--format", "json"]).expect(0).json();
    let names: Vec<&String> =
        differs["differences"].as_object().unwrap().keys().filter(|name| *name != "duration").collect();
    assert_eq!(names, ["parameter count", "parameter rows"]);
    assert_eq!(differs["differences"]["parameter rows"]["second"], "table");
    assert_eq!(differs["results"]["onlyFirst"].as_array().unwrap().len(), 2);
    let said = place.tmpl(&["jobs", "diff", &first, &second]).expect(0).stdout;
    for line in
        ["parameter count\n  - –\n  + 1\n", "- row {\"stdout\":\"SUCCESS: 2\"}\n", "+ row {\"late\":false,"]
    {
        assert!(said.contains(line), "{line}: {said}");
    }
    place.tmpl(&["jobs", "diff", &first, &first]).expect(0).says("nothing differs");
}

#[test]
fn a_job_is_deleted_and_the_audit_keeps_that_it_was() {
    let place = Place::with_talker();
    place.talk("ok", &["--param", "text=Ada Lovelace"]).expect(0);
    let gone = place.newest_job();
    let runs = place.running("", "hang", &[]);
    assert_snapshot!(place.tmpl(&["jobs", "delete", &runs]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: job [JOB] has not ended: it is running
    hint: `tmpl jobs cancel [JOB]` ends it
    ");
    assert_snapshot!(place.tmpl(&["jobs", "delete", &gone]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    --- stderr
    job [JOB] is deleted; the audit keeps that it was
    ");
    assert_eq!(place.jobs(&[]), std::slice::from_ref(&runs));
    place.tmpl(&["jobs", "show", &gone]).expect(2).says("there is no job");
    place.tmpl(&["jobs", "delete", &gone]).expect(2).says("there is no job");
    for file in files_below(&place.bucket()) {
        let text = String::from_utf8_lossy(&std::fs::read(&file).unwrap()).into_owned();
        assert!(!text.contains("Lovelace"), "{}", file.display());
        assert!(!file.display().to_string().contains(&gone), "{}", file.display());
    }
    let audit = place.audit();
    assert_eq!(audit.len(), 1);
    assert_eq!((&audit[0]["action"], &audit[0]["who"]), (&"delete job".into(), &"ann".into()));
    assert_eq!(audit[0]["subject"]["job"], *gone);
    place.tmpl(&["jobs", "cancel", &runs]).expect(0);
}

#[test]
fn a_job_that_was_deleted_half_way_is_deleted_to_the_end() {
    let place = Place::with_talker();
    place.talk("ok", &[]).expect(0);
    let gone = place.newest_job();
    // The record is gone, the log and the line in the list are still there.
    for name in ["job.json", "final.json"] {
        std::fs::remove_file(place.job_folder(&gone).join(name)).unwrap();
    }
    place.tmpl(&["jobs", "delete", &gone]).expect(0);
    assert!(!place.job_folder(&gone).exists());
    assert!(place.jobs(&[]).is_empty());
    assert!(files_below(&place.bucket().join("staging/index")).is_empty());
}

#[test]
fn the_index_is_made_again_from_the_jobs_themselves() {
    let place = Place::with_talker();
    place.talk("ok", &["--job-name", "nightly"]).expect(0);
    place.talk("fail", &[]).expect(1);
    let runs = place.running("", "hang", &[]);
    let before = place.tmpl(&["jobs", "list", "--format", "json"]).expect(0).stdout;
    std::fs::remove_dir_all(place.bucket().join("staging/index")).unwrap();
    assert!(place.jobs(&[]).is_empty());
    place.tmpl(&["doctor", "--rebuild-index"]).expect(0).says("the index has 3 jobs");
    assert_eq!(place.tmpl(&["jobs", "list", "--format", "json"]).expect(0).stdout, before);
    place.tmpl(&["jobs", "cancel", &runs]).expect(0);
}

#[test]
fn a_list_brings_the_job_of_a_killed_launcher_to_its_end() {
    let place = Place::with_talker();
    let id = place.running("lease = '6s'", "hang", &[]);
    send("KILL", &place.job(&id)["attempts"][0]["pid"].to_string());
    until("the list says that it failed", || place.jobs(&["--state", "failed"]) == [id.clone()]);
    let job = place.job(&id);
    assert_eq!(job["end"]["reason"], "launcher lost: it stopped renewing its lease");
    assert_eq!(job["end"]["exitCode"], 3);
    place.tmpl(&["wait", &id]).expect(3).says("launcher lost");
}
