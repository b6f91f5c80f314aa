//! What is wrong with the project's code or requirements fails its build, by name and with the remedy.

mod support;

use support::index::{Index, pyproject};
use support::{Workshop, build, files, told};
use tmpl_builder::{BuildErrorKind, BuildRequest, Check, Checked};

const SCRIPT: &str =
    "[python]\nversion = \"3.11\"\nfiles = [\"jobs/*.py\"]\n[[template]]\nname = \"a\"\nmain = \"main.py\"\n";

fn script(main: &str) -> Workshop {
    Workshop::new(&[("tmpl.toml", SCRIPT), ("main.py", main), ("jobs/helper.py", "import json\n")])
}

#[tokio::test]
async fn code_that_can_not_work_is_not_published() {
    for (main, check, message) in [
        ("x = 1\ndef f(:\n    pass\n", Check::Full, "main.py:2:7: invalid syntax\n    def f(:"),
        ("x = 1\ndef f(:\n    pass\n", Check::Static, "main.py:2:7: invalid syntax\n    def f(:"),
        (
            "import gone.part\n",
            Check::Full,
            "the main module of template `a` can't be imported: ModuleNotFoundError: No module named 'gone' (app/main.py:1)\n\
             hint: add the distribution that provides `gone` to the requirements, or the folder or file that holds it to \
             `packages` or `files` in tmpl.toml",
        ),
        (
            "import json\nimport gone.part\n",
            Check::Static,
            "main.py:2: no module named `gone` is in the template\n\
             hint: add the distribution that provides `gone` to the requirements, or the folder or file that holds it to \
             `packages` or `files` in tmpl.toml",
        ),
        (
            "if __name__ != 'x':\n    raise ValueError('at import')\n",
            Check::Full,
            "the main module of template `a` can't be imported: ValueError: at import (app/main.py:2)\n\
             hint: importing the module must work without any arguments and without the network",
        ),
    ] {
        let workshop = script(main);
        let error = build(&BuildRequest { check, ..workshop.request() }).await.unwrap_err();
        assert_eq!(told(&error), message);
        assert_eq!(error.kind(), BuildErrorKind::Program);
        assert_eq!(files(&workshop.bucket()), [], "{message}");
    }
}

#[tokio::test]
async fn a_program_is_imported_and_not_run() {
    for main in [
        // Runs at once: only its imports are executed.
        "import sys\nfrom jobs import helper\nsys.exit('it was run')\n",
        // Runs under a guard: all the rest is executed.
        "import sys\nY = 1\nif __name__ == '__main__':\n    sys.exit('it was run')\n",
        "try:\n    import gone\nexcept ImportError:\n    gone = None\n",
    ] {
        let workshop = script(main);
        let report = workshop.build().await.unwrap_or_else(|error| panic!("{main}{}", told(&error)));
        assert_eq!(report.checked, Some(Checked::Full));
    }
}

#[tokio::test]
async fn an_import_that_only_some_runs_need_is_a_warning() {
    let workshop = script("def f():\n    import gone\n");
    let report = build(&BuildRequest { check: Check::Static, ..workshop.request() }).await.unwrap();
    assert_eq!(report.warnings, ["main.py:2: no module named `gone` is in the template"]);
}

