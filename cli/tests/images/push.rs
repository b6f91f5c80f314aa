//! Pushing: what is sent, what is not sent again, what is attached.

use std::process::Command;

use serde_json::Value;

use crate::base;
use crate::registry::Registry;
use crate::support::Place;

/// The report of a build that has to succeed.
fn build(place: &Place, project: &str, push: &str) -> Value {
    let base = base();
    let arguments =
        ["build", project, "--base", &base, "--push", push, "--check", "static", "--format", "json"];
    serde_json::from_str(&place.tmpl(&arguments).expect(0).stdout).unwrap()
}

#[test]
fn nothing_changed_is_one_request_and_a_changed_line_two_layers() {
    let registry = Registry::start();
    let place = Place::new();
    let project = place.project("talker");
    let project = project.to_str().unwrap();
    let name = registry.name("team/talker:1");
    let first = build(&place, project, &name);
    let digest = first["images"][0]["digest"].as_str().unwrap().to_owned();
    let pinned = registry.name(&format!("team/talker@{digest}"));
    assert_eq!(first["images"][0]["places"][0], pinned);
    let spec: Value =
        serde_json::from_str(&std::fs::read_to_string(place.bucket().join("templates/talker.json")).unwrap())
            .unwrap();
    assert_eq!(spec["image"], pinned);
    assert_eq!(spec["tmpl"]["platforms"]["linux/amd64"]["image"], digest);
    let manifest = registry.get("team/talker/manifests/1");
    let layers = manifest["layers"].as_array().unwrap();
    assert!(layers.len() <= 11, "at most ten layers above the base's one: {}", layers.len());

    let mut seen = 0;
    registry.requests(&mut seen);
    for change in [None, Some("touch")] {
        if let Some(program) = change {
            // CI checks everything out anew: times alone are no change.
            let touched =
                Command::new("find").args([project, "-type", "f", "-exec", program, "{}", "+"]).status();
            assert!(touched.unwrap().success());
        }
        let again = build(&place, project, &name);
        assert_eq!(registry.requests(&mut seen), ["HEAD /v2/team/talker/manifests/1 200"]);
        assert_eq!(again["images"][0]["unchanged"], true);
        assert!(
            again["layers"].as_array().unwrap().iter().all(|layer| layer["origin"] == "cached"),
            "{again}"
        );
        assert_eq!(again["templates"][0]["changed"], false);
    }

    let main = std::path::Path::new(project).join("main.py");
    std::fs::write(&main, format!("{}\n# changed\n", std::fs::read_to_string(&main).unwrap())).unwrap();
    let changed = build(&place, project, &name);
    let sent =
        changed["images"][0]["bytes_sent"].as_u64().or(changed["images"][0]["bytesSent"].as_u64()).unwrap();
    assert!(sent < 100_000, "{sent} bytes were sent");
    let requests = registry.requests(&mut seen);
    let blobs = requests.iter().filter(|request| request.starts_with("PUT /v2/team/talker/blobs/")).count();
    // The app's layer, the one with the spec, the configuration, two documents; their empty configuration is there.
    assert_eq!(blobs, 5, "{requests:#?}");
}

