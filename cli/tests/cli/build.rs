//! `tmpl build`: equal inputs give equal digests; what is there is not made again; many templates in one pass.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;

use crate::support::{Place, copy, send, started_by};

/// The paths and sizes of all blobs and versions: what a build has put into a bucket.
fn contents(bucket: &Path) -> BTreeMap<String, u64> {
    let listed =
        Command::new("find").arg(bucket).args(["-type", "f", "-printf", "%P %s\n"]).output().unwrap().stdout;
    let listed = String::from_utf8(listed).unwrap();
    listed
        .lines()
        .map(|line| line.rsplit_once(' ').unwrap())
        .filter(|(path, _)| {
            path.contains("/sha256/") || path.starts_with("templates/") && !path.contains("/log/")
        })
        .map(|(path, size)| (path.to_owned(), size.parse().unwrap()))
        .collect()
}

#[test]
fn a_first_build_a_second_and_one_after_a_change() {
    let place = Place::new();
    let project = place.project("talker");
    assert_snapshot!(place.tmpl_alone(&["build", "talker", "--check", "static"]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    [DIR]/bucket/templates/talker.json
    --- stderr
    lock       tmpl.lock was made: commit it
    layer       [SIZE]  app (made, stored)
    check      imports resolved
    template   talker published as version 1 ([DIGEST])
    [SIZE] written to the bucket in [DURATION]
    ");
    let before = contents(&place.bucket());
    assert_snapshot!(place.tmpl_alone(&["build", "talker"]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    [DIR]/bucket/templates/talker.json
    --- stderr
    lock       up to date
    layer       [SIZE]  app (cached)
    check      nothing changed
    template   talker is version 1 ([DIGEST])
    [SIZE] written to the bucket in [DURATION]
    ");
    assert_eq!(contents(&place.bucket()), before);
    let main = project.join("main.py");
    std::fs::write(&main, std::fs::read_to_string(&main).unwrap() + "\n# one more line\n").unwrap();
    assert_snapshot!(place.tmpl_alone(&["build", "talker"]).expect(0).whole(), @r"
    exit: 0
    --- stdout
    [DIR]/bucket/templates/talker.json
    --- stderr
    lock       up to date
    layer       [SIZE]  app (made, stored)
    check      main modules imported
    template   talker published as version 2 ([DIGEST])
    [SIZE] written to the bucket in [DURATION]
    ");
}

#[test]
fn two_folders_two_umasks_and_touched_files_give_the_same_digests() {
    let mut seen = Vec::new();
    for (umask, threads, touch) in [("022", "1", "2001-01-01"), ("077", "2", "2026-01-01")] {
        let place = Place::new();
        let folder = place.path(&format!("somewhere-{umask}"));
        std::fs::create_dir(&folder).unwrap();
        let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/projects");
        let script = format!(
            "umask {umask}; cp -rL {0}/console {0}/talker {1}; find {1} -exec touch -d {touch} {{}} +",
            fixtures.display(),
            folder.display()
        );
        assert!(Command::new("sh").args(["-c", &script]).status().unwrap().success());
        for name in ["console", "talker"] {
            let built = place.command(&["build", folder.join(name).to_str().unwrap(), "--check", "static"]);
            // Nothing of the other build may be reused: each has a cache of its own, and other processors.
            let script = "umask $1; shift; exec \"$@\"";
            let processors = if threads == "1" { "0" } else { "0,1" };
            let mut limited =
                started_by("sh", &["-c", script, "sh", umask, "taskset", "-c", processors], &built);
            limited.env("TMPL_CACHE_DIR", place.path("own-cache"));
            place.ended(limited.spawn().unwrap()).expect(0);
        }
        let locks: Vec<String> = ["console", "talker"]
            .map(|name| std::fs::read_to_string(folder.join(name).join("tmpl.lock")).unwrap())
            .to_vec();
        seen.push((contents(&place.bucket()), locks));
    }
    assert!(seen[0].0.len() > 4);
    assert_eq!(seen[0], seen[1]);
}

#[test]
fn a_layer_holds_nothing_of_the_machine_that_made_it() {
    let place = Place::new();
    place.project("console");
    place.tmpl(&["build", "console", "--check", "static"]).expect(0);
    let blobs = place.bucket().join("staging/blobs/sha256");
    for blob in std::fs::read_dir(blobs).unwrap() {
        let archive = Command::new("gzip").arg("-dc").arg(blob.unwrap().path()).output().unwrap().stdout;
        let text = String::from_utf8_lossy(&archive);
        for trace in [
            place.path("").to_str().unwrap(),
            "/tmp/",
            "/usr/bin/python",
            "/.pyenv/",
            "direct_url.json",
            "INSTALLER",
            "uv_cache",
        ] {
            assert!(!text.contains(trace), "{trace} is in a layer");
        }
    }
}

#[test]
fn twelve_templates_share_what_they_have_in_common() {
    let place = Place::new();
    place.project("twelve");
    let ended = place.tmpl(&["build", "twelve", "--format", "json"]).expect(0);
    let report: serde_json::Value = serde_json::from_str(&ended.stdout).unwrap();
    assert_eq!(report["templates"].as_array().unwrap().len(), 12);
    let blobs = std::fs::read_dir(place.bucket().join("staging/blobs/sha256")).unwrap().count();
    assert!(blobs <= 2, "{blobs} blobs");
    place.tmpl(&["run", "report-07", "--dry-run"]).expect(2);
}

#[test]
fn ci_always_imports_the_main_modules() {
    let place = Place::new();
    place.project("talker");
    place.tmpl(&["build", "talker", "--check", "static"]).expect(0);
    for (value, checked) in [("true", "main modules imported"), ("false", "nothing changed")] {
        let mut command = place.command(&["build", "talker"]);
        command.env("CI", value);
        let ended = place.ended(command.spawn().unwrap()).expect(0);
        assert!(ended.stderr.contains(&format!("check      {checked}")), "CI={value}: {}", ended.stderr);
    }
}

#[test]
fn one_template_of_many() {
    let place = Place::new();
    place.project("twelve");
    let ended = place.tmpl(&["build", "twelve", "--only", "report-03"]).expect(0);
    assert_eq!(ended.stdout, format!("{}\n", place.bucket().join("templates/report-03.json").display()));
    assert!(!place.bucket().join("templates/report-01.json").exists());
    assert_snapshot!(place.tmpl(&["build", "twelve", "--only", "report-13"]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: the project has no template `report-13`
    hint: did you mean `report-01`?
    ");
}

#[test]
fn the_lock_is_reused_until_its_inputs_change() {
    let place = Place::new();
    place.write("project/tmpl.toml", "[python]\nversion = \"3.11\"\nrequirements = [\"requirements.txt\"]\n\n[[template]]\nname = \"p\"\nmain = \"main.py\"\n");
    place.write("project/main.py", "import idna\nprint(idna.encode('a'))\n");
    place.write("project/requirements.txt", "idna==3.10\n");
    assert_snapshot!(place.tmpl(&["build", "project", "--locked"]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: project/tmpl.lock would have to be written, and --locked forbids that: it is not there
    hint: build once without --locked, and commit tmpl.lock
    ");
    place.tmpl(&["build", "project"]).expect(0);
    let lock = std::fs::read_to_string(place.path("project/tmpl.lock")).unwrap();
    assert!(lock.contains("name = \"idna\"") && lock.contains("sha256:"), "{lock}");
    assert!(!lock.contains("http"), "an address is in the lock: {lock}");
    place.tmpl(&["build", "project", "--locked"]).expect(0);
    place.write("project/requirements.txt", "idna==3.9\n");
    assert_snapshot!(place.tmpl(&["build", "project", "--locked"]).expect(2).whole(), @r"
    exit: 2
    --- stdout
    --- stderr
    error: project/tmpl.lock would have to be written, and --locked forbids that: requirements.txt changed
    hint: build once without --locked, and commit tmpl.lock
    ");
    assert_eq!(std::fs::read_to_string(place.path("project/tmpl.lock")).unwrap(), lock);
    place.tmpl(&["build", "project"]).expect(0);
    assert_ne!(std::fs::read_to_string(place.path("project/tmpl.lock")).unwrap(), lock);
    place.tmpl(&["run", "p"]).expect(0);
}

#[test]
fn a_build_that_is_stopped_leaves_the_bucket_as_it_was() {
    let place = Place::with_talker();
    let before = contents(&place.bucket());
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/wordcount");
    copy(&example, &place.path("wordcount"));
    for delay in [300, 700, 1500] {
        let mut command = place.command(&["build", "wordcount"]);
        command.env("TMPL_CACHE_DIR", place.path("own-cache"));
        let child = command.spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(delay));
        send("INT", &child.id().to_string());
        let ended = place.ended(child).expect(130);
        assert!(ended.stderr.contains("the build was stopped; nothing was published"), "{}", ended.stderr);
        assert_eq!(contents(&place.bucket()), before, "after {delay} ms");
    }
}
