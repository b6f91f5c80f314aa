//! `docs/policies`: each role may do what it is for, and is refused the rest with the right that is missing and the remedy.

use std::path::Path;
use std::sync::OnceLock;

use tmpl_testing::StoreServer;

use crate::remote::Remote;
use crate::support::{send, until};

/// A bucket, and a user for each role.
struct Roles {
    bucket: &'static str,
    url: String,
}

impl Roles {
    fn of(bucket: &'static str) -> Self {
        let server = server();
        server.mc(&["mb", &format!("server/{bucket}")]);
        let folder = tempfile::tempdir().unwrap();
        for role in ["builder", "launcher", "server", "viewer", "admin"] {
            let user = format!("{bucket}-{role}");
            let policy =
                Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/policies").join(format!("{role}.json"));
            let policy = std::fs::read_to_string(policy).unwrap().replace("BUCKET", bucket);
            let file = folder.path().join(role);
            std::fs::write(&file, policy).unwrap();
            server.mc(&["admin", "policy", "create", "server", &user, file.to_str().unwrap()]);
            server.mc(&["admin", "user", "add", "server", &user, "secret-of-the-role"]);
            server.mc(&["admin", "policy", "attach", "server", &user, "--user", &user]);
        }
        let url = server.url("").replace("s3://tests/", &format!("s3://{bucket}"));
        Self { bucket, url }
    }

    fn user(&self, role: &str) -> Remote {
        let variables = [
            ("AWS_ACCESS_KEY_ID".to_owned(), format!("{}-{role}", self.bucket)),
            ("AWS_SECRET_ACCESS_KEY".to_owned(), "secret-of-the-role".to_owned()),
        ];
        Remote::at(self.url.clone(), variables.to_vec())
    }

    /// Everything in the bucket: names, sizes, times.
    fn listed(&self) -> String {
        server().mc(&["ls", "--recursive", "--json", &format!("server/{}", self.bucket)])
    }

    /// Something that lies in the bucket.
    fn put(&self, object: &str) {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("anything");
        std::fs::write(&file, "anything").unwrap();
        server().mc(&["cp", file.to_str().unwrap(), &format!("server/{}/{object}", self.bucket)]);
    }

    /// Whether the store itself lets a role write over an object.
    fn may_write_over(&self, role: &str, object: &str) -> bool {
        let server = server();
        let (user, folder) = (format!("{}-{role}", self.bucket), tempfile::tempdir().unwrap());
        let file = folder.path().join("anything");
        std::fs::write(&file, "anything").unwrap();
        // The names live as long as the tests.
        let credentials = tmpl_testing::Credentials { key: user.leak(), secret: "secret-of-the-role" };
        let target = format!("server/{}/{object}", self.bucket);
        server.try_mc_by(server.endpoint(), credentials, &["cp", file.to_str().unwrap(), &target]).is_ok()
    }
}

fn server() -> &'static StoreServer {
    static SERVER: OnceLock<StoreServer> = OnceLock::new();
    SERVER.get_or_init(StoreServer::minio)
}

/// Refused, with what is missing.
#[track_caller]
fn refused(role: &Remote, arguments: &[&str], right: &str) {
    let hint =
        format!("hint: whoever may do this needs {right}: docs/permissions.md has the rights of each role");
    role.tmpl(arguments).expect(3).says("error: not allowed to ").says(&hint);
}

#[test]
fn a_builder_publishes_and_launches_nothing() {
    let roles = Roles::of("built");
    let builder = roles.user("builder");
    builder.build("talker").expect(0);
    builder.build("rows").expect(0);
    let project = builder.place.path("talker");
    std::fs::write(project.join("helper.py"), "X = 1\n").unwrap();
    std::fs::write(project.join("main.py"), "import helper\n").unwrap();
    builder.tmpl(&["build", project.to_str().unwrap(), "--check", "static"]).expect(0);
    builder.tmpl(&["template", "versions", "talker"]).expect(0);
    builder.tmpl(&["template", "rollback", "talker"]).expect(0);
    builder.tmpl(&["bucket", "settings", "--keep-jobs", "90d"]).expect(0);
    builder.tmpl(&["doctor"]).expect(0);
    refused(&builder, &["run", "talker", "--param", "mode=ok"], "s3:GetObject for staging/jobs/*");
    refused(
        &builder,
        &["run", "talker", "--param", "mode=ok", "--launch-key", "k"],
        "s3:GetObject for staging/keys/*",
    );
    roles.put(&format!("staging/blobs/sha256/{}", "0".repeat(64)));
    refused(&builder, &["gc", "--grace", "0s"], "s3:PutObject for staging/collection.json/*");
    assert!(!roles.may_write_over("builder", "staging/jobs/2026-01-01/x/job.json"));
}

