//! `tmpl doctor`: every message names the thing and the remedy.

use insta::assert_snapshot;
use tmpl_testing::{Store, StoreServer, shared};

use crate::remote::Remote;
use crate::support::{Place, started_by, until};

/// What varies from one server and one run to the next.
fn general(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, general) in [
        (r"127\.0\.0\.1(:|%3A)\d+", "[SERVER]"),
        (r"\d+ ms", "[TIME]"),
        (r"tests/[0-9a-f]{16}", "tests/[PREFIX]"),
        (r"\.probe-[0-9a-f]+", ".probe-[RANDOM]"),
    ] {
        text = regex::Regex::new(pattern).unwrap().replace_all(&text, general).into_owned();
    }
    text
}

#[test]
fn a_folder() {
    let place = Place::with_talker();
    assert_snapshot!(general(&place.tmpl(&["doctor"]).expect(0).whole()), @r"
    exit: 0
    --- stdout
    bucket       [DIR]/bucket
    credentials  the user's rights to the folder
    list             ok       staging, templates, tmp
    create           ok       [TIME]
    create only      ok       a second writer is refused
    read             ok       [TIME]
    overwrite        ok       as often as it takes
    upload in parts  ok       [TIME]
    race             ok       6 rounds of 12 writers, one winner each
    delete           ok       gone at once
    clock            ok       the same as here
    --- stderr
    ");
    let left = crate::place::files_below(&place.bucket().join("tmp"));
    assert!(left.is_empty(), "{left:?}");
    let told = place.tmpl(&["doctor", "--format", "json"]).expect(0).json();
    assert_eq!(told["findings"].as_array().unwrap().len(), 9);
    assert!(told["findings"].as_array().unwrap().iter().all(|finding| finding["problem"].is_null()));
    place.tmpl(&["doctor", "--bucket", "elsewhere"]).expect(2).says("there is no bucket at");
}

#[test]
fn a_folder_that_can_not_be_written_to() {
    let place = Place::with_talker();
    // A file system that is mounted again, in a namespace of this command's own.
    let mount = "mount --bind bucket bucket && mount -o remount,ro,bind bucket && exec \"$@\"";
    let doctor = place.command(&["doctor"]);
    let mut read_only = started_by("unshare", &["--mount", "sh", "-c", mount, "sh"], &doctor);
    assert_snapshot!(general(&place.ended(read_only.spawn().unwrap()).expect(3).whole()), @r"
    exit: 3
    --- stdout
    bucket       [DIR]/bucket
    credentials  the user's rights to the folder
    list             ok       staging, templates, tmp
    create           FAILED   can't write [DIR]/bucket/tmp/.probe-[RANDOM]: the bucket is read-only: Read-only file system (os error 30)
    --- stderr
    error: this does not work with [DIR]/bucket: create
    hint: make the bucket writable for this user, or choose another bucket
    ");
}

#[test]
fn a_store() {
    let remote = Remote::of(Store::Minio);
    assert_snapshot!(general(&remote.tmpl(&["doctor"]).expect(0).whole()), @r"
    exit: 0
    --- stdout
    bucket       s3://tests/[PREFIX]?endpoint=http%3A%2F%2F[SERVER]&path_style=true&region=us-east-1
    credentials  the variables AWS_ACCESS_KEY_ID and its like
    list             ok       nothing is there yet
    create           ok       [TIME]
    create only      ok       a second writer is refused
    read             ok       [TIME]
    overwrite        ok       as often as it takes
    upload in parts  ok       [TIME]
    race             ok       6 rounds of 12 writers, one winner each
    delete           ok       gone at once
    clock            ok       the same as here
    --- stderr
    ");
    let listed = remote.tmpl(&["doctor"]).expect(0).stdout;
    assert!(listed.contains("list             ok       staging\n"), "what was tried is removed: {listed}");
}

#[test]
fn a_store_that_ignores_conditions() {
    let remote = Remote::of(Store::S3rver);
    let doctor = general(&remote.tmpl(&["doctor"]).expect(3).whole());
    assert!(doctor.contains("create only      FAILED   "), "{doctor}");
    assert!(doctor.contains("race             FAILED   "), "{doctor}");
    let hint = "hint: choose another store; or, if only one writer at a time uses it, say so: `tmpl doctor --bucket 's3://tests/";
    assert!(doctor.contains(hint), "{doctor}");
    // Whoever writes is refused with the reason, and whoever reads is not.
    let built = remote.build("talker").expect(3);
    assert!(
        built
            .stderr
            .contains("does not enforce create-only writes: of 12 that created one object at the same time,"),
        "{}",
        built.stderr
    );
    assert!(
        built.stderr.contains("hint: choose another store; or, if only one writer at a time uses it"),
        "{}",
        built.stderr
    );
    remote.tmpl(&["jobs", "list"]).expect(0);
    let word = remote.tmpl(&["doctor", "--single-writer"]);
    let word = word.says("written down: one writer at a time uses this bucket").expect(0);
    assert!(word.stdout.contains("race             ok       "), "{}", word.stdout);
    remote.build("talker").expect(0);
    remote.talk("ok", &[]).expect(0);
}

#[test]
fn credentials_that_are_wrong() {
    let owner = Remote::of(Store::Minio);
    let (key, secret) =
        shared(Store::Minio).server.credentials().map(|known| (known.key, known.secret)).unwrap();
    let nobody = owner.by(&[("AWS_ACCESS_KEY_ID", "nobody"), ("AWS_SECRET_ACCESS_KEY", secret)]);
    assert_snapshot!(general(&nobody.tmpl(&["jobs", "list"]).expect(3).whole()), @r"
    exit: 3
    --- stdout
    --- stderr
    error: the store does not take the credentials for s3://tests/[PREFIX]: The Access Key Id you provided does not exist in our records. (InvalidAccessKeyId)
    hint: `tmpl doctor` says where they come from; check them, and that they are this store's
    ");
    let mistyped = owner.by(&[("AWS_ACCESS_KEY_ID", key), ("AWS_SECRET_ACCESS_KEY", "mistyped")]);
    for command in
        [&["jobs", "list"][..], &["template", "list"], &["run", "talker"], &["gc"], &["bucket", "settings"]]
    {
        mistyped.tmpl(command).expect(3).says("(SignatureDoesNotMatch)");
    }
    mistyped.build("talker").expect(3).says("(SignatureDoesNotMatch)");
    let doctor = mistyped.tmpl(&["doctor"]).expect(3).says("check them, and that they are this store's");
    assert!(
        doctor.stdout.contains("list             FAILED   the store does not take the credentials"),
        "{}",
        doctor.stdout
    );
    assert!(!doctor.stdout.contains("<Error>") && !doctor.stdout.contains("mistyped"), "{}", doctor.stdout);
}

#[test]
fn no_credentials_at_all() {
    let remote = Remote::of(Store::Minio).by(&[]);
    // A machine without a network has no platform that would give any.
    let list = remote.command(&["jobs", "list"]);
    let mut alone = started_by("unshare", &["--net"], &list);
    remote.place.ended(alone.spawn().unwrap()).expect(3).says("error: no credentials for s3://tests/").says(
        "hint: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or name a profile: s3://NAME?profile=PROFILE",
    );
}

#[test]
fn a_bucket_that_is_not_there() {
    let remote = Remote::of(Store::Minio);
    let url = remote.url.replace("s3://tests/", "s3://no-such-bucket/");
    let said = "hint: check the address; a bucket is made by `aws s3 mb s3://no-such-bucket`, or by your store's own tools";
    for (command, code) in
        [(&["jobs", "list"][..], 2), (&["run", "talker"], 2), (&["doctor"], 3), (&["gc"], 2)]
    {
        remote.tmpl(&[command, &["--bucket", &url]].concat()).expect(code).says(said);
    }
    let project = remote.place.project("talker");
    let project = project.to_str().unwrap();
    remote.tmpl(&["build", project, "--check", "static", "--bucket", &url]).expect(2).says(said);
}

#[test]
fn a_region_that_is_wrong() {
    // A server of its own, which insists on a region.
    let server = StoreServer::minio();
    server.mc(&["admin", "config", "set", "server", "site", "region=eu-central-1"]);
    server.mc(&["admin", "service", "restart", "server", "--json"]);
    let remote = Remote::at(server.url("p"), server.variables());
    until("it has begun anew", || remote.tmpl(&["jobs", "list"]).code == 3);
    let wrong = remote.tmpl(&["jobs", "list"]).expect(3);
    assert!(wrong.stderr.starts_with("error: s3://tests/p is in another region: "), "{}", wrong.stderr);
    assert!(wrong.stderr.contains("expecting 'eu-central-1'."), "{}", wrong.stderr);
    assert!(
        wrong.stderr.contains("hint: name its region: s3://tests/p?region=REGION, or AWS_REGION"),
        "{}",
        wrong.stderr
    );
    remote.tmpl(&["doctor"]).expect(3).says("name its region");
    let right = Remote::at(server.url("p").replace("us-east-1", "eu-central-1"), server.variables());
    right.build("talker").expect(0);
    right.talk("ok", &[]).expect(0);
}

#[test]
fn a_server_that_is_not_there() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let remote = Remote::of(Store::Minio);
    let url = format!("s3://tests/p?endpoint=http://{closed}");
    let refused = remote.tmpl(&["jobs", "list", "--bucket", &url]).expect(75).says("Connection refused");
    refused.says("hint: check the address of the store, and whether it answers; it is safe to repeat");
}
