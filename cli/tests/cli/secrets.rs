//! Secrets: references in every record, values in none.

use std::process::Command;

use insta::assert_snapshot;

use crate::support::{Ended, Place};

const VALUE: &str = "hunter2-the-whole-value";

/// A place with a `talker` whose token is a secret, passed in the environment, and whose blob is one too, passed as a file.
fn place() -> Place {
    let place = Place::new();
    let metadata = place.project("talker").join("metadata.json");
    let text = std::fs::read_to_string(&metadata).unwrap();
    let text = text
        .replace("{\"tmpl.pass\": \"env\"}", "{\"tmpl.pass\": \"env\", \"tmpl.secret\": \"true\"}")
        .replace("{\"tmpl.pass\": \"file\"}", "{\"tmpl.pass\": \"file\", \"tmpl.secret\": \"true\"}");
    assert_eq!(text.matches("tmpl.secret").count(), 2);
    std::fs::write(metadata, text).unwrap();
    place.tmpl(&["build", "talker", "--check", "static"]).expect(0);
    place
}

fn launch(place: &Place, arguments: &[&str]) -> Ended {
    let mut command = place.command(&[&["run", "talker", "--param", "mode=ok"], arguments].concat());
    command.env("SOME_TOKEN", VALUE);
    place.ended(command.spawn().unwrap())
}

#[test]
fn a_value_reaches_the_program_and_nothing_else() {
    let place = place();
    let file = place.write("secret", &format!("{VALUE}\n"));
    let blob = format!("blob=file:{}", file.display());
    let arguments = ["--param", "token=env:SOME_TOKEN", "--param", &blob];
    let planned = launch(&place, &[&arguments[..], &["--dry-run"]].concat()).expect(0);
    assert!(planned.stdout.contains("TOKEN=(secret from env:SOME_TOKEN)"), "{}", planned.stdout);
    let ended = launch(&place, &arguments).expect(0);
    // The program tells its token; the log does not.
    assert!(ended.stderr.contains("\"token\": \"[secret]\""), "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("\"length\": {}", VALUE.len())), "{}", ended.stderr);
    for told in [planned.whole(), ended.whole(), place.tmpl(&["jobs", "show", &place.newest_job()]).whole()] {
        assert!(!told.contains(VALUE), "{told}");
    }
    let found = Command::new("grep")
        .args(["-rl", VALUE])
        .arg(place.bucket())
        .arg(crate::support::cache())
        .output()
        .unwrap();
    assert!(found.stdout.is_empty(), "it is in {}", String::from_utf8_lossy(&found.stdout));
}

#[test]
fn a_value_in_clear_is_refused_and_not_repeated() {
    let place = place();
    let parameter = format!("token={VALUE}");
    let ended = launch(&place, &["--param", &parameter]);
    assert!(!ended.stderr.contains(VALUE), "{}", ended.stderr);
    assert_snapshot!(ended.whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: the parameters break a rule of the template
      parameter `token` (Token): the value is a secret in clear, and only a reference is accepted; give `--param token=env:NAME` or `--param token=file:PATH`
    ");
}

#[test]
fn a_reference_that_leads_nowhere_is_found_out_before_anything_starts() {
    let place = place();
    assert_snapshot!(launch(&place, &["--param", "token=env:NO_SUCH_TOKEN"]).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: the secret `env:NO_SUCH_TOKEN` can't be read: the variable NO_SUCH_TOKEN is not set
    hint: set the variable or make the file readable where the launcher runs
    ");
    assert_snapshot!(launch(&place, &["--param", "token=file:/no/such/file"]).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: the secret `file:/no/such/file` can't be read: failed to open file `/no/such/file`: No such file or directory (os error 2)
    hint: set the variable or make the file readable where the launcher runs
    ");
    assert!(!place.bucket().join("staging/jobs").exists(), "a job was written down");
}
