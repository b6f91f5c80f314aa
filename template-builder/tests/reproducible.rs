//! Equal sources give equal digests: in another folder, under another umask, with other times and other caches.
//!
//! The only test of its binary: the umask is that of the whole process.

mod support;

use std::time::{Duration, SystemTime};

use fs_err as fs;
use rustix::fs::Mode;
use rustix::process::umask;
use support::index::{Index, pyproject};
use support::{Workshop, digests, files, told};

fn workshop(index: &Index) -> Workshop {
    Workshop::new(&[
        (
            "tmpl.toml",
            "[python]\nversion = \"3.11\"\nrequirements = [\"requirements.txt\"]\npackages = [\"kit\"]\n\
             [[template]]\nname = \"a\"\nmain = \"main.py\"\n",
        ),
        ("requirements.txt", &format!("{}sourcepkg\nwheelpkg\n", index.lines())),
        ("main.py", "import kit, sourcepkg\nX = {'a', 'b', 'c'}\n"),
        ("kit/pyproject.toml", &(pyproject("kit", "1.0", "") + "[project.scripts]\nkit = \"kit:run\"\n")),
        ("kit/src/kit/__init__.py", "def run(x=frozenset({'a', 'b'})):\n    return x in {'q', 'r', 's'}\n"),
        ("kit/src/kit/tool.sh", "#!/bin/sh\n"),
    ])
}

#[tokio::test]
async fn two_folders_two_umasks_and_touched_times_give_the_same_digests() {
    let index = Index::start();
    index.wheel(
        "wheelpkg",
        "1.0",
        &[("wheelpkg/__init__.py", "A = 'a'\n"), ("wheelpkg/b.py", "B = {'x', 'y'}\n")],
        "",
    );
    let source = pyproject("sourcepkg", "1.0", "");
    index.sdist("sourcepkg", "1.0", &[("pyproject.toml", &source), ("src/sourcepkg.py", "x = {1, 'a'}\n")]);

    let before = umask(Mode::from_raw_mode(0o022));
    let first = workshop(&index);
    let report = first.build().await.unwrap_or_else(|error| panic!("{}", told(&error)));

    umask(Mode::from_raw_mode(0o077));
    let second = workshop(&index);
    let past = SystemTime::now() - Duration::from_hours(1000);
    for (path, _) in files(&second.project()) {
        let file = fs::OpenOptions::new().append(true).open(second.project().join(path)).unwrap();
        file.file().set_modified(past).unwrap();
    }
    let again = second.build().await.unwrap_or_else(|error| panic!("{}", told(&error)));
    umask(before);

    assert_eq!(digests(&again), digests(&report));
    assert_eq!(again.templates[0].digest, report.templates[0].digest);
    assert_eq!(second.read("tmpl.lock"), first.read("tmpl.lock"));
    let modes = |workshop: &Workshop| -> Vec<(String, u32)> {
        let layers = report.layers.iter().flat_map(|layer| workshop.layer(layer.digest.digest()));
        layers.map(|(path, mode, _)| (path, mode)).collect()
    };
    assert_eq!(modes(&first), modes(&second));
    assert!(modes(&first).iter().all(|(_, mode)| [0o644, 0o755].contains(mode)));
}