#[tokio::test]
async fn distributions_that_do_not_fit_together_are_named() {
    let index = Index::start();
    index.wheel("one", "1.0", &[("one.py", "")], "");
    let manifest = "[python]\nversion = \"3.11\"\nrequirements = [\"r.txt\"]\npackages = [\"kit-1.0-py3-none-any.whl\"]\n\
                    [[template]]\nname = \"a\"\nmain = \"kit\"\n";
    let workshop = Workshop::new(&[("tmpl.toml", manifest), ("r.txt", &format!("{}one\n", index.lines()))]);
    index.wheel("kit", "1.0", &[("kit.py", "import one\n")], "one");
    index.save("kit-1.0-py3-none-any.whl", &workshop.project());
    workshop.build().await.unwrap_or_else(|error| panic!("{}", told(&error)));

    // A lock that was edited by hand: what is required is not there.
    let lock = workshop.read("tmpl.lock");
    let (before, rest) = lock.split_once("\n[[package]]\nname = \"one\"").unwrap();
    let (_, after) = rest.split_once("\n[[").unwrap();
    workshop.write("tmpl.lock", &format!("{before}\n[[{after}"));
    let error = workshop.build().await.unwrap_err();
    assert_eq!(error.kind(), BuildErrorKind::Program);
    let text = told(&error);
    assert!(
        text.starts_with("the requirements contradict each other: The package `kit` requires `one`"),
        "{text}"
    );
    workshop.write("tmpl.lock", &lock);

    // A wheel that holds a file of a dependency as well.
    index.forget("kit-1.0-py3-none-any.whl");
    index.wheel("kit", "1.0", &[("kit.py", "import one\n"), ("one.py", "other")], "one");
    index.save("kit-1.0-py3-none-any.whl", &workshop.project());
    let error = workshop.build().await.unwrap_err();
    assert_eq!(error.kind(), BuildErrorKind::Program);
    let text = told(&error);
    assert_eq!(
        text,
        "kit and one both hold lib/python3.11/site-packages/one.py\nhint: leave out one of kit and one"
    );
}

#[tokio::test]
async fn a_package_whose_build_fails_shows_what_its_backend_said() {
    let index = Index::start();
    let workshop = Workshop::new(&[
        (
            "tmpl.toml",
            "[python]\nversion = \"3.11\"\nrequirements = [\"r.txt\"]\npackages = [\"kit\"]\n\
             [[template]]\nname = \"a\"\nmain = \"kit\"\n",
        ),
        ("r.txt", &index.lines()),
        (
            "kit/pyproject.toml",
            &pyproject("kit", "1.0", "")
                .replace("flit_core.buildapi", "own:backend")
                .replace("[project]", "backend-path = [\".\"]\n[project]"),
        ),
        (
            "kit/own.py",
            "class backend:\n    def build_wheel(*args, **kwargs):\n        raise RuntimeError('boom')\n",
        ),
    ]);
    let error = workshop.build().await.unwrap_err();
    let text = told(&error);
    assert_eq!(error.kind(), BuildErrorKind::Program, "{text}");
    assert!(text.starts_with("kit can't be built: ") && text.contains("RuntimeError: boom"), "{text}");
    assert!(text.contains("hint: the same error comes from `uv build`"), "{text}");
}

#[tokio::test]
async fn a_module_that_can_not_be_run_is_told_so() {
    let index = Index::start();
    let workshop = Workshop::new(&[
        (
            "tmpl.toml",
            "[python]\nversion = \"3.11\"\nrequirements = [\"r.txt\"]\npackages = [\"kit\"]\n\
             [[template]]\nname = \"a\"\nmain = \"kit\"\n",
        ),
        ("r.txt", &index.lines()),
        ("kit/pyproject.toml", &pyproject("kit", "1.0", "")),
        ("kit/src/kit/__init__.py", ""),
    ]);
    let error = workshop.build().await.unwrap_err();
    let text = told(&error);
    assert!(text.contains("kit is a package without a __main__.py"), "{text}");
}

#[tokio::test]
async fn tools_that_are_missing_are_named() {
    let workshop = Workshop::new(&[
        (
            "tmpl.toml",
            "[python]\nversion = \"3.11\"\nrequirements = [\"r.txt\"]\n[[template]]\nname = \"a\"\nmain = \"main.py\"\n",
        ),
        ("r.txt", "six\n"),
        ("main.py", ""),
    ]);
    let error = workshop.build_without_uv(Check::Auto).await.unwrap_err();
    assert_eq!(error.kind(), BuildErrorKind::Usage);
    assert_eq!(
        told(&error),
        "uv was not found: /nowhere/uv is no program\n\
         hint: install uv (`pipx install uv`, or `pip install uv`), or name it with --uv PATH or TMPL_UV"
    );
    let error =
        build(&BuildRequest { python: Some("/bin/true".into()), ..workshop.request() }).await.unwrap_err();
    assert_eq!(error.kind(), BuildErrorKind::Environment);
    assert!(
        told(&error).starts_with("no Python 3.11 (cp311) was found; looked at /bin/true"),
        "{}",
        told(&error)
    );
}
