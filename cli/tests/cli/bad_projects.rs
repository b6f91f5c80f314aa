//! Projects that can't be built: what is wrong, where, and what to do.

use insta::assert_snapshot;

use crate::support::Place;

/// A project of one script, with this manifest.
fn project(manifest: &str) -> Place {
    let place = Place::new();
    place.write("project/tmpl.toml", manifest);
    place.write("project/main.py", "print('hello')\n");
    place.write("project/metadata.json", "{\"name\": \"Hello\", \"parameters\": []}\n");
    place
}

const GOOD: &str = "[python]\nversion = \"3.11\"\n\n[[template]]\nname = \"hello\"\nmain = \"main.py\"\nmetadata_file = \"metadata.json\"\n";

#[test]
fn what_can_be_wrong_with_a_manifest() {
    for (name, manifest) in [
        ("unknown key", GOOD.replace("version", "verison")),
        ("unknown table", GOOD.replace("[python]", "[pyhton]")),
        ("wrong type", GOOD.replace("\"3.11\"", "3.11")),
        ("no toml", GOOD.replace("[[template]]", "[[template")),
        ("no templates", "[python]\nversion = \"3.11\"\n".to_owned()),
        ("a name twice", format!("{GOOD}\n[[template]]\nname = \"hello\"\nmain = \"main.py\"\n")),
        ("a name that climbs", GOOD.replace("\"hello\"", "\"../hello\"")),
        ("a name with a space", GOOD.replace("\"hello\"", "\"hel lo\"")),
        ("a main that is not there", GOOD.replace("main.py", "mian.py")),
        ("a main that leaves the project", GOOD.replace("main.py", "../main.py")),
        ("a version that is none", GOOD.replace("3.11", "three")),
        ("metadata that is not there", GOOD.replace("metadata.json", "meta.json")),
        (
            "requirements that are not there",
            GOOD.replace("version = \"3.11\"", "version = \"3.11\"\nrequirements = [\"req.txt\"]"),
        ),
        (
            "a package that is not there",
            GOOD.replace("version = \"3.11\"", "version = \"3.11\"\npackages = [\"lib\"]"),
        ),
    ] {
        let place = project(&manifest);
        let ended = place.tmpl(&["build", "project"]).expect(2);
        assert_snapshot!(format!("manifest {name}"), ended.whole());
        assert!(!place.bucket().exists(), "{name}: a bucket was made");
        assert!(!place.path("project/tmpl.lock").exists(), "{name}: a lock was written");
    }
}

#[test]
fn no_project() {
    let place = Place::new();
    assert_snapshot!(place.tmpl(&["build", "nowhere"]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no project at nowhere: no such folder
    hint: name the folder that holds tmpl.toml
    ");
    place.write("empty/readme", "");
    assert_snapshot!(place.tmpl(&["build", "empty"]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: there is no project at empty: it has no tmpl.toml
    hint: `tmpl init empty` writes one from what is there
    ");
}

#[test]
fn metadata_that_can_t_be_read() {
    for (name, metadata) in [
        ("trailing comma", "{\n  \"name\": \"Hello\",\n  \"parameters\": [],\n}\n"),
        ("no name", "{\"parameters\": []}"),
        ("no label", "{\"name\": \"x\", \"parameters\": [{\"name\": \"a\", \"helpText\": \"h\"}]}"),
        (
            "bad regex",
            "{\"name\": \"x\", \"parameters\": [\n  {\"name\": \"a\", \"label\": \"A\", \"helpText\": \"h\", \"regexes\": [\"(\"]}]}",
        ),
    ] {
        let place = project(GOOD);
        place.write("project/metadata.json", metadata);
        assert_snapshot!(format!("metadata {name}"), place.tmpl(&["build", "project"]).expect(2).whole());
    }
}

#[test]
fn code_that_does_not_compile() {
    let place = project(GOOD);
    place.write("project/main.py", "def main(:\n    pass\n");
    assert_snapshot!(place.tmpl(&["build", "project", "--check", "static"]).expect(1).whole(), @r"
    exit: 1
    --- stdout
    --- stderr
    error: main.py:1:10: invalid syntax
        def main(:
    ");
}

#[test]
fn a_module_that_is_missing_fails_the_build_and_not_the_launch() {
    let place = project(GOOD);
    place.write("project/main.py", "import no_such_module\n");
    for check in ["static", "full"] {
        let ended = place.tmpl(&["build", "project", "--check", check]).expect(1);
        assert!(ended.stderr.contains("no_such_module"), "{check}: {}", ended.stderr);
        assert!(ended.stderr.contains("hint: "), "{check}: {}", ended.stderr);
        assert!(!place.bucket().join("templates/hello.json").exists());
    }
}

#[test]
fn a_main_module_that_raises() {
    let place = project(GOOD);
    place.write("project/main.py", "raise RuntimeError('not today')\nif __name__ == '__main__':\n    pass\n");
    let ended = place.tmpl(&["build", "project", "--check", "full"]).expect(1);
    assert!(ended.stderr.contains("RuntimeError: not today"), "{}", ended.stderr);
}

#[test]
fn requirements_that_can_t_be_met() {
    let manifest =
        GOOD.replace("version = \"3.11\"", "version = \"3.11\"\nrequirements = [\"requirements.txt\"]");
    let place = project(&manifest);
    place.write("project/requirements.txt", "requests==2.31.0\nurllib3==2.9999.0\n");
    let ended = place.tmpl(&["build", "project"]).expect(1);
    assert!(ended.stderr.contains("urllib3"), "{}", ended.stderr);
    // What conflicts with what.
    place.write("project/requirements.txt", "requests==2.31.0\nidna==1.0\n");
    let ended = place.tmpl(&["build", "project"]).expect(1);
    assert!(ended.stderr.contains("requests==2.31.0") && ended.stderr.contains("idna"), "{}", ended.stderr);
    assert!(!place.path("project/tmpl.lock").exists());
}

#[test]
fn an_interpreter_that_is_not_here() {
    let place = project(&GOOD.replace("3.11", "3.99"));
    let ended = place.tmpl(&["build", "project"]);
    assert!(ended.stderr.contains("Python 3.99"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
    assert!(ended.code == 2 || ended.code == 3, "{}", ended.code);
}

#[test]
fn uv_that_is_not_here() {
    let manifest =
        GOOD.replace("version = \"3.11\"", "version = \"3.11\"\nrequirements = [\"requirements.txt\"]");
    let place = project(&manifest);
    place.write("project/requirements.txt", "idna==3.10\n");
    let ended = place.tmpl(&["build", "project", "--uv", "/no/such/uv"]);
    assert!(ended.stderr.contains("uv"), "{}", ended.stderr);
    assert!(ended.stderr.contains("hint: "), "{}", ended.stderr);
}
