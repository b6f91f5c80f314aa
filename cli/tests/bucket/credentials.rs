//! Where credentials come from: the variables, profiles with keys, with a program, by `aws` itself, sessions with a token.

use std::process::Command;

use tmpl_testing::{Store, StoreServer, shared};

use crate::place::program;
use crate::remote::Remote;
use crate::support::{Ended, Place};

/// A bucket with `talker` in it, and somebody who has said nothing of themselves yet.
fn stranger() -> Remote {
    let remote = Remote::of(Store::Minio);
    remote.build("talker").expect(0);
    remote.by(&[])
}

fn keys() -> (&'static str, &'static str) {
    let credentials = shared(Store::Minio).server.credentials().unwrap();
    (credentials.key, credentials.secret)
}

/// A command with Amazon's two files.
fn by_files(
    remote: &Remote,
    config: &str,
    credentials: &str,
    variables: &[(&str, &str)],
    arguments: &[&str],
) -> Ended {
    let mut command = remote.command(arguments);
    command
        .env("AWS_CONFIG_FILE", remote.place.write("aws-config", config))
        .env("AWS_SHARED_CREDENTIALS_FILE", remote.place.write("aws-credentials", credentials))
        .envs(variables.iter().copied());
    remote.place.ended(command.spawn().unwrap())
}

const RUN: [&str; 4] = ["run", "talker", "--param", "mode=ok"];

#[test]
fn a_profile_with_keys() {
    let remote = stranger();
    let (key, secret) = keys();
    let file = format!(
        "[default]\naws_access_key_id = nobody\naws_secret_access_key = nothing\n\n[store]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n"
    );
    by_files(&remote, "", &file, &[("AWS_PROFILE", "store")], &RUN).expect(0);
    // A profile that is named in the address comes before everything else, and the program is told of it.
    let url = format!("{}&profile=store", remote.url);
    let wrong = [("AWS_ACCESS_KEY_ID", "nobody"), ("AWS_SECRET_ACCESS_KEY", "nothing")];
    by_files(&remote, "", &file, &wrong, &[&RUN[..], &["--bucket", &url]].concat()).expect(0);
    let doctor = by_files(&remote, "", &file, &[], &["doctor", "--bucket", &url]).expect(0);
    assert!(
        doctor.stdout.contains("credentials  the profile `store`, whose keys are in a file\n"),
        "{}",
        doctor.stdout
    );
    // The default profile is asked where nobody names one.
    by_files(&remote, "", &file, &[], &RUN).expect(3).says("the store does not take the credentials");
    let none = by_files(&remote, "", &file, &[("AWS_PROFILE", "stoer")], &RUN).expect(2);
    assert!(
        none.stderr.contains("there is no profile `stoer`, which AWS_PROFILE names\nhint: profiles stand in"),
        "{}",
        none.stderr
    );
}

#[test]
fn a_profile_with_a_program() {
    let remote = stranger();
    let (key, secret) = keys();
    let count = remote.place.path("asked");
    // What expires in a moment is asked for again: for every request, here.
    let until = jiff::Timestamp::now() + jiff::SignedDuration::from_mins(2);
    let printed = format!(
        r#"{{"Version": 1, "AccessKeyId": "{key}", "SecretAccessKey": "{secret}", "Expiration": "{until}"}}"#
    );
    let script =
        format!("#!/bin/sh\necho asked \"$1\" >> '{}'\ncat <<'END'\n{printed}\nEND\n", count.display());
    let script = program(&remote.place, "a program.sh", &script);
    let config = format!(
        "[profile store]\nregion = us-east-1\ncredential_process = \"{}\" 'two words'\n",
        script.display()
    );
    by_files(&remote, &config, "", &[("AWS_PROFILE", "store")], &["jobs", "list"]).expect(0);
    by_files(&remote, &config, "", &[("AWS_PROFILE", "store")], &RUN).expect(0);
    let asked = std::fs::read_to_string(&count).unwrap();
    assert!(asked.lines().count() > 3 && asked.lines().all(|line| line == "asked two words"), "{asked}");
    // One that fails is quoted.
    let config = "[profile store]\ncredential_process = sh -c 'echo the vault is sealed >&2; exit 4'\n";
    by_files(&remote, config, "", &[("AWS_PROFILE", "store")], &["jobs", "list"])
        .expect(3)
        .says("the profile `store` gives no credentials: sh ended with exit status: 4: the vault is sealed");
}

