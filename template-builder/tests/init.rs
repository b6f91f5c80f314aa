//! `tmpl init`: in an empty folder, and in folders as people have them.
#![allow(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]

mod support;

use std::path::{Path, PathBuf};

use fs_err as fs;
use support::told;
use tmpl_builder::{BuildRequest, Check, initialise};

/// A folder called `My_Jobs`.
struct Folder(tempfile::TempDir);

impl Folder {
    fn path(&self) -> PathBuf {
        self.0.path().join("My_Jobs")
    }
}

fn folder(files: &[(&str, &str)]) -> Folder {
    let folder = Folder(tempfile::tempdir().unwrap());
    fs::create_dir(folder.path()).unwrap();
    for (path, text) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn manifest(folder: &Path) -> String {
    let text = fs::read_to_string(folder.join("tmpl.toml")).unwrap();
    // What it says must be what the builder understands.
    assert!(text.parse::<toml::Table>().is_ok(), "{text}");
    text
}

#[test]
fn a_new_project_is_complete() {
    let folder = folder(&[]);
    fs::write(folder.path().join("README.md"), "mine").unwrap();
    let report = initialise(&folder.path().join("new"), None).unwrap();
    assert!(!report.existing);
    assert_eq!(
        report.created,
        ["tmpl.toml", "main.py", "requirements.txt", "metadata.json", "README.md", ".gitignore"]
    );
    let report = initialise(&folder.path(), None);
    // The folder holds code by now, in a project of its own below.
    assert!(report.is_ok(), "{report:?}");
    assert_eq!(fs::read_to_string(folder.path().join("README.md")).unwrap(), "mine");
}

#[tokio::test]
async fn a_new_project_is_a_project() {
    let workshop = support::Workshop::new(&[]);
    initialise(&workshop.project(), None).unwrap();
    // Without uv it comes as far as its dependencies: manifest, metadata and code are in order.
    let request = BuildRequest { uv: Some("/nowhere/uv".into()), check: Check::Static, ..workshop.request() };
    let error = support::build(&request).await.unwrap_err();
    assert!(told(&error).starts_with("uv was not found"), "{}", told(&error));
}

#[test]
fn a_dockerfile_tells_where_everything_is() {
    let folder = folder(&[
        (
            "Dockerfile",
            "FROM gcr.io/dataflow-templates-base/python311-template-launcher-base\nARG WORKDIR=/template\n\
             COPY . ${WORKDIR}/\nENV FLEX_TEMPLATE_PYTHON_PY_FILE=\"${WORKDIR}/jobs/start.py\"\n\
             ENV FLEX_TEMPLATE_PYTHON_REQUIREMENTS_FILE /template/reqs.txt\n\
             ENV FLEX_TEMPLATE_PYTHON_SETUP_FILE=${WORKDIR}/setup.py FLEX_TEMPLATE_PYTHON_EXTRA_PACKAGES=/t/kit-1.0-py3-none-any.whl,/t/x.tar.gz\n",
        ),
        (
            "jobs/start.py",
            "import argparse\np = argparse.ArgumentParser()\np.add_argument('--input', required=True, help='Where from.')\n",
        ),
        ("reqs.txt", ""),
        ("setup.py", ""),
        ("kit-1.0-py3-none-any.whl", ""),
    ]);
    let report = initialise(&folder.path(), None).unwrap();
    assert_eq!(
        manifest(&folder.path()),
        "# What `tmpl build` makes templates of. Paths are relative to this file.\n\n\
         [python]\n\
         # from the base image in Dockerfile\n\
         version = \"3.11\"\n\
         # from FLEX_TEMPLATE_PYTHON_REQUIREMENTS_FILE in Dockerfile\n\
         requirements = [\"reqs.txt\"]\n\
         # from FLEX_TEMPLATE_PYTHON_SETUP_FILE in Dockerfile, FLEX_TEMPLATE_PYTHON_EXTRA_PACKAGES in Dockerfile\n\
         packages = [\".\", \"kit-1.0-py3-none-any.whl\"]\n\n\
         [[template]]\n\
         # from the folder's name\n\
         name = \"my-jobs\"\n\
         # from FLEX_TEMPLATE_PYTHON_PY_FILE in Dockerfile\n\
         main = \"jobs/start.py\"\n\
         # from the options in jobs/start.py: look it over\n\
         metadata_file = \"metadata.json\"\n"
    );
    assert_eq!(report.created, ["metadata.json", "tmpl.toml"]);
    let metadata: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("metadata.json")).unwrap()).unwrap();
    assert_eq!(metadata["name"], "My jobs");
    assert_eq!(metadata["parameters"][0]["name"], "input");
    assert_eq!(report.warnings.len(), 1);
    assert!(report.warnings[0].contains("/t/x.tar.gz"), "{:?}", report.warnings);
}

#[test]
fn what_is_there_is_taken_as_it_is() {
    let guard = "if __name__ == '__main__':\n    pass\n";
    let metadata = "{\"name\": \"Mine\", \"parameters\": []}";
    for (files, lines) in [
        // A script with a module and a package beside it.
        (
            &[
                ("main.py", "import helper\nimport steps\nif __name__ == '__main__':\n    pass\n"),
                ("helper.py", ""),
                ("steps/__init__.py", ""),
                ("requirements.txt", ""),
                ("metadata.json", metadata),
                ("tests/test_main.py", guard),
            ][..],
            &[
                "main = \"main.py\"",
                "files = [\"helper.py\", \"steps/**\"]",
                "requirements = [\"requirements.txt\"]",
                "metadata_file = \"metadata.json\"",
            ][..],
        ),
        // An installed package that can be run.
        (
            &[
                ("pyproject.toml", "[project]\nname = \"jobs\"\nrequires-python = \">=3.12,<3.13\"\n"),
                ("src/jobs/__main__.py", "import jobs.cli\n"),
                ("src/jobs/cli.py", "import argparse\nargparse.ArgumentParser().add_argument('--day')\n"),
            ],
            &[
                "main = \"jobs\"",
                "packages = [\".\"]",
                "version = \"3.12\"",
                "metadata_file = \"metadata.json\"",
            ],
        ),
        // A pyproject.toml that only holds settings of tools; two programs.
        (
            &[
                ("pyproject.toml", "[tool.ruff]\n"),
                ("b.py", guard),
                ("a.py", guard),
                ("metadata.json", metadata),
            ],
            &["main = \"a.py\"", "metadata_file = \"metadata.json\""],
        ),
    ] {
        let folder = folder(files);
        let report = initialise(&folder.path(), None).unwrap();
        assert!(report.existing);
        let text = manifest(&folder.path());
        for line in lines {
            assert!(text.lines().any(|found| found == *line), "{line} is not in\n{text}");
        }
        assert!(text.contains("packages") == lines.contains(&"packages = [\".\"]"), "{text}");
        for (path, text) in files {
            assert_eq!(fs::read_to_string(folder.path().join(path)).unwrap(), *text, "{path} was changed");
        }
        assert_eq!(
            report.warnings.iter().any(|warning| warning.contains("b.py can be run too")),
            text.contains("a.py")
        );
    }
}

#[test]
fn a_folder_without_a_program_says_what_is_missing() {
    let folder = folder(&[("helper.py", "x = 1\n")]);
    let error = initialise(&folder.path(), None).unwrap_err();
    assert!(error.to_string().starts_with("no main program was found in "));
    assert!(error.hint().unwrap().contains("__main__"));
    assert!(!folder.path().join("tmpl.toml").exists());
}
