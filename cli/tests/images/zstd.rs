//! Layers in Zstandard: read by others, launched here, refused where they can't be read.

use serde_json::Value;
use tmpl_template::TemplateSpec;

use crate::base;
use crate::dockerd::{program, succeeded};
use crate::support::Place;

const ZSTD: &str = "application/vnd.oci.image.layer.v1.tar+zstd";

fn build(place: &Place, project: &str, arguments: &[&str]) -> Value {
    let base = base();
    let always =
        ["build", project, "--base", &base, "--check", "full", "--format", "json", "--output", "oci:out"];
    serde_json::from_str(&place.tmpl(&[&always[..], arguments].concat()).expect(0).stdout).unwrap()
}

fn media_types(place: &Place) -> Vec<String> {
    let text = std::fs::read_to_string(place.bucket().join("templates/talker.json")).unwrap();
    let spec = TemplateSpec::parse(&text).unwrap();
    let platforms = spec.tmpl.unwrap().platforms;
    platforms["linux/amd64"].layers.iter().map(|layer| layer.media_type.clone()).collect()
}

#[test]
fn a_template_with_such_layers_is_read_by_others_and_launched() {
    let place = Place::new();
    let project = place.project("talker");
    let report = build(&place, project.to_str().unwrap(), &["--compression", "zstd"]);
    assert_eq!(media_types(&place), [ZSTD]);
    place.talk("ok", &[]).expect(0);

    let source = format!("oci:{}:talker", place.path("out").display());
    let shown: Value =
        serde_json::from_str(&succeeded(program("skopeo").args(["inspect", &source]))).unwrap();
    assert_eq!(shown["Digest"], report["images"][0]["digest"]);
    let manifest = succeeded(program("skopeo").args(["inspect", "--raw", &source]));
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let kinds: Vec<&Value> =
        manifest["layers"].as_array().unwrap().iter().map(|layer| &layer["mediaType"]).collect();
    // The base's stay what they are; ours are the launcher, the app and the spec.
    assert_eq!(kinds.iter().filter(|kind| **kind == ZSTD).count(), 3, "{kinds:?}");
    // Every layer is unpacked on the way, and its digest compared.
    let copied = format!("dir:{}", place.path("copied").display());
    succeeded(program("skopeo").args(["copy", "--quiet", "--dest-decompress", &source, &copied]));

    // The project may say so, too, and then nothing is made again.
    let manifest = place.path("talker/tmpl.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, format!("{text}\n[image]\ncompression = \"zstd\"\n")).unwrap();
    let again = build(&place, project.to_str().unwrap(), &[]);
    assert_eq!(again["layers"][0]["digest"], report["layers"][0]["digest"]);
    assert_eq!(again["layers"][0]["origin"], "cached");
    // The command line counts before it.
    let gzip = build(&place, project.to_str().unwrap(), &["--compression", "gzip"]);
    assert_ne!(gzip["layers"][0]["digest"], report["layers"][0]["digest"]);
    assert_eq!(media_types(&place), ["application/vnd.oci.image.layer.v1.tar+gzip"]);
    place.talk("ok", &[]).expect(0);
}

#[test]
fn archives_for_docker_refuse_them() {
    let place = Place::new();
    let project = place.project("talker");
    let base = base();
    for output in ["docker-archive:out.tar", "docker", "podman"] {
        let ended = place
            .tmpl(&[
                "build",
                project.to_str().unwrap(),
                "--base",
                &base,
                "--check",
                "static",
                "--compression",
                "zstd",
                "--output",
                output,
            ])
            .expect(3);
        let told = place.filtered(&ended.stderr);
        assert!(told.contains("is in zstd, which an archive for Docker or Podman can't hold"), "{told}");
        assert!(told.contains("hint: build it with --compression gzip"), "{told}");
        assert!(!place.path("out.tar").exists() && !place.bucket().join("templates").exists());
    }
}

#[test]
fn other_compressions_are_refused() {
    let place = Place::new();
    let project = place.project("talker");
    let ended = place.tmpl(&["build", project.to_str().unwrap(), "--compression", "xz"]).expect(2);
    assert!(
        ended.stderr.contains("`xz` is no compression of layers: write gzip or zstd"),
        "{}",
        ended.stderr
    );
    let manifest = place.path("talker/tmpl.toml");
    let text = std::fs::read_to_string(&manifest).unwrap();
    std::fs::write(&manifest, format!("{text}\n[image]\ncompression = \"xz\"\n")).unwrap();
    let ended = place.tmpl(&["build", project.to_str().unwrap()]).expect(2);
    let told = place.filtered(&ended.stderr);
    assert!(told.contains(":11:15: `xz` is no compression of layers"), "{told}");
    assert!(told.contains("hint: write `gzip` or `zstd`"), "{told}");
}
