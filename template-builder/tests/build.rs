//! A whole build: what comes out, what a second one does, and what another machine makes of it.

mod support;

use fs_err as fs;
use support::index::{Index, pyproject};
use support::{Workshop, build, digests, files, told};
use tmpl_builder::{BuildRequest, Check, Checked, LockState, Origin};
use tmpl_template::{Entry, PythonMain};

const MANIFEST: &str = "[python]\nversion = \"3.11\"\nrequirements = [\"requirements.txt\"]\npackages = [\"pkg\", \"kit\"]\n\
                        files = [\"helper.py\"]\n\n[[template]]\nname = \"script\"\nmain = \"main.py\"\n\n\
                        [[template]]\nname = \"module\"\nmain = \"pkg\"\nmetadata_file = \"metadata.json\"\n";

/// Two templates, two packages of the project, a wheel and a source distribution from the index.
fn workshop(index: &Index) -> Workshop {
    index.wheel("words", "1.0", &[("words/__init__.py", "def split(text): return text.split()\n")], "");
    index.wheel("words", "2.0", &[("words/__init__.py", "def split(text): return text.split()\n")], "");
    index.sdist(
        "oldpkg",
        "0.5",
        &[("pyproject.toml", &pyproject("oldpkg", "0.5", "")), ("src/oldpkg.py", "x = 1\n")],
    );
    Workshop::new(&[
        ("tmpl.toml", MANIFEST),
        ("requirements.txt", &format!("{}words<2\noldpkg\n", index.lines())),
        ("main.py", "import helper\nimport oldpkg\nif __name__ == '__main__':\n    helper.run()\n"),
        ("helper.py", "def run():\n    print('hello')\n"),
        ("metadata.json", "{\"name\": \"A module\", \"parameters\": []}"),
        ("pkg/pyproject.toml", &pyproject("pkg", "1.0", "\"kit\"")),
        ("pkg/src/pkg/__init__.py", ""),
        ("pkg/src/pkg/__main__.py", "from pkg.work import work\nwork()\nraise SystemExit('it was run')\n"),
        ("pkg/src/pkg/work.py", "from kit import tool\n\ndef work():\n    tool()\n"),
        ("pkg/src/pkg/data.txt", "data\n"),
        (
            "kit/pyproject.toml",
            &(pyproject("kit", "1.0", "\"words\"") + "[project.scripts]\nkit = \"kit:tool\"\n"),
        ),
        ("kit/src/kit/__init__.py", "import words\n\ndef tool():\n    return words.split('a b')\n"),
    ])
}

#[tokio::test]
async fn a_project_becomes_templates_and_nothing_is_done_twice() {
    let index = Index::start();
    let workshop = workshop(&index);
    let first = workshop.build().await.unwrap_or_else(|error| panic!("{}", told(&error)));
    assert_eq!(first.lock, Some(LockState::Created));
    assert_eq!(first.checked, Some(Checked::Full));
    let titles: Vec<&str> = first.layers.iter().map(|layer| layer.title.as_str()).collect();
    assert_eq!(titles, ["dependencies", "packages", "app"]);
    assert!(
        first.layers.iter().all(|layer| layer.origin == Origin::Made && layer.written_bytes == layer.size)
    );
    assert!(first.templates.iter().all(|template| template.changed && template.entry == 1));

    let spec = workshop.spec("module");
    let extension = spec.tmpl.unwrap();
    assert_eq!(extension.entry, Entry::Python { main: PythonMain::Module("pkg".to_owned()), beam: None });
    assert_eq!(spec.metadata.unwrap().name, "A module");
    let platform = &extension.platforms["linux/amd64"];
    assert_eq!(platform.libc.as_deref(), Some("glibc 2.28"));
    assert_eq!(platform.interpreter.as_ref().unwrap().abi, "cp311");

    let paths = |number: usize| -> Vec<String> {
        let files = workshop.layer(first.layers[number].digest.digest());
        files.into_iter().map(|(path, _, _)| path).filter(|path| !path.ends_with('/')).collect()
    };
    assert_eq!(
        paths(2),
        [
            "app/__pycache__/helper.cpython-311.pyc",
            "app/__pycache__/main.cpython-311.pyc",
            "app/helper.py",
            "app/main.py"
        ]
    );
    let packages = paths(1).join("\n").replace("lib/python3.11/site-packages/", "");
    for path in
        ["bin/kit", "pkg/data.txt", "pkg/__pycache__/work.cpython-311.pyc", "pkg-1.0.dist-info/RECORD"]
    {
        assert!(packages.lines().any(|line| line == path), "{path} is not in\n{packages}");
    }
    for installer in ["INSTALLER", "direct_url.json", "uv_cache.json", "REQUESTED", ".lock"] {
        assert!(!packages.contains(installer), "{packages}");
    }

    // Nothing changed: no program is started, nothing is written.
    let before = files(&workshop.bucket());
    let second = workshop.build_without_uv(Check::Auto).await.unwrap();
    assert_eq!(files(&workshop.bucket()), before);
    assert_eq!(second.lock, Some(LockState::Reused));
    assert_eq!(second.checked, Some(Checked::Unchanged));
    assert_eq!(digests(&second), digests(&first));
    assert!(second.layers.iter().all(|layer| layer.origin == Origin::Cached && layer.written_bytes == 0));
    assert!(second.templates.iter().all(|template| !template.changed && template.entry == 1));

    // One line of a package changed: its build is not run again, and the other layers stay.
    workshop.write("pkg/src/pkg/work.py", "from kit import tool\n\ndef work():\n    tool()  # again\n");
    let third =
        workshop.build_without_uv(Check::Static).await.unwrap_or_else(|error| panic!("{}", told(&error)));
    let origins: Vec<Origin> = third.layers.iter().map(|layer| layer.origin).collect();
    assert_eq!(origins, [Origin::Cached, Origin::Made, Origin::Cached]);
    assert_eq!(third.checked, Some(Checked::Static));
    assert!(third.templates.iter().all(|template| template.changed && template.entry == 2));
    let record = workshop.layer(third.layers[1].digest.digest());
    let (_, _, record) =
        record.iter().find(|(path, _, _)| path.ends_with("pkg-1.0.dist-info/RECORD")).unwrap();
    assert!(String::from_utf8_lossy(record).contains("pkg/work.py,sha256="));

    // The same by a real build of the package, elsewhere.
    let other = self::workshop(&index);
    for file in ["pkg/src/pkg/work.py", "tmpl.lock"] {
        other.write(file, &workshop.read(file));
    }
    let fourth = other.build().await.unwrap();
    assert_eq!(fourth.lock, Some(LockState::Reused));
    assert_eq!(digests(&fourth), digests(&third));
    let texts = |workshop: &Workshop| fs::read(workshop.bucket().join("templates/module.json")).unwrap();
    assert_eq!(texts(&other), texts(&workshop));

    // Going back is a new entry of an old version, and makes nothing.
    workshop.write("pkg/src/pkg/work.py", "from kit import tool\n\ndef work():\n    tool()\n");
    let fifth = workshop.build_without_uv(Check::Static).await.unwrap();
    assert_eq!(digests(&fifth), digests(&first));
    assert!(fifth.layers.iter().all(|layer| layer.origin == Origin::Cached && layer.written_bytes == 0));
    assert!(fifth.templates.iter().all(|template| template.changed && template.entry == 3));
}

