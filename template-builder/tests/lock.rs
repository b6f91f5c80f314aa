//! The lock: written once, reused until its inputs change, refused to change with `--locked`.

mod support;

use fs_err as fs;
use support::index::Index;
use support::{Workshop, build, files, told};
use tmpl_builder::{BuildErrorKind, BuildRequest, Check, LockState};

const MANIFEST: &str = "[python]\nversion = \"3.11\"\nrequirements = [\"requirements.txt\"]\n\n\
                        [[template]]\nname = \"a\"\nmain = \"main.py\"\n";

fn workshop(index: &Index, requirements: &str) -> Workshop {
    let requirements = format!("{}{requirements}", index.lines());
    Workshop::new(&[
        ("tmpl.toml", MANIFEST),
        ("main.py", "import one\n"),
        ("requirements.txt", &requirements),
    ])
}

fn packages(index: &Index) {
    for version in ["1.0", "1.5"] {
        index.wheel("one", version, &[("one.py", "")], "");
        index.wheel("two", version, &[("two.py", version)], "");
    }
}

#[tokio::test]
async fn versions_move_only_when_they_must() {
    let index = Index::start();
    packages(&index);
    let workshop = workshop(&index, "one<1.5\ntwo\n");
    assert_eq!(workshop.build().await.unwrap().lock, Some(LockState::Created));
    let first = workshop.read("tmpl.lock");
    assert!(first.contains("name = \"one\"\nversion = \"1.0\""), "{first}");
    assert!(first.contains("name = \"two\"\nversion = \"1.5\""), "{first}");

    // A newer version appears: a lock that is up to date does not look.
    index.wheel("two", "1.6", &[("two.py", "new")], "");
    let locked =
        BuildRequest { locked: true, uv: Some("/nowhere".into()), check: Check::Auto, ..workshop.request() };
    assert_eq!(build(&locked).await.unwrap().lock, Some(LockState::Reused));

    // The inputs changed: what is named moves, the other stays.
    workshop.write("requirements.txt", &format!("{}one\ntwo\n", index.lines()));
    let error = build(&locked).await.unwrap_err();
    let text = told(&error).replace(workshop.project().to_str().unwrap(), "PROJECT");
    assert_eq!(
        text,
        "PROJECT/tmpl.lock would have to be written, and --locked forbids that: requirements.txt changed\n\
         hint: build once without --locked, and commit tmpl.lock"
    );
    assert_eq!(error.kind(), BuildErrorKind::Usage);
    assert_eq!(workshop.read("tmpl.lock"), first);
    assert_eq!(workshop.build().await.unwrap().lock, Some(LockState::Updated));
    let second = workshop.read("tmpl.lock");
    assert!(second.contains("name = \"two\"\nversion = \"1.5\""), "{second}");

    // Without a lock, --locked has nothing to go by.
    fs::remove_file(workshop.project().join("tmpl.lock")).unwrap();
    let error = build(&locked).await.unwrap_err();
    assert!(
        told(&error)
            .contains("tmpl.lock would have to be written, and --locked forbids that: it is not there")
    );
}

#[tokio::test]
async fn a_conflict_says_what_conflicts_with_what() {
    let index = Index::start();
    packages(&index);
    index.wheel("needs-new", "2.0", &[("needs_new.py", "")], "one>=1.5");
    let workshop = workshop(&index, "one<1.5\nneeds-new\n");
    let error = workshop.build().await.unwrap_err();
    let text = told(&error);
    assert_eq!(error.kind(), BuildErrorKind::Program);
    assert!(text.starts_with("the requirements can't be satisfied: "), "{text}");
    assert!(text.contains("needs-new") && text.contains("one>=1.5") && text.contains("one<1.5"), "{text}");
    assert!(!text.contains("http"), "{text}");
    assert!(!workshop.project().join("tmpl.lock").exists());
    assert_eq!(files(&workshop.bucket()), []);
}

#[tokio::test]
async fn requirements_without_an_exact_file_are_refused() {
    let index = Index::start();
    let workshop = workshop(&index, "");
    workshop.write("kit/pyproject.toml", &support::index::pyproject("kit", "1.0", ""));
    workshop.write("requirements.txt", "./kit\n");
    let error = workshop.build().await.unwrap_err();
    assert_eq!(
        told(&error),
        "requirement `kit` can't be locked: it is a path\n\
         hint: give a version from an index, or list the folder or wheel under `packages` in tmpl.toml"
    );
    assert_eq!(error.kind(), BuildErrorKind::Program);
}

#[tokio::test]
async fn an_index_that_is_not_there_is_a_temporary_error() {
    let index = Index::start();
    let workshop = workshop(&index, "");
    workshop.write("requirements.txt", "--index-url http://user:secret@127.0.0.1:1/simple\none\n");
    let error = workshop.build().await.unwrap_err();
    let text = told(&error);
    assert_eq!(error.kind(), BuildErrorKind::Temporary, "{text}");
    assert!(text.contains("127.0.0.1:1/simple/one") && !text.contains("secret"), "{text}");
}

#[tokio::test]
async fn an_extra_of_beam_that_the_lock_lacks_is_told() {
    let index = Index::start();
    index.wheel("apache-beam", "2.77.0", &[("apache_beam/__init__.py", "")], "");
    index.wheel("boto3", "1.40.0", &[("boto3/__init__.py", "")], "");
    let manifest = "[python]\nversion = \"3.11\"\nrequirements = [\"r.txt\"]\n\n[[template]]\nname = \"a\"\n\
                    main = \"main.py\"\nmetadata_file = \"metadata.json\"\n";
    let metadata = r#"{"name": "A", "parameters": [{"name": "input", "label": "L", "helpText": "H", "isOptional": true,
                      "defaultValue": "s3://data/in.csv"}]}"#;
    let workshop = Workshop::new(&[
        ("tmpl.toml", manifest),
        ("metadata.json", metadata),
        ("main.py", "import apache_beam\n"),
        ("r.txt", &format!("{}apache-beam\n", index.lines())),
    ]);
    let report = workshop.build().await.unwrap_or_else(|error| panic!("{}", told(&error)));
    assert_eq!(
        report.warnings,
        [
            "Beam can't reach the default of `input` of template `a` without boto3, which the requirements don't bring: \
          require `apache-beam[aws]`"
        ]
    );
    workshop.write("r.txt", &format!("{}apache-beam\nboto3\n", index.lines()));
    assert_eq!(workshop.build().await.unwrap().warnings, [""; 0]);
}
