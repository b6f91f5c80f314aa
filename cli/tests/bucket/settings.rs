//! What a bucket's people have agreed upon.

use insta::assert_snapshot;

use crate::support::Place;

#[test]
fn settings_are_shown_and_changed_one_by_one() {
    let place = Place::with_talker();
    let settings = |arguments: &[&str]| place.tmpl(&[&["bucket", "settings"], arguments].concat());
    assert_snapshot!(settings(&[]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    keep jobs  for ever
    keep logs  for ever
    --- stderr
    ");
    settings(&["--keep-jobs", "90d", "--notify", "failure=https://hooks.example.org/x"]).expect(0);
    settings(&["--keep-logs", "36h"]).expect(0);
    assert_snapshot!(settings(&[]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    keep jobs  90d
    keep logs  36h
    notify     failure=https://hooks.example.org/x
    set by     ann on [HOST]
    --- stderr
    ");
    let told = settings(&["--format", "json"]).expect(0).json();
    assert_eq!(told["notify"][0], "failure=https://hooks.example.org/x");
    let kept = settings(&["--notify-nobody", "--keep-jobs", "for-ever"]).expect(0).stdout;
    assert!(kept.starts_with("keep jobs  for ever\nkeep logs  36h\nset by"), "{kept}");
    // Every change is there, and by whom.
    assert_eq!(std::fs::read_dir(place.bucket().join("staging/config/settings")).unwrap().count(), 3);
    assert_snapshot!(settings(&["--notify", "exec:/bin/true"]).expect(2).whole(), @r#"
    exit: 2
    --- stdout
    --- stderr
    error: --notify exec:/bin/true: a bucket names no programs
    hint: whoever runs the launcher names them: `notify = ["exec:…"]` in its configuration file
    "#);
    settings(&["--keep-jobs", "soon"]).expect(2).says("12h or 90d");
    settings(&["--notify", "mailto:ann@example.org"]).expect(2).says("neither the URL");
}
