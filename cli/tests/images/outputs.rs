//! Images without a registry, read by programs that know nothing of tmpl.

use serde_json::Value;

use crate::base;
use crate::dockerd::{Dockerd, program, succeeded};
use crate::support::Place;

fn build(place: &Place, outputs: &[&str]) -> Value {
    let project = place.project("talker");
    let base = base();
    let mut arguments =
        vec!["build", project.to_str().unwrap(), "--base", &base, "--check", "static", "--format", "json"];
    for output in outputs {
        arguments.extend(["--output", output]);
    }
    serde_json::from_str(&place.tmpl(&arguments).expect(0).stdout).unwrap()
}

#[test]
fn layouts_and_archives_are_read_by_skopeo_umoci_and_podman() {
    let place = Place::new();
    let report = build(&place, &["oci:layout", "oci-archive:{name}.tar", "docker-archive:docker.tar"]);
    let digest = &report["images"][0]["digest"];
    let path = |name: &str| place.path(name).display().to_string();
    for source in
        [format!("oci:{}:talker", path("layout")), format!("oci-archive:{}:talker", path("talker.tar"))]
    {
        let shown = succeeded(program("skopeo").args(["inspect", &source]));
        let shown: Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown["Digest"], *digest, "{source}");
        assert_eq!(shown["Labels"]["org.opencontainers.image.title"], "Talker");
        // Every layer is unpacked on the way, and its digest compared.
        let copied = format!("dir:{}", path("copied"));
        succeeded(program("skopeo").args(["copy", "--quiet", "--dest-decompress", &source, &copied]));
    }
    let unpacked = path("unpacked");
    succeeded(
        program("umoci").args(["unpack", "--image"]).arg(format!("{}:talker", path("layout"))).arg(&unpacked),
    );
    let inside = |file: &str| std::fs::symlink_metadata(place.path("unpacked/rootfs").join(file)).unwrap();
    assert!(inside("template/app/main.py").is_file() && inside("opt/tmpl/launcher").is_file());
    assert!(inside("template/bin/python").is_symlink());
    let link = std::fs::read_link(place.path("unpacked/rootfs/template/bin/python")).unwrap();
    assert_eq!(link.to_str(), Some("/usr/bin/python3.11"));

    let podman = |arguments: &[&str]| {
        let mut command = program("podman");
        command.arg("--root").arg(path("podman")).arg("--runroot").arg(path("podman-run"));
        succeeded(command.args(["--storage-driver", "vfs"]).args(arguments))
    };
    podman(&["load", "--input", &path("docker.tar")]);
    let shown: Value =
        serde_json::from_str(&podman(&["image", "inspect", "localhost/talker:latest"])).unwrap();
    assert_eq!(shown[0]["User"], "65532:65532");
    podman(&["image", "rm", "--all", "--force"]);
}

#[test]
fn an_engine_takes_and_runs_the_image() {
    let engine = Dockerd::start();
    let place = Place::new();
    let project = place.project("talker");
    let mut command = place.command(&[
        "build",
        project.to_str().unwrap(),
        "--base",
        &base(),
        "--check",
        "static",
        "--output",
        "docker",
    ]);
    command.env("DOCKER_HOST", engine.host());
    place.ended(command.spawn().unwrap()).expect(0);
    let run = |arguments: &[&str]| {
        let mut command = engine.command(&["run", "--rm", "--network=none", "--read-only"]);
        command.args(arguments).output().unwrap()
    };
    let ended = run(&["talker:latest", "--parameters", "mode=ok"]);
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    // Wrong parameters never reach the program.
    let refused = run(&["--user=12345", "talker:latest", "--parameters", "mood=ok"]);
    assert_eq!(refused.status.code(), Some(2), "{}", String::from_utf8_lossy(&refused.stderr));
    // The tag of a job that goes through a bucket: the same image, found by the engine or loaded from the bucket.
    let image = engine.docker(&["image", "inspect", "--format", "{{.Id}}", "talker:latest"]);
    assert!(image.starts_with("sha256:"));
}
