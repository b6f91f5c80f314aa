//! Two versions of a template, and what is said of their difference.

use serde_json::{Value, json};

use super::{difference, lines, spec};

const DIGEST: &str = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const OTHER: &str = "sha256:a781c6e87193f3be7d3d1b20bedadc713ceb374c4702481ef2435a9af390aa36";

/// A build with one layer.
fn build(beam: Option<&str>, more: impl Fn(&mut Value)) -> Value {
    let mut entry = json!({"kind": "python", "main": {"module": "m"}});
    if let Some(beam) = beam {
        entry["beam"] = beam.into();
    }
    let layer = |title: &str| json!({"title": title, "digest": DIGEST, "diffId": DIGEST, "size": 3, "mediaType": "t", "key": "k"});
    let mut tmpl = json!({"format": 1, "entry": entry, "lock": DIGEST, "platforms": {"linux/amd64": {
        "interpreter": {"implementation": "cpython", "version": "3.11", "abi": "cp311"},
        "libc": "glibc 2.28", "layers": [layer("deps"), layer("app")],
    }}});
    more(&mut tmpl);
    json!({"tmpl": tmpl})
}

#[test]
fn each_part_of_a_template_has_its_sentence() {
    let beam = |more: &dyn Fn(&mut Value)| build(Some("2.77.0"), more);
    let same = || beam(&|_| {});
    let platform = |tmpl: &mut Value| tmpl["platforms"]["linux/amd64"].take();
    for (old, new, expected) in [
        (json!({"image": "i:1"}), json!({"image": "i:2"}), "changed: the image was `i:1` and is `i:2`"),
        (
            json!({"image": "i:1"}),
            json!({}),
            "removed! the image was `i:1` and is gone; Google's service refuses a template without one",
        ),
        (json!({}), json!({"imageRepositoryCertPath": "c"}), "added: `imageRepositoryCertPath` is now `c`"),
        (json!({}), json!({"sdkInfo": {"language": "GO"}}), "changed: the language was `PYTHON` and is `GO`"),
        (
            json!({"defaultEnvironment": {"maxWorkers": 3, "network": "n", "mine": 1}}),
            json!({"defaultEnvironment": {"maxWorkers": 5, "mine": 2}}),
            "changed: the default of `maxWorkers` was `3` and is `5`|removed: the default of `network` was `n` and is gone|other: other keys of the default environment changed: `mine`",
        ),
        (
            json!({}),
            json!({"metadata": {"name": "U", "description": "d", "streaming": true, "mine": 1}, "other": 1}),
            "changed: `name` was `T` and is `U`|changed: `description` changed|changed: `streaming` was `false` and is `true`|other: other keys of the metadata changed: `mine`|other: other keys changed: `other`",
        ),
        (json!({"metadata": {"streaming": false, "description": ""}}), json!({}), ""),
        (json!({}), same(), "added: the template says how it is run here"),
        (same(), json!({}), "removed! the template no longer says how it is run here, only its image does"),
        (
            same(),
            beam(&|tmpl| tmpl["entry"]["main"] = json!({"file": "main.py"})),
            "changed: the entry point was `python -m m` and is `python main.py`",
        ),
        (
            same(),
            build(Some("2.78.0"), |_| {}),
            "changed: the version of Apache Beam was `2.77.0` and is `2.78.0`",
        ),
        (
            same(),
            beam(&|tmpl| tmpl["platforms"] = json!({"linux/arm64": platform(tmpl)})),
            "removed! the template no longer runs on linux/amd64|added: the template runs on linux/arm64",
        ),
        (
            same(),
            beam(&|tmpl| tmpl["platforms"]["linux/amd64"]["interpreter"]["version"] = "3.12".into()),
            "changed! the interpreter for linux/amd64 was `cpython 3.11 (cp311)` and is `cpython 3.12 (cp311)`; machines need the new one",
        ),
        (
            same(),
            beam(&|tmpl| tmpl["platforms"]["linux/amd64"]["libc"] = "glibc 2.31".into()),
            "changed! the oldest C library for linux/amd64 was `glibc 2.28` and is `glibc 2.31`; machines that have only the former are refused",
        ),
        (
            same(),
            beam(&|tmpl| tmpl["platforms"]["linux/amd64"]["libc"] = "glibc 2.9".into()),
            "changed: the oldest C library for linux/amd64 was `glibc 2.28` and is `glibc 2.9`",
        ),
        (same(), beam(&|tmpl| tmpl["lock"] = OTHER.into()), "changed: the lock changed"),
        (
            same(),
            beam(&|tmpl| tmpl["runners"] = json!(["direct", "flink"])),
            "changed! the list of allowed runners is now `direct, flink`; launches on others are refused",
        ),
        (
            beam(&|tmpl| tmpl["runners"] = json!(["direct"])),
            beam(&|tmpl| tmpl["runners"] = json!(["direct", "prod"])),
            "changed: the list of allowed runners was `direct` and is `direct, prod`",
        ),
        (
            beam(&|tmpl| tmpl["runners"] = json!(["direct"])),
            same(),
            "changed: the list of allowed runners was `direct` and is gone",
        ),
        (
            same(),
            beam(&|tmpl| tmpl["defaultRunner"] = "prod".into()),
            "default: the runner where a launch names none was `direct` and is `prod`",
        ),
        (
            same(),
            beam(&|tmpl| tmpl["platforms"]["linux/amd64"]["layers"][1]["digest"] = OTHER.into()),
            "changed: the layer `app` for linux/amd64 changed",
        ),
        (
            same(),
            beam(&|tmpl| tmpl["platforms"]["linux/amd64"]["layers"][0]["title"] = "more".into()),
            "added: the layer `more` for linux/amd64 is new|removed: the layer `deps` for linux/amd64 is gone",
        ),
        (
            same(),
            beam(&|tmpl| tmpl["platforms"]["linux/amd64"]["layers"].as_array_mut().unwrap().reverse()),
            "order: the layers for linux/amd64 lie in another order",
        ),
        (same(), beam(&|tmpl| tmpl["platforms"]["linux/amd64"]["layers"][0]["key"] = "other".into()), ""),
    ] {
        let parameters = || json!([{"name": "a"}]);
        let found = difference(&spec(parameters(), old.clone()), &spec(parameters(), new.clone()));
        assert_eq!(lines(&found).join("|"), expected, "{old} {new}");
    }
}