#[test]
fn a_launcher_launches_and_changes_no_template() {
    let roles = Roles::of("launched");
    roles.user("builder").build("talker").expect(0);
    roles.user("builder").build("rows").expect(0);
    let launcher = roles.user("launcher");
    launcher.talk("ok", &["--launch-key", "k", "--job-name", "nightly"]).expect(0);
    launcher.talk("fail", &["--retries", "1", "--backoff", "10ms"]).expect(1);
    let failed = launcher.newest_job();
    // The program has the launcher's rights: its rows lie with the job.
    let ended = launcher.tmpl(&["run", "rows", "--param", "rows=text"]).expect(0);
    assert_eq!(ended.stdout, "SUCCESS: 2\ngrüße, world\n");
    let detached = launcher.talk("hang", &["--detach"]).expect(0);
    let runs = detached.stdout.trim_end();
    until("it runs", || launcher.state(runs) == "JOB_STATE_RUNNING");
    launcher.tmpl(&["jobs", "cancel", runs]).expect(0);
    launcher.tmpl(&["wait", runs]).expect(4);
    launcher.tmpl(&["jobs", "logs", &failed, "--follow"]).expect(0);
    launcher.tmpl(&["jobs", "rerun", &failed, "--param", "mode=ok"]).expect(0);
    assert!(!roles.listed().contains("tmp/"), "nothing is left there");
    assert_eq!(roles.listed().matches("active").count(), 0, "the index says how each job ended");
    let project = launcher.place.project("talker");
    refused(
        &launcher,
        &["build", project.to_str().unwrap(), "--check", "static"],
        "s3:PutObject for templates/*",
    );
    std::fs::write(project.join("helper.py"), "def square(number):\n    return 0\n").unwrap();
    std::fs::write(project.join("main.py"), "import helper\n").unwrap();
    refused(
        &launcher,
        &["build", project.to_str().unwrap(), "--check", "static"],
        "s3:PutObject for staging/blobs/*",
    );
    refused(&launcher, &["template", "delete", "talker"], "s3:PutObject for templates/*");
    refused(&launcher, &["jobs", "delete", &failed], "s3:PutObject for staging/audit/*");
    refused(&launcher, &["gc"], "s3:PutObject for staging/audit/*");
    refused(&launcher, &["bucket", "settings", "--keep-jobs", "1d"], "s3:PutObject for staging/config/*");
    let save = ["runners", "save", "mine", "--engine", "prism"];
    refused(&launcher, &save, "s3:PutObject for staging/config/*");
    roles.user("builder").tmpl(&save).expect(0);
    let save = ["cards", "save", "hello", "--template", "talker", "--title", "Hello", "--value", "mode=ok"];
    refused(&launcher, &save, "s3:PutObject for staging/audit/*");
    roles.user("builder").tmpl(&save).expect(0);
    launcher.tmpl(&["run", "--card", "hello"]).expect(0);
    let listed = launcher.tmpl(&["runners", "list"]).expect(0);
    assert!(listed.stdout.contains("mine"), "{}", listed.stdout);
    for line in roles.listed().lines() {
        let object: serde_json::Value = serde_json::from_str(line).unwrap();
        let name = object["key"].as_str().unwrap();
        let is_others = name.starts_with("templates/")
            || name.starts_with("staging/blobs/")
            || name.starts_with("staging/config/");
        assert!(!(is_others && roles.may_write_over("launcher", name)), "{name}");
    }
}

#[test]
fn a_server_launches_and_saves_cards_and_nothing_else_that_others_use() {
    let roles = Roles::of("served");
    roles.user("builder").build("talker").expect(0);
    let server = roles.user("server");
    let save = ["cards", "save", "hello", "--template", "talker", "--title", "Hello", "--lock", "mode=ok"];
    server.tmpl(&save).expect(0);
    server.tmpl(&["run", "--card", "hello", "--launch-key", "k"]).expect(0);
    server.tmpl(&["cards", "delete", "hello"]).expect(0);
    assert_eq!(roles.listed().matches("staging/audit/").count(), 2, "{}", roles.listed());
    refused(&server, &["bucket", "settings", "--keep-jobs", "1d"], "s3:PutObject for staging/config/*");
    refused(&server, &["runners", "save", "mine", "--engine", "prism"], "s3:PutObject for staging/config/*");
    refused(&server, &["template", "delete", "talker"], "s3:PutObject for templates/*");
    assert!(!roles.may_write_over("server", "staging/config/settings/00000009.json"));
}