#[test]
fn documents_say_what_is_in_an_image_and_how_it_was_made() {
    let registry = Registry::start();
    let place = Place::new();
    let project = place.project("talker");
    std::fs::write(project.join("requirements.txt"), "six==1.17.0\n").unwrap();
    let manifest = std::fs::read_to_string(project.join("tmpl.toml")).unwrap();
    let manifest = manifest.replace("[python]\n", "[python]\nrequirements = [\"requirements.txt\"]\n");
    std::fs::write(project.join("tmpl.toml"), manifest).unwrap();
    let report = build(&place, project.to_str().unwrap(), &registry.name("talker:1"));
    let digest = report["images"][0]["digest"].as_str().unwrap().replace(':', "-");
    // This registry lists no referrers: the list is under a tag.
    let referrers = registry.get(&format!("talker/manifests/{digest}"));
    let document = |kind: &str| -> Value {
        let listed = referrers["manifests"].as_array().unwrap();
        let found = listed.iter().find(|entry| entry["artifactType"] == kind).expect(kind);
        let manifest = registry.get(&format!("talker/manifests/{}", found["digest"].as_str().unwrap()));
        assert_eq!(manifest["subject"]["digest"], report["images"][0]["digest"]);
        registry.get(&format!("talker/blobs/{}", manifest["layers"][0]["digest"].as_str().unwrap()))
    };
    let materials = document("application/spdx+json");
    let packages = materials["packages"].as_array().unwrap();
    let six = packages.iter().find(|package| package["name"] == "six").unwrap();
    assert_eq!((six["versionInfo"].as_str(), six["licenseDeclared"].as_str()), (Some("1.17.0"), Some("MIT")));
    assert_eq!(six["checksums"][0]["checksumValue"].as_str().unwrap().len(), 64);
    let statement = document("application/vnd.in-toto+json");
    assert_eq!(statement["predicateType"], "https://slsa.dev/provenance/v1");
    let dependencies = &statement["predicate"]["buildDefinition"]["resolvedDependencies"];
    assert!(dependencies.to_string().contains("pkg:pypi/six@1.17.0"), "{dependencies}");

    // A machine that has never installed the package says the same: it finds the licence in the layer.
    let (bucket, project) = (place.bucket(), project.display().to_string());
    let elsewhere = place.tmpl_alone(&[
        "build",
        &project,
        "--base",
        &base(),
        "--output",
        "oci:layout",
        "--check",
        "static",
        "--bucket",
        bucket.to_str().unwrap(),
        "--format",
        "json",
    ]);
    let elsewhere: Value = serde_json::from_str(&elsewhere.expect(0).stdout).unwrap();
    assert_eq!(elsewhere["images"][0]["digest"], report["images"][0]["digest"]);
    let index: Value =
        serde_json::from_str(&std::fs::read_to_string(place.path("layout/index.json")).unwrap()).unwrap();
    let spdx = index["manifests"].as_array().unwrap().iter();
    let digests: Vec<&Value> = spdx
        .filter(|entry| entry["artifactType"] == "application/spdx+json")
        .map(|entry| &entry["digest"])
        .collect();
    let pushed = referrers["manifests"].as_array().unwrap().iter();
    assert!(pushed.clone().any(|entry| digests.contains(&&entry["digest"])), "{digests:?} {referrers}");
}

#[test]
fn a_base_of_the_same_registry_is_mounted_and_pinned() {
    let registry = Registry::start();
    let place = Place::new();
    let project = place.project("talker");
    let upload = crate::dockerd::program("skopeo")
        .args(["copy", "--quiet", "--dest-tls-verify=false", &base()])
        .arg(format!("docker://{}", registry.name("base:1")))
        .status();
    assert!(upload.unwrap().success());
    let mut seen = 0;
    registry.requests(&mut seen);
    let (from, push) = (registry.name("base:1"), registry.name("talker:1"));
    let arguments =
        ["build", project.to_str().unwrap(), "--base", &from, "--push", &push, "--check", "static"];
    place.tmpl(&arguments).expect(0);
    let lock = std::fs::read_to_string(project.join("tmpl.lock")).unwrap();
    assert!(lock.contains(&format!("reference = \"{from}\"")), "{lock}");
    let mounted = registry.requests(&mut seen);
    let mounts =
        mounted.iter().filter(|request| request.contains("mount=") && request.ends_with(" 201")).count();
    assert_eq!(mounts, 1, "{mounted:#?}");
    // The pin holds when the tag moves, and with it the image's digest.
    let moved = crate::dockerd::program("skopeo")
        .args(["copy", "--quiet", "--src-tls-verify=false", "--dest-tls-verify=false"])
        .arg(format!("docker://{push}"))
        .arg(format!("docker://{from}"))
        .status();
    assert!(moved.unwrap().success());
    registry.requests(&mut seen);
    place.tmpl(&[&arguments[..], &["--locked"]].concat()).expect(0);
    assert_eq!(registry.requests(&mut seen), ["HEAD /v2/talker/manifests/1 200"]);
}