#[test]
fn what_reads_the_options_decides_which_are_accepted() {
    let beam = || build(Some("2.77.0"), |_| {});
    let without = || build(None, |_| {});
    let java = || json!({"sdkInfo": {"language": "JAVA"}});
    let declared = || json!([{"name": "a"}]);
    for (parameters, old, new, expected) in [
        (
            declared(),
            beam(),
            without(),
            "removed! the version of Apache Beam was `2.77.0` and is gone; undeclared options are refused: `num_workers`, `numWorkers`, `max_num_workers` and others",
        ),
        (declared(), without(), beam(), "added: the version of Apache Beam is now `2.77.0`"),
        (json!([]), beam(), without(), "removed: the version of Apache Beam was `2.77.0` and is gone"),
        (
            json!([]),
            without(),
            beam(),
            "added! the version of Apache Beam is now `2.77.0`; undeclared options are restricted: `num_workers`, `numWorkers`, `max_num_workers` and others",
        ),
        (
            declared(),
            json!({}),
            java(),
            "changed! the language was `PYTHON` and is `JAVA`; undeclared options are refused: `machine_type`, `no_use_public_ips`, `no_auth` and others",
        ),
    ] {
        let found = difference(&spec(parameters.clone(), old), &spec(parameters, new));
        assert_eq!(lines(&found).join("|"), expected);
    }
}

#[test]
fn changes_are_json_for_other_programs() {
    let old = spec(json!([{"name": "p", "defaultValue": "1"}]), build(None, |_| {}));
    let new = spec(
        json!([{"name": "p", "defaultValue": "2"}, {"name": "q"}]),
        build(None, |tmpl| tmpl["platforms"]["linux/amd64"]["libc"] = "glibc 2.17".into()),
    );
    let found = difference(&old, &new);
    assert_eq!(
        serde_json::to_value(&found).unwrap(),
        json!({"changes": [
            {"subject": {"kind": "parameter", "name": "p"}, "kind": "default", "breaking": false,
                "text": "parameter `p`: the default was \"1\" and is \"2\"", "old": "1", "new": "2"},
            {"subject": {"kind": "parameter", "name": "q"}, "kind": "added", "breaking": true,
                "text": "parameter `q` is new and required"},
            {"subject": {"kind": "c-library", "platform": "linux/amd64"}, "kind": "changed", "breaking": false,
                "text": "the oldest C library for linux/amd64 was `glibc 2.28` and is `glibc 2.17`",
                "old": "glibc 2.28", "new": "glibc 2.17"},
        ]})
    );
    assert_eq!(found.breaking().count(), 1);
    assert!(!found.is_compatible() && !found.is_empty());
}