#[test]
fn a_viewer_sees_everything_and_writes_nothing() {
    let roles = Roles::of("viewed");
    roles.user("builder").build("talker").expect(0);
    roles.user("builder").build("rows").expect(0);
    let launcher = roles.user("launcher");
    launcher.tmpl(&["run", "rows", "--param", "rows=text"]).expect(0);
    let done = launcher.newest_job();
    let mut command = launcher.command(&["run", "talker", "--param", "mode=hang", "--detach"]);
    command.env("TMPL_CONFIG", launcher.place.write("config.toml", "lease = '6s'"));
    let detached = launcher.place.ended(command.spawn().unwrap()).expect(0);
    let lost = detached.stdout.trim_end();
    until("it runs", || launcher.state(lost) == "JOB_STATE_RUNNING");
    let viewer = roles.user("viewer");
    let shown = viewer.tmpl(&["jobs", "show", lost, "--format", "json"]).expect(0).json();
    send("KILL", &shown["attempts"][0]["pid"].to_string());
    until("the viewer sees that its launcher is gone", || {
        viewer.tmpl(&["jobs", "list", "--format", "json"]).expect(0).json()[0]["presumedLost"] == true
    });
    let before = roles.listed();
    for command in [
        &["template", "list"][..],
        &["template", "show", "talker"],
        &["template", "versions", "talker"],
        &["template", "diff", "talker", "rows"],
        &["jobs", "list"],
        &["jobs", "list", "--state", "done", "--label", "a=b"],
        &["jobs", "show", &done],
        &["jobs", "logs", &done, "--follow"],
        &["jobs", "results", &done],
        &["jobs", "diff", &done, lost],
        &["wait", &done],
        &["bucket", "settings"],
        &["cards", "list"],
        &["gc", "--dry-run"],
    ] {
        viewer.tmpl(command).expect(0);
    }
    let shown = viewer.tmpl(&["jobs", "show", lost]).expect(0).stdout;
    assert!(shown.contains("(presumed lost: its launcher stopped)"), "{shown}");
    viewer
        .tmpl(&["wait", lost])
        .expect(7)
        .says("presumed lost")
        .says("whoever may write sees the job as failed");
    refused(&viewer, &["run", "talker", "--param", "mode=ok"], "s3:PutObject for staging/names/*");
    refused(
        &viewer,
        &["run", "talker", "--param", "mode=ok", "--launch-key", "k"],
        "s3:PutObject for staging/keys/*",
    );
    refused(&viewer, &["jobs", "cancel", lost], "s3:PutObject for staging/jobs/*");
    refused(&viewer, &["jobs", "delete", &done], "s3:PutObject for staging/audit/*");
    refused(&viewer, &["template", "delete", "talker"], "s3:PutObject for templates/*");
    refused(&viewer, &["bucket", "settings", "--keep-jobs", "1d"], "s3:PutObject for staging/config/*");
    let doctor = viewer.tmpl(&["doctor"]).expect(3);
    assert!(
        doctor.stderr.contains(
            "hint: create is needed for everything that is written; on S3 the policy must allow s3:PutObject"
        ),
        "{}",
        doctor.stderr
    );
    assert_eq!(roles.listed(), before);
    // Who may write brings the job to its end.
    assert_eq!(launcher.state(lost), "JOB_STATE_FAILED");
    refused(&viewer, &["jobs", "rerun", &done], "s3:PutObject for staging/names/*");
}

#[test]
fn an_administrator_may_everything() {
    let roles = Roles::of("administered");
    let admin = roles.user("admin");
    admin.tmpl(&["doctor"]).expect(0);
    admin.build("talker").expect(0);
    admin.talk("ok", &["--launch-key", "k", "--job-name", "nightly"]).expect(0);
    let id = admin.newest_job();
    admin.tmpl(&["bucket", "settings", "--keep-logs", "30d"]).expect(0);
    admin.tmpl(&["doctor", "--rebuild-index"]).expect(0);
    admin.tmpl(&["jobs", "delete", &id]).expect(0);
    admin.tmpl(&["template", "delete", "talker"]).expect(0);
    admin.tmpl(&["template", "rollback", "talker"]).expect(0);
    admin.tmpl(&["gc", "--grace", "0"]).expect(0);
    admin.talk("ok", &[]).expect(0);
}

#[test]
fn the_page_names_every_policy() {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let page = std::fs::read_to_string(docs.join("permissions.md")).unwrap();
    for policy in std::fs::read_dir(docs.join("policies")).unwrap() {
        let name = policy.unwrap().file_name().into_string().unwrap();
        assert!(page.contains(&format!("policies/{name}")), "{name}");
    }
}
