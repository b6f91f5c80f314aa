//! The package for authors of pipelines comes with this program: a project requires it like any other.

mod support;

use fs_err as fs;
use support::index::Index;
use support::{Workshop, digests, told};
use tmpl_builder::Check;

const MANIFEST: &str = "[python]\nversion = \"3.11\"\nrequirements = [\"requirements.txt\"]\n\n\
                        [[template]]\nname = \"audit\"\nmain = \"main.py\"\nresults = \"required\"\n";

/// A project whose index has one package, and not ours.
fn workshop(index: &Index, main: &str, requirements: &str) -> Workshop {
    index.wheel("words", "1.0", &[("words/__init__.py", "")], "");
    Workshop::new(&[
        ("tmpl.toml", MANIFEST),
        ("requirements.txt", &format!("{}{requirements}", index.lines())),
        ("main.py", main),
    ])
}

#[tokio::test]
async fn a_project_requires_it_without_an_index_that_has_it() {
    let index = Index::start();
    let main = "import words\nfrom tmpl_sdk import results\n";
    let workshop = workshop(&index, main, "words\ntmpl-sdk==0.1.0\n");
    let report = workshop.build().await.unwrap_or_else(|error| panic!("{}", told(&error)));

    let lock = workshop.read("tmpl.lock");
    let (_, package) = lock.split_once("name = \"tmpl-sdk\"\n").unwrap();
    let package = package.split("[[").next().unwrap();
    assert!(
        package.starts_with("version = \"0.1.0\"\nsource = \"wheel\"\nhashes = [\n    \"sha256:"),
        "{package}"
    );
    assert_eq!(package.matches("sha256:").count(), 1, "{package}");
    // Names, versions and hashes: nothing of this machine.
    let machine = workshop.cache();
    assert!(!lock.contains("://") && !lock.contains(".whl"), "{lock}");
    assert!(!lock.contains(machine.parent().unwrap().to_str().unwrap()), "{lock}");

    let layer = workshop.layer(report.layers[0].digest.digest());
    let text = |end: &str| {
        let (_, _, bytes) = layer.iter().find(|(path, _, _)| path.ends_with(end)).unwrap();
        String::from_utf8(bytes.clone()).unwrap()
    };
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/../sdk-image/python/src/tmpl_sdk/results.py");
    assert_eq!(text("/tmpl_sdk/results.py"), fs::read_to_string(source).unwrap());
    assert!(
        text("/tmpl_sdk-0.1.0.dist-info/METADATA").starts_with("Metadata-Version: 2.1\nName: tmpl-sdk\n")
    );
    assert_eq!(workshop.spec("audit").tmpl.unwrap().results, Some(tmpl_template::Results::Required));

    // Another machine, with a comma in the path of its cache, installs by the lock that was committed.
    let other = self::workshop(&index, main, "words\ntmpl-sdk==0.1.0\n");
    other.write("tmpl.lock", &lock);
    let mut request = other.request();
    request.cache = tmpl_launcher::cache::Cache::open(other.cache().join("a,b c")).unwrap();
    request.locked = true;
    let again = support::build(&request).await.unwrap_or_else(|error| panic!("{}", told(&error)));
    assert_eq!(digests(&again), digests(&report));
}

#[tokio::test]
async fn a_version_that_this_program_does_not_have_is_told() {
    let index = Index::start();
    let workshop = workshop(&index, "import words\n", "words\ntmpl-sdk==9.9\n");
    let error = workshop.build_with(Check::Static).await.unwrap_err();
    let told = told(&error);
    assert!(
        told.starts_with("the requirements can't be satisfied: ") && told.contains("tmpl-sdk==9.9"),
        "{told}"
    );
    assert!(!told.contains(workshop.cache().to_str().unwrap()), "{told}");
}

#[tokio::test]
async fn who_does_not_require_it_has_nothing_of_it() {
    let index = Index::start();
    let workshop = workshop(&index, "import words\n", "words\n");
    let report = workshop.build().await.unwrap_or_else(|error| panic!("{}", told(&error)));
    assert!(!workshop.read("tmpl.lock").contains("tmpl-sdk"));
    let layer = workshop.layer(report.layers[0].digest.digest());
    assert!(!layer.iter().any(|(path, _, _)| path.contains("tmpl_sdk")));
    let asked = index.asked.lock().unwrap().join("\n");
    assert!(!asked.contains("tmpl-sdk") && !asked.contains("tmpl_sdk"), "{asked}");
}