#[tokio::test]
async fn another_machine_takes_the_dependencies_from_the_bucket() {
    let index = Index::start();
    let workshop = workshop(&index);
    let first = workshop.build().await.unwrap();
    fs::remove_dir_all(workshop.cache()).unwrap();
    index.asked.lock().unwrap().clear();
    let second = workshop.build().await.unwrap_or_else(|error| panic!("{}", told(&error)));
    assert_eq!(digests(&second), digests(&first));
    assert_eq!(second.layers[0].origin, Origin::Bucket);
    assert!(second.layers.iter().all(|layer| layer.written_bytes == 0));
    let asked = index.asked.lock().unwrap().join("\n");
    assert!(!asked.contains("words") && !asked.contains("oldpkg"), "{asked}");
}

#[tokio::test]
async fn one_template_of_many_is_built_with_the_same_layers() {
    let index = Index::start();
    let workshop = workshop(&index);
    let only = BuildRequest { only: vec!["script".parse().unwrap()], ..workshop.request() };
    let first = build(&only).await.unwrap();
    assert_eq!(first.templates.len(), 1);
    assert!(!workshop.bucket().join("templates/module.json").exists());
    let all = workshop.build().await.unwrap();
    assert_eq!(digests(&all), digests(&first));
    assert_eq!(all.templates.iter().map(|template| template.changed).collect::<Vec<_>>(), [false, true]);
    let error = build(&BuildRequest { only: vec!["skript".parse().unwrap()], ..workshop.request() })
        .await
        .unwrap_err();
    assert_eq!(told(&error), "the project has no template `skript`\nhint: did you mean `script`?");
}

#[tokio::test]
async fn a_damaged_blob_is_mended_by_the_next_build() {
    let index = Index::start();
    let workshop = workshop(&index);
    let first = workshop.build().await.unwrap();
    for (number, damage) in [(0, "same size"), (1, "shorter"), (2, "gone")] {
        let layer = &first.layers[number];
        let blob = workshop.blob(layer.digest.digest());
        let whole = fs::read(&blob).unwrap();
        fs::remove_file(&blob).unwrap();
        match damage {
            "same size" => fs::write(&blob, vec![b'x'; whole.len()]).unwrap(),
            "shorter" => fs::write(&blob, &whole[1..]).unwrap(),
            _ => {}
        }
        let again = workshop.build_without_uv(Check::Auto).await.unwrap();
        assert_eq!(again.layers[number].written_bytes, layer.size, "{damage}");
        assert_eq!(fs::read(&blob).unwrap(), whole, "{damage}");
    }
    // Without this machine's copy it is made again, to the same bytes.
    let blob = workshop.blob(first.layers[0].digest.digest());
    fs::write(&blob, "damaged").unwrap();
    fs::remove_dir_all(workshop.cache()).unwrap();
    let again = workshop.build().await.unwrap();
    assert_eq!(again.layers[0].origin, Origin::Made);
    assert_eq!(digests(&again), digests(&first));
}

#[tokio::test]
async fn a_script_without_dependencies_needs_no_uv() {
    let workshop = Workshop::new(&[
        ("tmpl.toml", "[python]\nversion = \"3.11\"\n[[template]]\nname = \"a\"\nmain = \"main.py\"\n"),
        ("main.py", "import json\nprint(json.dumps(1))\n"),
    ]);
    let report =
        workshop.build_without_uv(Check::Full).await.unwrap_or_else(|error| panic!("{}", told(&error)));
    assert_eq!(report.layers.len(), 1);
    assert!(workshop.read("tmpl.lock").contains("format = 1"));
}
