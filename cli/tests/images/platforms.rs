//! Images for several platforms, built on one of them.

use serde_json::Value;
use tmpl_oci::image::{Image, ImageIndex, ImageLayer, write_layout};
use tmpl_oci::{BlobSource, LayerContents, LayerOptions, PlatformBuilder, write_layer};

use crate::dockerd::{made, program};
use crate::support::Place;

/// A base for both platforms that has something where Python is looked for.
fn base(place: &Place) -> String {
    let mut contents = LayerContents::new();
    contents.bytes("usr/local/bin/python3.11", b"#!/bin/sh\n".to_vec(), true).unwrap();
    let mut blob = Vec::new();
    let layer = write_layer(&contents, &mut blob, LayerOptions::default()).unwrap();
    let layer = ImageLayer::new(&layer, BlobSource::Bytes(blob.into()));
    let image = |architecture: &str| {
        let platform = PlatformBuilder::default().os("linux").architecture(architecture).build().unwrap();
        Image::empty(&platform).with_layer(layer.clone(), "1970-01-01T00:00:00Z", "test")
    };
    let folder = place.path("base");
    write_layout(&folder, Some("both"), &ImageIndex::new(vec![image("amd64"), image("arm64")]), &[]).unwrap();
    format!("oci:{}:both", folder.display())
}

fn build(place: &Place, project: &str, more: &[&str]) -> crate::support::Ended {
    made("target/launcher/launcher-linux-arm64", "launcher-arm64");
    let base = base(place);
    let arguments =
        ["build", project, "--platform", "linux/amd64,linux/arm64", "--base", &base, "--check", "full"];
    place.tmpl(&[&arguments[..], more].concat())
}

fn require(place: &Place, requirement: &str) -> String {
    let project = place.project("talker");
    std::fs::write(project.join("requirements.txt"), requirement).unwrap();
    let manifest = std::fs::read_to_string(project.join("tmpl.toml")).unwrap();
    let manifest = manifest.replace("[python]\n", "[python]\nrequirements = [\"requirements.txt\"]\n");
    std::fs::write(project.join("tmpl.toml"), manifest).unwrap();
    project.display().to_string()
}

#[test]
fn each_platform_gets_its_own_wheels() {
    let place = Place::new();
    let project = require(&place, "markupsafe==3.0.3\n");
    build(&place, &project, &["--output", "oci:layout"]).expect(0);
    assert!(place.path("talker/tmpl.lock").exists() && place.path("talker/tmpl.linux-arm64.lock").exists());
    let spec = std::fs::read_to_string(place.bucket().join("templates/talker.json")).unwrap();
    let spec: Value = serde_json::from_str(&spec).unwrap();
    for (platform, machine) in [("linux/amd64", "x86_64"), ("linux/arm64", "aarch64")] {
        let build = &spec["tmpl"]["platforms"][platform];
        let layers = build["layers"].as_array().unwrap();
        let digest = layers[0]["digest"].as_str().unwrap().replace("sha256:", "");
        let blob = place.bucket().join("staging/blobs/sha256").join(digest);
        let listed = program("tar").arg("-tzf").arg(blob).output().unwrap();
        let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
        let compiled: Vec<&str> = listed.lines().filter(|path| path.contains(".so")).collect();
        assert!(!compiled.is_empty() && compiled.iter().all(|path| path.contains(machine)), "{compiled:?}");
        let architecture = platform.split_once('/').unwrap().1;
        let shown = program("skopeo")
            .args(["inspect", "--override-arch", architecture])
            .arg(format!("oci:{}:talker", place.path("layout").display()))
            .output()
            .unwrap();
        let shown: Value = serde_json::from_slice(&shown.stdout).unwrap();
        assert_eq!(shown["Architecture"], architecture);
        let image = build["image"].as_str().unwrap().replace("sha256:", "");
        assert!(place.bucket().join("staging/blobs/sha256").join(image).exists());
    }
    // The template runs here all the same.
    place.tmpl(&["run", "talker", "--param", "mode=ok"]).expect(0);
}

#[test]
fn what_has_no_wheel_for_a_platform_is_named() {
    let place = Place::new();
    let project = require(&place, "docopt==0.6.2\n");
    let ended = build(&place, &project, &[]).expect(1);
    assert_eq!(
        ended.stderr,
        "error: there is no wheel for linux/arm64 of docopt 0.6.2\n\
         hint: require versions that have wheels, or build on a machine of linux/arm64\n"
    );
    assert!(!place.bucket().join("templates").exists());
}

#[test]
fn a_binary_for_another_platform_is_refused() {
    let place = Place::new();
    place.write(
        "project/tmpl.toml",
        "[[template]]\nname = \"counter\"\nbinary = \"counter-{arch}\"\nsdk_language = \"BINARY\"\n",
    );
    let amd = made("target/launcher/launcher-linux-amd64", "launcher");
    for architecture in ["amd64", "arm64"] {
        std::fs::copy(&amd, place.path(&format!("project/counter-{architecture}"))).unwrap();
    }
    let project = place.path("project").display().to_string();
    let ended = build(&place, &project, &[]).expect(1);
    let told = place.filtered(&ended.stderr);
    assert!(
        told.contains(
            "error: [DIR]/project/counter-arm64 is a program for amd64, and the template is for linux/arm64"
        ),
        "{told}"
    );
    let arm = made("target/launcher/launcher-linux-arm64", "launcher-arm64");
    std::fs::copy(arm, place.path("project/counter-arm64")).unwrap();
    // The names of the files differ; what lies in the layers is called the same.
    let ended = build(&place, &project, &["--output", "oci:layout"]);
    ended.expect(0);
}
