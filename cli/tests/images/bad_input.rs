//! What bad input gets: one clear error, the right exit code, nothing published.

use std::path::Path;

use tmpl_oci::image::{Image, ImageIndex, write_layout};
use tmpl_oci::{Platform, PlatformBuilder};

use crate::base;
use crate::dockerd::program;
use crate::registry::Registry;
use crate::support::{Place, send, until};

/// A base without anything for a platform.
fn empty_base(folder: &Path, architecture: &str) -> String {
    let platform: Platform =
        PlatformBuilder::default().os("linux").architecture(architecture).build().unwrap();
    write_layout(folder, None, &ImageIndex::new(vec![Image::empty(&platform)]), &[]).unwrap();
    format!("oci:{}", folder.display())
}

#[test]
fn a_base_that_does_not_fit_is_named_with_the_remedy() {
    let place = Place::new();
    let project = place.project("talker");
    let project = project.to_str().unwrap();
    let (arm, empty) = (empty_base(&place.path("arm"), "arm64"), empty_base(&place.path("empty"), "amd64"));
    std::fs::create_dir(place.path("plain")).unwrap();
    for (arguments, code, message, hint) in [
        (
            &["--base", &*arm][..],
            3,
            "there is no image for linux/amd64 in ",
            "name another image, or another platform",
        ),
        (
            &["--base", &empty],
            3,
            "the base oci:[DIR]/empty has no Python 3.11",
            "name a base with Python 3.11, or say",
        ),
        (
            &["--base", "oci:nowhere"],
            3,
            "[DIR]/nowhere is no OCI image layout: it is not there",
            "make one with",
        ),
        (
            &["--base", "oci:plain"],
            3,
            "[DIR]/plain is no OCI image layout: it has no `index.json`",
            "make one with",
        ),
        (&[], 2, "what images are built upon is not said", "name a base: --base IMAGE, or `base = "),
        (&["--base", "127.0.0.1:1/base:1"], 75, "127.0.0.1:1", ""),
    ] {
        let output = ["build", project, "--output", "oci:out", "--check", "static"];
        let ended = place.tmpl(&[&output[..], arguments].concat()).expect(code);
        let told = place.filtered(&ended.stderr);
        assert!(told.contains(message), "{arguments:?}: {told}");
        assert!(told.contains(&format!("hint: {hint}")), "{arguments:?}: {told}");
        assert!(!place.path("out").exists() && !place.bucket().join("templates").exists(), "{arguments:?}");
    }
}

#[test]
fn names_that_images_can_not_have_are_refused_before_anything_is_built() {
    let place = Place::new();
    let project = place.project("twelve");
    let project = project.to_str().unwrap();
    let base = base();
    for (arguments, message) in [
        (&["--push", "registry.local/x:1"][..], "several images can't all go to registry.local/x:1"),
        (&["--output", "docker-archive:x.tar"], "several images can't all go to x.tar"),
        (&["--output", "tar:x"], "`tar:x` is no place for an image"),
        (&["--push", "UPPER/{name}"], "an image can't be pushed as `UPPER/"),
        (
            &["--push", "h/{name}@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
            "a digest is what comes of a push",
        ),
        (
            &["--platform", "linux/s390x", "--output", "oci:x"],
            "templates are built for linux/amd64 and linux/arm64",
        ),
    ] {
        let ended = place.tmpl(&[&["build", project, "--base", &base][..], arguments].concat()).expect(2);
        assert!(ended.stderr.contains(message), "{arguments:?}: {}", ended.stderr);
    }
}

#[test]
fn a_push_that_is_stopped_publishes_nothing_and_the_next_one_goes_on() {
    let registry = Registry::start();
    let place = Place::new();
    let project = place.project("talker");
    // A file where the registry wants a folder: it takes blobs, and answers manifests with 500, which is tried again for a while.
    let blocked = registry.storage().join("docker/registry/v2/repositories/talker/_manifests/revisions");
    std::fs::create_dir_all(blocked.parent().unwrap()).unwrap();
    std::fs::write(&blocked, "").unwrap();
    let mut command = place.command(&[
        "build",
        project.to_str().unwrap(),
        "--base",
        &base(),
        "--push",
        &registry.name("talker:1"),
        "--check",
        "static",
    ]);
    let child = command.spawn().unwrap();
    let mut seen = 0;
    let refused =
        |request: &String| request.starts_with("PUT /v2/talker/manifests/") && request.ends_with(" 500");
    until("a manifest is refused", || registry.requests(&mut seen).iter().any(refused));
    send("TERM", &child.id().to_string());
    let ended = place.ended(child).expect(128 + 15);
    assert!(ended.stderr.contains("error: the build was stopped; nothing was published"), "{}", ended.stderr);
    assert!(!place.bucket().join("templates/talker.json").exists());

    std::fs::remove_file(&blocked).unwrap();
    registry.requests(&mut seen);
    place.ended(command.spawn().unwrap()).expect(0);
    let requests = registry.requests(&mut seen);
    // What had arrived is not sent again: only the two documents and what they share come.
    let sent = requests.iter().filter(|request| request.starts_with("PUT /v2/talker/blobs/uploads")).count();
    assert_eq!(sent, 3, "{requests:#?}");
}

#[test]
fn an_engine_that_is_not_there_is_named() {
    let place = Place::new();
    let project = place.project("talker");
    let mut command = place.command(&[
        "build",
        project.to_str().unwrap(),
        "--base",
        &base(),
        "--output",
        "docker",
        "--check",
        "static",
    ]);
    command.env("DOCKER_HOST", "unix:///nowhere/docker.sock");
    assert!(program("docker").arg("--version").output().unwrap().status.success());
    let ended = place.ended(command.spawn().unwrap()).expect(3);
    assert!(ended.stderr.contains("docker did not take the image"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: check that docker works here"), "{}", ended.stderr);
    assert!(!place.bucket().join("templates/talker.json").exists());
}