#[test]
fn a_profile_that_aws_itself_knows() {
    let remote = stranger();
    let (key, secret) = keys();
    let until = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(1);
    let printed = format!(
        r#"{{"Version": 1, "AccessKeyId": "{key}", "SecretAccessKey": "{secret}", "Expiration": "{until}"}}"#
    );
    let asked = remote.place.path("asked");
    let script = format!("#!/bin/sh\necho \"$*\" >> '{}'\ncat <<'END'\n{printed}\nEND\n", asked.display());
    program(&remote.place, "bin/aws", &script);
    let path = format!("{}:{}", remote.place.path("bin").display(), std::env::var("PATH").unwrap());
    let config = "[profile sso]\nsso_session = work\nsso_account_id = 123456789012\nregion = us-east-1\n";
    let variables = [("AWS_PROFILE", "sso"), ("PATH", path.as_str())];
    by_files(&remote, config, "", &variables, &["jobs", "list"]).expect(0);
    let said = std::fs::read_to_string(asked).unwrap();
    assert_eq!(said, "configure export-credentials --format process --profile sso\n", "it is asked once");
    by_files(&remote, config, "", &variables, &RUN).expect(0);
    // Without `aws` it is said what is missing.
    by_files(&remote, config, "", &[("AWS_PROFILE", "sso"), ("PATH", "/nowhere")], &["jobs", "list"])
        .expect(3)
        .says("the profile `sso` gives no credentials: aws: No such file or directory");
}

/// Prints what the service for sessions gives.
const ASSUME_ROLE: &str = r#"
import boto3, json, sys
sts = boto3.client("sts", endpoint_url=sys.argv[1])
given = sts.assume_role(RoleArn="arn:aws:iam::123456789012:role/any", RoleSessionName="tests")
print(json.dumps({"Credentials": given["Credentials"]}, default=str))
"#;

/// What the store's own service for sessions gives to a user of it.
fn session(server: &StoreServer) -> [(&'static str, String); 3] {
    server.mc(&["admin", "user", "add", "server", "visitor", "visitor-secret"]);
    server.mc(&["admin", "policy", "attach", "server", "readwrite", "--user", "visitor"]);
    // The environment of the store servers has Amazon's library.
    let python = concat!(env!("CARGO_MANIFEST_DIR"), "/../.tools/stores-venv/bin/python");
    let asked = Command::new(python)
        .args(["-c", ASSUME_ROLE, server.endpoint()])
        .env("AWS_ACCESS_KEY_ID", "visitor")
        .env("AWS_SECRET_ACCESS_KEY", "visitor-secret")
        .env("AWS_DEFAULT_REGION", "us-east-1")
        .output()
        .unwrap_or_else(|error| panic!("{error}\nhint: make components"));
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let answer: serde_json::Value = serde_json::from_slice(&asked.stdout).unwrap();
    let part = |name: &str| answer["Credentials"][name].as_str().unwrap().to_owned();
    [
        ("AWS_ACCESS_KEY_ID", part("AccessKeyId")),
        ("AWS_SECRET_ACCESS_KEY", part("SecretAccessKey")),
        ("AWS_SESSION_TOKEN", part("SessionToken")),
    ]
}

#[test]
fn a_session_with_a_token() {
    let owner = Remote::of(Store::Minio);
    owner.build("rows").expect(0);
    let session = session(shared(Store::Minio).server);
    let variables: Vec<(&str, &str)> = session.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let visitor = owner.by(&variables);
    // The program signs with the token too: it has it from the environment.
    let ended = visitor.tmpl(&["run", "rows", "--param", "rows=text"]).expect(0);
    assert_eq!(ended.stdout, "SUCCESS: 2\ngrüße, world\n");
    let doctor = visitor.tmpl(&["doctor"]).expect(0).stdout;
    assert!(doctor.contains("AWS_ACCESS_KEY_ID and its like, with a session's token\n"), "{doctor}");
    // Without the token the keys are nobody's.
    owner.by(&variables[..2]).tmpl(&["jobs", "list"]).expect(3);
}

#[test]
fn addresses_have_no_room_for_secrets() {
    let place = Place::new();
    let refused = place.tmpl(&["jobs", "list", "--bucket", "s3://key:secret@bucket"]).expect(2);
    let refused = refused.says("credentials have no place in an address");
    assert!(!refused.stderr.contains("secret@"), "{}", refused.stderr);
    place.tmpl(&["jobs", "list", "--bucket", "s3://bucket?secret=x"]).expect(2).says("`secret` is unknown");
}
