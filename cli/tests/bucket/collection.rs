//! `tmpl gc`: what nobody needs is removed, and nothing else.

use insta::assert_snapshot;

use crate::place::files_below;
use crate::support::{Place, until};

const NOBODYS: &str = "staging/blobs/sha256/9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08";

#[test]
fn what_nobody_needs_is_removed() {
    let place = Place::with_talker();
    place.talk("ok", &["--job-name", "nightly"]).expect(0);
    place.talk("ok", &["--job-name", "nightly"]).expect(0);
    let id = place.newest_job();
    let blob = place.write(&format!("bucket/{NOBODYS}"), "test");
    let left = place.write(&format!("bucket/tmp/{id}/part-0"), "x");
    let dry = ["gc", "--dry-run", "--grace", "0", "--quiet"];
    assert_snapshot!(place.tmpl(&dry).expect(0).whole(), @r"
    exit: 0
    --- stdout
    would remove 1 blob ([SIZE])
    would remove 1 claim of a name ([SIZE])
    would remove 1 temporary folder ([SIZE])
    2 layers and other blobs stay ([SIZE])
    --- stderr
    ");
    assert!(blob.exists() && left.exists());
    // What was written just now may be the layer of a build that has not said so yet.
    place.tmpl(&["gc", "--dry-run"]).expect(0);
    assert_snapshot!(place.tmpl(&["gc", "--grace", "0"]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    removed 1 blob ([SIZE])
    removed 1 claim of a name ([SIZE])
    removed 1 temporary folder ([SIZE])
    2 layers and other blobs stay ([SIZE])
    --- stderr
    jobs …
    temporary files …
    names …
    what builds left behind …
    blobs …
    ");
    assert!(!blob.exists() && !left.exists());
    let nothing = place.tmpl(&["gc", "--grace", "0", "--quiet"]).expect(0).stdout;
    assert!(nothing.starts_with("nothing to remove\n2 layers and other blobs stay"), "{nothing}");
    // The template still runs where nothing of it is unpacked, and the jobs are still there.
    place.tmpl_alone(&["run", "talker", "--param", "mode=ok", "--job-name", "nightly"]).expect(0);
    assert_eq!(place.jobs(&[]).len(), 3);
    let audit = place.audit();
    assert_eq!(audit.len(), 2, "a dry run does nothing that an audit keeps");
    assert_eq!((&audit[0]["action"], &audit[0]["who"]), (&"collect garbage".into(), &"ann".into()));
    assert_eq!(audit[0]["subject"]["policy"]["grace"], "PT0S");
}

#[test]
fn a_collection_tells_programs_what_it_did() {
    let place = Place::with_talker();
    place.write(&format!("bucket/{NOBODYS}"), "test");
    let told = place.tmpl(&["gc", "--grace", "0", "--format", "json", "--quiet"]).expect(0).json();
    assert_eq!(told["removed"], serde_json::json!({ "blobs": { "count": 1, "bytes": 4 } }));
    assert_eq!((&told["blobsKept"], &told["complaints"]), (&2.into(), &serde_json::json!([])));
    place.tmpl(&["gc", "--grace", "soon"]).expect(2).says("12h or 90d");
}

#[test]
fn what_lies_elsewhere_is_needed_as_long_as_its_job() {
    let place = Place::with_talker();
    let spec = std::fs::read_to_string(place.bucket().join("templates/talker.json")).unwrap();
    let elsewhere = place.write("elsewhere.json", &spec);
    place.tmpl(&["run", elsewhere.to_str().unwrap(), "--param", "mode=ok"]).expect(0);
    let id = place.newest_job();
    place.tmpl(&["template", "delete", "talker"]).expect(0);
    place.tmpl(&["gc", "--grace", "0"]).expect(0);
    place.tmpl_alone(&["jobs", "rerun", &id]).expect(0);
}

#[test]
fn old_jobs_and_logs_go_by_policy() {
    let place = Place::with_talker();
    place.talk("ok", &[]).expect(0);
    let old = place.newest_job();
    let runs = place.running("", "hang", &[]);
    let logs = |id: &str| files_below(&place.job_folder(id).join("logs")).len();
    assert!(logs(&old) > 0);
    place.tmpl(&["gc", "--logs-older-than", "1h", "--jobs-older-than", "1h"]).expect(0);
    assert!(logs(&old) > 0);
    until("a second has gone by", || {
        place.tmpl(&["gc", "--logs-older-than", "1s"]).expect(0);
        logs(&old) == 0
    });
    // The job itself is still known, and what it wrote is said to be gone by not being there.
    place.tmpl(&["jobs", "show", &old]).expect(0);
    assert_eq!(place.tmpl(&["jobs", "logs", &old]).expect(0).stdout, "");
    let would = place.tmpl(&["gc", "--jobs-older-than", "1s", "--dry-run", "--quiet"]).expect(0).stdout;
    assert!(would.starts_with("would remove 1 job\n"), "{would}");
    place.tmpl(&["gc", "--jobs-older-than", "1s"]).expect(0);
    assert_eq!(place.jobs(&[]), std::slice::from_ref(&runs), "a job that runs stays, however old it is");
    assert!(place.audit().iter().any(|entry| entry["subject"]["job"] == *old));
    place.tmpl(&["jobs", "cancel", &runs]).expect(0);
}

#[test]
fn the_bucket_says_how_long_jobs_are_kept() {
    let place = Place::with_talker();
    place.talk("ok", &[]).expect(0);
    place.tmpl(&["bucket", "settings", "--keep-jobs", "1s"]).expect(0);
    until("it is old", || {
        place.tmpl(&["gc"]).expect(0);
        place.jobs(&[]).is_empty()
    });
    assert!(files_below(&place.bucket().join("staging/jobs")).is_empty());
}
