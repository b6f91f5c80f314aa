//! Place `docker` with a bucket on an S3 server: the launcher in the container reads and writes the same store, with the credentials
//! of whoever launched it.

use tmpl_testing::{Store, shared as store};

use crate::engine::{Containers, shared};

#[test]
fn the_launcher_of_a_container_has_the_bucket_on_a_server() {
    let containers = Containers::new(shared());
    let there = store(Store::Minio);
    let url = there.url();
    containers.place.write("config.toml", "[docker]\nnetwork = \"host\"\n");
    let project = containers.place.project("talker");
    let tmpl = |arguments: &[&str]| {
        let mut command = containers.command(arguments);
        command.env("TMPL_BUCKET", &url).envs(there.server.variables());
        containers.place.ended(command.spawn().unwrap())
    };
    let project = project.to_str().unwrap();
    tmpl(&["build", project, "--check", "static", "--image", "tmpl-test/talker:1"]).expect(0);
    let ended =
        tmpl(&["run", "talker", "--place", "docker", "--param", "mode=env", "--id-file", "id"]).expect(0);
    assert!(ended.stderr.contains("done in"), "{}", ended.stderr);
    let id = std::fs::read_to_string(containers.place.path("id")).unwrap();
    let log = tmpl(&["jobs", "logs", id.trim()]).expect(0).stdout;
    // What it was told of the store reaches the program too.
    assert!(log.contains("AWS_ENDPOINT_URL_S3"), "{log}");
    // The engine, which shows variables to whoever asks, was told no secret.
    let credentials = there.server.credentials().unwrap();
    let mut begun =
        containers.command(&["run", "talker", "--place", "docker", "--param", "mode=sleep", "--detach"]);
    begun.env("TMPL_BUCKET", &url).envs(there.server.variables());
    let id = containers.place.ended(begun.spawn().unwrap()).expect(0).stdout;
    let shown = containers.engine.docker(&["inspect", &format!("tmpl-{}", id.trim())]);
    assert!(shown.contains("TMPL_BUCKET=s3://") && !shown.contains(credentials.secret), "{shown}");
    tmpl(&["jobs", "cancel", id.trim()]).expect(0);
    let label = format!("label=tmpl.job={}", id.trim());
    assert_eq!(containers.engine.docker(&["ps", "--all", "--quiet", "--filter", &label]).trim(), "");
}
